"""Who answers for a domain: its name servers, where they stand, and whether each of them knows the domain (RFC 1912 2.8)."""

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from scanners.clean_text import clean_text
from scanners.door import RefusedByScope
from scanners.resolver import ask_of_any_name, exists, read_answer, records_of
from scanners.scanner import Occasion
from scanners.target import AddressError, Target, Transport, parse_address, parse_name
from scanners.wire import ProtocolError, Wire, WireLimits

SERVERS_ASKED = 16
_FAILED = (ProtocolError, OSError, RefusedByScope, AddressError)  # TimeoutError is an OSError


@dataclass(frozen=True)
class Delegation:
    """``servers`` are host names, ``addresses`` theirs; ``networks`` how many networks (/24, /48) they stand in, counted in the
    address family in which they are most. ``lame`` are servers that have no address or answer, but not for the domain."""

    apex: bool | None = None
    servers: tuple[str, ...] | None = None
    addresses: tuple[str, ...] | None = None
    networks: int | None = None
    lame: tuple[str, ...] | None = None


async def delegation_of(name: str, occasion: Occasion) -> Delegation:
    """The name servers of ``name`` as the zone's resolver knows them. Those inside the zone are asked themselves."""
    try:
        # Unchecked: what a resolver holds back because its signatures are wrong is delegated all the same.
        answer = await ask_of_any_name(occasion.door, name, "NS", occasion.zone, unchecked=True)
    except _FAILED:
        return Delegation()
    if exists(answer) is None:
        return Delegation()
    wanted = dns.name.from_text(name)
    own = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.NS and rrset.name == wanted]
    if not own:
        return Delegation(apex=False)
    hosts = sorted({_text(record.target) for record in own[0]})[:SERVERS_ASKED]
    places = {host: await _addresses(host, occasion) for host in hosts}
    found = [address for each in places.values() for address in each or ()]
    return Delegation(
        apex=True,
        servers=tuple(hosts),
        addresses=tuple(dict.fromkeys(found)),
        networks=None if any(each is None for each in places.values()) else count_networks(found),
        lame=await _lame(name, places, occasion),
    )


def _text(name: dns.name.Name) -> str:
    return clean_text(name.to_text(omit_final_dot=True).lower(), 255)


async def _addresses(host: str, occasion: Occasion) -> tuple[str, ...] | None:
    """Empty when the host has none; None when the resolver could not say."""
    found: list[str] = []
    try:
        for kind in ("A", "AAAA"):
            answer = await ask_of_any_name(occasion.door, parse_name(host), kind, occasion.zone, unchecked=True)
            if exists(answer) is None:
                return None
            found += [record.address for record in records_of(answer, kind)]
    except _FAILED:
        return None
    return tuple(found[:SERVERS_ASKED])


def count_networks(addresses: Iterable[str]) -> int:
    """In how many networks the addresses lie: /24 or /48, whichever family has more (one server with both is still one place)."""
    families: dict[int, set[object]] = {4: set(), 6: set()}
    for text in addresses:
        ip = ipaddress.ip_address(text)
        families[ip.version].add(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))
    return max(len(found) for found in families.values())


async def _lame(name: str, places: dict[str, tuple[str, ...] | None], occasion: Occasion) -> tuple[str, ...] | None:
    """The lame servers; None when none is proved to be so and not every one could be asked."""
    lame, asked_all = [], True
    for host, addresses in places.items():
        answers = [True] if addresses is None else await asyncio.gather(*(_knows(name, each, occasion) for each in addresses))
        if False in answers or addresses == ():
            lame.append(host)
        asked_all = asked_all and addresses is not None and None not in answers
    return tuple(lame) if lame or asked_all else None


async def _knows(name: str, address: str, occasion: Occasion) -> bool | None:
    """Whether the server at ``address`` answers for ``name`` with authority; None when it may not be asked or stays silent."""
    query = dns.message.make_query(name, "SOA", use_edns=0, payload=1232)
    query.flags &= ~dns.flags.RD
    try:
        parse_address(address)
        raw = await _datagram(address, query.to_wire(), occasion) or await _stream(address, query.to_wire(), occasion)
        return is_authoritative(read_answer(query, raw))
    except ConnectionRefusedError:
        return False
    except _FAILED:
        return None


async def _datagram(address: str, question: bytes, occasion: Occasion) -> bytes | None:
    target = Target(address=address, port=53, transport=Transport.UDP)
    answers = await occasion.door.datagram(target, question, zone_id=occasion.zone.id)
    truncated = bool(answers) and len(answers[0]) > 2 and answers[0][2] & 0x02
    return answers[0] if answers and not truncated else None


async def _stream(address: str, question: bytes, occasion: Occasion) -> bytes:
    target, limits = Target(address=address, port=53), WireLimits(deadline_seconds=5.0, read_bytes=65_537)
    async with occasion.door.open(target, zone_id=occasion.zone.id, limits=limits) as wire:
        await send_message(wire, question)
        return await read_message(wire)


async def send_message(wire: Wire, message: bytes) -> None:
    """One DNS message over TCP (RFC 1035 4.2.2)."""
    await wire.write(len(message).to_bytes(2, "big") + message)


async def read_message(wire: Wire) -> bytes:
    """One DNS message from TCP. Raises :class:`~scanners.wire.ProtocolError`."""
    return await wire.read_exactly(int.from_bytes(await wire.read_exactly(2), "big"))


def is_authoritative(answer: dns.message.Message) -> bool:
    """Whether an answer to a SOA question shows a server that has the zone."""
    return answer.rcode() == dns.rcode.NOERROR and bool(answer.flags & dns.flags.AA) and bool(records_of(answer, "SOA"))
