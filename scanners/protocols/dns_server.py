"""DNS servers (RFC 1035): whether they resolve for strangers, and whether they hand out whole zones (AXFR, RFC 5936)."""

from typing import ClassVar

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from scanners.door import RefusedByScope
from scanners.observation import Facts
from scanners.protocols.names.delegation import is_authoritative, read_message, send_message
from scanners.resolver import read_answer
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target, Transport
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness, Zone

FOREIGN = "talaia-recursion-check.invalid"
"""A name that is nobody's and never will be (RFC 6761 6.4): who resolves for strangers says that it does not exist."""

_DOMAINS = 32  # of the zone, that one server is asked about
_FAILURES = 3  # after which it is left alone
_MESSAGES = 3  # of a transfer: proof, not the zone
_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=200_000)
_SAID = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.REFUSED})


class DnsFacts(Facts, frozen=True, kw_only=True):
    """``recursion``: it resolves names of others for us; ``recursion_rcode`` is what it answered (SERVFAIL: it tried and failed).

    ``serves``: the zone's domains that it answers for with authority. ``transferred``: those that it hands out in whole to us;
    None where that could not be asked (UDP, a gentle zone, a zone without domains). ``records_shown``: how many of their
    records were read as proof, of a few messages at most.
    """

    kind: ClassVar[str] = "dns"

    recursion: bool | None = None
    recursion_rcode: str | None = None
    serves: tuple[str, ...] | None = None
    transferred: tuple[str, ...] | None = None
    records_shown: int | None = None


class DnsServerScanner:
    """One question for a name of nobody, and over TCP a transfer of each of the zone's domains, broken off once it begins."""

    name = "dns"
    version = "1"
    facts_type = DnsFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 60.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "dns" and not service.tls

    async def look(self, target: Target, occasion: Occasion) -> Look:
        query = dns.message.make_query(FOREIGN, "A", use_edns=0, payload=1232)
        raw = await _asked(target, query.to_wire(), occasion)
        recursion, rcode = read_recursion(read_answer(query, raw))
        facts = DnsFacts(recursion=recursion, recursion_rcode=rcode)
        if target.transport is Transport.TCP and may_transfer(occasion.zone):
            facts = await _transfers(target, occasion, facts)
        return Look(facts, raw)


def may_transfer(zone: Zone) -> bool:
    """Whether there is a domain to ask for, and the zone allows a request that no ordinary client makes."""
    return bool(zone.domains) and zone.intrusiveness.allows(Intrusiveness.NORMAL)


def read_recursion(answer: dns.message.Message) -> tuple[bool | None, str | None]:
    """Whether the answer to a recursive question for :data:`FOREIGN` shows recursion: RA, and no refusal (RFC 1035 4.1.1)."""
    rcode = answer.rcode()
    if rcode not in _SAID:
        return None, dns.rcode.to_text(rcode)
    return bool(answer.flags & dns.flags.RA) and rcode != dns.rcode.REFUSED, dns.rcode.to_text(rcode)


async def _asked(target: Target, question: bytes, occasion: Occasion) -> bytes:
    if target.transport is Transport.TCP:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            await send_message(wire, question)
            return await read_message(wire)
    for _ in range(2):  # a datagram may be lost
        if answers := await occasion.door.datagram(target, question, zone_id=occasion.zone.id):
            return answers[0]
    raise TimeoutError(f"{target} did not answer")


async def _transfers(target: Target, occasion: Occasion, facts: DnsFacts) -> DnsFacts:
    serves: list[str] = []
    given: dict[str, int] = {}
    failures = 0
    for domain in occasion.zone.domains[:_DOMAINS]:
        if failures >= _FAILURES:
            break
        try:
            async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
                if not await _is_served(wire, domain):
                    continue
                serves.append(domain)
                given[domain] = await _given(wire, domain)
        except RefusedByScope:
            raise
        except (ProtocolError, OSError):
            failures += 1
    asked_all = not failures and len(occasion.zone.domains) <= _DOMAINS
    found = tuple(domain for domain, count in given.items() if count)
    return DnsFacts(
        recursion=facts.recursion,
        recursion_rcode=facts.recursion_rcode,
        serves=tuple(serves),
        transferred=found if found or asked_all else None,
        records_shown=sum(given.values()),
    )


async def _is_served(wire: Wire, domain: str) -> bool:
    query = dns.message.make_query(domain, "SOA")
    query.flags &= ~dns.flags.RD
    await send_message(wire, query.to_wire())
    return is_authoritative(read_answer(query, await read_message(wire)))


async def _given(wire: Wire, domain: str) -> int:
    """How many records of ``domain`` besides its SOA came with the first messages of a transfer; 0 when it is refused."""
    query = dns.message.make_query(domain, "AXFR")
    query.flags &= ~dns.flags.RD
    await send_message(wire, query.to_wire())
    count = 0
    for number in range(_MESSAGES):
        try:
            message = await read_message(wire)
        except (ProtocolError, ConnectionError):
            return count  # a server may refuse by closing the connection
        more = count_transferred(query, message, first=number == 0)
        if not more and number == 0 and not read_answer(query, message, transfer=True).answer:
            return 0
        count += more
        if count:
            break
    return count


def count_transferred(query: dns.message.Message, raw: bytes, *, first: bool) -> int:
    """The records besides the SOA in one message of a transfer; the first one must begin with the SOA of what was asked.

    Raises :class:`~scanners.wire.ProtocolError` for what is no DNS message.
    """
    answer = read_answer(query, raw, transfer=True)
    wanted: dns.name.Name = query.question[0].name
    records = answer.answer
    if answer.rcode() != dns.rcode.NOERROR or not records:
        return 0
    if first and (records[0].rdtype != dns.rdatatype.SOA or records[0].name != wanted):
        return 0
    return sum(rrset.rdtype != dns.rdatatype.SOA and rrset.name.is_subdomain(wanted) for rrset in records)


SCANNER = DnsServerScanner()
