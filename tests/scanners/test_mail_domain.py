"""Mail of domains: signed zones in Knot DNS, a validating unbound, Postfix and nginx; checkdmarc is the oracle of SPF."""

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import checkdmarc.spf
import dns.rdata
import dns.resolver
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols.mail_domain import SCANNER, MailDomainFacts
from scanners.protocols.mail_domain.answers import QUESTIONS, SILENCES, Answers, tags_of
from scanners.protocols.mail_domain.dane import matches
from scanners.protocols.mail_domain.dkim import read_key
from scanners.protocols.mail_domain.dmarc import read_dmarc
from scanners.protocols.mail_domain.mta_sts import covers, read_policy
from scanners.protocols.mail_domain.spf import parse_spf
from scanners.scanner import observe, scanners_by_name
from scanners.target import Target
from talaia.demo.certificates import Authority, Wish
from tests.city.servers import Yard, nginx
from tests.dns_zones import knot, sign, unbound, zone_text
from tests.processes import free_port, running
from tests.scanners.looking import loopback_zone, occasion
from tests.scanners.mail_servers import write_postfix
from tests.scanners.small_servers import folder_for, own_address

POLICY = "version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 604800\n"


def dkim(bits: int) -> str:
    """A key record with strings of at most 255 characters, as zone files want them."""
    public = rsa.generate_private_key(65537, bits).public_key() if bits else ed25519.Ed25519PrivateKey.generate().public_key()
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo) if bits else (Encoding.Raw, PublicFormat.Raw)
    text = f"v=DKIM1; k={'rsa' if bits else 'ed25519'}; p={base64.b64encode(public.public_bytes(*encoding)).decode()}"
    return " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))


def records(here: str, mail: str, digest: str) -> dict[str, str]:
    """The records of each domain; ``here`` serves policies, ``mail`` mail, whose public key has ``digest``."""
    many = "\n".join(f'i{number} TXT "v=spf1 a:mx.bo.example -all"' for number in range(6))
    sts = '_mta-sts TXT "v=STSv1; id=1;"\n_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@bo.example"\n' + f"mta-sts A {here}\n"
    return {
        "bo": f'@ MX 10 mx\nmx A {mail}\n@ TXT "v=spf1 mx ip4:192.0.2.0/24 -all"\nt1._domainkey TXT {dkim(2048)}\n'
        '_dmarc TXT "v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@bo.example,mailto:e@bo.example"\n'
        f"{sts}_25._tcp.mx TLSA 3 1 1 {digest}\nwww A 192.0.2.80",
        "dolent": f'@ MX 10 mx\nmx A {mail}\n@ TXT "v=spf1 +all"\nt1._domainkey TXT {dkim(1024)}\n'
        '_dmarc TXT "v=DMARC1; p=none; pct=50"',
        "desajust": f"@ MX 10 mx\n@ MX 20 mx2\nmx A {mail}\nmx2 A 192.0.2.25\n_25._tcp.mx TLSA 3 1 1 {'00' * 32}\n{sts}",
        "pelat": f'@ MX 10 mx\nmx A {mail}\n_25._tcp.mx TLSA 3 1 1 {digest}\n_mta-sts TXT "v=STSv1; id=1"\n'
        '@ TXT "v=spf1 -all"\n@ TXT "v=spf1 mx -all"',
        "fals": f"@ MX 10 mx\nmx A {mail}\n{sts}",
        "altri": f"@ MX 10 mx\nmx A {mail}\n{sts}",
        "callat": '@ MX 0 .\n@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"',
        "nu": "www A 192.0.2.81",
        "llarg": '@ TXT "v=spf1 ' + " ".join(f"include:i{number}.llarg.example" for number in range(6)) + f' -all"\n{many}',
        "bucle": '@ TXT "v=spf1 include:b.bucle.example -all"\nb TXT "v=spf1 include:bucle.example -all"',
        "buit": '@ TXT "v=spf1 a:x1.buit.example a:x2.buit.example mx:x3.buit.example ~all"',
        "redirigit": '@ TXT "v=spf1 redirect=bo.example"',
        "trencat": '@ TXT "v=spf1 ip4:300.1.1.1 -all"',
        "orfe": '@ TXT "v=spf1 include:nu.example -all"',
        "macro": '@ TXT "v=spf1 exists:%{i}.macro.example ptr include:bo.example ?all"',
        "lluny": '@ TXT "v=spf1 include:spf.provider.example.net -all"',
    }


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("mail")
    authority = Authority(folder, datetime.now(UTC))
    server, here, mail = own_address(), own_address(), own_address()
    pem = authority.issue("mx", Wish(names=("mx.bo.example",)))
    leaf = x509.load_pem_x509_certificate(pem.read_bytes())
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    zones, lines = {}, []
    for name, text in records(here, mail, hashlib.sha256(key).hexdigest()).items():
        lines.append(f"{name} NS ns1.{name}\nns1.{name} A {server}")
        whole = zone_text(f"{name}.example", text, {"ns1": server})
        if name in ("bo", "desajust"):
            made = sign(folder / name, f"{name}.example", whole)
            zones[f"{name}.example"] = made.file
            lines.append(made.ds)
        else:
            zones[f"{name}.example"] = folder / f"{name}.zone"
            zones[f"{name}.example"].write_text(whole)
    parent = sign(folder / "parent", "example", zone_text("example", "\n".join(lines), {"ns1": server}))
    port = free_port()
    with ExitStack() as stack:
        (command,) = knot(folder / "knot", [server], {"example": parent.file, **zones})
        stack.enter_context(running(command, listens=(server, 53), log=folder / "knot.log"))
        (command,) = unbound(folder / "unbound", f"127.0.0.1@{port}", {"example": f"{server}@53"}, anchors=[parent.anchor])
        stack.enter_context(running(command, listens=("127.0.0.1", port), log=folder / "unbound.log"))
        (command,) = nginx(Yard(folder / "web", here, "policies", authority), policies(here, authority))
        stack.enter_context(running(command, listens=(here, 443), log=folder / "nginx.log"))
        home = stack.enter_context(folder_for("postfix"))
        settings = {"inet_interfaces": "127.0.0.1", "smtpd_tls_security_level": "may", "smtpd_tls_chain_files": pem}
        config = write_postfix(home, settings, f"{mail}:25 inet n - n - - smtpd\n")
        stack.enter_context(running(["postfix", "-c", str(config), "start-fg"], listens=(mail, 25), log=home / "log"))
        stack.callback(stop_postfix, config)
        AUTHORITIES.append(authority.path)
        yield port


AUTHORITIES: list[Path] = []


def stop_postfix(config: Path) -> None:
    subprocess.run(["postfix", "-c", str(config), "stop"], check=True, capture_output=True, timeout=30)


def policies(address: str, authority: Authority) -> str:
    """One nginx: a good policy, one for another host, one that is a page, and one behind a certificate of another name."""
    names = tuple(f"mta-sts.{name}.example" for name in ("bo", "desajust", "fals"))
    pem = authority.issue("policies", Wish(names=names))
    blocks = []
    for name, policy, kind in (
        ("bo", POLICY.format(mode="enforce", mx="mx.bo.example"), "text/plain"),
        ("desajust", POLICY.format(mode="testing", mx="*.altre.example"), "text/plain"),
        ("fals", "<html>no policy</html>", "text/html"),
        ("altri", POLICY.format(mode="enforce", mx="mx.altri.example"), "text/plain"),
    ):
        text = policy.replace("\n", "\\n")
        blocks.append(
            f"server {{ listen {address}:443 ssl; server_name mta-sts.{name}.example; ssl_certificate {pem};"
            f" ssl_certificate_key {pem}; location = /.well-known/mta-sts.txt"
            f' {{ types {{ }} default_type {kind}; return 200 "{text}"; }} }}\n'
        )
    return "".join(blocks)


async def facts_of(name: str, port: int, **zone: object) -> MailDomainFacts:
    wanted = loopback_zone(
        **{"domains": ("example",), "resolver": "127.0.0.1", "resolver_port": port, "connections_per_host": 4, **zone}
    )
    scanner = replace(SCANNER, authorities=tuple(AUTHORITIES))
    seen = await observe(scanner, Target(address="0.0.0.0", name=f"{name}.example"), occasion(wanted, now=datetime.now(UTC)))
    assert seen.outcome is Outcome.OBSERVED, seen.detail
    assert isinstance(seen.facts, MailDomainFacts)
    return seen.facts


async def test_a_domain_with_everything_in_order(resolver: int) -> None:
    facts = await facts_of("bo", resolver, dkim_selectors=("t1", "t2"))
    assert (facts.in_use, facts.receives, facts.sends_nothing, facts.mx) == (True, True, False, ("mx.bo.example",))
    assert (facts.spf_records, facts.spf_all, facts.spf_lookups, facts.spf_void_lookups, facts.spf_error) == (1, "-", 1, 0, "")
    assert facts.dkim is not None
    assert [(key.selector, key.usable, key.key_type, key.bits) for key in facts.dkim] == [
        ("t1", True, "rsa", 2048),
        ("t2", False, "", 0),
    ]
    assert (facts.dmarc_policy, facts.dmarc_subdomain_policy, facts.dmarc_pct) == ("reject", "quarantine", 100)
    assert facts.dmarc_rua == ("mailto:d@bo.example", "mailto:e@bo.example")
    assert (facts.mta_sts_record, facts.tls_rpt, facts.mta_sts_error) == (True, True, "")
    assert (facts.mta_sts_mode, facts.mta_sts_max_age, facts.mta_sts_covers_mx) == ("enforce", 604800, True)
    assert (facts.dane_missing, facts.dane_unsigned, facts.dane_mismatched) == ((), (), ())
    assert facts.dane_matched == ("mx.bo.example",)


async def test_a_domain_with_nothing_in_order(resolver: int) -> None:
    facts = await facts_of("dolent", resolver, dkim_selectors=("t1",))
    assert (facts.spf_all, facts.dmarc_policy, facts.dmarc_pct) == ("+", "none", 50)
    assert facts.dkim is not None
    assert facts.dkim[0].bits == 1024
    assert (facts.mta_sts_record, facts.tls_rpt, facts.mta_sts_mode) == (False, False, None)
    assert facts.dane_missing == ("mx.dolent.example",)
    assert (await facts_of("dolent", resolver)).dkim is None  # the zone names no selector


async def test_a_domain_that_sends_and_receives_nothing(resolver: int) -> None:
    facts = await facts_of("callat", resolver)
    assert (facts.in_use, facts.null_mx, facts.receives, facts.sends_nothing, facts.mx) == (True, True, False, True, ())
    assert (facts.spf_all, facts.dmarc_policy, facts.mta_sts_record, facts.dane_missing) == ("-", "reject", None, None)
    bare = await facts_of("nu", resolver)
    assert (bare.in_use, bare.spf_records, bare.dmarc_present, bare.receives) == (True, 0, False, False)
    host = await facts_of("www.nu", resolver)
    assert (host.in_use, host.spf_records) == (False, 0)


async def test_dmarc_comes_from_the_domain_above_when_that_is_the_zones(resolver: int) -> None:
    facts = await facts_of("www.bo", resolver)
    assert (facts.dmarc_at, facts.dmarc_policy, facts.dmarc_subdomain_policy) == ("bo.example", "quarantine", "quarantine")
    assert (await facts_of("www.bo", resolver, domains=("www.bo.example",))).dmarc_present is None


async def test_dane_and_policies_that_do_not_fit(resolver: int) -> None:
    facts = await facts_of("desajust", resolver)
    assert (facts.dane_mismatched, facts.dane_missing, facts.dane_unsigned) == (
        ("mx.desajust.example",),
        ("mx2.desajust.example",),
        (),
    )
    assert (facts.mta_sts_mode, facts.mta_sts_covers_mx) == ("testing", False)
    bare = await facts_of("pelat", resolver)
    assert (bare.dane_unsigned, bare.dane_matched) == (("mx.pelat.example",), ("mx.pelat.example",))
    assert (bare.mta_sts_record, bare.tls_rpt, bare.mta_sts_error) == (True, False, "mta-sts.pelat.example has no address")
    assert bare.spf_records == 2
    page = await facts_of("fals", resolver)
    assert (page.mta_sts_mode, page.mta_sts_error) == (None, "the policy is sent as text/html, not as text/plain")
    other = await facts_of("altri", resolver)
    assert other.mta_sts_error == "the certificate of mta-sts.altri.example is for other names"


async def test_only_hosts_of_the_zone_are_asked(resolver: int) -> None:
    facts = await facts_of("bo", resolver, networks=("127.0.0.0/32",))
    assert (facts.mta_sts_record, facts.mta_sts_mode, facts.mta_sts_error) == (True, None, None)
    assert (facts.dane_missing, facts.dane_unsigned, facts.dane_matched, facts.dane_mismatched) == ((), (), None, None)


@pytest.mark.parametrize(
    ("name", "lookups", "voids", "end", "error"),
    [
        ("llarg", 12, 0, "-", ""),
        ("bucle", 2, 0, "-", "bucle.example leads back to itself"),
        ("buit", 3, 3, "~", ""),
        ("redirigit", 2, 0, "-", ""),
        ("trencat", 0, 0, "", "the record of trencat.example cannot be read at ip4:300.1.1.1"),
        ("orfe", 1, 1, "-", "nu.example has no SPF record"),
        ("macro", 4, 0, "?", ""),
        ("lluny", None, None, "-", None),
    ],
)
async def test_spf_is_counted(name: str, lookups: int, voids: int, end: str, error: str, resolver: int) -> None:
    facts = await facts_of(name, resolver)
    assert (facts.spf_lookups, facts.spf_void_lookups, facts.spf_all, facts.spf_error) == (lookups, voids, end, error)


@pytest.mark.parametrize("name", ["bo", "dolent", "redirigit", "macro", "llarg", "buit", "bucle", "trencat", "orfe"])
async def test_spf_is_judged_as_checkdmarc_judges_it(name: str, resolver: int) -> None:
    theirs = dns.resolver.Resolver(configure=False)
    theirs.nameservers, theirs.port = ["127.0.0.1"], resolver
    facts = await facts_of(name, resolver)
    assert facts.spf is not None
    assert facts.spf_lookups is not None
    said = checkdmarc.spf.check_spf(f"{name}.example", resolver=theirs)
    sound = facts.spf_error == "" and facts.spf_lookups <= 10 and (facts.spf_void_lookups or 0) <= 2
    assert said["valid"] == sound, said
    if sound:
        assert said["dns_lookups"] == facts.spf_lookups


async def test_a_resolver_that_falls_silent_is_left_alone() -> None:
    zone = loopback_zone(domains=("example",), resolver="127.0.0.1", resolver_port=free_port())
    answers = Answers(occasion(zone))
    for number in range(20):
        assert await answers.texts(f"n{number}.example") is None
    assert answers.left == QUESTIONS - SILENCES


def test_it_is_found() -> None:
    assert scanners_by_name()["mail_domain"] is SCANNER


def test_keys_are_read() -> None:
    assert read_key("a", "v=DKIM1; p=").revoked
    assert not read_key("a", "hello").present
    ed = read_key("a", "".join(dkim(0).split('"')))
    assert (ed.usable, ed.key_type, ed.bits) == (True, "ed25519", 256)
    broken = read_key("a", "v=DKIM1; p=MIIB!!")
    assert (broken.present, broken.usable, broken.revoked) == (True, False, False)
    assert read_key("a", "k=rsa; t=y:s; p=AAAA").testing


def test_policies_are_read() -> None:
    assert read_policy(POLICY.format(mode="enforce", mx="mx.bo.example").encode()).mode == "enforce"
    assert read_policy(b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n").error == ""
    for bad in (b"", b"mode: enforce", b"version: STSv1\nmode: enforce\nmx: a\n", b"version: STSv1\nmode: enforce\nmax_age: 1\n"):
        assert read_policy(bad).error
    assert covers(("*.bo.example",), ("mx.bo.example",))
    assert not covers(("*.bo.example",), ("a.mx.bo.example",))
    assert not covers(("mx.bo.example",), ("mx.bo.example", "mx2.bo.example"))


def test_a_dmarc_record_without_a_policy_counts_only_with_reports() -> None:
    assert read_dmarc("v=DMARC1; rua=mailto:a@b.example", "b.example", below=False).policy == "none"
    assert read_dmarc("v=DMARC1", "b.example", below=False).policy == ""
    assert read_dmarc("v=DMARC1; p=reject; sp=none", "b.example", below=True).policy == "none"


def test_spf_words() -> None:
    good = "v=spf1 +a a:x.example/24//64 mx/24 ip6:2001:db8::/32 ptr exists:%{i}.x.example exp=e.x.example foo=bar -all"
    assert parse_spf(good).error == ""
    assert [term.name for term in parse_spf("v=spf1 all a mx").terms] == ["all"]
    assert parse_spf("v=spf1 -all redirect=x.example").redirect == ""
    for bad in ("all:x", "include", "include:", "ip4", "ip6:192.0.2.1", "ptr/24", "hello", "a:", "redirect=a redirect=b", "mx/x"):
        assert parse_spf(f"v=spf1 {bad}").error, bad


def tlsa(usage: int, selector: int, kind: int, data: bytes) -> object:
    return dns.rdata.from_text("IN", "TLSA", f"{usage} {selector} {kind} {data.hex()}")


def test_tlsa_records_fit_what_they_are_made_from() -> None:
    leaf, root = b"leaf", b"root"
    assert matches([tlsa(3, 0, 1, hashlib.sha256(leaf).digest())], [leaf, root])
    assert matches([tlsa(3, 0, 2, hashlib.sha512(leaf).digest())], [leaf])
    assert matches([tlsa(3, 0, 0, leaf)], [leaf])
    assert not matches([tlsa(3, 0, 1, hashlib.sha256(root).digest())], [leaf, root])
    assert matches([tlsa(2, 0, 1, hashlib.sha256(root).digest())], [leaf, root])
    assert not matches([tlsa(1, 0, 0, leaf)], [leaf])
    assert not matches([tlsa(3, 1, 1, hashlib.sha256(leaf).digest())], [leaf])  # no certificate, no key


WORDS = st.sampled_from(
    [
        "v=spf1",
        "all",
        "-all",
        "include:a.example",
        "redirect=%{d}",
        "ip4:1.2.3.4/33",
        "a//",
        "mx:",
        "ip6::",
        "exists:/",
        " ",
        "::",
        "%{",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    record = parse_spf(f"v=spf1 {text}")
    assert len(record.terms) <= 256
    assert record.all in ("", "+", "-", "~", "?")
    tags_of(text)
    assert read_key("a", text).bits >= 0
    assert 0 <= read_dmarc(text, "a.example", below=False).pct <= 100


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=30).map(lambda more: POLICY.format(mode="enforce", mx="a").encode() + more)
    )
)
def test_any_bytes_are_a_policy_or_none(body: bytes) -> None:
    policy = read_policy(body)
    assert policy.error or policy.mode in ("enforce", "testing", "none")
    covers(policy.mx or (), ("mx.bo.example",))
    matches([tlsa(3, 1, 1, b"\0" * 32)], [body])
