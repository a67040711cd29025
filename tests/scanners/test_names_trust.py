"""DNSSEC and delegation: zones signed by BIND's tools, served by Knot DNS, and unbound that validates and that does not."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.message
import dns.rrset
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols.names import SCANNER, NamesFacts
from scanners.protocols.names.delegation import count_networks, is_authoritative
from scanners.protocols.names.dnssec import BOGUS, INSECURE, SECURE, read_chain
from scanners.resolver import read_answer
from scanners.scanner import observe
from scanners.target import Target
from scanners.wire import ProtocolError
from tests.dns_zones import knot, sign, unbound, zone_text
from tests.processes import free_port, running
from tests.scanners.looking import loopback_zone, occasion
from tests.scanners.small_servers import own_address

RECORDS = "@ A 192.0.2.1\nwww A 192.0.2.2"
SIGNED = ("segur", "illa", "trencat", "caducat")


@dataclass(frozen=True)
class Resolvers:
    validating: int
    plain: int
    child: str  # the authoritative server itself
    folder: Path


@pytest.fixture(scope="module")
def resolvers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resolvers]:
    folder = tmp_path_factory.mktemp("trust")
    first, ignorant = own_address(), own_address()
    octets = first.split(".")
    second = ".".join([octets[0], str(int(octets[1]) - 70), *octets[2:]])
    both = {"ns1": first, "ns2": second}
    servers = {
        "sola": {"ns1": first},
        "coixa": {"ns1": first, "ns2": ignorant},
        "perduda": {"ns1": first, "ns9.obert.example.": ""},
    }
    servers["veina"] = {"ns1": first, "ns2": own_address()}  # same /24, and nothing listens there
    servers["forana"] = {"ns1": first, "ns2": "192.0.2.53"}
    zones, delegations = {}, []
    for name in (*SIGNED, "obert", *servers):
        text = zone_text(f"{name}.example", RECORDS, servers.get(name, both))
        delegations.append(f"{name} NS ns1.{name}\nns1.{name} A {first}")
        if name in SIGNED:
            made = sign(folder / name, f"{name}.example", text, expired=name == "caducat")
            zones[f"{name}.example"] = made.file
            digest = made.ds[:-4] + ("AAAA" if name == "trencat" else made.ds[-4:])
            delegations += [] if name == "illa" else [digest]
        else:
            zones[f"{name}.example"] = folder / f"{name}.zone"
            zones[f"{name}.example"].write_text(text)
    parent = sign(folder / "parent", "example", zone_text("example", "\n".join(delegations), {"ns1": first}))
    stubs, ports = {"example": f"{first}@53"}, (free_port(), free_port())
    with ExitStack() as stack:
        for command in knot(folder / "knot", [first, second], {"example": parent.file, **zones}):
            stack.enter_context(running(command, listens=(first, 53), log=folder / "knot.log"))
        for command in knot(folder / "ignorant", [ignorant], {"obert.example": zones["obert.example"]}):
            stack.enter_context(running(command, listens=(ignorant, 53), log=folder / "ignorant.log"))
        for port, anchors in zip(ports, ([parent.anchor], []), strict=True):
            for command in unbound(folder / f"unbound-{port}", f"127.0.0.1@{port}", stubs, anchors=anchors):
                stack.enter_context(running(command, listens=("127.0.0.1", port), log=folder / f"unbound-{port}.log"))
        yield Resolvers(*ports, first, folder)


async def facts_of(name: str, port: int, resolver: str = "127.0.0.1") -> NamesFacts:
    zone = loopback_zone(domains=("example",), resolver=resolver, resolver_port=port)
    seen = await observe(SCANNER, Target(address="0.0.0.0", name=f"{name}.example"), occasion(zone, now=datetime.now(UTC)))
    assert seen.outcome is Outcome.OBSERVED, seen.detail
    assert isinstance(seen.facts, NamesFacts)
    return seen.facts


@pytest.mark.parametrize("kind", ["validating", "plain"])
@pytest.mark.parametrize(
    ("name", "state"),
    [("segur", SECURE), ("obert", INSECURE), ("illa", INSECURE), ("trencat", BOGUS), ("caducat", BOGUS)],
)
async def test_the_state_of_a_domain(kind: str, name: str, state: str, resolvers: Resolvers) -> None:
    """Also where the resolver does not validate: then the chain is checked here."""
    facts = await facts_of(name, getattr(resolvers, kind))
    assert facts.dnssec == state
    if kind == "validating":
        dig = ["dig", "@127.0.0.1", "-p", str(resolvers.validating), f"{name}.example", "SOA"]
        said = subprocess.run(dig, capture_output=True, text=True, check=True).stdout
        assert ("status: SERVFAIL" in said) == (state == BOGUS)


async def test_the_domains_own_server_cannot_say_what_the_parent_says(resolvers: Resolvers) -> None:
    assert (await facts_of("segur", 53, resolvers.child)).dnssec in (SECURE, None)
    assert (await facts_of("obert", 53, resolvers.child)).dnssec == INSECURE


async def test_a_name_below_a_domain_has_no_delegation(resolvers: Resolvers) -> None:
    facts = await facts_of("www.segur", resolvers.validating)
    assert (facts.apex, facts.name_servers, facts.lame, facts.dnssec) == (False, None, None, None)


@pytest.mark.parametrize(
    ("name", "count", "networks", "lame"),
    [
        ("segur", 2, 2, ()),
        ("sola", 1, 1, ()),
        ("coixa", 2, 1, ("ns2.coixa.example",)),
        ("perduda", 2, 1, ("ns9.obert.example",)),
        ("veina", 2, 1, ("ns2.veina.example",)),
        ("forana", 2, 2, None),
    ],
)
async def test_name_servers(name: str, count: int, networks: int, lame: tuple[str, ...] | None, resolvers: Resolvers) -> None:
    facts = await facts_of(name, resolvers.validating)
    assert facts.apex is True
    assert facts.name_servers is not None
    assert (len(facts.name_servers), facts.name_server_networks, facts.lame) == (count, networks, lame)


def test_networks_are_counted_in_the_family_that_has_more() -> None:
    assert count_networks([]) == 0
    assert count_networks(["192.0.2.1", "2001:db8::1"]) == 1
    assert count_networks(["192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:2::1"]) == 2


def _answers(folder: Path) -> list[dns.message.Message]:
    """DS, DNSKEY and SOA of segur.example with their signatures, read from the signed files."""
    made = []
    for kind, path, owner in (
        ("DS", folder / "parent/example.signed", "segur.example."),
        ("DNSKEY", folder / "segur/segur.example.signed", "segur.example."),
        ("SOA", folder / "segur/segur.example.signed", "segur.example."),
    ):
        origin = ".".join(path.name.split(".")[:-1])
        zone = dns.zone.from_file(str(path), origin=origin, relativize=False)
        answer = dns.message.make_response(dns.message.make_query("segur.example", kind, want_dnssec=True))
        answer.answer = [
            dns.rrset.from_rdata_list(owner, found.ttl, found)
            for found in (zone.find_rdataset(owner, kind), zone.find_rdataset(owner, "RRSIG", covers=kind))
        ]
        made.append(answer)
    return made


def test_signatures_hold_in_their_time_only(resolvers: Resolvers) -> None:
    now = datetime.now(UTC)
    answers = _answers(resolvers.folder)
    assert read_chain("segur.example", *answers, now) == SECURE
    assert read_chain("segur.example", *answers, now + timedelta(days=60)) == BOGUS


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_chains_are_never_secure_and_never_an_error(resolvers: Resolvers, data: st.DataObject) -> None:
    answers = _answers(resolvers.folder)
    which = data.draw(st.integers(0, 2))
    wire = bytearray(answers[which].to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] ^= data.draw(st.integers(1, 255))
    query = dns.message.make_query("segur.example", ("DS", "DNSKEY", "SOA")[which], want_dnssec=True)
    query.id = answers[which].id
    try:
        answers[which] = read_answer(query, bytes(wire[: data.draw(st.integers(0, len(wire)))]))
    except ProtocolError:
        return
    assert read_chain("segur.example", *answers, datetime.now(UTC)) in (SECURE, INSECURE, BOGUS, None)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_a_protocol_error(raw: bytes) -> None:
    query = dns.message.make_query("a.example", "SOA")
    for transfer in (False, True):
        try:
            answer = read_answer(query, query.id.to_bytes(2, "big") + raw, transfer=transfer)
        except ProtocolError:
            continue
        assert is_authoritative(answer) in (True, False)
