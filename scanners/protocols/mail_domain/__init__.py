"""The mail of a domain: who may send in its name, how mail reaches it. Asked from the zone's resolver and its own hosts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.name
import dns.rdatatype
import msgspec

from scanners.clean_text import clean_text
from scanners.observation import Facts
from scanners.protocols.mail_domain.answers import Answers
from scanners.protocols.mail_domain.dane import dane_of
from scanners.protocols.mail_domain.dkim import dkim_keys
from scanners.protocols.mail_domain.dmarc import dmarc_of
from scanners.protocols.mail_domain.facts import MailDomainFacts
from scanners.protocols.mail_domain.mta_sts import covers, has_record, has_reports, policy_of
from scanners.protocols.mail_domain.spf import LOOKUPS, VOID_LOOKUPS, count_spf, is_spf, parse_spf
from scanners.resolver import ask, exists, records_of
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import AddressError, Target, parse_name
from scanners.zone import Intrusiveness, Zone

__all__ = ["SCANNER", "MailDomainFacts", "MailDomainScanner"]


@dataclass(frozen=True)
class MailDomainScanner:
    """Asks about the domain ``target.name``; the address of the target is not used. ``authorities`` are PEM files of roots
    trusted besides the system's, for the host of an MTA-STS policy."""

    name: str = "mail_domain"
    version: str = "1"
    facts_type: type[Facts] = MailDomainFacts
    intrusiveness: Intrusiveness = Intrusiveness.GENTLE
    deadline_seconds: float = 90.0
    authorities: tuple[Path, ...] = ()

    def applies(self, service: ServiceFacts) -> bool:
        return False  # it is asked about domains, not about services

    def applies_to_domain(self, domain: str, zone: Zone) -> bool:
        return True

    async def look(self, target: Target, occasion: Occasion) -> Look:
        if target.name is None:
            raise AddressError(f"{target}: mail is asked by name, and this target has none")
        name, zone = parse_name(target.name), occasion.zone
        answer = await ask(occasion.door, name, "MX", zone)  # a resolver that does not answer ends the look here
        answers = Answers(occasion)
        hosts = None if exists(answer) is None else _hosts(records_of(answer, "MX"))
        found: dict[str, Any] = {}
        if hosts is not None:
            found |= {"mx": tuple(host for host in hosts if host), "null_mx": hosts == [""], "receives": any(hosts)}
        found |= await _spf(name, answers)
        found |= await _dmarc(name, answers, zone)
        found["in_use"] = await _in_use(name, answers, found)
        found["dkim"] = await dkim_keys(name, zone.dkim_selectors, answers)
        found |= await self._inbound(name, found.get("mx") or (), answers, occasion)
        facts = MailDomainFacts(**found)
        return Look(facts, msgspec.json.encode(facts))

    async def _inbound(self, name: str, mx: tuple[str, ...], answers: Answers, occasion: Occasion) -> dict[str, Any]:
        """MTA-STS, TLS reporting and DANE, of a domain that receives mail."""
        if not mx:
            return {}
        record = await has_record(name, answers)
        found: dict[str, Any] = {"mta_sts_record": record, "tls_rpt": await has_reports(name, answers)}
        if record:
            policy = await policy_of(name, occasion, self.authorities)
            found |= {f"mta_sts_{key}": getattr(policy, key) for key in ("mode", "max_age", "mx", "error")}
            found["mta_sts_covers_mx"] = None if policy.mx is None else covers(policy.mx, mx)
        dane = await dane_of(mx, answers, occasion)
        for key, known in (
            ("missing", dane.records_known),
            ("unsigned", dane.signatures_known),
            ("mismatched", dane.matches_known),
            ("matched", dane.matches_known),
        ):
            hosts = tuple(getattr(dane, key))
            found[f"dane_{key}"] = hosts if hosts or known else None
        return found


def _hosts(records: list[Any]) -> list[str]:
    """The mail hosts in order of preference; an empty text is the null MX (RFC 7505)."""
    ordered = sorted(records, key=lambda record: (record.preference, str(record.exchange)))
    return [clean_text(record.exchange.to_text(omit_final_dot=True).lower().removesuffix("."), 255) for record in ordered]


async def _spf(name: str, answers: Answers) -> dict[str, Any]:
    texts = await answers.texts(name)
    if texts is None:
        return {}
    records = [text for text in texts if is_spf(text)]
    found: dict[str, Any] = {"spf_records": len(records), "spf": clean_text(records[0], 500) if records else ""}
    if len(records) != 1:
        return found | {"sends_nothing": False}
    record = parse_spf(records[0])
    nothing = [(term.qualifier, term.name) for term in record.terms] == [("-", "all")]
    count = await count_spf(name, records[0], answers)
    sure = not count.undetermined
    return found | {
        "sends_nothing": nothing,
        "spf_all": count.all if count.all or sure or not record.redirect else None,
        "spf_lookups": count.lookups if sure or count.lookups > LOOKUPS else None,
        "spf_void_lookups": count.void_lookups if sure or count.void_lookups > VOID_LOOKUPS else None,
        "spf_error": count.error if sure or count.error else None,
    }


async def _dmarc(name: str, answers: Answers, zone: Zone) -> dict[str, Any]:
    dmarc = await dmarc_of(name, answers, zone)
    if dmarc is None:
        return {}
    return {
        "dmarc": dmarc.text,
        "dmarc_at": dmarc.at,
        "dmarc_present": bool(dmarc.policy),
        "dmarc_policy": dmarc.policy,
        "dmarc_subdomain_policy": dmarc.subdomains,
        "dmarc_pct": dmarc.pct,
        "dmarc_rua": dmarc.rua,
    }


async def _in_use(name: str, answers: Answers, found: dict[str, Any]) -> bool | None:
    """Whether the name owes a mail policy: it receives mail, speaks of it, or is a domain of its own."""
    if found.get("mx") or found.get("null_mx") or found.get("spf_records"):
        return True
    answer = await answers.to(name, "NS")
    if answer is None:
        return None
    wanted = dns.name.from_text(name)
    own = any(rrset.rdtype == dns.rdatatype.NS and rrset.name == wanted for rrset in answer.answer)
    return own or (False if "mx" in found and "spf_records" in found else None)


SCANNER = MailDomainScanner()
