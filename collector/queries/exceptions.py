"""Exceptions: the list behind the page, the API and a department's day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from collector.exceptions import ExceptionState
from collector.queries.paging import Keyset, Order, Page, bounded_count, page_of, rows_after, signature_of
from collector.tables import exception

STATES = tuple(state.value for state in ExceptionState)
PAST = tuple(state for state in STATES if state not in ("requested", "approved"))
_OF = exception.c


@dataclass(frozen=True)
class ExceptionFilter:
    """What a list of exceptions is narrowed to; empty means all. ``ending_before``: those in force that end before that time;
    ``within``: those of some departments."""

    state: tuple[str, ...] = ()
    ending_before: datetime | None = None
    within: frozenset[str] | None = None


def list_exceptions(
    connection: Connection, wanted: ExceptionFilter, limit: int = 50, cursor: str | None = None, *, latest_first: bool = False
) -> Page[Row[Any]]:
    """One page, the one that ends first first (``latest_first``: last). Raises :class:`~collector.queries.paging.BadCursor`."""
    # One branch a state: each is a range of the index.
    branches = tuple((_OF.state == state, *_conditions(wanted)) for state in _states(wanted))
    keyset = Keyset(select(exception), Order(_OF.until, _OF.id, descending=latest_first), branches)
    within = None if wanted.within is None else sorted(wanted.within)
    signature = signature_of("exceptions", sorted(wanted.state), wanted.ending_before is not None, within, latest_first)
    rows, following = rows_after(connection, keyset, limit, cursor, signature)
    return page_of(rows, cursor, following, lambda: bounded_count(connection, exception, branches))


def _states(wanted: ExceptionFilter) -> tuple[str, ...]:
    states = wanted.state or STATES
    return tuple(state for state in states if state == "approved") if wanted.ending_before else states


def _conditions(wanted: ExceptionFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.within is not None:
        found.append(_OF.department_id.in_(sorted(wanted.within)))
    if wanted.ending_before is not None:
        found.append(_OF.until < wanted.ending_before)
    return found
