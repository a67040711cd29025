"""Saved filters: a name for a list that one comes back to, for oneself or shared with a department or the city."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from collector.grants import Person
from collector.refusal import ActionRefused
from collector.tables import saved_filter

MOST = 200  # of one owner
_OF = saved_filter.c


class Audience(StrEnum):
    ME = "me"
    DEPARTMENT = "department"
    CITY = "city"


@dataclass(frozen=True)
class Wanted:
    """``department`` is whose it is when the audience is a department; ``query`` are the filters and the sort, validated."""

    name: str
    audience: Audience
    query: Mapping[str, Any]
    department: str | None = None


def save(connection: Connection, wanted: Wanted, *, by: Person, at: datetime) -> str:
    """Returns the new one's id. Raises :class:`ActionRefused` (``name-taken``, ``too-many-filters``)."""
    mine = select(func.count()).select_from(saved_filter).where(_OF.owner_id == by.id)
    if connection.execute(mine).scalar_one() >= MOST:
        raise ActionRefused("too-many-filters", f"nobody keeps more than {MOST} filters: delete one first")
    _free(connection, by.id, wanted.name)
    key = str(uuid.uuid4())
    connection.execute(insert(saved_filter).values(id=key, owner_id=by.id, owner=by.name, **_values(wanted, at)))
    return key


def change(connection: Connection, filter_id: str, wanted: Wanted, *, at: datetime) -> None:
    """Give it another name, query or audience. Raises :class:`ActionRefused`."""
    owner = connection.execute(select(_OF.owner_id).where(_OF.id == filter_id)).scalar_one()
    _free(connection, owner, wanted.name, but=filter_id)
    connection.execute(update(saved_filter).where(_OF.id == filter_id).values(**_values(wanted, at)))


def remove(connection: Connection, filter_id: str) -> None:
    connection.execute(delete(saved_filter).where(_OF.id == filter_id))


def get_filter(connection: Connection, filter_id: str, reader: str, within: frozenset[str] | None) -> Row[Any] | None:
    """The filter, if it is for ``reader`` (an id), who sees the departments ``within``; None just as when there is none."""
    return connection.execute(select(saved_filter).where(_OF.id == filter_id, _for(reader, within))).first()


def list_filters(connection: Connection, reader: str, within: frozenset[str] | None) -> list[Row[Any]]:
    """One's own first, then those that are shared with one, by name."""
    query = select(saved_filter).where(_for(reader, within)).order_by((_OF.owner_id != reader), func.lower(_OF.name), _OF.id)
    return list(connection.execute(query.limit(1_000)))


def _for(reader: str, within: frozenset[str] | None) -> ColumnElement[bool]:
    departments = and_(_OF.audience == "department", *(() if within is None else (_OF.department_id.in_(sorted(within)),)))
    return or_(_OF.owner_id == reader, _OF.audience == "city", departments)


def _values(wanted: Wanted, at: datetime) -> dict[str, Any]:
    department = wanted.department if wanted.audience is Audience.DEPARTMENT else None
    plain = {"name": wanted.name, "audience": wanted.audience.value, "query": dict(wanted.query)}
    return {**plain, "department_id": department, "changed_at": at}


def _free(connection: Connection, owner: str, name: str, but: str | None = None) -> None:
    taken = connection.execute(select(_OF.id).where(_OF.owner_id == owner, _OF.name == name)).scalar()
    if taken is not None and taken != but:
        raise ActionRefused("name-taken", "you have a filter of that name: choose another, or change that one")
