"""Health, for programs that watch the watch."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from api.pages.health_words import said
from api.pages.language import Tongue
from api.v1.asking import language_of, parts_of
from api.v1.requests import LanguageQuery
from collector import health

router = APIRouter(prefix="/health", tags=["health"])
State = Literal["ok", "warning", "trouble"]


class HealthPart(BaseModel):
    """One part: ``code`` is stable, ``facts`` are the numbers and times in ``found``; ``to_do`` is empty when well."""

    part: Literal["store", "schema", "stop", "scheduler", "workers", "zone", "delivery", "feeds", "disk", "clock"]
    state: State
    code: str
    found: str
    to_do: str
    facts: dict[str, Any]


class WholeHealth(BaseModel):
    state: State = Field(description="that of the worst part")
    time: datetime
    version: str
    items: list[HealthPart]


@router.get("/parts", operation_id="get_health", summary="Store, scheduler, workers, zones, delivery, disk and clock, one by one")
def parts(request: Request, asked: Annotated[LanguageQuery, Query()]) -> WholeHealth:
    app = parts_of(request)
    now = app.clock()
    checks = health.look(app.store, app.zones(), now)
    tongue = Tongue(language_of(request, asked.language), app.timezone, app.clock)
    items = [_item(tongue, check) for check in checks]
    return WholeHealth(state=health.worst(checks).value, time=now, version=app.version, items=items)


def _item(tongue: Tongue, check: health.Check) -> HealthPart:
    _, _, found, to_do = said(tongue, check)
    plain = {"part": check.part, "state": check.state.value, "code": check.code, "facts": check.facts}
    return HealthPart.model_validate({**plain, "found": found, "to_do": to_do})
