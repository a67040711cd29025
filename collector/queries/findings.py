"""Findings: the list behind every counter, page and export of them."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, false, func, literal_column, or_, select, true

from collector import tables
from collector.grants import reaches
from collector.queries.assets import FEW_ASSETS, assets_matching
from collector.queries.paging import Keyset, Order, Page, all_rows, page_of, rows_after, signature_of

NOBODY = "none"  # the department or service of what belongs to none
STATES = ("open", "waived", "resolved")
_ROWS_COUNTED = 20_000
_ROWS_READ = 2_000
_IDS_AT_ONCE = 500
_NARROWEST_FIRST = (
    "known_exploited",
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
    "due_within_days",
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
    "known_exploited",
    "due",
)
# Filters of which one index has both.
_DATED = [{place, due} for place in ("service", "department", "within") for due in ("overdue", "due_within_days")]
# What the index of a department's findings has besides their order.
_BESIDE = ("severity", "band", "zone", "vantage", "department_id", "service_id")
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

    ``overdue`` (past their day) and ``due_within_days`` (not yet) are of open findings, and need ``now``.
    ``department`` and ``service`` may be ``none``. ``within`` confines all of it to departments (ids):
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
    known_exploited: bool = False
    overdue: bool = False
    due_within_days: int | None = None
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
    return page_of(rows, cursor, following, lambda: _count(connection, wanted, search))


def each_finding(connection: Connection, wanted: FindingFilter, sort: FindingSort = FindingSort.RISK) -> Iterator[Row[Any]]:
    """Every finding of the list, for an export."""
    return all_rows(connection, _keyset(wanted, _text_search(connection, wanted), sort))


def each_finding_key(connection: Connection, wanted: FindingFilter) -> Iterator[Row[Any]]:
    """``id``, ``rule`` and ``state`` of every finding of the list, worst first: read from an index alone."""
    columns = select(_FINDING.id, _FINDING.risk, _FINDING.rule, _FINDING.state)
    keyset = _keyset(wanted, _text_search(connection, wanted), FindingSort.RISK)
    return all_rows(connection, replace(keyset, source=columns))


def each_asset_of(connection: Connection, wanted: FindingFilter) -> Iterator[Row[str, str, Any, Any]]:
    """``id``, ``name``, ``addresses`` and ``names`` of every asset that a finding of the list is on, once, by id."""
    asset = tables.asset.c
    branches = _keyset(wanted, _text_search(connection, wanted), FindingSort.RISK).branches
    found = select(_FINDING.asset_id).where(or_(false(), *(and_(*branch) for branch in branches)))
    query = select(asset.id, asset.name, asset.addresses, asset.names).where(asset.id.in_(found)).order_by(asset.id)
    yield from connection.execute(query, execution_options={"yield_per": 500})


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


def counts_by_state_and_band(connection: Connection, within: frozenset[str] | None) -> dict[tuple[str, str], int]:
    """Exact counts of all findings ``within`` some departments, read at once."""
    tally = tables.tally.c
    keys = (tally.state, tally.band)
    query = select(*keys, func.sum(tally.count)).where(*_tally_conditions(FindingFilter(within=within))).group_by(*keys)
    return {(str(state), str(band)): int(count) for state, band, count in connection.execute(query)}


def counts_by(connection: Connection, column: str, wanted: FindingFilter, keys: Sequence[str] | None = None) -> dict[str, int]:
    """Exact counts of findings by ``state``, ``band``, ``rule``, ``department_id`` or ``service_id``, from the tallies; of
    these ``keys`` alone, when they are given."""
    key = tables.tally.c[column]
    only = () if keys is None else (key.in_(keys),)
    query = select(key, func.sum(tables.tally.c.count)).where(*_tally_conditions(wanted), *only).group_by(key)
    return {str(found): int(count) for found, count in connection.execute(query) if count}


def overdue_by(connection: Connection, column: str, keys: Sequence[str], now: datetime) -> dict[str, int]:
    """How many open findings are past their day, for each department or service (``column`` is ``department_id`` or …)."""
    place = _FINDING[column]
    late = (place.in_(keys), _FINDING.state == "open", _FINDING.due < now)
    counted: dict[str, int] = dict.fromkeys(keys, 0)
    for key, count in connection.execute(select(place, func.count()).where(*late).group_by(place)):
        counted[key] = int(count)
    return counted


@dataclass(frozen=True)
class Late:
    """How a department stands with its deadlines. ``waived`` are past their day too, but an exception covers them."""

    department: str | None
    overdue: int
    soon: int
    waived: int
    oldest: datetime | None  # the day of the one that is latest


def lateness(
    connection: Connection, now: datetime, soon: timedelta, departments: Sequence[str | None], department: str | None = None
) -> list[Late]:
    """Each of the ``departments`` (None: what is nobody's) that has anything due, the one that is latest first."""
    asked = [one for one in departments if department in (None, one or NOBODY)]
    named = [one for one in asked if one is not None]
    counted: dict[str | None, dict[str, Any]] = {}
    for whose in ([_FINDING.department_id.in_(named)] if named else []) + (
        [_FINDING.department_id.is_(None)] if None in asked else []
    ):
        for key, found in _due(connection, whose, now, now + soon):
            counted.setdefault(key, {}).update(found)
    due = [
        Late(key, found.get("overdue", 0), found.get("soon", 0), found.get("waived", 0), found.get("oldest"))
        for key, found in counted.items()
    ]
    due = [one for one in due if one.overdue or one.soon or one.waived]
    return sorted(due, key=lambda one: (one.oldest is None, one.oldest, one.department or ""))


def _due(
    connection: Connection, whose: ColumnElement[bool], now: datetime, until: datetime
) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """What is due of the departments ``whose``, by department: one range of an index for each."""
    key, due = _FINDING.department_id, _FINDING.due
    late = (func.count(case((due < now, 1))), func.min(case((due < now, due))), func.count(case((due >= now, 1))))
    open_ = select(key, *late).where(whose, _FINDING.state == "open", due < until).group_by(key)
    for row in connection.execute(open_):
        yield row[0], {"overdue": int(row[1]), "oldest": row[2], "soon": int(row[3])}
    waived = select(key, func.count()).where(whose, _FINDING.state == "waived", due < now).group_by(key)
    for row in connection.execute(waived):
        yield row[0], {"waived": int(row[1])}


def get_finding(connection: Connection, finding_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    """The finding; None when there is none, and just so when it lies outside the departments ``within``."""
    row = connection.execute(select(tables.finding).where(_FINDING.id == finding_id)).first()
    return row if row is not None and reaches(within, row.department_id) else None


def get_findings(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Those of the findings that there are, by id."""
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        query = select(tables.finding).where(_FINDING.id.in_(ids[start : start + _IDS_AT_ONCE]))
        found |= {row.id: row for row in connection.execute(query)}
    return found


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
    """Look at no more than so many rows, those that an index gives for some of the filters, and count which meet the others."""
    conditions = _conditions(_FINDING, wanted, search)
    driver, alone = _driver(conditions.keys(), search)
    others = conditions.keys() - driver
    needed: list[Any] = [_FINDING[column] for column in (_BESIDE if alone else _FILTERED)] if others else [literal_column("1")]
    limit = _ROWS_COUNTED if alone or not others else _ROWS_READ
    looked, found = 0, 0
    for state in _states(wanted):
        driven = (_FINDING.state == state, *(conditions[name] for name in driver))
        rows = select(*needed).where(*driven).limit(limit + 1 - looked).subquery()
        meets = [condition for name, condition in _conditions(rows.c, wanted, search).items() if name in others] if others else []
        row = connection.execute(select(func.count(), func.count(case((and_(true(), *meets), 1)))).select_from(rows)).one()
        looked, found = looked + int(row[0]), found + int(row[1])
        if looked > limit:
            return found, False
    return found, True


def _driver(of: Set[str], search: "_Search") -> tuple[Set[str], bool]:
    """The filters for which an index gives the rows; and whether that index says all of the others too, so that none is read."""
    for whose in ("department", "within"):
        if whose in of and of - {whose} <= {"severity", "band", "zone", "vantage", "service"}:
            return {whose}, True
    for together in _DATED:
        if together <= of:
            return together, False
    indexed = of - {"q"} if search.broad else of
    return next(({name} for name in _NARROWEST_FIRST if name in indexed), set()), False


def _states(wanted: FindingFilter) -> tuple[str, ...]:
    states = wanted.state or STATES
    return tuple(state for state in states if state == "open") if wanted.overdue or wanted.due_within_days else states


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
    for name, column in (("asset", "asset_id"), ("address", "address"), ("zone", "zone"), ("vantage", "vantage")):
        if getattr(wanted, name):
            found[name] = of[column] == getattr(wanted, name)
    if wanted.within is not None and wanted.department not in wanted.within:  # a department of these says it more narrowly
        found["within"] = of.department_id.in_(sorted(wanted.within))
    if (wanted.overdue or wanted.due_within_days) and wanted.now is None:
        raise ValueError("what is overdue depends on the time: give now")
    if wanted.known_exploited:
        found["known_exploited"] = of.known_exploited  # spelt as in the index that holds these alone
    if wanted.overdue:
        found["overdue"] = of.due < wanted.now
    if wanted.due_within_days and wanted.now is not None:
        found["due_within_days"] = and_(of.due >= wanted.now, of.due < wanted.now + timedelta(days=wanted.due_within_days))
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
