"""Subscriptions as rows: made, paused, taken up again, set back, and what their receivers would not take."""

import base64
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from collector.refusal import ActionRefused
from collector.sealing import Seal
from collector.tables import webhook, webhook_letter
from collector.webhooks.target import Targets

MOST = 100  # each is read for by itself
_NO_TROUBLE: dict[str, Any] = {"attempts": 0, "failing_since": None, "next_at": None, "last_error": None}


class WebhookState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    DISABLED = "disabled"  # its receiver failed for days, or said that it is gone


@dataclass(frozen=True)
class Hooks:
    """What webhooks need besides the store: where they may go, and what seals their secrets."""

    targets: Targets
    seal: Seal


@dataclass(frozen=True)
class Wanted:
    """``kinds`` None: all; ``departments`` None: the whole city, events of nobody included."""

    url: str
    kinds: tuple[str, ...] | None = None
    departments: tuple[str, ...] | None = None


def create(connection: Connection, wanted: Wanted, hooks: Hooks, *, place: int, by: str, at: datetime) -> tuple[str, str]:
    """Subscribe from ``place`` of the feed on. Returns the id, and the secret, which is shown this once and kept sealed.

    Raises :class:`~collector.refusal.ActionRefused` for a target that is not allowed, and when there are too many, and
    :class:`~collector.sealing.SealError`.
    """
    hooks.targets.check(wanted.url)
    if connection.execute(select(func.count()).select_from(webhook)).scalar_one() >= MOST:
        raise ActionRefused("too-many", f"there are {MOST} webhooks already: delete one first")
    key = str(uuid.uuid4())
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    row = {
        "id": key,
        "url": wanted.url,
        "kinds": None if wanted.kinds is None else sorted(wanted.kinds),
        "departments": None if wanted.departments is None else sorted(wanted.departments),
        "secret": hooks.seal.close(secret, f"webhook:{key}"),
        "state": WebhookState.ACTIVE.value,
    }
    connection.execute(insert(webhook).values(**row, place=place, created_at=at, created_by=by, attempts=0))
    return key, secret


def get_webhook(connection: Connection, webhook_id: str) -> Row[Any] | None:
    """With how many letters it has (``letters``)."""
    return connection.execute(_with_letters().where(webhook.c.id == webhook_id)).first()


def list_webhooks(connection: Connection) -> list[Row[Any]]:
    """The oldest first, each with how many letters it has (``letters``)."""
    return list(connection.execute(_with_letters().order_by(webhook.c.created_at, webhook.c.id)))


def _with_letters() -> Any:
    count = select(func.count()).where(webhook_letter.c.webhook_id == webhook.c.id).scalar_subquery()
    return select(webhook, count.label("letters"))


def remove(connection: Connection, webhook_id: str) -> None:
    """Delete it, with its letters."""
    connection.execute(delete(webhook).where(webhook.c.id == webhook_id))


def pause(connection: Connection, webhook_id: str) -> None:
    """Send nothing until it is taken up again; what happens meanwhile is sent then."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(state=WebhookState.PAUSED.value))


def resume(connection: Connection, webhook_id: str) -> None:
    """Send from where it was on, at once."""
    values = {"state": WebhookState.ACTIVE.value, **_NO_TROUBLE}
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(values))


def set_back(connection: Connection, webhook_id: str, place: int) -> None:
    """Send what lies behind ``place`` (again). The ids of messages are the same as the first time."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(place=place, **_NO_TROUBLE))


def letters(connection: Connection, webhook_id: str, limit: int = 500) -> list[Row[Any]]:
    """What its receiver would not take, the oldest first."""
    query = select(webhook_letter).where(webhook_letter.c.webhook_id == webhook_id)
    return list(connection.execute(query.order_by(webhook_letter.c.seq).limit(limit)))


def send_again(connection: Connection, webhook_id: str, event_ids: Sequence[str] | None = None) -> int:
    """Mark letters (None: all) to be sent again; returns how many."""
    these = [webhook_letter.c.webhook_id == webhook_id]
    if event_ids is not None:
        these.append(webhook_letter.c.event_id.in_(event_ids))
    marked = connection.execute(update(webhook_letter).where(*these).values(again=True)).rowcount
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(next_at=None))
    return marked
