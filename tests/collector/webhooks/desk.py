"""Subscriptions and their sender on a store of a test, with a clock that the test moves."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from sqlalchemy import select

from collector.events import Action, tell
from collector.queries import events as feed
from collector.records import EventRecord
from collector.sealing import Seal
from collector.store import Store
from collector.tables import webhook
from collector.webhooks import subscriptions
from collector.webhooks.post import Poster
from collector.webhooks.sender import Sender
from collector.webhooks.subscriptions import Hooks, Wanted
from collector.webhooks.target import Targets

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NEAR = Targets(http_on_loopback=True)
BOX = Targets(networks=(ip_network("127.0.0.0/8"),))


@dataclass
class Desk:
    """``now`` is what the clock says."""

    store: Store
    targets: Targets = NEAR
    now: datetime = NOW
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def hooks(self) -> Hooks:
        return Hooks(self.targets, Seal(lambda: KEY))

    def subscribe(self, url: str, **more: Any) -> str:
        place = feed.horizon(self.store)
        with self.store.write() as connection:
            key, secret = subscriptions.create(
                connection, Wanted(url, **more), self.hooks, place=place, by="the tests", at=self.now
            )
        self.secrets[key] = secret
        return key

    def happen(self, count: int = 1, department: str | None = None, action: Action = Action.FINDING_OPENED) -> list[str]:
        """Events are written; returns their ids in order."""
        made = []
        with self.store.write() as connection:
            for _ in range(count):
                key = str(uuid.uuid4())
                finding = str(uuid.uuid4())
                tell(
                    connection,
                    EventRecord(
                        id=key,
                        at=self.now,
                        action=action.value,
                        finding_id=finding,
                        department_id=department,
                        detail={"rule": "TLS-002"},
                    ),
                )
                made.append(key)
        return made

    def sender(self, **more: Any) -> Sender:
        poster = more.pop("poster", None) or Poster(self.targets, clock=lambda: self.now, seconds=2)
        return Sender(self.store, self.hooks, poster, base_url="https://talaia.vilamar.example", clock=lambda: self.now, **more)

    def send(self, sender: Sender | None = None) -> None:
        """Turns until nothing is due now."""
        sender = sender or self.sender()
        while due := sender.due():
            for key in due:
                sender.deliver(key)

    def row(self, key: str) -> Any:
        with self.store.read() as connection:
            return connection.execute(select(webhook).where(webhook.c.id == key)).one()

    def letters(self, key: str) -> list[str]:
        with self.store.read() as connection:
            return [row.event_id for row in subscriptions.letters(connection, key)]

    def change(self, work: Any, *arguments: Any) -> None:
        with self.store.write() as connection:
            work(connection, *arguments)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)
