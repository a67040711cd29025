"""What a rule says of one observation."""

from enum import StrEnum
from typing import Any

import msgspec


class Result(StrEnum):
    """XCCDF-like results. Only ``fail`` opens a finding and only ``pass`` is proof that it is fixed."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"  # a fact that the rule needs is missing, or the look failed


class Severity(StrEnum):
    """Bands of the base score: info < 10, low 10-30, medium 30-55, high 55-80, critical >= 80 (`mappings.md`)."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(StrEnum):
    """How sure a failed verdict is: seen in behaviour, read from a version string, or only possible."""

    CONFIRMED = "confirmed"
    INFERRED = "inferred"
    POTENTIAL = "potential"


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One rule judged on one observation.

    ``observed`` and ``expected`` are plain JSON values that explain it, named by fact. ``missing`` are the facts that were
    not determined when the result is *unknown*. ``base`` is 0 to 100 and belongs with ``severity``: a rule may escalate.
    """

    rule: str
    result: Result
    observed: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    missing: tuple[str, ...] = ()
    base: float = 0.0
    severity: Severity = Severity.INFO
    confidence: Confidence = Confidence.CONFIRMED
