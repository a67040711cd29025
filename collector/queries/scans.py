"""Scans, schedules, the stop button and what was covered."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from collector import tables
from collector.queries.assets import in_service
from collector.queries.paging import Keyset, Order, Page, all_rows, bounded_count, page_of, rows_after, signature_of

_SCAN = tables.scan.c
_COVERAGE = tables.coverage.c


def list_scans(
    connection: Connection,
    state: str | None = None,
    zone: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    *,
    asked_by: str | None = None,
) -> Page[Row[Any]]:
    """Scans, latest first; of one asker when ``asked_by`` is given. Raises :class:`~collector.queries.paging.BadCursor`."""
    given = ((_SCAN.state, state), (_SCAN.zone, zone), (_SCAN.asked_by, asked_by))
    conditions = tuple(column == value for column, value in given if value)
    keyset = Keyset(select(tables.scan), Order(_SCAN.created_at, _SCAN.id, descending=True), (conditions,))
    rows, following = rows_after(connection, keyset, limit, cursor, signature_of("scans", state, zone, asked_by))
    return page_of(rows, cursor, following, lambda: bounded_count(connection, tables.scan, (conditions,)))


def get_scan(connection: Connection, scan_id: str) -> Row[Any] | None:
    return connection.execute(select(tables.scan).where(_SCAN.id == scan_id)).first()


def scan_units(connection: Connection, scan_id: str) -> dict[str, int]:
    """How many units of a scan are in each state."""
    unit = tables.unit.c
    query = select(unit.state, func.count()).where(unit.scan_id == scan_id).group_by(unit.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_finished_scan(connection: Connection, zone: str | None = None) -> Row[Any] | None:
    query = select(tables.scan).where(_SCAN.state == "finished").order_by(_SCAN.ended_at.desc()).limit(1)
    return connection.execute(query.where(_SCAN.zone == zone) if zone else query).first()


def list_schedules(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(tables.schedule).order_by(tables.schedule.c.id)))


def last_runs(connection: Connection, schedule_id: str, limit: int = 5) -> list[Row[Any]]:
    run = tables.due_run
    return list(
        connection.execute(select(run).where(run.c.schedule_id == schedule_id).order_by(run.c.taken_at.desc()).limit(limit))
    )


@dataclass(frozen=True)
class VerdictFilter:
    """What a list of verdicts is narrowed to; None means all."""

    asset: str | None = None
    rule: str | None = None
    result: str | None = None
    department: str | None = None
    service: str | None = None
    vantage: str | None = None
    within: frozenset[str] | None = None  # departments; None = the whole city

    def named(self) -> dict[str, Any]:
        plain = [field.name for field in fields(self) if field.name != "within"]
        found: dict[str, Any] = {name: getattr(self, name) for name in plain if getattr(self, name)}
        return found if self.within is None else {**found, "within": sorted(self.within)}


def list_verdicts(connection: Connection, wanted: VerdictFilter, limit: int = 50, cursor: str | None = None) -> Page[Row[Any]]:
    """The last verdict of each (asset, place, vantage, scanner, rule), failed and passed alike, in the order of that key.

    A row has the coverage's columns, where it was looked (``asset_name, address, port, transport, name``; None for what
    needs no place) and the finding it concerns, if any (``finding_id, finding_state, finding_observed, finding_expected``).
    """
    conditions = _verdict_conditions(wanted)
    rows, following = rows_after(
        connection, _verdicts(conditions), limit, cursor, signature_of("verdicts", sorted(wanted.named().items()))
    )
    return page_of(rows, cursor, following, lambda: bounded_count(connection, tables.coverage, (conditions,)))


def each_verdict(connection: Connection, wanted: VerdictFilter) -> Iterator[Row[Any]]:
    return all_rows(connection, _verdicts(_verdict_conditions(wanted)))


def _verdicts(conditions: tuple[ColumnElement[bool], ...]) -> Keyset:
    finding, place, asset = tables.finding, tables.endpoint, tables.asset
    source = (
        select(
            tables.coverage,
            asset.c.name.label("asset_name"),
            func.coalesce(_COVERAGE.address, place.c.address).label("looked_at"),
            place.c.port,
            place.c.transport,
            place.c.name,
            finding.c.id.label("finding_id"),
            finding.c.state.label("finding_state"),
            finding.c.observed.label("finding_observed"),
            finding.c.expected.label("finding_expected"),
        )
        .select_from(tables.coverage)
        .join(asset, asset.c.id == _COVERAGE.asset_id)
        .join(
            place,
            and_(place.c.asset_id == _COVERAGE.asset_id, place.c.place == _COVERAGE.place, place.c.vantage == _COVERAGE.vantage),
            isouter=True,
        )
        .join(
            finding,
            and_(finding.c.rule == _COVERAGE.rule, finding.c.asset_id == _COVERAGE.asset_id, finding.c.place == _COVERAGE.place),
            isouter=True,
        )
    )
    further = (_COVERAGE.place, _COVERAGE.vantage, _COVERAGE.scanner, _COVERAGE.rule)
    order = Order(_COVERAGE.asset_id, further[0], descending=False, further=further[1:])
    return Keyset(source, order, (conditions,))


def _verdict_conditions(wanted: VerdictFilter) -> tuple[ColumnElement[bool], ...]:
    columns = {
        "asset": _COVERAGE.asset_id,
        "rule": _COVERAGE.rule,
        "result": _COVERAGE.result,
        "department": _COVERAGE.department_id,
        "service": _COVERAGE.service_id,
        "vantage": _COVERAGE.vantage,
    }
    found = [columns[name] == value for name, value in wanted.named().items() if name != "within"]
    if wanted.within is not None:
        found.append(_COVERAGE.department_id.in_(sorted(wanted.within)))
    return tuple(found)


def coverage_by_rule(
    connection: Connection, department: str | None = None, service: str | None = None, within: frozenset[str] | None = None
) -> dict[str, dict[str, int]]:
    """For each rule, how many (asset, place, vantage) have each last result. What was never judged has no row."""
    tally = tables.coverage_tally.c
    whose = [column == value for column, value in ((tally.department_id, department), (tally.service_id, service)) if value]
    if within is not None:
        whose.append(tally.department_id.in_(sorted(within)))
    query = select(tally.rule, tally.result, func.sum(tally.count)).where(*whose).group_by(tally.rule, tally.result)
    found: dict[str, dict[str, int]] = {}
    for rule, result, count in connection.execute(query):
        found.setdefault(rule, {})[result] = int(count)
    return found


def looked_at(
    connection: Connection, department: str | None = None, service: str | None = None, within: frozenset[str] | None = None
) -> tuple[int, int, datetime | None]:
    """Of the assets that are not gone: how many there are, how many were ever evaluated, and the oldest last evaluation."""
    asset = tables.asset.c
    whose: list[ColumnElement[bool]] = [asset.gone_since.is_(None)]
    if department:
        whose.append(asset.department_id == department)
    if service:
        whose.append(in_service(service))
    if within is not None:
        whose.append(asset.department_id.in_(sorted(within)))
    query = select(func.count(), func.count(asset.last_evaluated), func.min(asset.last_evaluated)).where(*whose)
    present, evaluated, oldest = connection.execute(query).one()
    return int(present), int(evaluated), oldest


def evidence_digest(connection: Connection, observation_id: str | None) -> str | None:
    """SHA-256 of the raw evidence of an observation that is still kept here; older evidence is in Elasticsearch."""
    seen = tables.observation.c
    found: str | None = connection.execute(select(seen.evidence_sha256).where(seen.id == observation_id)).scalar()
    return found
