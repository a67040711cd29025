"""Leases: which of several processes may do a thing now. Rows of the ``lease`` table; an expired one may be taken over."""

import os
import socket
import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from collector.tables import lease

LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.5


class LeaseLost(Exception):
    """Another process holds the lease now; what this one was about to write was not written."""


def this_process() -> str:
    """A name for this process in leases, never used twice."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def take_lease(connection: Connection, name: str, holder: str, *, at: datetime, seconds: float = LEASE_SECONDS) -> bool:
    """Take or renew a lease; False when somebody else holds it.

    A lease that ends later than twice ``seconds`` from now was taken before the clock was set back, and counts as expired.
    """
    until = at + timedelta(seconds=seconds)
    free = or_(lease.c.holder == holder, lease.c.until <= at, lease.c.until > at + timedelta(seconds=2 * seconds))
    taken = connection.execute(update(lease).where(lease.c.name == name, free).values(holder=holder, until=until))
    if taken.rowcount:
        return True
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(lease).values(name=name, holder=holder, until=until).on_conflict_do_nothing()
    return connection.execute(new.returning(lease.c.name)).first() is not None


def keep_lease(connection: Connection, name: str, holder: str, *, at: datetime, seconds: float = LEASE_SECONDS) -> None:
    """Renew a lease inside the transaction whose writes depend on it. Raises :class:`LeaseLost` when it has another holder."""
    until = at + timedelta(seconds=seconds)
    mine = update(lease).where(lease.c.name == name, lease.c.holder == holder).values(until=until)
    if not connection.execute(mine).rowcount:
        raise LeaseLost(f"the lease {name} has another holder")


def drop_lease(connection: Connection, name: str, holder: str) -> None:
    """Give a lease back at once."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def holder_of(connection: Connection, name: str, *, at: datetime) -> str | None:
    """Who holds the lease now; None when nobody does."""
    row = connection.execute(select(lease.c.holder, lease.c.until).where(lease.c.name == name)).one_or_none()
    return row.holder if row is not None and row.until > at else None
