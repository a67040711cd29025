"""The life of a finding: opened, seen again, resolved on proof, reopened. Unknown never closes anything.

A finding is a rule that failed on an asset at a place. It stands while :mod:`collector.coverage` holds a failure for it.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from collector.batch import Batch
from collector.deadlines import Deadline, DeadlinePolicy, days_overdue
from collector.events import Action
from collector.exposure import most_exposed
from collector.occasion import Seen
from collector.records import AssetRecord, FindingRecord
from collector.score import THREAT_OF_MISCONFIGURATION, VERSION, FindingInputs, band, finding_risk
from collector.threats import Threats
from collector.waiving import exceeds, strength_of
from rules.verdict import Confidence, Result, Verdict

_FINDINGS = uuid.UUID("7a3e0a0b-0f52-5a2e-8d0a-6b8f5c0c1e27")
_LEAST_CHANGE = 0.05  # of a score that is shown with one decimal: EPSS moves a little every day


class State(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"


class Because(StrEnum):
    """What proved a finding fixed."""

    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"
    ENDPOINT_GONE = "endpoint_gone"
    ASSET_GONE = "asset_gone"


@dataclass(frozen=True, slots=True)
class Proof:
    """Why, when and by what (an observation's id) a failure no longer stands."""

    because: Because
    at: datetime
    cause: str


def finding_id(rule: str, asset_id: str, place: str) -> str:
    """UUIDv5 of what identifies a finding and never moves."""
    return str(uuid.uuid5(_FINDINGS, f"{rule}|{asset_id}|{place}"))


@dataclass(frozen=True)
class LifeCycle:
    """``now`` is the time of the transaction: what is overdue is overdue at that time. ``threats`` None: no rule names a CVE."""

    now: datetime
    deadlines: DeadlinePolicy = field(default_factory=DeadlinePolicy)
    threats: Threats | None = None

    def apply(self, batch: Batch, asset: AssetRecord, seen: Seen, verdict: Verdict) -> FindingRecord | None:
        """What a verdict, already put down in the coverage, does to its finding; returns the finding, if there is one."""
        finding = batch.findings[asset.id].get((verdict.rule, seen.place))
        if verdict.result is Result.FAIL:
            return self._failed(batch, asset, seen, verdict, finding)
        if finding is None:
            return None
        if seen.at >= finding.last_evaluated:
            finding.last_evaluated = seen.at
            finding.last_result = str(verdict.result)
            batch.see_finding_again(finding)
        if verdict.result is not Result.UNKNOWN:
            because = Because.PASSED if verdict.result is Result.PASS else Because.NOT_APPLICABLE
            self.settle(batch, asset, finding, Proof(because, seen.at, seen.cause))
        return finding

    def settle(self, batch: Batch, asset: AssetRecord, finding: FindingRecord, proof: Proof) -> None:
        """Resolve the finding unless a failure still stands; then it goes on from the vantages that see it."""
        failing = batch.failing[asset.id].get((finding.rule, finding.place))
        if finding.state == State.RESOLVED:
            return
        if failing:
            self._weigh(batch, asset, finding)
            return
        finding.state = State.RESOLVED.value
        finding.exception_id = finding.waiver = None
        finding.resolved_at = proof.at
        finding.resolved_because = proof.because.value
        batch.change_finding(finding)
        detail = {"rule": finding.rule, "because": proof.because.value}
        batch.happened(Action.FINDING_RESOLVED, proof.at, proof.cause, asset, finding_id=finding.id, detail=detail)

    def _failed(
        self, batch: Batch, asset: AssetRecord, seen: Seen, verdict: Verdict, finding: FindingRecord | None
    ) -> FindingRecord:
        if finding is None:
            finding = _opened(asset, seen, verdict)
            self._weigh(batch, asset, finding, changed=True)
            batch.happened(Action.FINDING_OPENED, seen.at, seen.cause, asset, finding_id=finding.id, detail=_what(finding))
            return finding
        changed = _evidence_changed(finding, verdict)
        newest = seen.at >= finding.last_seen
        finding.first_seen = min(finding.first_seen, seen.at)
        finding.last_seen = max(finding.last_seen, seen.at)
        finding.last_evaluated = max(finding.last_evaluated, seen.at)
        if exceeds(
            finding, base=verdict.base, confidence=str(verdict.confidence), exposure=finding.exposure, observed=verdict.observed
        ):
            self.unwaive(batch, asset, finding, "void", seen.cause)
        reopened = finding.state == State.RESOLVED
        if newest or reopened:
            _evidence(finding, seen, verdict)
        if reopened:
            finding.state = State.OPEN.value
            finding.opened_at = seen.at
            finding.reopened += 1
            finding.resolved_at = finding.resolved_because = None
            batch.happened(Action.FINDING_REOPENED, seen.at, seen.cause, asset, finding_id=finding.id, detail=_what(finding))
        elif changed and newest:
            batch.happened(Action.FINDING_CHANGED, seen.at, seen.cause, asset, finding_id=finding.id, detail=_what(finding))
        self._weigh(batch, asset, finding, changed=reopened or (changed and newest))
        return finding

    def _weigh(self, batch: Batch, asset: AssetRecord, finding: FindingRecord, *, changed: bool = False) -> None:
        """Score the finding again when anything it is made from is another, and mark how much of it is to be written."""
        failing = batch.failing[asset.id].get((finding.rule, finding.place)) or {}
        vantages = {row.vantage for row in failing.values()} or {finding.vantage}
        vantage, exposure = most_exposed(vantages, asset.exposure)
        if changed or exposure != finding.exposure or (finding.due is not None and finding.due < self.now):
            finding.vantage = vantage
            self._void_when_exposed(batch, asset, finding, exposure)
            self.score(batch, asset, finding, exposure)
            batch.change_finding(finding)
        else:
            finding.vantage = vantage
            batch.see_finding_again(finding)

    def weigh_again(self, batch: Batch, asset: AssetRecord, finding: FindingRecord) -> None:
        """The asset is another now (department, category, exposure): so is what its finding weighs."""
        failing = batch.failing[asset.id].get((finding.rule, finding.place)) or {}
        vantages = {row.vantage for row in failing.values()} or {finding.vantage}
        finding.vantage, exposure = most_exposed(vantages, asset.exposure)
        self._void_when_exposed(batch, asset, finding, exposure)
        self.score(batch, asset, finding, exposure)
        batch.change_finding(finding)

    def weigh_anew(self, batch: Batch, asset: AssetRecord, finding: FindingRecord) -> None:
        """Time has passed, or the feeds or the policy are others now: write what that changes of a finding that stands."""
        late = finding.due is not None and finding.due < self.now
        if not late and not self.shows_cves(finding) and self._deadline(finding, finding.exposure).due == finding.due:
            return
        other = msgspec.structs.replace(finding)
        self._score(asset, other, finding.exposure)
        told = any(getattr(other, name) != getattr(finding, name) for name in ("band", "due", "deadline"))
        if not told and abs(other.risk - finding.risk) < _LEAST_CHANGE and other.known_exploited == finding.known_exploited:
            return
        self.score(batch, asset, finding, finding.exposure)
        if self.shows_cves(finding):
            batch.change_finding(finding)
        else:
            batch.age_finding(finding)
        if told and self.shows_cves(finding):
            detail = {**_what(finding), "due": finding.due.isoformat() if finding.due else None}
            cause = f"weighed {self.now.isoformat()}"
            batch.happened(Action.FINDING_WEIGHED, self.now, cause, asset, finding_id=finding.id, detail=detail)

    def unwaive(self, batch: Batch, asset: AssetRecord, finding: FindingRecord, because: str, cause: str) -> None:
        """The finding is open again, with the deadline it had: an exception holds it, and gives no new time."""
        detail = {"rule": finding.rule, "because": because, "exception": finding.exception_id}
        finding.state = State.OPEN.value
        finding.exception_id = finding.waiver = None
        self.score(batch, asset, finding, finding.exposure)
        batch.change_finding(finding)
        batch.happened(Action.FINDING_UNWAIVED, self.now, cause, asset, finding_id=finding.id, detail=detail)

    def _void_when_exposed(self, batch: Batch, asset: AssetRecord, finding: FindingRecord, exposure: str) -> None:
        if exceeds(finding, base=finding.base, confidence=finding.confidence, exposure=exposure):
            self.unwaive(batch, asset, finding, "void", f"exposure {self.now.isoformat()}")

    def announce(self, findings: Iterable[FindingRecord]) -> None:
        """These will be weighed: what the feeds say of them is read at once."""
        if self.threats is not None:
            self.threats.announce_of(findings)

    def shows_cves(self, finding: FindingRecord) -> bool:
        """Whether the finding's rule names CVEs, so that it follows the feeds."""
        return self.threats is not None and self.threats.may_have(finding)

    def score(self, batch: Batch, asset: AssetRecord, finding: FindingRecord, exposure: str) -> None:
        """Set exposure, deadline, risk, band and factors; tell when it comes to be known as exploited."""
        before = finding.known_exploited
        self._score(asset, finding, exposure)
        if finding.known_exploited and not before:
            cause = f"exploited {self.now.isoformat()}"
            batch.happened(Action.FINDING_EXPLOITED, self.now, cause, asset, finding_id=finding.id, detail=_what(finding))

    def _deadline(self, finding: FindingRecord, exposure: str) -> Deadline:
        threat = self.threats.of(finding) if self.threats is not None else None
        return self.deadlines.deadline(finding.opened_at, finding.severity, exposure, threat)

    def _score(self, asset: AssetRecord, finding: FindingRecord, exposure: str) -> None:
        threat = self.threats.of(finding) if self.threats is not None else None
        deadline = self.deadlines.deadline(finding.opened_at, finding.severity, exposure, threat)
        finding.exposure = exposure
        finding.due, finding.deadline = deadline.due, deadline.why
        finding.known_exploited = threat is not None and threat.known_exploited
        found = finding_risk(
            FindingInputs(
                base=finding.base,
                threat=THREAT_OF_MISCONFIGURATION if threat is None else threat.value,
                exposure=exposure,
                category=asset.ens_category,
                confidence=Confidence(finding.confidence),
                compensation=strength_of(finding),
                days_overdue=0.0 if finding.waiver else days_overdue(finding.due, self.now),
                deadline_days=deadline.days,
                known_exploited=finding.known_exploited,
            )
        )
        finding.risk = found.value
        finding.band = band(found.value)
        feeds = {} if threat is None else {"feeds": dict(threat.feeds)}
        finding.factors = {"version": VERSION, **feeds, "factors": msgspec.to_builtins(found.factors)}
        finding.asset_name = asset.name
        finding.department_id = asset.department_id
        finding.service_id = asset.service_id


def _opened(asset: AssetRecord, seen: Seen, verdict: Verdict) -> FindingRecord:
    finding = FindingRecord(
        id=finding_id(verdict.rule, asset.id, seen.place),
        rule=verdict.rule,
        asset_id=asset.id,
        place=seen.place,
        state=State.OPEN.value,
        severity=str(verdict.severity),
        confidence=str(verdict.confidence),
        base=verdict.base,
        vantage=seen.vantage,
        first_seen=seen.at,
        opened_at=seen.at,
        last_seen=seen.at,
        last_evaluated=seen.at,
    )
    _evidence(finding, seen, verdict)
    return finding


def _evidence(finding: FindingRecord, seen: Seen, verdict: Verdict) -> None:
    finding.severity = str(verdict.severity)
    finding.confidence = str(verdict.confidence)
    finding.base = verdict.base
    finding.observed = verdict.observed
    finding.expected = verdict.expected
    finding.last_result = str(Result.FAIL)
    finding.observation_id = seen.cause
    finding.address = seen.address
    finding.port = seen.port
    finding.transport = seen.transport
    finding.name = seen.name
    finding.zone = seen.zone


def _evidence_changed(finding: FindingRecord, verdict: Verdict) -> bool:
    if (finding.base, finding.severity, finding.confidence) != (verdict.base, str(verdict.severity), str(verdict.confidence)):
        return True
    return bool(msgspec.to_builtins(finding.observed) != msgspec.to_builtins(verdict.observed))


def _what(finding: FindingRecord) -> dict[str, object]:
    return {"rule": finding.rule, "place": finding.place, "severity": finding.severity, "risk": round(finding.risk, 1)}
