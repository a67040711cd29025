"""Until when a finding is to be fixed (`scoring.md` §1 and §3).

What shows CVEs: by CISA's BOD 26-04 table, once its catalogue is loaded. The rest: by severity, one band slower where only
insiders reach it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collector.feeds.content import FeedName
from collector.remediation import Answers, RemediationTable, bod_26_04
from collector.threats import Threat, Vulnerability
from rules.verdict import Severity

_DAYS: Mapping[str, int] = {Severity.CRITICAL: 3, Severity.HIGH: 14, Severity.MEDIUM: 60}
_SLOWER: Mapping[str, str] = {
    Severity.CRITICAL: Severity.HIGH,
    Severity.HIGH: Severity.MEDIUM,
    Severity.MEDIUM: Severity.LOW,
    Severity.LOW: Severity.LOW,
    Severity.INFO: Severity.INFO,
}
_MISSING: Mapping[str, bool] = {"automatable": False, "total_impact": True}  # what is taken where nobody said it


@dataclass(frozen=True)
class Deadline:
    """``due`` None: there is none. ``days`` is how long it was given. ``why`` is the row of the table that decided, as
    :class:`DeadlinePolicy` keeps it with the finding; None where the severity did."""

    due: datetime | None
    days: int | None
    why: dict[str, Any] | None = None


@dataclass(frozen=True)
class DeadlinePolicy:
    """``days`` by severity; a severity that is not in it has no deadline (low: with the next upgrade; info: none).

    ``slower_for`` are the exposures that are given the next lower band's time. ``table`` is for what shows CVEs (None: the
    severity is for that too); ``exposed`` are the exposures that are public in its sense.
    """

    days: Mapping[str, int] = field(default_factory=lambda: dict(_DAYS))
    slower_for: frozenset[str] = frozenset({"internal", "isolated"})
    table: RemediationTable | None = field(default_factory=bod_26_04)
    exposed: frozenset[str] = frozenset({"internet", "authenticated", "unknown"})

    def days_for(self, severity: str, exposure: str) -> int | None:
        """Days from the opening by severity; None when there is no deadline."""
        return self.days.get(_SLOWER[severity] if exposure in self.slower_for else severity)

    def deadline(self, opened_at: datetime, severity: str, exposure: str, threat: Threat | None = None) -> Deadline:
        """The earliest of what asks for one. The catalogue has to be loaded: without it nobody knows what is not in it."""
        days = self.days_for(severity, exposure)
        plain = Deadline(None if days is None else opened_at + timedelta(days=days), days)
        if threat is None or self.table is None or FeedName.KEV not in threat.feeds:
            return plain
        found = [self._of(self.table, one, opened_at, exposure) for one in threat.vulnerabilities]
        first = min(found, key=_order)
        if first.why is not None:
            first.why["forensic"] = any(one.why is not None and one.why["forensic"] for one in found)
        return first if threat.whole else min(first, plain, key=_order)

    def _of(self, table: RemediationTable, one: Vulnerability, opened_at: datetime, exposure: str) -> Deadline:
        """The clock starts when the CVE was listed or the finding opened, whichever was earlier."""
        said = {"automatable": one.automatable, "total_impact": one.total_impact}
        taken = {name: _MISSING[name] if value is None else value for name, value in said.items()}
        answers = Answers(one.listed is not None, exposure in self.exposed, **taken)
        row = table.rows[answers]
        since = min(one.listed or opened_at, opened_at)
        why = {
            "policy": table.name,
            "row": row.number,
            "cve": one.cve,
            "since": since.isoformat(),
            "days": row.days,
            "forensic": row.forensic,
            **answers._asdict(),
            "assumed": [name for name, value in said.items() if value is None],
        }
        return Deadline(None if row.days is None else since + timedelta(days=row.days), row.days, why)


def _order(one: Deadline) -> tuple[bool, float, str]:
    """Soonest first, undated last; of two alike always the same."""
    return one.due is None, one.due.timestamp() if one.due else 0.0, one.why["cve"] if one.why else "~"


def days_overdue(due: datetime | None, now: datetime) -> float:
    """Days since ``due``, 0 before it and where there is none."""
    return 0.0 if due is None else max(0.0, (now - due).total_seconds() / 86_400)
