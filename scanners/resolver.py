"""Names: DNS questions asked through the door from the zone's own resolver."""

import dns.exception
import dns.message
import dns.rdatatype

from scanners.door import Door, Refusal, RefusedByScope
from scanners.target import Address, AddressError, parse_address, parse_name
from scanners.wire import ProtocolError
from scanners.zone import Zone


async def ask(door: Door, name: str, kind: str, zone: Zone, *, timeout_seconds: float = 3.0) -> dns.message.Message:
    """Ask the resolver of ``zone`` for the ``kind`` records (``A``, ``CAA``, …) of ``name``.

    Raises ``TimeoutError``, :class:`~scanners.wire.ProtocolError` for an answer that is not one, and
    :class:`~scanners.door.RefusedByScope` when the name is not of the zone or the zone has no resolver.
    """
    name = parse_name(name)
    if not zone.names_domain(name):
        raise RefusedByScope(Refusal.OUTSIDE, f"{name} is not a domain of zone {zone.id}")
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
    raw = await door.ask_resolver(zone, query.to_wire(), timeout_seconds=timeout_seconds)
    try:
        answer = dns.message.from_wire(raw, ignore_trailing=True)
    except dns.exception.DNSException as error:
        raise ProtocolError(f"the resolver's answer cannot be read ({type(error).__name__})") from error
    if not query.is_response(answer):
        raise ProtocolError("the resolver answered another question")
    return answer


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
