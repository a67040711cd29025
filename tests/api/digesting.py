"""Digests of a seeded city, with a clock that the test moves, to a list or to a real server."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from api.digest_text import Writer
from collector import tables
from collector.digests import Digests, Recipient
from collector.events import Action, tell
from collector.records import EventRecord
from collector.store import Store
from tests.api.world import rulebook

BASE = "https://talaia.vilamar.example"
NAMES = {"ca": "Ajuntament de Vilamar", "es": "Ayuntamiento de Vilamar", "en": "Vilamar City Council"}
MADRID = ZoneInfo("Europe/Madrid")
WHOLE = Recipient("team@vilamar.example", None, "en")
DESK = Recipient("desk@vilamar.example", "citizens", "ca")


@dataclass
class Post:
    """``taken`` is what was sent when nothing else sends."""

    store: Store
    recipients: Sequence[Recipient]
    now: datetime
    cron: str = "30 7 * * *"
    taken: list[EmailMessage] = field(default_factory=list)
    send: Callable[[EmailMessage], Any] | None = None
    point: Callable[[str], None] = lambda name: None

    def __post_init__(self) -> None:
        writer = Writer(self.store, rulebook(), "talaia@vilamar.example", BASE, NAMES, MADRID, lambda: self.now)
        self.digests = Digests(
            self.store,
            self.recipients,
            writer.compose,
            self.send or self.taken.append,
            cron=self.cron,
            timezone="Europe/Madrid",
            clock=lambda: self.now,
            point=self.point,
        )

    def round(self, **later: float) -> int:
        self.now += timedelta(**later)
        return self.digests.round()

    def happen(self, finding_id: str, action: Action, **values: Any) -> None:
        """A finding changes, and the event says so."""
        finding = tables.finding
        with self.store.write() as connection:
            connection.execute(update(finding).where(finding.c.id == finding_id).values({"id": finding_id, **values}))
            row = connection.execute(select(finding).where(finding.c.id == finding_id)).one()
            key = str(uuid.uuid4())
            record = EventRecord(id=key, at=self.now, action=action.value, finding_id=finding_id, department_id=row.department_id)
            tell(connection, record)

    def findings(self, department: str, state: str = "open") -> list[Any]:
        of = tables.finding.c
        with self.store.read() as connection:
            wanted = (of.department_id == department, of.state == state)
            return list(connection.execute(select(tables.finding).where(*wanted).order_by(of.risk.desc())))

    def ledger(self, recipient: Recipient) -> Any:
        with self.store.read() as connection:
            return connection.execute(select(tables.digest).where(tables.digest.c.recipient == recipient.key)).one()

    def add_findings(self, department: str, count: int) -> None:
        """As a first scan finds them: all at once."""
        model = dict(self.findings(department)[0]._mapping)
        rows = [{**model, "id": f"new-{number}", "place": f"udp/{number}", "risk": 1.0} for number in range(count)]
        with self.store.write() as connection:
            connection.execute(insert(tables.finding), rows)
        for row in rows:
            self.happen(row["id"], Action.FINDING_OPENED)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def parts_of(message: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain
    assert html
    return plain.get_content(), html.get_content()
