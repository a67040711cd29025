"""Does the steps that wait: each is marked before it is sent and done when its answer is kept, so that a kill at any instant
loses nothing and makes nothing twice. A ticket is looked for by its external id before it is made; a comment that may have
arrived is looked for by the mark at its end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from api.parts import Rules
from api.ticketing.ticketing import ENDED, Changes, Fields, Reference, Ticketing
from api.ticketing.trouble import TicketingError
from api.ticketing.writing import DeskPolicy, draft_of, read_fields, stored
from collector import ticket_work as work
from collector import tickets
from collector.store import Store
from collector.tickets import Ended, Step, TicketState

Point = Callable[[str], None]
Save = Callable[[Connection], None]

_CLAIM = timedelta(minutes=2)  # a step that was marked by a process that died is tried again after so long
_REFUSED_AGAIN = timedelta(hours=1)
_CONFLICT_AGAIN = timedelta(seconds=20)
_SKEW = timedelta(hours=1)


class Sender:
    """Calls come from one thread. ``point`` is called at each instant at which a kill must do no harm (``marked``, ``sent``,
    ``kept``)."""

    def __init__(
        self,
        store: Store,
        ticketing: Ticketing,
        rules: Rules,
        policy: DeskPolicy,
        *,
        clock: Callable[[], datetime],
        point: Point = lambda name: None,
        claim: timedelta = _CLAIM,
    ) -> None:
        self._store, self._ticketing, self._rules, self._policy = store, ticketing, rules, policy
        self._clock, self._point, self._claim = clock, point, claim

    def send(self, limit: int = 100) -> int:
        """Do what is due; how many steps were done. A system that does not answer is left alone until the next turn."""
        with self._store.read() as connection:
            due = work.due_steps(connection, self._clock(), limit)
        done = 0
        for seq in due:
            outcome = self._one(seq)
            if outcome is None:
                break
            done += outcome
        return done

    def _one(self, seq: int) -> bool | None:
        """Whether it was done; None when the ticket system does not answer."""
        at = self._clock()
        with self._store.write() as connection:
            claimed = work.claim_step(connection, seq, at=at, until=at + self._claim)
        if claimed is None:
            return False
        step, ticket = claimed
        self._point("marked")
        try:
            save = self._do(step, ticket)
        except TicketingError as error:
            with self._store.write() as connection:
                self._failed(connection, step, ticket, error)
            return None if error.kind == "temporary" else False
        self._point("sent")
        with self._store.write() as connection:
            save(connection)
            work.step_done(connection, seq, self._clock())
        self._point("kept")
        return True

    def _do(self, step: Row[Any], ticket: Row[Any]) -> Save:
        if step.kind == Step.CREATE:
            return self._create(ticket)
        reference = Reference(id=ticket.remote_id, url=ticket.remote_url or "")
        if step.kind == Step.UPDATE:
            return self._update(ticket, reference)
        self._write(step, ticket, reference)
        return lambda connection: work.set_ticket(connection, ticket.id, read_at=None)

    def _create(self, ticket: Row[Any]) -> Save:
        with self._store.read() as connection:
            findings = work.findings_of(connection, ticket.id, left=False)
        reference = self._ticketing.search(ticket.external_id)
        if not findings and reference is None:
            return lambda connection: tickets.close(connection, ticket.id, TicketState.CLOSED, Ended.PROVED, at=self._clock())
        if reference is None:
            reference = self._ticketing.create(draft_of(self._policy, self._rules, ticket, findings))
        return lambda connection: self._keep_created(connection, ticket, reference, findings)

    def _keep_created(self, connection: Connection, ticket: Row[Any], made: Reference, findings: list[Row[Any]]) -> None:
        values: dict[str, Any] = {"remote_id": made.id, "remote_url": made.url, "state": TicketState.OPEN.value, "read_at": None}
        if findings:
            draft = draft_of(self._policy, self._rules, ticket, findings)
            fields = stored(Fields(priority=draft.priority, due=draft.due, owner=draft.owner))
            values |= {"wanted": fields, "written": fields, "subject": draft.title()}
        work.set_ticket(connection, ticket.id, **values)
        work.tell(connection, ticket.id, [row.id for row in findings])
        work.note_move(connection, ticket, "ticket.created", self._clock(), remote=made.id)

    def _update(self, ticket: Row[Any], reference: Reference) -> Save:
        wanted, before = read_fields(ticket.wanted), read_fields(ticket.written)
        outcome = self._ticketing.update(reference, Changes(wanted=wanted, before=before))
        as_wanted = {name: value for name, value in stored(wanted).items() if name not in outcome.kept}
        values = {"written": {**ticket.written, **as_wanted}, "kept": sorted(outcome.kept), "read_at": None}
        return lambda connection: work.set_ticket(connection, ticket.id, **values)

    def _write(self, step: Row[Any], ticket: Row[Any], reference: Reference) -> None:
        """Comment, reopen or propose the resolution, once: what a process that died may have written already is looked for."""
        text = f"{step.text}\n\n{mark_of(ticket, step.seq)}"
        if step.attempts:
            remote = self._ticketing.read(reference, since=step.made_at - _SKEW)
            written = any(mark_of(ticket, step.seq) in remark.text for remark in remote.remarks)
            ended = remote.status in ENDED
            as_asked = step.kind == Step.COMMENT or ended == (step.kind == Step.RESOLVE)
            if written and as_asked:
                return
        act = {Step.COMMENT: self._ticketing.comment, Step.REOPEN: self._ticketing.reopen}
        act.get(Step(step.kind), self._ticketing.propose_resolution)(reference, text)

    def _failed(self, connection: Connection, step: Row[Any], ticket: Row[Any], error: TicketingError) -> None:
        at = self._clock()
        if error.found_nothing and step.kind != Step.CREATE:
            work.set_ticket(connection, ticket.id, gone=True)
            work.step_done(connection, step.seq, at, str(error))
            return
        if error.kind == "temporary":
            again: datetime | None = work.later(at, step.attempts + 1)
            if error.retry_after is not None:
                again = at + timedelta(seconds=error.retry_after)
        elif error.kind == "conflict":
            again = at + _CONFLICT_AGAIN
        else:  # one more creation might make one more ticket: that waits for a person
            again = None if step.kind == Step.CREATE else at + _REFUSED_AGAIN
        work.step_failed(connection, step.seq, str(error), again)


def mark_of(ticket: Row[Any], seq: int) -> str:
    """What a comment of ours ends with: it tells ours from those of people, and finds it again."""
    return f"[{ticket.external_id}#{seq}]"
