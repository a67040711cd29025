"""What requests to the API carry: everything bounded, unknown fields refused."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationInfo, field_validator

from collector.queries.assets import AssetSort
from collector.queries.findings import FindingSort

Language = Literal["ca", "es", "en"]
Band = Literal["critical", "high", "medium", "low", "info"]
State = Literal["open", "waived", "resolved"]
Result = Literal["pass", "fail", "not_applicable", "unknown"]
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]+$", min_length=1, max_length=128)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$", min_length=1, max_length=128)]
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=200)]


class Sent(BaseModel):
    """What a request carries: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(Sent):
    """What comes as JSON, where each value is of its kind: ``"5"`` is no number, ``false`` is not 0, and a number is no time.
    (In a query all of them are words.)"""

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        said = cls.model_fields[info.field_name or ""].annotation
        kinds = {said, *get_args(said)}
        if value is None or not kinds & {bool, int, float, AwareDatetime}:
            return value
        if bool in kinds and not isinstance(value, bool):
            raise ValueError("must be true or false")
        if kinds & {int, float} and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError("must be a number")
        if AwareDatetime in kinds and not (isinstance(value, datetime) or (isinstance(value, str) and _TIME.match(value))):
            raise ValueError("must be a time as in RFC 3339")
        return value


class PageQuery(Sent):
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(
        None, min_length=1, max_length=1000, pattern=r"^[A-Za-z0-9_-]+$", description="next_cursor of the page before"
    )


class FindingFields(Sent):
    """What a list of findings may be narrowed to."""

    state: list[State] = Field([], max_length=3)
    severity: list[Band] = Field([], max_length=5)
    band: list[Band] = Field([], max_length=5)
    rule: list[Id] = Field([], max_length=50)
    department: Id | None = Field(None, description="an id, or none")
    service: Id | None = Field(None, description="an id, or none")
    asset: Id | None = None
    address: Text | None = None
    zone: Id | None = None
    vantage: Id | None = None
    known_exploited: bool = Field(False, description="only what shows a CVE that is known to be exploited")
    overdue: bool = False
    due_within_days: int | None = Field(None, ge=1, le=366, description="open, not overdue yet, and due within so many days")
    q: Text | None = Field(None, description="a rule's id, or a part of an asset's name or addresses")


class FindingWhere(FindingFields, Body):
    """What a list of findings is narrowed to."""


class FindingChoice(FindingFields):
    """Which findings, in which order and language: of a list as of an export."""

    sort: FindingSort = FindingSort.RISK
    language: Language | None = None


class FindingQuery(FindingChoice, PageQuery):
    """A page of them."""


class AssetQuery(PageQuery):
    department: Id | None = None
    service: Id | None = None
    declared: bool | None = None
    gone: bool | None = None
    q: Text | None = None
    sort: AssetSort = AssetSort.RISK


class VerdictQuery(PageQuery):
    asset: Id | None = None
    rule: Id | None = None
    result: Result | None = None
    department: Id | None = None
    service: Id | None = None
    vantage: Id | None = None


class ScanQuery(PageQuery):
    state: Literal["waiting", "running", "finished", "stopped", "failed"] | None = None
    zone: Id | None = None


class LanguageQuery(Sent):
    language: Language | None = Field(None, description="else what Accept-Language asks for, else the city's own")


class RiskQuery(Sent):
    days: int = Field(90, ge=1, le=800, description="how much history")


class FixesQuery(Sent):
    """``below`` ends the list once the score is there."""

    count: int = Field(10, ge=1, le=30)
    below: float | None = Field(None, ge=0, le=100)
    language: Language | None = None


class CoverageQuery(Sent):
    department: Id | None = None
    service: Id | None = None


_SOMETHING_NAMED: list[JsonValue] = [
    {"required": ["zone"], "properties": {"zone": {"type": "string"}}},
    {"required": ["targets"], "properties": {"targets": {"type": "array"}}},
]


class StartScan(Body):
    """A whole zone, or targets that lie in one zone: addresses, networks, names, ``address:port``, ``name:port``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"zone": "dmz", "targets": ["192.0.2.7:443"]}], "anyOf": _SOMETHING_NAMED},
    )

    zone: Id | None = None
    targets: list[Text] | None = Field(None, min_length=1, max_length=500)


class StopRequest(Body):
    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"reason": "the mail server answers slowly"}]}
    )

    reason: Text
