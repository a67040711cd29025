"""Names of a zone: where they lead, who answers for them and may certify them. Asked from the zone's resolver."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from scanners.clean_text import clean_text
from scanners.observation import Facts
from scanners.protocols.names.caa import closest_caa
from scanners.protocols.names.delegation import delegation_of
from scanners.protocols.names.dnssec import dnssec_of
from scanners.resolver import ask
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import AddressError, Target, parse_name
from scanners.zone import Intrusiveness, Zone


class NamesFacts(Facts, frozen=True, kw_only=True):
    """One DNS name. ``cname`` the chain followed; ``dangling_cname``: the chain ends in a name that does not exist
    (NXDOMAIN). ``caa`` are the issuers of the closest CAA set (RFC 8659), empty when there is none. Both are None when the
    resolver could not say: it failed, or knows only its own zones and the chain or the climb leads outside.

    ``apex``: the name has name servers of its own; the facts after it are None where it has none.
    ``name_server_networks``: how many networks (/24, /48) they stand in. ``lame``: those without an address, and those inside
    the zone that do not answer for the domain; None when not every one could be asked. ``dnssec``: secure, insecure, bogus."""

    kind: ClassVar[str] = "names"

    addresses: tuple[str, ...] | None = None
    cname: tuple[str, ...] | None = None
    dangling_cname: bool | None = None
    caa: tuple[str, ...] | None = None
    caa_present: bool | None = None
    apex: bool | None = None
    name_servers: tuple[str, ...] | None = None
    name_server_addresses: tuple[str, ...] | None = None
    name_server_networks: int | None = None
    lame: tuple[str, ...] | None = None
    dnssec: str | None = None


_CHAIN = 16  # names of a chain that are followed; resolvers stop at about as many
_RECORDS = 64  # of one kind, that are worth keeping

_ANSWERED = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


@dataclass(frozen=True)
class NamesScanner:
    """Asks the zone's resolver about ``target.name``. The address of the target is not used, and nothing is sent to it."""

    name: str = "names"
    version: str = "2"
    facts_type: type[Facts] = NamesFacts
    intrusiveness: Intrusiveness = Intrusiveness.GENTLE
    deadline_seconds: float = 30.0

    def applies(self, service: ServiceFacts) -> bool:
        return False  # it is asked about domains, not about services

    def applies_to_domain(self, domain: str, zone: Zone) -> bool:
        return True

    async def look(self, target: Target, occasion: Occasion) -> Look:
        if target.name is None:
            raise AddressError(f"{target}: names are asked by name, and this target has none")
        name = parse_name(target.name)
        answers = [await ask(occasion.door, name, kind, occasion.zone) for kind in ("A", "AAAA")]
        caa = await closest_caa(name, occasion)
        delegation = await delegation_of(name, occasion)
        facts = NamesFacts(
            addresses=_addresses(answers),
            cname=_chain(name, answers[0]) if _answered(answers[0]) else None,
            dangling_cname=_dangling(name, answers),
            caa=None if caa is None else caa.issuers,
            caa_present=None if caa is None else caa.present,
            apex=delegation.apex,
            name_servers=delegation.servers,
            name_server_addresses=delegation.addresses,
            name_server_networks=delegation.networks,
            lame=delegation.lame,
            dnssec=await dnssec_of(name, occasion) if delegation.apex else None,
        )
        return Look(facts, b"\n\n".join(answer.to_text().encode() for answer in answers))


def _answered(answer: dns.message.Message) -> bool:
    return answer.rcode() in _ANSWERED


def _addresses(answers: Iterable[dns.message.Message]) -> tuple[str, ...] | None:
    answers = [answer for answer in answers if _answered(answer)]
    if not answers:
        return None
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    found = [record.address for answer in answers for rrset in answer.answer if rrset.rdtype in kinds for record in rrset]
    return tuple(dict.fromkeys(found))[:_RECORDS]


def _chain(name: str, answer: dns.message.Message) -> tuple[str, ...]:
    """The names that CNAME records of the answer lead to from ``name``, in order; a loop is followed once."""
    at, chain = dns.name.from_text(name), list[str]()
    while len(chain) < _CHAIN:
        step = next((rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.CNAME and rrset.name == at), None)
        if step is None:
            break
        at = step[0].target
        text = clean_text(at.to_text(omit_final_dot=True).lower(), 255)
        if text in chain:
            break
        chain.append(text)
    return tuple(chain)


def _dangling(name: str, answers: list[dns.message.Message]) -> bool | None:
    """Whether the chain ends in a name that does not exist. The code of an answer is that of its last name (RFC 6604)."""
    answer = answers[0]
    if not _answered(answer):
        return None
    chain = _chain(name, answer)
    if not chain:
        return False
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return True
    if _addresses(answers) or answer.flags & dns.flags.RA:
        return False  # the end exists: it has an address, or a resolver that looks everywhere says that it has none
    return None  # only the server of the first name was asked: it does not know the rest


SCANNER = NamesScanner()
