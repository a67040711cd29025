"""Findings: the list behind every counter, page and export of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, literal_column, or_, select, true

from collector import tables
from collector.grants import reaches
from collector.queries.assets import FEW_ASSETS, assets_matching
from collector.queries.paging import Keyset, Order, Page, all_rows, rows_after, signature_of

NOBODY = "none"  # the department or service of what belongs to none
STATES = ("open", "waived", "resolved")
_ROWS_COUNTED = 20_000
_ROWS_READ = 2_000
_NARROWEST_FIRST = (
    "asset",
    "address",
    "q",
    "rule",
    "service",
    "zone",
    "vantage",
    "department",
    "within",
    "overdue",
    "severity",
    "band",
)
_FILTERED = (
    "rule",
    "severity",
    "band",
    "department_id",
    "service_id",
    "asset_id",
    "asset_name",
    "address",
    "zone",
    "vantage",
    "due",
)
_FINDING = tables.finding.c
_TALLIED = frozenset({"state", "band", "rule", "department", "service", "within"})


class FindingSort(StrEnum):
    """By risk (highest first), by the day it is due (soonest first, undated last), or by when it was last seen (latest first)."""

    RISK = "risk"
    DUE = "due"
    SEEN = "seen"


@dataclass(frozen=True)
class FindingFilter:
    """What a list of findings is narrowed to; empty means all. ``q`` is looked for in asset names, addresses and rule ids.

    ``overdue`` needs ``now``. ``department`` and ``service`` may be ``none``. ``within`` confines all of it to departments (ids):
    None for the whole city; what belongs to nobody is then outside.
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
    within: frozenset[str] | None = None

    def named(self) -> dict[str, Any]:
        """The filters that are set, by name."""
        plain = [field.name for field in fields(self) if field.name not in ("now", "within")]
        found: dict[str, Any] = {name: getattr(self, name) for name in plain if getattr(self, name)}
        if self.within is not None:
            found["within"] = sorted(self.within)
        return found


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
    search = _text_search(connection, wanted)
    rows, following = rows_after(connection, _keyset(wanted, search, sort), limit, cursor, signature)
    total, exact = _count(connection, wanted, search)
    return Page(rows, following, total, exact)


def each_finding(connection: Connection, wanted: FindingFilter, sort: FindingSort = FindingSort.RISK) -> Iterator[Row[Any]]:
    """Every finding of the list, for an export."""
    return all_rows(connection, _keyset(wanted, _text_search(connection, wanted), sort))


def count_findings(connection: Connection, wanted: FindingFilter) -> tuple[int, bool]:
    """How many findings the list has. Exact where the tallies can say, or where few enough rows have to be looked at; else
    at least so many (the flag says which)."""
    return _count(connection, wanted, _text_search(connection, wanted))


def _count(connection: Connection, wanted: FindingFilter, search: "_Search") -> tuple[int, bool]:
    if set(wanted.named()) <= _TALLIED:
        tally = tables.tally.c
        query = select(func.coalesce(func.sum(tally.count), 0)).where(*_tally_conditions(wanted))
        return int(connection.execute(query).scalar_one()), True
    return _bounded_count(connection, wanted, search)


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


def get_finding(connection: Connection, finding_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    """The finding; None when there is none, and just so when it lies outside the departments ``within``."""
    row = connection.execute(select(tables.finding).where(_FINDING.id == finding_id)).first()
    return row if row is not None and reaches(within, row.department_id) else None


def findings_starting(connection: Connection, prefix: str, limit: int) -> list[Row[Any]]:
    """The findings whose id starts with ``prefix``, for people who type the first characters of one."""
    query = select(tables.finding).where(_FINDING.id >= prefix, _FINDING.id < f"{prefix}g").order_by(_FINDING.id)
    return list(connection.execute(query.limit(limit)))


def finding_events(connection: Connection, finding_id: str, limit: int = 200) -> list[Row[Any]]:
    """What happened to a finding, latest first."""
    event = tables.event
    query = select(event).where(event.c.finding_id == finding_id).order_by(event.c.seq.desc()).limit(limit)
    return list(connection.execute(query))


def _keyset(wanted: FindingFilter, search: "_Search", sort: FindingSort) -> Keyset:
    """One branch a state (and a department, for who is confined to some): each is a range of an index."""
    conditions = _conditions(_FINDING, wanted, search)
    confined = conditions.pop("within", None) is not None
    places = [(_FINDING.department_id == one,) for one in sorted(wanted.within or ())] if confined else [()]
    shared = tuple(conditions.values())
    branches = tuple((_FINDING.state == state, *place, *shared) for state in _states(wanted) for place in places)
    return Keyset(select(tables.finding), _ORDERS[sort], branches)


def _bounded_count(connection: Connection, wanted: FindingFilter, search: "_Search") -> tuple[int, bool]:
    """Look at no more than so many rows, those of the narrowest filter that has an index, and count which meet the others."""
    conditions = _conditions(_FINDING, wanted, search)
    driver = next((name for name in _NARROWEST_FIRST if name in conditions and not (name == "q" and search.broad)), None)
    others = [name for name in conditions if name != driver]
    needed: list[Any] = [_FINDING[column] for column in _FILTERED] if others else [literal_column("1")]
    limit = _ROWS_READ if others else _ROWS_COUNTED  # without others the index alone says it, and no row is read
    looked, found = 0, 0
    for state in _states(wanted):
        driven = (_FINDING.state == state, *((conditions[driver],) if driver else ()))
        rows = select(*needed).where(*driven).limit(limit + 1 - looked).subquery()
        meets = [condition for name, condition in _conditions(rows.c, wanted, search).items() if name in others] if others else []
        row = connection.execute(select(func.count(), func.count(case((and_(true(), *meets), 1)))).select_from(rows)).one()
        looked, found = looked + int(row[0]), found + int(row[1])
        if looked > limit:
            return found, False
    return found, True


def _states(wanted: FindingFilter) -> tuple[str, ...]:
    states = wanted.state or STATES
    return tuple(state for state in states if state == "open") if wanted.overdue else states


def _conditions(of: Any, wanted: FindingFilter, search: "_Search") -> dict[str, ColumnElement[bool]]:
    """What each filter asks of the columns ``of`` (the table's or a subquery's), by its name; the state is left out."""
    found: dict[str, ColumnElement[bool]] = {}
    for name in ("severity", "band", "rule"):
        values = getattr(wanted, name)
        if values:
            found[name] = of[name].in_(values) if len(values) > 1 else of[name] == values[0]
    for name in ("department", "service"):
        value, column = getattr(wanted, name), of[f"{name}_id"]
        if value:
            found[name] = column.is_(None) if value == NOBODY else column == value
    for name, column in (("asset", of.asset_id), ("address", of.address), ("zone", of.zone), ("vantage", of.vantage)):
        if getattr(wanted, name):
            found[name] = column == getattr(wanted, name)
    if wanted.within is not None:
        found["within"] = of.department_id.in_(sorted(wanted.within))
    if wanted.overdue:
        if wanted.now is None:
            raise ValueError("what is overdue depends on the time: give now")
        found["overdue"] = of.due < wanted.now
    if wanted.q:
        found["q"] = search.condition(of)
    return found


@dataclass(frozen=True)
class _Search:
    """A text that people search: the rules and assets it names."""

    text: str = ""
    rule: str | None = None
    assets: tuple[str, ...] = ()

    @property
    def broad(self) -> bool:
        """So many assets that going along the sorted list finds them sooner than their index would."""
        return len(self.assets) > FEW_ASSETS

    def condition(self, of: Any) -> ColumnElement[bool]:
        meets: ColumnElement[bool]
        if self.broad:
            said = self.text.strip()
            meets = or_(of.asset_name.icontains(said, autoescape=True), of.address.contains(said, autoescape=True))
        else:
            meets = of.asset_id.in_(self.assets)
        if self.rule is None:
            return meets
        return or_(of.rule == self.rule, meets) if self.assets else of.rule == self.rule


def _text_search(connection: Connection, wanted: FindingFilter) -> _Search:
    if not wanted.q:
        return _Search()
    upper = wanted.q.strip().upper()
    rule = connection.execute(select(tables.tally.c.rule).where(tables.tally.c.rule == upper).limit(1)).scalar()
    return _Search(wanted.q, rule, assets_matching(connection, wanted.q))


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
    if wanted.within is not None:
        found.append(tally.department_id.in_(sorted(wanted.within)))
    return found
