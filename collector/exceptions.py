"""Exceptions: asked with a reason and an end, approved by another person, ended by people, by the clock or by what is observed.

An exception covers the findings of its rule and selector that stand when it is approved, as they are observed then; what appears
later is open. A covered finding is ``waived``: it goes on to be looked at, counts in the score with ``1 - k``, keeps its deadline
but grows no worse by being overdue, and is resolved by proof like any other.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from collector import tables
from collector.batch import Batch
from collector.events import Action, new_event, tell
from collector.findings import LifeCycle, State
from collector.grants import Person, reaches
from collector.records import FindingRecord
from collector.refusal import ActionRefused
from collector.score import COMPENSATION_LIMIT
from collector.waiving import waiver_of

LONGEST = timedelta(days=365)
_EXCEPTION = tables.exception
_FINDING = tables.finding.c


class ExceptionState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # by a person, or because all that it covered was proved fixed
    EXPIRED = "expired"
    VOID = "void"  # what was observed changed


class Covers(StrEnum):
    FINDING = "finding"
    ASSET = "asset"
    SERVICE = "service"
    DEPARTMENT = "department"


class ExceptionRefused(ActionRefused):
    """What was asked of an exception was not done; the message says why. Nothing was changed. ``code`` is stable."""


@dataclass(frozen=True)
class Wanted:
    """``rule`` on the finding, asset, service or department with the id ``key``; ``strength``: k of ``scoring.md``, 0-0.8, of
    the compensating ``control`` (empty: none). Valid until ``until``, an aware time."""

    rule: str
    kind: Covers
    key: str
    reason: str
    until: datetime
    control: str = ""
    strength: float = 0.0
    department: str | None = None  # whose the thing is


def ask(connection: Connection, wanted: Wanted, *, by: Person, at: datetime, longest: timedelta = LONGEST) -> str:
    """Returns the id of the request. Raises :class:`ExceptionRefused`."""
    if not wanted.reason.strip():
        raise ExceptionRefused("no-reason", "an exception needs a reason")
    if not 0 <= wanted.strength <= COMPENSATION_LIMIT or (wanted.strength and not wanted.control.strip()):
        raise ExceptionRefused(
            "strength", f"a strength is between 0 and {COMPENSATION_LIMIT}, and more than 0 only with a control"
        )
    if not at < wanted.until <= at + longest:
        raise ExceptionRefused("end", f"an exception ends after now and within {longest.days} days")
    if connection.execute(select(_FINDING.id).where(*_covered(wanted.rule, wanted.kind, wanted.key)).limit(1)).first() is None:
        raise ExceptionRefused("nothing-covered", "no finding of that rule stands there")
    key = str(uuid.uuid4())
    values: dict[str, Any] = {
        "state": "requested",
        "rule": wanted.rule,
        "kind": wanted.kind.value,
        "key": wanted.key,
        "reason": wanted.reason,
    }
    values |= {"department_id": wanted.department, "control": wanted.control, "requested_by": by.name, "requested_by_id": by.id}
    times = {"requested_at": at, "until": wanted.until}
    connection.execute(_EXCEPTION.insert().values(id=key, strength=wanted.strength, **values, **times))
    _tell(connection, key, at)
    return key


def approve(batch: Batch, life: LifeCycle, exception_id: str, *, by: Person) -> int:
    """Waive what stands; returns how many findings. Run by :meth:`collector.ingest.Ingest.change`. Raises
    :class:`ExceptionRefused`."""
    row = _of(batch.connection, exception_id, ExceptionState.REQUESTED)
    if _same(row, by):
        raise ExceptionRefused("own-request", "who asks for an exception does not approve it: another person must")
    if row.until <= life.now:
        raise ExceptionRefused("end", "its end has passed: ask again")
    found = _findings(batch, *_covered(row.rule, row.kind, row.key))
    if not found:
        raise ExceptionRefused("nothing-covered", "nothing that it would cover stands any more")
    _set(batch.connection, exception_id, state="approved", decided_by=by.name, decided_by_id=by.id, decided_at=life.now)
    for finding in found:
        asset = batch.assets[finding.asset_id]
        failing = batch.failing[asset.id].get((finding.rule, finding.place)) or {}
        finding.waiver = waiver_of(finding, row.strength, (pair.observed for pair in failing.values()))
        finding.state, finding.exception_id = State.WAIVED.value, exception_id
        life.score(batch, asset, finding, finding.exposure)
        batch.change_finding(finding)
        detail = {"rule": finding.rule, "exception": exception_id}
        batch.happened(Action.FINDING_WAIVED, life.now, exception_id, asset, finding_id=finding.id, detail=detail)
    return len(found)


def refuse(connection: Connection, exception_id: str, *, by: Person, at: datetime) -> None:
    if _of(connection, exception_id, ExceptionState.REQUESTED).requested_by_id == by.id:
        raise ExceptionRefused("own-request", "who asks for an exception does not refuse it, but withdraws it")
    _set(connection, exception_id, state="refused", decided_by=by.name, decided_by_id=by.id, decided_at=at)


def withdraw(connection: Connection, exception_id: str, *, by: Person, at: datetime) -> None:
    if _of(connection, exception_id, ExceptionState.REQUESTED).requested_by_id != by.id:
        raise ExceptionRefused("not-yours", "only who asked withdraws")
    _set(connection, exception_id, state="withdrawn", closed_by=by.name, closed_at=at)


def end(batch: Batch, life: LifeCycle, exception_id: str, *, by: Person) -> None:
    """End it before its time. Run by :meth:`collector.ingest.Ingest.change`."""
    _of(batch.connection, exception_id, ExceptionState.APPROVED)
    _close(batch, life, exception_id, ExceptionState.ENDED, by.name)


def lapse(batch: Batch, life: LifeCycle) -> None:
    """End those whose time has come: what they covered is open again."""
    due = select(_EXCEPTION.c.id).where(_EXCEPTION.c.state == "approved", _EXCEPTION.c.until <= life.now)
    for exception_id in batch.connection.execute(due.order_by(_EXCEPTION.c.id)).scalars().all():
        _close(batch, life, exception_id, ExceptionState.EXPIRED, None)


def settle(batch: Batch, at: datetime) -> None:
    """Close the approved ones that cover nothing any more, once the batch is written: void when a finding left because it is
    observed otherwise, ended when all was proved fixed."""
    void = {event.detail["exception"] for event in batch.events if event.detail.get("because") == "void"}
    covering = select(_FINDING.id).where(_FINDING.exception_id == _EXCEPTION.c.id).exists()
    empty = select(_EXCEPTION.c.id).where(_EXCEPTION.c.state == "approved", ~covering)
    for exception_id in batch.connection.execute(empty.order_by(_EXCEPTION.c.id)).scalars().all():
        state = ExceptionState.VOID if exception_id in void else ExceptionState.ENDED
        _set(batch.connection, exception_id, state=state.value, closed_at=at)


def get_exception(connection: Connection, exception_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    """The exception; None when there is none, and just so when it lies outside the departments ``within``."""
    row = connection.execute(select(_EXCEPTION).where(_EXCEPTION.c.id == exception_id)).first()
    return row if row is not None and reaches(within, row.department_id) else None


def _same(row: Row[Any], by: Person) -> bool:
    return bool(by.id == row.requested_by_id or by.name == row.requested_by)


def _covered(rule: str, kind: str, key: str) -> tuple[Any, ...]:
    column = _FINDING.id if kind == Covers.FINDING else _FINDING[f"{kind}_id"]
    return (column == key, _FINDING.rule == rule, _FINDING.state != State.RESOLVED.value)


def _findings(batch: Batch, *conditions: Any) -> list[FindingRecord]:
    rows = batch.connection.execute(select(_FINDING.id, _FINDING.asset_id).where(*conditions)).all()
    batch.load({row.asset_id for row in rows})
    wanted = {row.id for row in rows}
    loaded = [found for asset in sorted({row.asset_id for row in rows}) for found in batch.findings[asset].values()]
    return [found for found in loaded if found.id in wanted]


def _close(batch: Batch, life: LifeCycle, exception_id: str, state: ExceptionState, by: str | None) -> None:
    for finding in _findings(batch, _FINDING.exception_id == exception_id):
        life.unwaive(batch, batch.assets[finding.asset_id], finding, state.value, exception_id)
    _set(batch.connection, exception_id, state=state.value, closed_by=by, closed_at=life.now)


def _of(connection: Connection, exception_id: str, state: ExceptionState) -> Row[Any]:
    row = connection.execute(select(_EXCEPTION).where(_EXCEPTION.c.id == exception_id).with_for_update()).first()
    if row is None or row.state != state:
        raise ExceptionRefused("decided", f"this exception is {row.state}" if row else f"there is no exception {exception_id}")
    return row


def _set(connection: Connection, exception_id: str, **values: Any) -> None:
    connection.execute(update(_EXCEPTION).where(_EXCEPTION.c.id == exception_id).values(**values))
    _tell(connection, exception_id, values.get("decided_at") or values["closed_at"])


def _tell(connection: Connection, exception_id: str, at: datetime) -> None:
    """The event of the state that an exception has come to; an exception never comes to the same state twice."""
    row = connection.execute(select(_EXCEPTION).where(_EXCEPTION.c.id == exception_id)).one()
    detail = {"exception": row.id, "rule": row.rule, "covers": row.kind, "key": row.key}
    action = Action(f"exception-{row.state}")
    tell(connection, new_event(action, at, row.id, department_id=row.department_id, detail=detail))
