"""Rows of the store as the code that changes them sees them: one field a column. What must be given comes first.

They are plain and mutable because one ingest changes them in memory and writes each once. Whoever receives them in
:class:`Changes` reads only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from collector.store import to_json
from rules.verdict import Verdict
from scanners.observation import Observation


class AssetRecord(msgspec.Struct, gc=False):
    """A row of ``asset``."""

    id: str
    name: str
    namespace: str = ""
    declared: bool = False
    catalogue_id: str | None = None
    department_id: str | None = None
    service_id: str | None = None
    owner: str | None = None
    ens_category: str | None = None
    exposure: str | None = None
    authorised_ports: str | None = None
    addresses: list[str] = []
    names: list[str] = []
    os: str | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    last_evaluated: datetime | None = None
    gone_since: datetime | None = None
    risk: float | None = None
    risk_factors: Any = None
    open_findings: int = 0
    worst: str | None = None
    expected: int = 0
    conclusive: int = 0
    silent_rounds: int = 0
    silent_in: str | None = None


class EndpointRecord(msgspec.Struct, gc=False):
    """A row of ``endpoint``: a place on an asset, as seen from one vantage."""

    asset_id: str
    place: str
    vantage: str
    address: str
    first_seen: datetime
    last_seen: datetime
    port: int | None = None
    transport: str | None = None
    name: str | None = None
    service: str | None = None
    product: str | None = None
    version: str | None = None
    tls: bool | None = None
    state: str = "open"
    closed_looks: int = 0
    closed_in: str | None = None
    zone: str = ""


class CoverageRecord(msgspec.Struct, gc=False):
    """A row of ``coverage``."""

    asset_id: str
    place: str
    vantage: str
    scanner: str
    rule: str
    result: str
    evaluated_at: datetime
    address: str | None = None
    last_conclusive: str | None = None
    conclusive_at: datetime | None = None
    observation_id: str | None = None
    department_id: str | None = None
    service_id: str | None = None
    observed: msgspec.Raw | None = None  # the verdict's observed and expected as JSON, of passed rules too
    expected: msgspec.Raw | None = None


class FindingRecord(msgspec.Struct, gc=False):
    """A row of ``finding``."""

    id: str
    rule: str
    asset_id: str
    place: str
    state: str
    severity: str
    confidence: str
    base: float
    first_seen: datetime
    opened_at: datetime
    last_seen: datetime
    last_evaluated: datetime
    risk: float = 0.0
    band: str = "info"
    factors: Any = None
    observed: Any = None
    expected: Any = None
    observation_id: str | None = None
    asset_name: str = ""
    address: str | None = None
    port: int | None = None
    transport: str | None = None
    name: str | None = None
    vantage: str = ""
    exposure: str = "unknown"
    zone: str = ""
    department_id: str | None = None
    service_id: str | None = None
    last_result: str = "fail"
    resolved_at: datetime | None = None
    resolved_because: str | None = None
    reopened: int = 0
    due: datetime | None = None
    exception_id: str | None = None
    waiver: Any = None
    known_exploited: bool = False
    deadline: Any = None


class IdentifierRecord(msgspec.Struct, gc=False):
    """A row of ``identifier``. A weight of 0 says that several machines have it: it identifies nobody."""

    namespace: str
    kind: str
    value: str
    asset_id: str
    weight: float
    first_seen: datetime
    last_seen: datetime


class LookRecord(msgspec.Struct, gc=False):
    """A row of ``observation``: the latest look of one scanner at one place from one vantage."""

    asset_id: str
    place: str
    scanner: str
    vantage: str
    id: str
    zone: str
    observed_at: datetime
    address: str
    outcome: str
    detail: str = ""
    scanner_version: str = ""
    facts: Any = None
    evidence: bytes | None = None
    evidence_sha256: str | None = None


class LookMark(msgspec.Struct, gc=False):
    """What later looks are compared with: the columns of ``observation`` that say which look is stored."""

    asset_id: str
    place: str
    scanner: str
    vantage: str
    id: str
    observed_at: datetime
    address: str


class IngestedRecord(msgspec.Struct, gc=False):
    """A row of ``ingested``."""

    id: str
    at: datetime


class MembershipRecord(msgspec.Struct, gc=False):
    """A row of ``asset_service``."""

    asset_id: str
    service_id: str


class WordsRecord(msgspec.Struct, kw_only=True, gc=False):
    """A row of ``asset_words``."""

    asset_id: str
    words: str

    @classmethod
    def of(cls, asset: AssetRecord) -> "WordsRecord":
        return cls(asset_id=asset.id, words=f"{asset.name} {to_json(asset.addresses)}".lower())


class EventRecord(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """A row of ``event`` before the store numbers it. ``action`` is one of ``collector.events.Action``."""

    id: str
    at: datetime
    action: str
    finding_id: str | None = None
    asset_id: str | None = None
    department_id: str | None = None
    detail: Mapping[str, Any] = {}


class ScoreRecord(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """A row of ``score_history``."""

    level: str
    key: str
    at: datetime
    value: float | None
    low: float | None
    high: float | None
    coverage: float
    version: int
    factors: Any


class Evaluation(msgspec.Struct, frozen=True, gc=False):
    """One rule judged in this transaction on one asset at one place from one vantage, and the finding it concerns.

    ``observation`` is None when no look was needed (the inventory rules). ``finding`` is the stored row after the
    transaction, open, waived or resolved; None when the rule never failed there.
    """

    asset: AssetRecord
    place: str
    vantage: str
    at: datetime
    verdict: Verdict
    observation: Observation | None = None
    finding: FindingRecord | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be said again of the newest states, whether or not a look of this transaction says it.

    ``findings`` (ids) are another now, by more than the time that passed; ``assets`` (ids) took another in, or are another's now:
    whatever was said of them is to be said again. ``left`` are (rule, asset, place) of which nothing is known any more.
    """

    findings: frozenset[str] = frozenset()
    assets: frozenset[str] = frozenset()
    left: frozenset[tuple[str, str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything one transaction changed, as stored at its end: what the outbox's documents are made from.

    ``assets`` are the touched ones by id; ``evaluations`` every verdict in the order of the observations; ``findings`` each
    finding whose row changed, by id; ``events`` in the order they happened; ``scores`` the history rows written.
    ``skipped`` counts observations that were known already or older than what is stored.
    """

    ingested: int
    skipped: int
    assets: Mapping[str, AssetRecord]
    evaluations: tuple[Evaluation, ...]
    findings: Mapping[str, FindingRecord]
    events: tuple[EventRecord, ...]
    scores: tuple[ScoreRecord, ...] = ()
    again: Again = Again()

    @classmethod
    def nothing(cls) -> "Changes":
        return cls(ingested=0, skipped=0, assets={}, evaluations=(), findings={}, events=())

    def with_scores(self, scores: "tuple[ScoreRecord, ...]") -> "Changes":
        return replace(self, scores=self.scores + scores)


Deliver = Callable[[Connection, Changes], None]
"""Puts what must leave into the outbox, inside the transaction that changed it."""
