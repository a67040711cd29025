"""How often something was tried, in the store: every process counts in one place, exactly, over a sliding window.

What an attacker chooses freely (logins, addresses) is put into 65,536 drawers: rows cannot grow without bound, and a login that
nobody has shares a drawer just as one that somebody has. A try beyond the limit costs a read and writes nothing.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, text, update

from collector.sign_in_tables import throttle as table
from collector.store import Store
from collector.tokens import digest_of

_CLEANED_AT_ONCE = 200


class Throttle:
    """Counts tries by key; a key is words that no one chooses freely, or a :func:`drawer`."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def allows(self, limit: int, *key: str, minutes: int = 1) -> bool:
        """Whether this is one of ``limit`` tries in so many minutes; if so it is counted."""
        if not self.would_allow(limit, *key, minutes=minutes):
            return False
        now, digest = self._clock(), _digest(key)
        with self._store.write() as connection:
            _alone(connection, digest)
            found = connection.execute(select(table.c.moments).where(table.c.digest == digest)).scalar()
            recent = _recent(found, now, minutes)
            if len(recent) >= limit:
                return False
            values = {"moments": [*recent, now.timestamp()], "ends_at": now + timedelta(minutes=minutes)}
            if found is None:
                _clean(connection, now)
                connection.execute(insert(table).values(digest=digest, **values))
            else:
                connection.execute(update(table).where(table.c.digest == digest).values(**values))
        return True

    def would_allow(self, limit: int, *key: str, minutes: int = 1) -> bool:
        """Whether :meth:`allows` would say yes now; nothing is counted."""
        with self._store.read() as connection:
            found = connection.execute(select(table.c.moments).where(table.c.digest == _digest(key))).scalar()
        return len(_recent(found, self._clock(), minutes)) < limit


def drawer(word: str) -> str:
    """One of 65,536 for a word that anybody may choose."""
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()[:4]


def address_drawer(address: str) -> str:
    """That of an address: of IPv6 the network of 64 bits counts, which one household has."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return drawer(address)
    return drawer(str(ipaddress.ip_network((read, 64), strict=False)) if read.version == 6 else str(read))


def _digest(key: tuple[str, ...]) -> str:
    return digest_of("\0".join(("throttle", *key)))


def _recent(moments: list[float] | None, now: datetime, minutes: int) -> list[float]:
    begin = now.timestamp() - minutes * 60
    return [moment for moment in moments or () if moment > begin]


def _alone(connection: Connection, digest: str) -> None:
    """Two that count the same key take turns: SQLite has one writer, PostgreSQL a lock for each key."""
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _clean(connection: Connection, now: datetime) -> None:
    old = select(table.c.digest).where(table.c.ends_at <= now).limit(_CLEANED_AT_ONCE)
    gone = list(connection.scalars(old))
    if gone:
        connection.execute(delete(table).where(table.c.digest.in_(gone)))
