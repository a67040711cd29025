"""Webhooks: who is told of events, what their receivers would not take, and sending again."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection, Row

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import Problem, not_found
from api.v1.asking import parts_of
from api.v1.events import LATEST, Place, place_of
from api.v1.requests import Body, Id, Key
from api.v1.shapes import Shown
from collector import audit
from collector.events import Action
from collector.queries import assets as asset_queries
from collector.queries import events as feed
from collector.refusal import ActionRefused
from collector.sealing import SealError
from collector.webhooks import subscriptions
from collector.webhooks.subscriptions import Hooks, Wanted

router = APIRouter(prefix="/webhooks", tags=["events"])
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", min_length=10, max_length=2000)]


class NewWebhook(Body):
    """``kinds`` and ``departments``: null is all kinds, and the whole city with what is nobody's."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "url": "https://desk.vilamar.example/talaia",
                    "kinds": ["finding-opened", "finding-resolved"],
                    "departments": ["citizens"],
                }
            ]
        },
    )

    url: Url
    kinds: list[Action] | None = Field(None, min_length=1, max_length=len(Action))
    departments: list[Id] | None = Field(None, min_length=1, max_length=100)


class Replay(Body):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"after": "e48213"}]})

    after: Place = Field(description="a cursor of the feed: what lies behind it is sent (again); `latest`: only what is new")


class LettersAgain(Body):
    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"event_ids": ["8a0f0c0e-6f7b-5a3e-9c39-0d7f4b1a2c55"]}]}
    )

    event_ids: list[Id] | None = Field(None, min_length=1, max_length=500, description="null: all of them")


class WebhookShown(Shown):
    id: str
    url: str
    kinds: list[str] | None
    departments: list[str] | None
    state: Literal["active", "paused", "disabled"] = Field(description="disabled: its receiver failed for days, or is gone")
    cursor: str = Field(description="the place in the feed up to which it was told")
    dead_letters: int = Field(description="events that its receiver would not take")
    created_at: datetime
    created_by: str
    delivered_at: datetime | None
    attempts: int = Field(description="tries in a row that failed")
    failing_since: datetime | None
    next_at: datetime | None = Field(description="it is not tried before then")
    last_error: str | None


class WebhookMade(WebhookShown):
    secret: str = Field(description="shown this once: with it the receiver checks the signatures")


class Webhooks(BaseModel):
    items: list[WebhookShown]


class DeadLetter(Shown):
    event_id: str
    at: datetime
    reason: str
    again: bool = Field(description="it is about to be sent again")


class DeadLetters(BaseModel):
    items: list[DeadLetter]


@router.get("", operation_id="list_webhooks", summary="Webhooks, without their secrets")
def many(request: Request) -> Webhooks:
    with parts_of(request).store.read() as connection:
        return Webhooks(items=[_shown(row) for row in subscriptions.list_webhooks(connection)])


@router.post("", operation_id="create_webhook", summary="Subscribe a receiver; the secret is shown this once", status_code=201)
def create(request: Request, caller: Asker, wanted: NewWebhook) -> WebhookMade:
    row, secret = make_webhook(parts_of(request), caller, wanted)
    return WebhookMade(**_shown(row).model_dump(), secret=secret)


@router.get("/{webhook_id}", operation_id="get_webhook", summary="One webhook")
def one(request: Request, webhook_id: Key) -> WebhookShown:
    with parts_of(request).store.read() as connection:
        return _shown(_row(connection, webhook_id))


@router.delete("/{webhook_id}", operation_id="delete_webhook", summary="End a subscription, with its dead letters")
def delete(request: Request, caller: Asker, webhook_id: Key) -> WebhookShown:
    return _shown(change(parts_of(request), caller, webhook_id, "delete_webhook", subscriptions.remove))


@router.post("/{webhook_id}/pause", operation_id="pause_webhook", summary="Send nothing until it is taken up again")
def pause(request: Request, caller: Asker, webhook_id: Key) -> WebhookShown:
    return _shown(change(parts_of(request), caller, webhook_id, "pause_webhook", subscriptions.pause))


@router.post("/{webhook_id}/resume", operation_id="resume_webhook", summary="Send on from where it was")
def resume(request: Request, caller: Asker, webhook_id: Key) -> WebhookShown:
    return _shown(change(parts_of(request), caller, webhook_id, "resume_webhook", subscriptions.resume))


@router.post("/{webhook_id}/replay", operation_id="replay_webhook", summary="Send again what lies behind a cursor")
def replay(request: Request, caller: Asker, webhook_id: Key, wanted: Replay) -> WebhookShown:
    return _shown(set_back(parts_of(request), caller, webhook_id, wanted.after))


@router.get("/{webhook_id}/dead-letters", operation_id="list_dead_letters", summary="What the receiver would not take")
def list_letters(request: Request, webhook_id: Key) -> DeadLetters:
    with parts_of(request).store.read() as connection:
        _row(connection, webhook_id)
        rows = subscriptions.letters(connection, webhook_id)
    return DeadLetters(items=[DeadLetter.model_validate(row) for row in rows])


@router.post("/{webhook_id}/dead-letters/replay", operation_id="replay_dead_letters", summary="Send dead letters again")
def replay_letters(request: Request, caller: Asker, webhook_id: Key, wanted: LettersAgain) -> DeadLetters:
    parts = parts_of(request)
    change(
        parts,
        caller,
        webhook_id,
        "replay_dead_letters",
        lambda connection, key: subscriptions.send_again(connection, key, wanted.event_ids),
    )
    return list_letters(request, webhook_id)


def make_webhook(parts: AppParts, caller: Caller, wanted: NewWebhook) -> tuple[Row[Any], str]:
    """Subscribe from now on, and note it. Raises :class:`ActionRefused`."""
    if parts.seal is None:
        raise ActionRefused("no-key", "webhooks need sign_in.key_file in the settings: it seals their secrets")
    now, place = parts.clock(), feed.horizon(parts.store)
    hooks = Hooks(parts.targets, parts.seal)
    with parts.store.write() as connection:
        for department in wanted.departments or ():
            if asset_queries.get_department(connection, department) is None:
                raise ActionRefused("unknown-department", f"there is no department {department}")
        kinds = None if wanted.kinds is None else tuple(kind.value for kind in wanted.kinds)
        asked = Wanted(wanted.url, kinds, None if wanted.departments is None else tuple(wanted.departments))
        try:
            key, secret = subscriptions.create(connection, asked, hooks, place=place, by=caller.name, at=now)
        except SealError as error:
            raise ActionRefused("no-key", str(error)) from error
        row = _row(connection, key)
        detail = {"url": row.url, "kinds": row.kinds, "departments": row.departments}
        audit.note(connection, caller.noting(now, "create_webhook", subject="webhook", subject_id=key, detail=detail))
    return row, secret


def set_back(parts: AppParts, caller: Caller, webhook_id: str, after: str) -> Row[Any]:
    """Send what lies behind a cursor (again). Raises the problems *not found* and *cursor-ahead*."""
    until = feed.horizon(parts.store)
    place = until if after == LATEST else place_of(after)
    if place > until:
        raise Problem(409, "cursor-ahead", "this place lies ahead of the feed")
    return change(
        parts, caller, webhook_id, "replay_webhook", lambda connection, key: subscriptions.set_back(connection, key, place)
    )


def change(parts: AppParts, caller: Caller, webhook_id: str, action: str, work: Callable[[Connection, str], object]) -> Row[Any]:
    """Do ``work`` on a webhook that exists, and note it; returns it as it is then, or as it was when it is gone then."""
    now = parts.clock()
    with parts.store.write() as connection:
        row = _row(connection, webhook_id)
        work(connection, webhook_id)
        detail = {"url": row.url, "place": row.place}
        audit.note(connection, caller.noting(now, action, subject="webhook", subject_id=webhook_id, detail=detail))
        return subscriptions.get_webhook(connection, webhook_id) or row


def _row(connection: Connection, webhook_id: str) -> Row[Any]:
    row = subscriptions.get_webhook(connection, webhook_id)
    if row is None:
        raise not_found("webhook")
    return row


def _shown(row: Row[Any]) -> WebhookShown:
    plain = {name: getattr(row, name) for name in WebhookShown.model_fields if name not in ("cursor", "dead_letters")}
    return WebhookShown(**plain, cursor=f"e{row.place}", dead_letters=row.letters)
