"""Names: DNS questions asked through the door from the zone's own resolver."""

import struct
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from scanners.door import Door, Refusal, RefusedByScope
from scanners.target import Address, AddressError, parse_address, parse_name
from scanners.wire import ProtocolError
from scanners.zone import Zone

RECORDS_KEPT = 64  # of one kind: no honest name has more
RECORDS_READ = 256  # of one message: a hostile one has thousands of names that take seconds to unfold


async def ask(door: Door, name: str, kind: str, zone: Zone, *, timeout_seconds: float = 3.0) -> dns.message.Message:
    """Ask the resolver of ``zone`` for the ``kind`` records (``A``, ``CAA``, …) of ``name``.

    Raises ``TimeoutError``, :class:`~scanners.wire.ProtocolError` for an answer that is not one, and
    :class:`~scanners.door.RefusedByScope` when the name is not of the zone or the zone has no resolver.
    """
    if not zone.names_domain(parse_name(name)):
        raise RefusedByScope(Refusal.OUTSIDE, f"{name} is not a domain of zone {zone.id}")
    return await ask_of_any_name(door, name, kind, zone, timeout_seconds=timeout_seconds)


async def ask_of_any_name(
    door: Door, name: str, kind: str, zone: Zone, *, dnssec: bool = False, unchecked: bool = False, timeout_seconds: float = 3.0
) -> dns.message.Message:
    """As :func:`ask`, of any name: what a domain of the zone refers to (SPF includes, mail hosts, name servers).

    Only the zone's resolver hears the question. ``dnssec`` wants signatures too (DO, RFC 4035 3.2.1), ``unchecked`` the answer
    even where the resolver finds them wrong (CD, 3.2.2).
    """
    query = dns.message.make_query(parse_name(name), kind, use_edns=0, payload=1232, want_dnssec=dnssec)
    if unchecked:
        query.flags |= dns.flags.CD
    try:
        raw = await door.ask_resolver(zone, query.to_wire(), timeout_seconds=timeout_seconds)
    except TimeoutError:  # a datagram may be lost, and what took the resolver long it knows by now
        raw = await door.ask_resolver(zone, query.to_wire(), timeout_seconds=timeout_seconds)
    return read_answer(query, raw)


def read_answer(query: dns.message.Message, raw: bytes, *, transfer: bool = False) -> dns.message.Message:
    """The answer to ``query`` (a message of a zone transfer when ``transfer``), its first records when there are many.

    Raises :class:`~scanners.wire.ProtocolError`.
    """
    try:
        answer = dns.message.from_wire(_shortened(raw), ignore_trailing=True, xfr=transfer, one_rr_per_rrset=transfer)
        matches = query.is_response(answer)
    except (dns.exception.DNSException, ValueError, struct.error) as error:
        raise ProtocolError(f"the answer cannot be read as DNS ({type(error).__name__})") from error
    if not matches:
        raise ProtocolError("it answered another question")
    return answer


def _shortened(raw: bytes) -> bytes:
    """The message with counts that take in no more than :data:`RECORDS_READ` records; what follows them is not read."""
    if len(raw) < 12:
        return raw
    left, counts = RECORDS_READ, []
    for count in struct.unpack("!HHH", raw[6:12]):
        counts.append(min(count, left))
        left = left - count if count < left else 0
    return raw[:6] + struct.pack("!HHH", *counts) + raw[12:]


def records_of(answer: dns.message.Message, kind: str) -> list[Any]:
    """The records of that kind in the answer section, at most 64; aliases on the way left out."""
    wanted = dns.rdatatype.from_text(kind)
    return [record for rrset in answer.answer if rrset.rdtype == wanted for record in rrset][:RECORDS_KEPT]


def exists(answer: dns.message.Message) -> bool | None:
    """Whether the name exists; None when the answer is a failure or a refusal and says nothing."""
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return False
    return True if answer.rcode() == dns.rcode.NOERROR else None


async def resolve(door: Door, name: str, zone: Zone) -> tuple[Address, ...]:
    """The addresses (A and AAAA) of ``name`` that some zone names now.

    Raises :class:`LookupError` when it has none, :class:`~scanners.door.RefusedByScope` when all are outside, and what
    :func:`ask` raises.
    """
    found = [address for kind in ("A", "AAAA") for address in _addresses(await ask(door, name, kind, zone), kind)]
    if not found:
        raise LookupError(f"{name} has no address")
    inside = tuple(address for address in found if _admitted(door, address))
    if not inside:
        raise RefusedByScope(Refusal.OUTSIDE, f"{name} resolves to {found[0]}, which no zone names")
    return inside


def _addresses(answer: dns.message.Message, kind: str) -> list[Address]:
    wanted = dns.rdatatype.from_text(kind)
    texts = [record.to_text() for rrset in answer.answer if rrset.rdtype == wanted for record in rrset]
    return [address for text in texts if (address := _plain(text)) is not None]


def _plain(text: str) -> Address | None:
    try:
        return parse_address(text)
    except AddressError:
        return None


def _admitted(door: Door, address: Address) -> bool:
    try:
        door.admit(address)
    except RefusedByScope:
        return False
    return True
