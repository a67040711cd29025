"""Assets, departments and services: the lists behind every counter, page and export of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, cast, func, or_, select, true

from collector import tables
from collector.grants import reaches
from collector.queries.paging import Keyset, Order, Page, all_rows, bounded_count, page_of, rows_after, signature_of

NOBODY = "none"
FEW_ASSETS = 500  # up to so many are asked for by their ids; more are met sooner along the sorted list
_ASSET = tables.asset.c
_EVER = datetime.min.replace(tzinfo=UTC)  # a range of the index, where "is not null" is taken for most of the table


class AssetSort(StrEnum):
    """By risk (highest first, never evaluated last) or by name."""

    RISK = "risk"
    NAME = "name"


@dataclass(frozen=True)
class AssetFilter:
    """What a list of assets is narrowed to; None means all. ``q`` is looked for in names and addresses."""

    department: str | None = None
    service: str | None = None
    declared: bool | None = None
    gone: bool | None = None
    q: str | None = None
    within: frozenset[str] | None = None  # departments; None = the whole city

    def named(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["within"] = None if self.within is None else sorted(self.within)
        return {name: value for name, value in values.items() if value is not None and value != ""}


_ORDERS = {
    AssetSort.RISK: Order(_ASSET.risk, _ASSET.id, descending=True, nullable=True),
    AssetSort.NAME: Order(_ASSET.name, _ASSET.id, descending=False),
}


def list_assets(
    connection: Connection, wanted: AssetFilter, sort: AssetSort = AssetSort.RISK, limit: int = 50, cursor: str | None = None
) -> Page[Row[Any]]:
    """One page of assets. Raises :class:`~collector.queries.paging.BadCursor`."""
    signature = signature_of("assets", sort, sorted(wanted.named().items()))
    conditions = _conditions(connection, wanted)
    rows, following = rows_after(connection, _keyset(conditions, sort), limit, cursor, signature)
    return page_of(rows, cursor, following, lambda: _count(connection, conditions))


def each_asset(connection: Connection, wanted: AssetFilter, sort: AssetSort = AssetSort.RISK) -> Iterator[Row[Any]]:
    return all_rows(connection, _keyset(_conditions(connection, wanted), sort))


def count_assets(connection: Connection, wanted: AssetFilter) -> tuple[int, bool]:
    """How many assets the list has; counted in full up to a million."""
    return _count(connection, _conditions(connection, wanted))


def _count(connection: Connection, conditions: tuple[ColumnElement[bool], ...]) -> tuple[int, bool]:
    return bounded_count(connection, tables.asset, (conditions,), limit=1_000_000)


def assets_by(connection: Connection, column: str, keys: Sequence[str]) -> dict[str, int]:
    """How many assets that are not gone each of these departments or services has; an asset counts for each service it is part
    of."""
    link = tables.asset_service
    if column != "service_id":
        present = (_ASSET.gone_since.is_(None), _ASSET[column].in_(keys))
        return {
            row[0]: row[1]
            for row in connection.execute(select(_ASSET[column], func.count()).where(*present).group_by(_ASSET[column]))
        }
    # All links less those of what is gone: an index alone says the first, and few assets are gone.
    linked = select(link.c.service_id, func.count()).where(link.c.service_id.in_(keys)).group_by(link.c.service_id)
    gone = linked.where(link.c.asset_id.in_(select(_ASSET.id).where(_ASSET.gone_since > _EVER)))
    left = {row[0]: row[1] for row in connection.execute(gone)}
    return {row[0]: row[1] - left.get(row[0], 0) for row in connection.execute(linked)}


def in_service(service_id: str) -> ColumnElement[bool]:
    """The condition that an asset is part of a service."""
    link = tables.asset_service.c
    return _ASSET.id.in_(select(link.asset_id).where(link.service_id == service_id))


def get_asset(connection: Connection, asset_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    """The asset; None when there is none, and just so when it lies outside the departments ``within``."""
    row = connection.execute(select(tables.asset).where(_ASSET.id == asset_id)).first()
    return row if row is not None and reaches(within, row.department_id) else None


def asset_identifiers(connection: Connection, asset_id: str) -> list[Row[Any]]:
    """How the city knows that it is the same machine, strongest first."""
    known = tables.identifier
    return list(
        connection.execute(
            select(known)
            .where(known.c.asset_id == asset_id)
            .order_by(known.c.weight.desc(), known.c.kind, known.c.value)
            .limit(500)
        )
    )


def asset_endpoints(connection: Connection, asset_id: str) -> list[Row[Any]]:
    place = tables.endpoint
    query = (
        select(place).where(place.c.asset_id == asset_id).order_by(place.c.port, place.c.transport, place.c.place).limit(2_000)
    )
    return list(connection.execute(query))


def asset_events(connection: Connection, asset_id: str, limit: int = 100) -> list[Row[Any]]:
    """What changed on an asset, latest first."""
    event = tables.event
    return list(connection.execute(select(event).where(event.c.asset_id == asset_id).order_by(event.c.seq.desc()).limit(limit)))


def asset_services(connection: Connection, asset_id: str) -> list[str]:
    link = tables.asset_service
    return list(connection.scalars(select(link.c.service_id).where(link.c.asset_id == asset_id).order_by(link.c.service_id)))


def assets_matching(connection: Connection, text: str) -> tuple[str, ...]:
    """Ids of assets whose name or addresses contain ``text``: all of them, or :data:`FEW_ASSETS` and one more."""
    said = tables.asset_words.c
    query = select(said.asset_id).where(said.words.contains(text.strip().lower(), autoescape=True))
    return tuple(connection.scalars(query.limit(FEW_ASSETS + 1)))


def list_departments(connection: Connection, within: frozenset[str] | None = None) -> list[Row[Any]]:
    whose = true() if within is None else tables.department.c.id.in_(sorted(within))
    return list(connection.execute(select(tables.department).where(whose).order_by(tables.department.c.id)))


def list_services(connection: Connection, department: str | None = None, within: frozenset[str] | None = None) -> list[Row[Any]]:
    owner = tables.service.c.department_id
    whose = [owner == department if department else true(), true() if within is None else owner.in_(sorted(within))]
    return list(connection.execute(select(tables.service).where(*whose).order_by(tables.service.c.id)))


def get_department(connection: Connection, department_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    if not reaches(within, department_id):
        return None
    return connection.execute(select(tables.department).where(tables.department.c.id == department_id)).first()


def get_service(connection: Connection, service_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    row = connection.execute(select(tables.service).where(tables.service.c.id == service_id)).first()
    return row if row is not None and reaches(within, row.department_id) else None


def _keyset(conditions: tuple[ColumnElement[bool], ...], sort: AssetSort) -> Keyset:
    return Keyset(select(tables.asset), _ORDERS[sort], (conditions,))


def _conditions(connection: Connection, wanted: AssetFilter) -> tuple[ColumnElement[bool], ...]:
    found: list[ColumnElement[bool]] = []
    if wanted.department:
        found.append(_ASSET.department_id.is_(None) if wanted.department == NOBODY else _ASSET.department_id == wanted.department)
    if wanted.service:
        found.append(_ASSET.service_id.is_(None) if wanted.service == NOBODY else in_service(wanted.service))
    if wanted.within is not None:
        found.append(_ASSET.department_id.in_(sorted(wanted.within)))
    if wanted.declared is not None:
        found.append(_ASSET.declared.is_(wanted.declared))
    if wanted.gone is not None:
        found.append(_ASSET.gone_since.is_not(None) if wanted.gone else _ASSET.gone_since.is_(None))
    if wanted.q:
        said = assets_matching(connection, wanted.q)
        found.append(_ASSET.id.in_(said) if len(said) <= FEW_ASSETS else _says(wanted.q))
    return tuple(found)


def _says(text: str) -> ColumnElement[bool]:
    wanted = text.strip()
    addresses = cast(_ASSET.addresses, String)
    return or_(_ASSET.name.icontains(wanted, autoescape=True), addresses.contains(wanted.lower(), autoescape=True))
