"""The settings of deadlines: by severity, and by CISA's BOD 26-04 table for what shows CVEs."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collector.deadlines import DeadlinePolicy
from collector.remediation import BOD_26_04, RemediationTable, bod_26_04, read_table
from collector.score import EXPOSURE
from rules.verdict import Severity

Days = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}d$", examples=["14d"])]
Exposure = Literal["internet", "authenticated", "partner", "internal", "isolated", "unknown"]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VulnerabilitiesText(_Written):
    """For findings that show CVEs: the directive's table, one of the city's own of the same form, or the severity.

    ``exposed`` are the exposures that are public in the table's sense.
    """

    policy: Literal["cisa:BOD2604:1.0.0", "severity"] = "cisa:BOD2604:1.0.0"
    table: Path | None = None
    exposed: tuple[Exposure, ...] = ("internet", "authenticated", "unknown")

    def as_table(self, folder: Path) -> RemediationTable | None:
        if self.table is not None:
            return read_table(self.table if self.table.is_absolute() else folder / self.table, self.table.name[:100])
        return bod_26_04() if self.policy == BOD_26_04 else None

    @model_validator(mode="after")
    def _one_table_and_no_gap(self) -> "VulnerabilitiesText":
        if self.table is not None and self.policy == "severity":
            raise ValueError("deadlines.vulnerabilities: give a table, or the policy severity, not both")
        least = min((EXPOSURE[word] for word in self.exposed), default=math.inf)
        more = [word for word, weight in EXPOSURE.items() if weight > least and word not in self.exposed]
        if more:
            raise ValueError(f"deadlines.vulnerabilities.exposed: {', '.join(more)} is more exposed than what it names")
        return self


class DeadlinesText(_Written):
    """How long a finding may stand, by its severity; none: until the next upgrade. A band slower for insiders."""

    critical: Days | None = "3d"
    high: Days | None = "14d"
    medium: Days | None = "60d"
    low: Days | None = None
    info: Days | None = None
    slower_for: tuple[Exposure, ...] = ("internal", "isolated")
    vulnerabilities: VulnerabilitiesText = VulnerabilitiesText()

    def as_policy(self, folder: Path = Path()) -> DeadlinePolicy:
        """``folder`` is that of the settings. Raises :class:`~scanners.located_yaml.FileError` for a table with a mistake."""
        written = {severity.value: getattr(self, severity.value) for severity in Severity}
        return DeadlinePolicy(
            days={severity: int(text[:-1]) for severity, text in written.items() if text is not None},
            slower_for=frozenset(self.slower_for),
            table=self.vulnerabilities.as_table(folder),
            exposed=frozenset(self.vulnerabilities.exposed),
        )

    @model_validator(mode="after")
    def _worse_is_sooner(self) -> "DeadlinesText":
        written = [getattr(self, word) for word in ("critical", "high", "medium", "low", "info")]
        days = [int(text[:-1]) if text is not None else math.inf for text in written]
        if days != sorted(days):
            raise ValueError("deadlines: what is worse cannot have more time than what is less so")
        return self
