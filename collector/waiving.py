"""What an approved exception does to a finding: it is waived for as long as what was observed stays what was approved."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from collector.records import FindingRecord
from collector.score import CONFIDENCE, EXPOSURE
from collector.tables import exception
from rules.verdict import Confidence

_encode = msgspec.json.Encoder(order="deterministic", decimal_format="number").encode


def digest_of(observed: Any) -> str:
    """SHA-256 (hexadecimal) of what was observed, in one order of its keys."""
    plain = msgspec.json.decode(observed) if isinstance(observed, msgspec.Raw) else observed
    return hashlib.sha256(_encode(msgspec.to_builtins(plain))).hexdigest()


def waiver_of(finding: FindingRecord, strength: float, seen: Iterable[Any]) -> dict[str, Any]:
    """What is approved: everything the vantages observe now, how much it weighs, and the control's strength (k, 0-0.8)."""
    accepted = sorted({digest_of(item) for item in (finding.observed, *seen)})
    grown = {"base": finding.base, "confidence": finding.confidence, "exposure": finding.exposure}
    return {"strength": strength, "accepted": accepted, **grown}


def exceeds(finding: FindingRecord, *, base: float, confidence: str, exposure: str, observed: Any = None) -> bool:
    """Whether what is seen now is not what was approved: other evidence, or a greater base, confidence or exposure."""
    approved = finding.waiver
    if approved is None:
        return False
    grown = (
        base > approved["base"]
        or CONFIDENCE[Confidence(confidence)] > CONFIDENCE[Confidence(approved["confidence"])]
        or EXPOSURE.get(exposure, 1.0) > EXPOSURE.get(approved["exposure"], 1.0)
    )
    return grown or (observed is not None and digest_of(observed) not in approved["accepted"])


def strength_of(finding: FindingRecord) -> float:
    """k of ``scoring.md``; 0 when the finding is not waived."""
    return float(finding.waiver["strength"]) if finding.waiver is not None else 0.0


def still_covers(connection: Connection, finding: FindingRecord) -> bool:
    """False when the finding's exception is for a service or department that it no longer belongs to."""
    of = exception.c
    row = connection.execute(select(of.kind, of.key).where(of.id == finding.exception_id)).first()
    if row is None or row.kind not in {"service", "department"}:
        return True
    return bool(row.key == (finding.service_id if row.kind == "service" else finding.department_id))
