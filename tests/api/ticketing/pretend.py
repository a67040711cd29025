"""A ticket system in memory and a collector with a desk on it, for what the desk decides; real ones are in the contract suite."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from api.parts import StoreActions
from api.ticketing.desk import Desk
from api.ticketing.sending import Point
from api.ticketing.ticketing import (
    ENDED,
    Changes,
    Draft,
    Outcome,
    Priority,
    Reference,
    Remark,
    Remote,
    Status,
    Ticketing,
    settle,
)
from api.ticketing.trouble import TicketingError
from api.ticketing.writing import DeskPolicy
from collector import tables, tickets
from collector.grants import Person
from collector.store import Store
from collector.tickets import Group
from tests.api.world import rulebook, zone
from tests.collector.watching import Watch

LAIA = "laia"
_ids = itertools.count(1)


@dataclass
class Held:
    """A ticket over there."""

    draft: Draft
    reference: Reference
    status: Status = Status.NEW
    priority: Priority | None = None
    due: Any = None
    owner: str | None = None
    updated_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    remarks: list[Remark] = field(default_factory=list)
    reopened: int = 0


class PretendTicketing:
    """Behaves as a ticket system does, and fails when told to (``trouble``: the error of the next calls)."""

    name = "pretend"

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.held: dict[str, Held] = {}
        self.trouble: TicketingError | None = None
        self.calls = 0

    def _called(self) -> None:
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble

    def _of(self, reference: Reference) -> Held:
        self._called()
        if reference.id not in self.held:
            raise TicketingError("refused", "no such ticket", found_nothing=True)
        return self.held[reference.id]

    def _touch(self, held: Held, author: str = "talaia", text: str = "") -> None:
        held.updated_at = self.watch.now
        if text:
            held.remarks.append(Remark(author=author, text=text, written_at=self.watch.now))

    def check(self) -> str:
        return "pretend"

    def search(self, external_id: str) -> Reference | None:
        self._called()
        return next((one.reference for one in self.held.values() if one.draft.external_id == external_id), None)

    def create(self, draft: Draft) -> Reference:
        self._called()
        made = Reference(id=str(next(_ids)), url="https://desk.test.invalid/1")
        self.held[made.id] = Held(draft, made, priority=draft.priority, due=draft.due, owner=draft.owner or "Posture")
        self._touch(self.held[made.id])
        return made

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        held = self._of(reference)
        write, outcome = settle(changes, self._remote(held))
        for name in outcome.written:
            setattr(held, name, getattr(write, name))
        self._touch(held)
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._touch(self._of(reference), text=text)

    def reopen(self, reference: Reference, text: str) -> None:
        held = self._of(reference)
        self._touch(held, text=text)
        if held.status in ENDED:
            held.status, held.reopened = Status.OPEN, held.reopened + 1

    def propose_resolution(self, reference: Reference, text: str) -> None:
        held = self._of(reference)
        self._touch(held, text=text)
        if held.status not in ENDED:
            held.status = Status.RESOLVED

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        return self._remote(self._of(reference))

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        self._called()
        for held in sorted(self.held.values(), key=lambda one: one.updated_at):
            if held.updated_at >= when:
                yield self._remote(held)

    def _remote(self, held: Held) -> Remote:
        return Remote(
            reference=held.reference,
            external_id=held.draft.external_id,
            status=held.status,
            raw_status=held.status.value,
            updated_at=held.updated_at,
            subject=held.draft.subject,
            owner=held.owner,
            priority=held.priority,
            raw_priority=held.priority.value if held.priority else "",
            due=held.due,
            remarks=tuple(held.remarks),
        )

    def person(self, held: Held, **changes: Any) -> None:
        """Somebody works on it over there."""
        for name, value in changes.items():
            if name != "text":
                setattr(held, name, value)
        self._touch(held, LAIA, changes.get("text", ""))


class Counter:
    """The desk of a small city: ``over_there`` is its ticket system."""

    def __init__(self, store: Store, **policy: Any) -> None:
        self.watch = Watch(store)
        self.store = store
        self.over_there = PretendTicketing(self.watch)
        self.policy = replace(DeskPolicy(city="vila", base_url="https://talaia.test.invalid", language="en"), **policy)
        self.zones = {"dmz": zone()}
        self.actions = StoreActions(lambda: self.zones, self.watch.ingest, lambda: self.watch.now)
        self.ticketing: Ticketing = self.over_there
        self.desk = self.new_desk()

    def new_desk(self, point: Point = lambda name: None) -> Desk:
        """As after a restart; ``point`` is told where the work stands."""
        return Desk(self.store, self.ticketing, rulebook(), self.policy, self.actions, clock=lambda: self.watch.now, point=point)

    def open(self, rule: str = "DB-901") -> str:
        with self.store.write() as connection:
            row = connection.execute(tables.finding.select().where(tables.finding.c.rule == rule)).first()
            assert row is not None
            group = Group(rule, row.department_id, row.service_id)
            return tickets.open_ticket(connection, group, "vila", by=Person("token:1", "one"), at=self.watch.now)[0]

    def turn(self, minutes: float = 2) -> None:
        """Some time passes and the desk does what is due."""
        self.watch.later(minutes=minutes)
        assert self.desk.turn()

    def ticket(self, ticket_id: str | None = None) -> Any:
        rows = self.watch.rows(tables.ticket)
        return next(row for row in rows if ticket_id in (None, row.id))

    def steps(self) -> list[Any]:
        return self.watch.rows(tables.ticket_step)

    def scans(self) -> list[Any]:
        return self.watch.rows(tables.scan)

    def tested(self, fine: bool | None) -> None:
        """What was asked to be looked at again is looked at, with this result (None: the host did not answer)."""
        for row in self.scans():
            if row.ended_at is None:
                self.watch.later(minutes=1)
                self.watch.take(self.watch.redis(fine), scan=row.id)
                with self.store.write() as connection:
                    ended = {"state": "finished", "ended_at": self.watch.now}
                    connection.execute(update(tables.scan).where(tables.scan.c.id == row.id).values(**ended))

    @property
    def held(self) -> Held:
        """The only ticket over there."""
        (one,) = self.over_there.held.values()
        return one
