"""The change feed: what happened since a place in it. At least once, in order, with ids that never change."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from api.access import Asker
from api.problems import Problem
from api.v1.asking import parts_of
from api.v1.requests import Sent
from collector.events import Action
from collector.queries import events as queries

router = APIRouter(tags=["events"])
LATEST = "latest"


Place = Annotated[str, StringConstraints(pattern=r"^(latest|e[0-9]{1,15})$")]


class EventQuery(Sent):
    after: Place | None = Field(
        None,
        description="the `cursor` of the answer before; `latest`: only what comes from now on; nothing: from the beginning",
    )
    kind: list[Action] = Field([], max_length=len(Action), description="only these; none named: all")
    limit: int = Field(100, ge=1, le=1_000)


class EventShown(BaseModel):
    """``id`` is the same however often the event is read or sent."""

    id: str
    at: datetime
    kind: str = Field(description="one of those that `kind` of the request may be; new ones may be added")
    finding_id: str | None
    asset_id: str | None
    department_id: str | None = Field(description="null: of the whole city, or of nobody")
    detail: dict[str, Any] = Field(description="what else there is to say; depends on the kind, and fields may be added")


class Events(BaseModel):
    items: list[EventShown]
    cursor: str = Field(description="give it as `after` to read on; keep it once the events are dealt with")
    more: bool = Field(description="more is there already: ask again at once")


@router.get("/events", operation_id="list_events", summary="The change feed: what happened since a cursor, oldest first")
def feed(request: Request, caller: Asker, asked: Annotated[EventQuery, Query()]) -> Events:
    store = parts_of(request).store
    if asked.after == LATEST:
        return Events(items=[], cursor=f"e{queries.horizon(store)}", more=False)
    kinds = frozenset(kind.value for kind in asked.kind) or None
    after = place_of(asked.after) if asked.after else 0
    try:
        read = queries.read_on(store, after, queries.Wanted(caller.reach, kinds), asked.limit)
    except queries.AheadOfFeed as error:
        raise Problem(409, "cursor-ahead", str(error)) from error
    items = [EventShown(**queries.told(row, whole=caller.reach is None)) for row in read.events]
    return Events(items=items, cursor=f"e{read.place}", more=read.more)


def place_of(cursor: str) -> int:
    """The number in a cursor of ours."""
    return int(cursor[1:])
