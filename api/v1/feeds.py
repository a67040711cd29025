"""What the world knows of vulnerabilities: which feeds are loaded, and loading one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, UploadFile
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from api.access import Asker
from api.problems import Problem
from api.v1.asking import parts_of
from api.v1.imports import broken
from api.v1.requests import Sent
from collector import audit
from collector.feeds.content import FeedName
from collector.feeds.files import read_feed
from collector.feeds.keeping import Outcome, feeds, is_stale
from collector.feeds.loading import Loaded
from scanners.located_yaml import FileError

router = APIRouter(tags=["feeds"])


class Feed(BaseModel):
    name: FeedName
    version: str
    published: datetime
    loaded_at: datetime
    entries: int
    stale: bool = Field(description="a newer one was published long ago, and nobody loaded it")


class FeedList(BaseModel):
    items: list[Feed]


class FeedQuery(Sent):
    may_shrink: bool = Field(False, description="let a feed lose most of its entries at once")


class FeedForm(Sent):
    file: UploadFile = Field(description="KEV or CVE records as JSON, or EPSS as CSV; packed by gzip or not")


class FeedTaken(BaseModel):
    """``entries`` are those in the store now, ``changed`` those that are others than before."""

    feed: FeedName
    outcome: Outcome
    entries: int
    changed: int


class FeedsTaken(BaseModel):
    items: list[FeedTaken]
    weighed: int | None = Field(description="findings that weigh otherwise now, or have another deadline; null: none was weighed")


@router.get("/feeds", operation_id="list_feeds", summary="The vulnerability feeds that are loaded")
def list_feeds(request: Request, caller: Asker) -> FeedList:
    parts = parts_of(request)
    at = parts.clock()
    with parts.store.read() as connection:
        rows = feeds(connection)
    return FeedList(
        items=[
            Feed(
                name=FeedName(row.name),
                version=row.version,
                published=row.published,
                loaded_at=row.loaded_at,
                entries=row.entries,
                stale=is_stale(row, at),
            )
            for row in rows
        ]
    )


@router.post("/feeds", operation_id="load_feed", summary="Take in a vulnerability feed: all of a file, or nothing of it")
def load_feed(
    request: Request,
    caller: Asker,
    asked: Annotated[FeedQuery, Query()],
    form: Annotated[FeedForm, Form(media_type="multipart/form-data")],
) -> FeedsTaken:
    parts, turns = parts_of(request), request.app.state.imports

    def noting(connection: Connection, loaded: Loaded) -> None:
        if loaded.detail:
            audit.note(connection, caller.noting(parts.clock(), "load_feeds", detail=loaded.detail))

    if not turns.take():
        raise Problem(429, "too-many", "another file is being taken in: wait", {"retry-after": "30"})
    try:
        contents = read_feed("file", form.file.file.read())
        if not contents:
            raise FileError("file", [(0, "says nothing of a vulnerability")])
        loaded = parts.actions.load_feeds(contents, parts.rules, noting, may_shrink=asked.may_shrink)
    except FileError as error:
        raise broken(error) from error
    finally:
        turns.give_back()
    items = [FeedTaken(feed=one.feed, outcome=one.outcome, entries=one.entries, changed=one.changed) for one in loaded.taken]
    return FeedsTaken(items=items, weighed=loaded.weighed)
