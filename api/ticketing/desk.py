"""The desk: keeps the city's ticket system and the findings in step, both ways.

A turn does what is due: groups the findings, does the steps that wait, reads what changed over there, and decides. It may be
killed at any instant and begun again; one process at a time takes turns (lease ``tickets``).
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row
from sqlalchemy.exc import SQLAlchemyError

from api.parts import Rules
from api.ticketing.deciding import Move, Standing, Tested, decide
from api.ticketing.reading import Reader, status_of
from api.ticketing.sending import Point, Sender
from api.ticketing.ticketing import Ticketing
from api.ticketing.trouble import TicketingError
from api.ticketing.writing import DeskPolicy, comment_of, fields_of, stored
from collector import ticket_work as work
from collector import tickets
from collector.grants import Person
from collector.leases import drop_lease, take_lease, this_process
from collector.refusal import ActionRefused
from collector.store import Store
from collector.tickets import Ended, Review, Step, TicketState

LEASE = "tickets"
BY = Person(work.AUTHOR_ID, work.AUTHOR)
TURN_SECONDS = 2.0
_LEASE_SECONDS = 120.0
_REGROUP_EVERY = timedelta(seconds=15)
_REGROUP_ANYWAY = timedelta(hours=1)
_TELL_AFTER = timedelta(hours=1)  # places found meanwhile are told together
_TEST_AGAIN = timedelta(hours=1)
_OPEN_AT_ONCE = 50
_FOLLOWED = (TicketState.OPEN, TicketState.TESTING, TicketState.REVIEW)

log = logging.getLogger("talaia.tickets")


class LooksAgain(Protocol):
    """What is asked of :class:`api.parts.Actions` here."""

    def look_again(self, connection: Connection, findings: list[str], by: str) -> list[str]: ...


class Desk:
    """``actions`` tests findings again. Calls of :meth:`turn` come from one thread."""

    def __init__(
        self,
        store: Store,
        ticketing: Ticketing,
        rules: Rules,
        policy: DeskPolicy,
        actions: LooksAgain,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        point: Point = lambda name: None,
    ) -> None:
        self._store, self._policy, self._actions, self._clock = store, policy, actions, clock
        self._holder = this_process()
        self.sender = Sender(store, ticketing, rules, policy, clock=clock, point=point)
        self.reader = Reader(store, ticketing, policy, clock=clock)
        self._grouped: tuple[int, datetime] | None = None
        self._polled: datetime | None = None
        self.trouble: str | None = None

    def turn(self) -> bool:
        """Do what is due; False when another process is at it. What the ticket system does not answer is done at a later turn."""
        with self._store.write() as connection:
            if not take_lease(connection, LEASE, self._holder, at=self._clock(), seconds=_LEASE_SECONDS):
                return False
        self._group()
        self.sender.send()
        try:
            self._read()
            self.trouble = None
        except TicketingError as error:
            self._say(str(error))
        self._decide_all()
        self.sender.send()
        return True

    def leave(self) -> None:
        """Let another process take turns at once."""
        with self._store.write() as connection:
            drop_lease(connection, LEASE, self._holder)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning(
                "the ticket system could not be read; nothing was lost, it is tried again", extra={"error.message": trouble}
            )
        self.trouble = trouble

    # --- findings → tickets

    def _group(self) -> None:
        at = self._clock()
        with self._store.read() as connection:
            seen = work.last_event(connection)
        if self._grouped is not None:
            before, when = self._grouped
            if at - when < (_REGROUP_EVERY if seen != before else _REGROUP_ANYWAY):
                return
        with self._store.write() as connection:
            self._open_by_itself(connection, at)
            for row in work.live_tickets(connection):
                tickets.regroup(connection, row.id, at=at)
            for row in work.live_tickets(connection, _FOLLOWED):
                self._want(connection, row, at)
            for row in work.untold(connection, at - _TELL_AFTER):
                self._tell(connection, row, at)
        self._grouped = (seen, at)

    def _open_by_itself(self, connection: Connection, at: datetime) -> None:
        if self._policy.open_for:
            for group in work.groups_without_ticket(connection, sorted(self._policy.open_for), _OPEN_AT_ONCE):
                tickets.open_ticket(connection, group, self._policy.city, by=BY, at=at)

    def _want(self, connection: Connection, row: Row[Any], at: datetime) -> None:
        """Priority, deadline and owner go over there when they are others than at the last time, and then only."""
        findings = work.findings_of(connection, row.id, left=False)
        if not findings:
            return
        wanted = stored(fields_of(self._policy, row, findings))
        if wanted != row.wanted:
            work.set_ticket(connection, row.id, wanted=wanted)
            if not work.waits_for(connection, row.id, Step.UPDATE):
                tickets.add_step(connection, row.id, Step.UPDATE, at=at)

    def _tell(self, connection: Connection, row: Row[Any], at: datetime) -> None:
        new = [one for one in work.findings_of(connection, row.id, left=False) if not one.told]
        tickets.add_step(connection, row.id, Step.COMMENT, comment_of(self._policy, row, "more", new), at=at)
        work.tell(connection, row.id, [one.id for one in new])

    # --- over there → here

    def _read(self) -> None:
        at = self._clock()
        with self._store.read() as connection:
            poked = work.mark(connection, work.POKE) is not None
        if poked or self._polled is None or at - self._polled >= self._policy.poll_every:
            if poked:
                with self._store.write() as connection:
                    work.set_mark(connection, work.POKE, None, at=at)
            self._polled = at
            self.reader.poll()
        self.reader.read_singles()

    # --- what follows

    def _decide_all(self) -> None:
        with self._store.read() as connection:
            counts = work.open_counts(connection)
            rows = [row for row in work.live_tickets(connection, _FOLLOWED) if not work.waits_for(connection, row.id)]
        for row in rows:
            if row.gone or (row.read_at is not None and row.remote):
                self._decide(row, counts.get(row.id, 0))

    def _decide(self, row: Row[Any], open_: int) -> None:
        with self._store.read() as connection:
            standing = Standing(
                state=TicketState(row.state),
                open=open_,
                status=status_of(row),
                review=Review(row.review) if row.review else None,
                reopened=row.reopened,
                tested=self._tested(connection, row),
                tries=row.test_tries,
            )
        move, why = decide(standing)
        if move is Move.TEST:
            self._test(row)
        elif move is not Move.NOTHING:
            with self._store.write() as connection:
                self._move(connection, row, move, why)

    def _tested(self, connection: Connection, row: Row[Any]) -> Tested:
        if row.tested_from is None:
            return Tested.NOT_YET
        if row.next_test_at is not None:
            return Tested.RUNNING if row.next_test_at > self._clock() else Tested.UNKNOWN
        if not work.scans_ended(connection, row.tests):
            return Tested.RUNNING
        again = [one for one in work.findings_of(connection, row.id, left=False) if one.last_evaluated >= row.tested_from]
        return Tested.STILL_THERE if any(one.last_result == "fail" for one in again) else Tested.UNKNOWN

    def _test(self, row: Row[Any]) -> None:
        """Test the findings again, within the zone's window; after a test that could not tell, an hour later."""
        at = self._clock()
        if row.state == TicketState.TESTING and row.tests and row.next_test_at is None:
            self._wait_to_test(row, at)
            return
        with self._store.read() as connection:
            findings = [one.id for one in work.findings_of(connection, row.id, left=False)]
        try:
            with self._store.write() as connection:
                scans = self._actions.look_again(connection, findings, work.AUTHOR)
                values = {"tests": scans, "tested_from": at, "next_test_at": None, "test_tries": row.test_tries + 1}
                work.set_ticket(connection, row.id, state=TicketState.TESTING.value, review=None, **values)
                work.note_move(connection, row, "ticket.tested", at, scans=scans)
        except ActionRefused as error:
            log.info("findings of a ticket cannot be tested now", extra={"error.message": str(error)})
            with self._store.write() as connection:
                tries = row.test_tries + (error.code != "stopped")  # the stop button says nothing about the findings
                values = {"test_tries": tries, "next_test_at": at + _TEST_AGAIN, "tested_from": at, "tests": []}
                work.set_ticket(connection, row.id, state=TicketState.TESTING.value, review=None, **values)

    def _wait_to_test(self, row: Row[Any], at: datetime) -> None:
        with self._store.write() as connection:
            work.set_ticket(connection, row.id, next_test_at=at + _TEST_AGAIN)

    def _move(self, connection: Connection, row: Row[Any], move: Move, why: Review | None) -> None:
        at = self._clock()
        if move in (Move.CLOSE, Move.RESOLVE):
            self._end(connection, row, Step.COMMENT if move is Move.CLOSE else Step.RESOLVE, at)
        elif move is Move.REOPEN:
            still = work.findings_of(connection, row.id, left=False)
            tickets.add_step(connection, row.id, Step.REOPEN, comment_of(self._policy, row, "still", still), at=at)
            self._open_again(connection, row, reopened=row.reopened + 1)
            work.note_move(connection, row, "ticket.reopened", at, findings=len(still))
        elif move is Move.FOLLOW:
            self._open_again(connection, row)
            work.note_move(connection, row, "ticket.followed", at)
        elif why is not None:
            work.set_ticket(connection, row.id, state=TicketState.REVIEW.value, review=why.value)
            sentence = {Review.STILL_THERE: "again", Review.NOT_PROVED: "unproved"}.get(why)
            if sentence is not None:
                left = work.findings_of(connection, row.id, left=False)
                tickets.add_step(connection, row.id, Step.COMMENT, comment_of(self._policy, row, sentence, left), at=at)
            work.note_move(connection, row, "ticket.flagged", at, why=why.value)

    def _open_again(self, connection: Connection, row: Row[Any], **more: Any) -> None:
        values = {"tests": [], "tested_from": None, "next_test_at": None, "test_tries": 0, "review": None, **more}
        work.set_ticket(connection, row.id, state=TicketState.OPEN.value, **values)

    def _end(self, connection: Connection, row: Row[Any], step: Step, at: datetime) -> None:
        """Close it here with the proof, unless something of its group is open after all."""
        tickets.regroup(connection, row.id, at=at)
        if work.findings_of(connection, row.id, left=False):
            return
        left = work.findings_of(connection, row.id)
        outcomes = {one.outcome for one in left}
        because = Ended.EXCEPTED if "waived" in outcomes else Ended.PROVED if "resolved" in outcomes else Ended.MOVED
        if not row.gone:
            tickets.add_step(connection, row.id, step, comment_of(self._policy, row, because.value, left), at=at)
        tickets.close(connection, row.id, TicketState.CLOSED, because, at=at)
        work.note_move(connection, row, "ticket.closed", at, because=because.value)


@contextmanager
def following(desk: Desk) -> Iterator[None]:
    """Take turns in a thread of their own while the context lasts."""
    ended = threading.Event()

    def turns() -> None:
        while not ended.wait(TURN_SECONDS):
            try:
                desk.turn()
            except SQLAlchemyError as error:
                log.error("the store failed; the tickets are tried again", extra={"error.message": type(error).__name__})

    thread = threading.Thread(target=turns, name="tickets", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=30)
        desk.leave()
