"""The text of a ticket: one for each remedy (rule) and owner (department and service), not one for each host.

It holds no secret and no raw evidence: what is wrong, why, how to fix it, where, until when, and the link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from api.parts import Rules
from api.texts import rule_text
from collector.queries.findings import NOBODY, FindingFilter, FindingSort, each_finding
from scanners.clean_text import clean_text

PLACES_SHOWN = 25
_WORDS: Mapping[str, Mapping[str, str]] = {
    "ca": {"why": "Per què", "fix": "Com s'arregla", "where": "On", "more": "i {} més", "due": "Termini", "link": "Enllaç"},
    "es": {"why": "Por qué", "fix": "Cómo se arregla", "where": "Dónde", "more": "y {} más", "due": "Plazo", "link": "Enlace"},
    "en": {"why": "Why", "fix": "How to fix it", "where": "Where", "more": "and {} more", "due": "Deadline", "link": "Link"},
}


@dataclass(frozen=True)
class TicketText:
    """``due`` is the soonest deadline of its findings, None when none has one; ``findings`` is how many it is about."""

    subject: str
    body: str
    findings: int
    due: datetime | None


def same_ticket(connection: Connection, finding: Row[Any]) -> list[Row[Any]]:
    """The open findings that the ticket of ``finding`` is about, the riskiest first: of its rule, department and service."""
    wanted = FindingFilter(
        state=("open",), rule=(finding.rule,), department=finding.department_id or NOBODY, service=finding.service_id or NOBODY
    )
    return list(islice(each_finding(connection, wanted, FindingSort.RISK), 10_000))


def ticket_text(rows: list[Row[Any]], rules: Rules, language: str, base_url: str) -> TicketText:
    """The ticket about ``rows``, which are of one rule and owner. Raises ``ValueError`` when there are none."""
    if not rows:
        raise ValueError("a ticket is about at least one finding")
    words, rule = _WORDS[language], rows[0].rule
    due = min((row.due for row in rows if row.due is not None), default=None)
    places = [f"- {place_of(row)}" for row in rows[:PLACES_SHOWN]]
    if len(rows) > PLACES_SHOWN:
        places.append(f"- {words['more'].format(len(rows) - PLACES_SHOWN)}")
    title = rule_text(rules, rule, "title", language)
    parts = [
        f"{words['why']}\n{rule_text(rules, rule, 'rationale', language).strip()}",
        f"{words['fix']}\n{rule_text(rules, rule, 'remediation', language).strip()}",
        f"{words['where']} ({len(rows)})\n" + "\n".join(places),
        *([f"{words['due']}: {due:%Y-%m-%d}"] if due else []),
        f"{words['link']}: {base_url}/findings/{rows[0].id}",
    ]
    return TicketText(f"{rule}: {title}"[:200], "\n\n".join(parts) + "\n", len(rows), due)


def place_of(row: Row[Any]) -> str:
    """Where a finding is, on one line, nothing in it that could deceive a reader."""
    port = f" {row.transport or 'tcp'}/{row.port}" if row.port else ""
    name = f" ({clean_text(row.name, 253)})" if row.name and row.name != row.asset_name else ""
    return f"{clean_text(row.asset_name, 253)} {row.address or ''}{port}{name}".replace("  ", " ").strip()
