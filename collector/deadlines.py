"""Until when a finding is to be fixed (`scoring.md` §3): by severity, one band slower where only insiders reach it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.verdict import Severity

_DAYS: Mapping[str, int] = {Severity.CRITICAL: 3, Severity.HIGH: 14, Severity.MEDIUM: 60}
_SLOWER: Mapping[str, str] = {
    Severity.CRITICAL: Severity.HIGH,
    Severity.HIGH: Severity.MEDIUM,
    Severity.MEDIUM: Severity.LOW,
    Severity.LOW: Severity.LOW,
    Severity.INFO: Severity.INFO,
}


@dataclass(frozen=True)
class DeadlinePolicy:
    """``days`` by severity; a severity that is not in it has no deadline (low: with the next upgrade; info: none).

    ``slower_for`` are the exposures that are given the next lower band's time.
    """

    days: Mapping[str, int] = field(default_factory=lambda: dict(_DAYS))
    slower_for: frozenset[str] = frozenset({"internal", "isolated"})

    def days_for(self, severity: str, exposure: str) -> int | None:
        """Days from the opening; None when there is no deadline."""
        return self.days.get(_SLOWER[severity] if exposure in self.slower_for else severity)

    def due(self, opened_at: datetime, severity: str, exposure: str) -> datetime | None:
        days = self.days_for(severity, exposure)
        return None if days is None else opened_at + timedelta(days=days)


def days_overdue(due: datetime | None, now: datetime) -> float:
    """Days since ``due``, 0 before it and where there is none."""
    return 0.0 if due is None else max(0.0, (now - due).total_seconds() / 86_400)
