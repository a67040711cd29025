"""What the API answers. Times are RFC 3339 in UTC; scores run from 0 to 100; shares from 0 to 1."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.v1.requests import Band, Result, State


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Factor(Shown):
    name: str
    value: float
    source: str = ""


class Point(Shown):
    at: datetime
    value: float | None
    low: float | None
    high: float | None
    coverage: float


class Contributor(BaseModel):
    """What would help: ``gain`` is by how much the score falls when this one is fixed after those before it."""

    finding: str
    rule: str
    title: str
    asset: str
    asset_name: str
    gain: float
    score_after: float


class Fixes(BaseModel):
    """The fewest fixes found that lower a score most, in order: each is the best once those before it are done.

    ``reached`` says whether they bring the score to ``below``; None when no score was asked for.
    """

    level: Literal["city", "department", "service", "asset"]
    key: str
    value: float | None
    below: float | None
    reached: bool | None
    items: list[Contributor]


class Risk(BaseModel):
    """``value`` is None when nothing was evaluated yet; it lies between ``low`` and ``high`` whatever was not looked at."""

    level: Literal["city", "department", "service", "asset"]
    key: str
    name: str
    value: float | None
    band: Band | None
    low: float | None
    high: float | None
    coverage: float
    version: int
    computed_at: datetime | None
    factors: list[Factor]
    top_contributors: list[Contributor]
    history: list[Point]


class Deadline(BaseModel):
    """Why a finding is due when it is: by the severity, or by a row of a table (BOD 26-04) for one of its CVEs.

    The answers are what the row was chosen by; those in ``assumed`` nobody said. ``days`` None: with the next upgrade.
    """

    policy: str = "severity"
    text: str = Field("", description="the same for people")
    row: int | None = None
    cve: str | None = None
    since: datetime | None = Field(None, description="start of its clock: listed as exploited, or seen, whichever was earlier")
    days: int | None = None
    forensic: bool = Field(False, description="forensic triage is asked for")
    in_kev: bool | None = None
    exposed: bool | None = None
    automatable: bool | None = None
    total_impact: bool | None = None
    assumed: list[str] = []


class Vulnerability(Shown):
    """What the loaded feeds say of a CVE; null where none says it. ``listed``: known to be exploited since then (KEV)."""

    cve: str
    known_exploited: bool
    listed: datetime | None
    epss: float | None = Field(description="probability of exploitation within 30 days")
    percentile: float | None
    exploitation: Literal["none", "poc", "active"] | None
    automatable: bool | None
    total_impact: bool | None


class FindingLine(Shown):
    """A finding as the list shows it."""

    id: str
    rule: str
    title: str = ""
    state: State
    severity: Band
    confidence: str
    risk: float
    band: Band
    asset_id: str
    asset_name: str
    place: str
    address: str | None
    port: int | None
    transport: str | None
    name: str | None
    zone: str
    vantage: str
    exposure: str
    department_id: str | None
    service_id: str | None
    observed: Any
    expected: Any
    first_seen: datetime
    last_seen: datetime
    last_evaluated: datetime
    last_result: str
    resolved_at: datetime | None
    resolved_because: str | None
    reopened: int
    due: datetime | None
    known_exploited: bool = Field(description="a CVE that it shows is")
    deadline: Annotated[Deadline, BeforeValidator(lambda kept: Deadline() if kept is None else kept)]


class Event(Shown):
    id: str
    at: datetime
    action: str
    finding_id: str | None
    asset_id: str | None
    detail: Any


class FindingWhole(FindingLine):
    rationale: str
    remediation: str
    factors: list[Factor]
    feeds: dict[str, str] = Field(description="versions of the vulnerability feeds that its score stands on, by name")
    vulnerabilities: list[Vulnerability] = Field(description="those of its CVEs, the gravest first, at most 100")
    evidence_sha256: str | None
    see_it_yourself: str = Field(description="a command that shows the same from a machine at that vantage")
    history: list[Event]


class Many(BaseModel):
    """One page. ``total`` counts the whole list; when ``total_is_exact`` is false there are at least so many."""

    total: int
    total_is_exact: bool
    next_cursor: str | None


class Findings(Many):
    items: list[FindingLine]


class AssetLine(Shown):
    id: str
    name: str
    namespace: str
    declared: bool
    department_id: str | None
    service_id: str | None
    owner: str | None
    ens_category: str | None
    exposure: str | None
    addresses: list[str]
    names: list[str]
    os: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    last_evaluated: datetime | None
    gone_since: datetime | None
    risk: float | None
    band: Band | None = None
    open_findings: int
    worst: str | None


class Assets(Many):
    items: list[AssetLine]


class Identifier(Shown):
    """Why it is held to be the same machine: ``weight`` is how much this counts."""

    kind: str
    value: str
    weight: float
    first_seen: datetime
    last_seen: datetime


class Endpoint(Shown):
    place: str
    address: str
    port: int | None
    transport: str | None
    name: str | None
    service: str | None
    product: str | None
    version: str | None
    tls: bool | None
    state: str
    zone: str
    vantage: str
    first_seen: datetime
    last_seen: datetime


class AssetWhole(AssetLine):
    services: list[str]
    identifiers: list[Identifier]
    endpoints: list[Endpoint]
    findings: list[FindingLine] = Field(description="the open ones that weigh most, at most 50")
    changes: list[Event]


class Department(BaseModel):
    id: str
    names: dict[str, str]
    assets: int
    open_findings: int
    overdue: int
    risk: float | None
    band: Band | None
    coverage: float


class Service(Department):
    department_id: str
    audience: str | None
    ens: dict[str, str]
    ens_category: str | None
    supplier: str | None
    strategic_line: str | None
    project: str | None


class Departments(BaseModel):
    items: list[Department]


class Services(BaseModel):
    items: list[Service]


class Scan(Shown):
    id: str
    zone: str
    targets: list[str] | None
    asked_by: str
    schedule_id: str | None
    state: Literal["waiting", "running", "finished", "stopped", "failed"]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress: dict[str, Any]
    detail: str


class Scans(Many):
    items: list[Scan]


class StopState(BaseModel):
    stopped: bool
    by: str | None = None
    at: datetime | None = None
    reason: str | None = None


class ZoneShown(BaseModel):
    id: str
    name: str
    networks: list[str]
    domains: list[str]
    exclude: list[str]
    authorised_by: str
    valid_from: str
    valid_until: str
    timezone: str
    packets_per_second: int
    connections_per_host: int
    intrusiveness: str
    vantage: str
    ports: str
    open_now: bool
    closed_because: str | None
    next_opening: datetime | None


class Zones(BaseModel):
    items: list[ZoneShown]


class RuleLine(BaseModel):
    id: str
    family: str
    title: str
    severity: str
    base: float
    enabled: bool
    open_findings: int
    results: dict[str, int] = Field(description="last results by (asset, place, vantage)")


class RuleWhole(RuleLine):
    rationale: str
    remediation: str
    confidence: str
    judges: list[str]
    parameters: dict[str, Any]
    mappings: dict[str, Any]


class RulesShown(BaseModel):
    items: list[RuleLine]


class RuleCoverage(BaseModel):
    rule: str
    conclusive: int
    unknown: int
    not_applicable: int
    passed: int
    failed: int


class CoverageShown(BaseModel):
    """``share`` is what was conclusive of what applies; None when nothing applies.

    ``never_judged`` are enabled rules without any verdict.
    """

    share: float | None
    assets: int
    assets_evaluated: int
    oldest_evaluation: datetime | None
    never_judged: list[str]
    items: list[RuleCoverage]


class Verdict(BaseModel):
    rule: str
    result: Result
    last_conclusive: str | None
    asset_id: str
    asset_name: str
    place: str
    vantage: str
    address: str | None
    port: int | None
    transport: str | None
    name: str | None
    observed: Any
    expected: Any
    evaluated_at: datetime
    conclusive_at: datetime | None
    finding_id: str | None
    state: State | None


class Verdicts(Many):
    items: list[Verdict]


class HealthState(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"


class Health(BaseModel):
    """No more than a watchman needs: nothing about the city."""

    status: HealthState
    store: HealthState
    version: str
    time: datetime
