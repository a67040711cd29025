"""Names and the mail of domains: name servers good and careless, the zone's resolver, signed domains and forgotten ones."""

import base64
import hashlib
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from talaia.demo.certificates import Authority, Wish
from tests.city.districts.post import GOOD_SMTP_TLS, postfix
from tests.city.host import Host
from tests.city.servers import Command, Yard, nginx, redirect_site, secure_site
from tests.dns_zones import knot, named, sign, unbound, zone_text

PARENT, FIRST, SECOND, CARELESS, POST = "example", "10.77.3.1", "10.77.4.2", "10.77.3.2", "10.77.3.4"
RESOLVER, SELECTOR = "10.77.4.1", "t1"
ZONE_LINES = (
    "    domains: [bo.example, callat.example, dolent.example, trencat.example, campanya.bo.example]\n"
    f"    resolver: {RESOLVER}\n    dkim_selectors: [{SELECTOR}]\n"
)
POLICY = "version: STSv1\nmode: enforce\nmx: mx.bo.example\nmax_age: 604800\n"
_CAA = '@ CAA 0 issue "ca.example"\n'


def _certificate(authority: Authority) -> Path:
    """Of the host that takes the mail and serves its policy; made once, by whichever host starts first."""
    path = authority.folder / "missatger.pem"
    names = ("missatger.vilamar.example", POST, "mx.bo.example", "mta-sts.bo.example")
    return path if path.exists() else authority.issue("missatger", Wish(names=names))


def _dkim(bits: int) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    text = "v=DKIM1; k=rsa; p=" + base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))


def _records(authority: Authority) -> dict[str, str]:
    leaf = x509.load_pem_x509_certificate(_certificate(authority).read_bytes())
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "bo": f"{_CAA}@ MX 10 mx\nmx A {POST}\nmta-sts A {POST}\n_25._tcp.mx TLSA 3 1 1 {hashlib.sha256(key).hexdigest()}\n"
        f'@ TXT "v=spf1 mx -all"\n{SELECTOR}._domainkey TXT {_dkim(2048)}\n_dmarc TXT "v=DMARC1; p=reject"\n'
        '_mta-sts TXT "v=STSv1; id=1"\n_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@bo.example"\ncampanya CNAME gone',
        "callat": f'{_CAA}@ MX 0 .\n@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"',
        "trencat": f'{_CAA}@ TXT "v=spf1 -all"',
        "dolent": f'@ MX 10 mx\nmx A {POST}\n@ TXT "v=spf1 +all"\n'
        f'{SELECTOR}._domainkey TXT {_dkim(1024)}\n_dmarc TXT "v=DMARC1; p=none"',
    }


def _zones(authority: Authority) -> Path:
    """The zone files, made once: ``NAME.example`` each, and ``anchor``, the key that the resolver trusts."""
    folder = authority.folder / "zones"
    if folder.exists():
        return folder
    folder.mkdir(mode=0o755)
    good, lines = {"ns1": FIRST, "ns2": SECOND}, []
    for name, text in _records(authority).items():
        servers = {"ns1": CARELESS} if name == "dolent" else good
        lines += [f"{name} NS {host}.{name}\n{host}.{name} A {address}" for host, address in servers.items()]
        whole = zone_text(f"{name}.{PARENT}", text, servers)
        if name == "dolent":
            (folder / f"{name}.{PARENT}").write_text(whole)
            continue
        made = sign(folder / f"{name}-keys", f"{name}.{PARENT}", whole)
        made.file.rename(folder / f"{name}.{PARENT}")
        lines.append(made.ds[:-4] + "ABCD" if name == "trencat" else made.ds)
    parent = sign(folder / "parent-keys", PARENT, zone_text(PARENT, "\n".join(lines), {"ns1": FIRST}))
    parent.file.rename(folder / PARENT)
    (folder / "anchor").write_text(parent.anchor)
    return folder


def good_names(yard: Yard, *, names: tuple[str, ...]) -> list[Command]:
    """Knot DNS: its own domains, to nobody in whole, and no recursion."""
    folder = _zones(yard.authority)
    return knot(yard.folder / "knot", [yard.address], {name: folder / name for name in names})


def careless_names(yard: Yard) -> list[Command]:
    """BIND that resolves for the whole world and hands out its zone."""
    options = "recursion yes; allow-recursion { any; }; allow-query-cache { any; }; allow-transfer { any; };"
    return named(yard.folder / "named", yard.address, {f"dolent.{PARENT}": _zones(yard.authority) / f"dolent.{PARENT}"}, options)


def resolver(yard: Yard) -> list[Command]:
    anchor = (_zones(yard.authority) / "anchor").read_text()
    return unbound(yard.folder / "unbound", yard.address, {PARENT: f"{FIRST}@53"}, anchors=[anchor])


def messenger(yard: Yard) -> list[Command]:
    """The mail host of the good domain, and the host of its MTA-STS policy."""
    pem = _certificate(yard.authority)
    web = nginx(yard, secure_site(yard, pem=pem) + redirect_site(yard), files={".well-known/mta-sts.txt": POLICY})
    post = postfix(
        yard,
        "ADDRESS:25 inet n - n - - smtpd",
        smtpd_tls_chain_files=pem,
        smtpd_tls_auth_only="yes",
        disable_vrfy_command="yes",
        **GOOD_SMTP_TLS,
    )
    return [*web, *post]


_SIGNED = (f"bo.{PARENT}", f"callat.{PARENT}", f"trencat.{PARENT}")
HOSTS: tuple[Host, ...] = (
    Host(
        FIRST,
        "noms",
        partial(good_names, names=(PARENT, *_SIGNED)),
        (53,),
        {},
        "mail_dns",
        names={
            "bo.example": "",
            "callat.example": "",
            "trencat.example": "DNS-003",
            "campanya.bo.example": "WEB-019",
        },
    ),
    Host(SECOND, "noms-dos", partial(good_names, names=_SIGNED), (53,), {}, "mail_dns"),
    Host(
        CARELESS,
        "noms-oberts",
        careless_names,
        (53,),
        {53: "DNS-001 DNS-002"},
        "mail_dns",
        names={"dolent.example": "DNS-003 DNS-004 DNS-005 MAIL-001 MAIL-002 MAIL-003 MAIL-004 MAIL-005"},
    ),
    Host(RESOLVER, "resol", resolver, (53,), {}, "mail_dns"),
    Host(POST, "missatger", messenger, (25, 80, 443), {}, "mail_dns"),
)
