"""The DNS server scanner against BIND, Knot DNS and unbound, on loopback.

None of the recursive ones has anybody to ask: BIND has a root zone of its own, unbound answers for .invalid itself.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols.dns_server import FOREIGN, SCANNER, DnsFacts, count_transferred, read_recursion
from scanners.resolver import read_answer
from scanners.scanner import observe, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.services import SERVICE
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.dns_zones import knot, named, unbound, zone_text
from tests.processes import free_port, running
from tests.scanners.looking import loopback_zone, occasion, serving
from tests.scanners.small_servers import own_address

DOMAINS = ("vilamar.example", "altra.example")
OPEN = "recursion yes; allow-recursion { any; }; allow-query-cache { any; }; allow-transfer { any; };"
HARDENED = "recursion no; allow-transfer { none; }; minimal-responses yes;"
BOTH = pytest.mark.parametrize("transport", list(Transport))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Name: ``address@port`` of each server. BIND listens on addresses of interfaces only, and so on a port of its own."""
    folder = tmp_path_factory.mktemp("dns")
    zone = folder / "vilamar.zone"
    many = "\n".join(f"pc{number} A 10.0.{number // 250}.{number % 250 + 1}" for number in range(3000))
    zone.write_text(zone_text("vilamar.example", many, {"ns1": "192.0.2.1"}))
    here = {name: f"{own_address()}@53" for name in ("knot", "unbound", "closed")}
    here |= {name: f"127.0.0.1@{free_port()}" for name in ("open", "hardened", "inward")}
    zones = {"vilamar.example": zone}
    commands = {
        "open": named(folder / "open", here["open"], zones, OPEN),
        "hardened": named(folder / "hardened", here["hardened"], zones, HARDENED),
        "inward": named(folder / "inward", here["inward"], zones, "recursion yes; allow-recursion { 10.0.0.0/8; };"),
        "knot": knot(folder / "knot", [here["knot"]], zones),
        "unbound": unbound(folder / "unbound", here["unbound"], {}),
        "closed": unbound(folder / "closed", here["closed"], {}, allow="127.0.0.0/8 refuse"),
    }
    with ExitStack() as stack:
        for name, (command,) in commands.items():
            stack.enter_context(running(command, listens=place(here[name]), log=folder / f"{name}.log"))
        yield here


def place(text: str) -> tuple[str, int]:
    address, _, port = text.partition("@")
    return address, int(port or 53)


async def facts_at(where: str, transport: Transport = Transport.TCP, **zone: object) -> DnsFacts:
    address, port = place(where)
    target = Target(address=address, port=port, transport=transport)
    seen = await observe(SCANNER, target, occasion(loopback_zone(**{"domains": DOMAINS, **zone})))
    assert seen.outcome is Outcome.OBSERVED, seen.detail
    assert isinstance(seen.facts, DnsFacts)
    return seen.facts


@BOTH
@pytest.mark.parametrize("name", ["open", "knot", "unbound"])
async def test_the_first_look_says_that_it_is_one(name: str, transport: Transport, servers: dict[str, str]) -> None:
    address, port = place(servers[name])
    seen = await observe(SERVICE, Target(address=address, port=port, transport=transport), occasion())
    assert isinstance(seen.facts, ServiceFacts), seen.detail
    assert SCANNER.applies(seen.facts)


@BOTH
@pytest.mark.parametrize(
    ("name", "recursion"),
    [("open", True), ("unbound", True), ("hardened", False), ("inward", False), ("knot", False), ("closed", False)],
)
async def test_who_resolves_for_strangers(name: str, recursion: bool, transport: Transport, servers: dict[str, str]) -> None:
    facts = await facts_at(servers[name], transport)
    assert facts.recursion is recursion
    if recursion:
        assert facts.recursion_rcode == "NXDOMAIN"


async def test_a_resolver_that_fails_still_offers_recursion(tmp_path: Path, servers: dict[str, str]) -> None:
    """unbound whose server for .invalid refuses it: SERVFAIL, which a rule takes for inferred."""
    address = own_address()
    (command,) = unbound(tmp_path, address, {"invalid": servers["closed"]})
    config = tmp_path / "unbound.conf"
    config.write_text(config.read_text().replace('local-zone: "." refuse', 'local-zone: "invalid." nodefault'))
    with running(command, listens=(address, 53), log=tmp_path / "log"):
        facts = await facts_at(address)
    assert (facts.recursion, facts.recursion_rcode) == (True, "SERVFAIL")


@pytest.mark.parametrize(
    ("name", "serves", "transferred"),
    [
        ("open", ("vilamar.example",), ("vilamar.example",)),
        ("hardened", ("vilamar.example",), ()),
        ("knot", ("vilamar.example",), ()),
        ("unbound", (), ()),
    ],
)
async def test_who_hands_out_the_zone(
    name: str, serves: tuple[str, ...], transferred: tuple[str, ...], servers: dict[str, str]
) -> None:
    facts = await facts_at(servers[name])
    assert (facts.serves, facts.transferred) == (serves, transferred)
    assert facts.records_shown is not None
    assert (facts.records_shown > 0) == bool(transferred)
    assert facts.records_shown < 2900  # the first message is proof; the rest is left where it is


async def test_what_is_not_asked_is_not_known(servers: dict[str, str]) -> None:
    for more in ({"intrusiveness": Intrusiveness.GENTLE}, {"domains": ()}):
        facts = await facts_at(servers["open"], **more)
        assert (facts.recursion, facts.serves, facts.transferred) == (True, None, None)
    assert (await facts_at(servers["open"], Transport.UDP)).transferred is None


async def test_a_server_that_breaks_off_leaves_the_transfer_open() -> None:
    """Answers the foreign name, then nothing that is DNS."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        query = dns.message.from_wire(await reader.readexactly(length))
        wire = dns.message.make_response(query).to_wire() if FOREIGN in str(query.question[0].name) else b"\xff" * 40
        writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()

    async with serving(once) as port:
        seen = await observe(SCANNER, Target(address="127.0.0.1", port=port), occasion(loopback_zone(domains=DOMAINS)))
    assert isinstance(seen.facts, DnsFacts)
    assert (seen.facts.recursion, seen.facts.transferred) == (False, None)


def test_it_is_found_by_what_answered() -> None:
    assert scanners_by_name()["dns"] is SCANNER
    assert SCANNER.applies(ServiceFacts(name="dns", tls=False))
    assert not SCANNER.applies(ServiceFacts(name="http", tls=False))


def _transfer() -> tuple[dns.message.Message, bytes]:
    query = dns.message.make_query("vilamar.example", "AXFR")
    answer = dns.message.make_response(query)
    answer.answer = [
        dns.rrset.from_text("vilamar.example.", 60, "IN", "SOA", "ns. h. 1 2 3 4 5"),
        *(dns.rrset.from_text(f"pc{number}.vilamar.example.", 60, "IN", "A", "192.0.2.1") for number in range(9)),
        dns.rrset.from_text("pc.other.example.", 60, "IN", "A", "192.0.2.1"),
    ]
    return query, answer.to_wire()


def test_a_transfer_is_counted_from_its_soa() -> None:
    query, raw = _transfer()
    assert count_transferred(query, raw, first=True) == 9
    answer = dns.message.from_wire(raw, xfr=True, one_rr_per_rrset=True)
    del answer.answer[0]
    assert count_transferred(query, answer.to_wire(), first=True) == 0
    answer.set_rcode(dns.rcode.REFUSED)
    assert count_transferred(query, answer.to_wire(), first=False) == 0


def test_recursion_is_what_the_answer_shows() -> None:
    query = dns.message.make_query(FOREIGN, "A")
    answer = dns.message.make_response(query, recursion_available=True)
    for rcode, shown in ((0, True), (3, True), (2, True), (5, False), (1, None), (4, None)):
        answer.set_rcode(dns.rcode.from_text(dns.rcode.to_text(dns.rcode.Rcode(rcode))))
        assert read_recursion(answer)[0] is shown
    answer.set_rcode(dns.rcode.NXDOMAIN)
    answer.flags &= ~dns.flags.RA
    assert read_recursion(answer) == (False, "NXDOMAIN")


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_transfers_are_counted_or_refused(data: st.DataObject) -> None:
    query, raw = _transfer()
    wire = bytearray(raw)
    for _ in range(data.draw(st.integers(0, 5))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    wire = wire[: data.draw(st.integers(0, len(wire)))] + data.draw(st.binary(max_size=20))
    for first in (True, False):
        try:
            assert 0 <= count_transferred(query, bytes(wire), first=first) <= 30
            read_recursion(read_answer(query, bytes(wire)))
        except ProtocolError:
            continue


def _crowded() -> tuple[dns.message.Message, bytes]:
    """A message of 64 KiB in which each of thousands of records names a host with 121 labels."""
    query = dns.message.make_query("a.example", "AXFR")
    head = query.to_wire()[12:]
    place = (0xC000 | 12 + len(head)).to_bytes(2, "big")
    labels = b"".join(b"\x01" + bytes([97 + number % 26]) for number in range(120)) + b"\0"
    body, count = labels + bytes.fromhex("0010000100000001000100"), 1  # an empty text
    while len(body) < 65000:
        name = b"\x02" + count.to_bytes(2, "big") + place
        body += place + bytes.fromhex("000200010000000a") + len(name).to_bytes(2, "big") + name
        count += 1
    return query, query.id.to_bytes(2, "big") + b"\x81\x80\0\1" + count.to_bytes(2, "big") + b"\0\0\0\0" + head + body


def test_a_crowd_of_records_is_not_unfolded() -> None:
    query, raw = _crowded()
    for transfer in (False, True):
        answer = read_answer(query, raw, transfer=transfer)
        assert sum(len(rrset) for rrset in answer.answer) <= 256
    assert count_transferred(query, raw, first=False) <= 256
