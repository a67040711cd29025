"""Findings: the list behind every counter, page and export of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from collector import tables
from collector.queries.assets import matching_asset_ids
from collector.queries.paging import Keyset, Order, Page, all_rows, bounded_count, rows_after, signature_of

NOBODY = "none"  # the department or service of what belongs to none
STATES = ("open", "waived", "resolved")
_FEW_ASSETS = 200
_FINDING = tables.finding.c
_TALLIED = frozenset({"state", "band", "rule", "department", "service"})


class FindingSort(StrEnum):
    """By risk (highest first), by the day it is due (soonest first, undated last), or by when it was last seen (latest first)."""

    RISK = "risk"
    DUE = "due"
    SEEN = "seen"


@dataclass(frozen=True)
class FindingFilter:
    """What a list of findings is narrowed to; empty means all. ``q`` is looked for in asset names, addresses and rule ids.

    ``overdue`` needs ``now``. ``department`` and ``service`` may be ``none``.
    """

    state: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    band: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    department: str | None = None
    service: str | None = None
    asset: str | None = None
    address: str | None = None
    zone: str | None = None
    vantage: str | None = None
    overdue: bool = False
    q: str | None = None
    now: datetime | None = None

    def named(self) -> dict[str, Any]:
        """The filters that are set, by name."""
        return {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "now" and getattr(self, field.name)
        }


_ORDERS = {
    FindingSort.RISK: Order(_FINDING.risk, _FINDING.id, descending=True),
    FindingSort.DUE: Order(_FINDING.due, _FINDING.id, descending=False, nullable=True),
    FindingSort.SEEN: Order(_FINDING.last_seen, _FINDING.id, descending=True),
}


def list_findings(
    connection: Connection,
    wanted: FindingFilter,
    sort: FindingSort = FindingSort.RISK,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Row[Any]]:
    """One page of findings, and how many there are in all. Raises :class:`~collector.queries.paging.BadCursor`."""
    signature = signature_of("findings", sort, sorted(wanted.named().items()))
    keyset = _keyset(connection, wanted, sort)
    rows, following = rows_after(connection, keyset, limit, cursor, signature)
    total, exact = count_findings(connection, wanted)
    return Page(rows, following, total, exact)


def each_finding(connection: Connection, wanted: FindingFilter, sort: FindingSort = FindingSort.RISK) -> Iterator[Row[Any]]:
    """Every finding of the list, for an export."""
    return all_rows(connection, _keyset(connection, wanted, sort))


def count_findings(connection: Connection, wanted: FindingFilter) -> tuple[int, bool]:
    """How many findings the list has. Exact where the tallies can say, else counted up to 10,000 (the flag says which)."""
    if set(wanted.named()) <= _TALLIED:
        tally = tables.tally.c
        query = select(func.coalesce(func.sum(tally.count), 0)).where(*_tally_conditions(wanted))
        return int(connection.execute(query).scalar_one()), True
    return bounded_count(connection, tables.finding, _branches(connection, wanted))


def counts_by(connection: Connection, column: str, wanted: FindingFilter) -> dict[str, int]:
    """Exact counts of findings by ``state``, ``band``, ``rule``, ``department_id`` or ``service_id``, from the tallies."""
    key = tables.tally.c[column]
    query = select(key, func.sum(tables.tally.c.count)).where(*_tally_conditions(wanted)).group_by(key)
    return {str(found): int(count) for found, count in connection.execute(query) if count}


def overdue_by(connection: Connection, column: str, keys: Sequence[str | None], now: datetime) -> dict[str | None, int]:
    """How many open findings are past their day, for each department or service (``column`` is ``department_id`` or …)."""
    place = _FINDING[column]
    counted: dict[str | None, int] = {}
    for key in keys:
        late = (_FINDING.state == "open", _FINDING.due < now, place == key if key is not None else place.is_(None))
        counted[key] = connection.execute(select(func.count()).select_from(tables.finding).where(*late)).scalar_one()
    return counted


def get_finding(connection: Connection, finding_id: str) -> Row[Any] | None:
    return connection.execute(select(tables.finding).where(_FINDING.id == finding_id)).first()


def findings_starting(connection: Connection, prefix: str, limit: int) -> list[Row[Any]]:
    """The findings whose id starts with ``prefix``, for people who type the first characters of one."""
    query = select(tables.finding).where(_FINDING.id >= prefix, _FINDING.id < f"{prefix}g").order_by(_FINDING.id)
    return list(connection.execute(query.limit(limit)))


def finding_events(connection: Connection, finding_id: str, limit: int = 200) -> list[Row[Any]]:
    """What happened to a finding, latest first."""
    event = tables.event
    query = select(event).where(event.c.finding_id == finding_id).order_by(event.c.seq.desc()).limit(limit)
    return list(connection.execute(query))


def _keyset(connection: Connection, wanted: FindingFilter, sort: FindingSort) -> Keyset:
    return Keyset(select(tables.finding), _ORDERS[sort], _branches(connection, wanted))


def _branches(connection: Connection, wanted: FindingFilter) -> tuple[tuple[ColumnElement[bool], ...], ...]:
    """One condition a state: each is a range of an index that begins with the state."""
    shared = _conditions(connection, wanted)
    states = wanted.state or STATES
    if wanted.overdue:
        states = tuple(state for state in states if state == "open")
    return tuple((_FINDING.state == state, *shared) for state in states)


def _conditions(connection: Connection, wanted: FindingFilter) -> tuple[ColumnElement[bool], ...]:
    found: list[ColumnElement[bool]] = []
    for name in ("severity", "band", "rule"):
        values = getattr(wanted, name)
        if values:
            found.append(_FINDING[name].in_(values) if len(values) > 1 else _FINDING[name] == values[0])
    for name, column in (("department", _FINDING.department_id), ("service", _FINDING.service_id)):
        value = getattr(wanted, name)
        if value:
            found.append(column.is_(None) if value == NOBODY else column == value)
    for name, column in (
        ("asset", _FINDING.asset_id),
        ("address", _FINDING.address),
        ("zone", _FINDING.zone),
        ("vantage", _FINDING.vantage),
    ):
        if getattr(wanted, name):
            found.append(column == getattr(wanted, name))
    if wanted.overdue:
        if wanted.now is None:
            raise ValueError("what is overdue depends on the time: give now")
        found.append(_FINDING.due < wanted.now)
    if wanted.q:
        found.append(_says(connection, wanted.q))
    return tuple(found)


def _says(connection: Connection, text: str) -> ColumnElement[bool]:
    """A rule id, or some part of an asset's name or addresses. Few assets are named one by one, so their index is used."""
    upper = text.strip().upper()
    by_rule = _FINDING.rule == upper
    assets = matching_asset_ids(connection, text, _FEW_ASSETS + 1)
    if len(assets) <= _FEW_ASSETS:
        is_rule = connection.execute(select(tables.tally.c.rule).where(tables.tally.c.rule == upper).limit(1)).first()
        if is_rule and assets:
            return or_(by_rule, _FINDING.asset_id.in_(assets))
        return by_rule if is_rule else _FINDING.asset_id.in_(assets)
    return or_(by_rule, _FINDING.asset_name.icontains(text.strip(), autoescape=True), _FINDING.address == text.strip())


def _tally_conditions(wanted: FindingFilter) -> list[ColumnElement[bool]]:
    tally = tables.tally.c
    found: list[ColumnElement[bool]] = []
    for name in ("state", "band", "rule"):
        values = getattr(wanted, name)
        if values:
            found.append(tally[name].in_(values))
    for name, column in (("department", tally.department_id), ("service", tally.service_id)):
        value = getattr(wanted, name)
        if value:
            found.append(column == ("" if value == NOBODY else value))
    return found
