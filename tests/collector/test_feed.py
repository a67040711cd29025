"""The change feed loses nothing: not to writers that commit in another order than they began, and not to its own limits."""

import ast
import random
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from collector.events import Action, tell
from collector.queries import events as feed
from collector.queries.events import AheadOfFeed, Read, Wanted
from collector.records import EventRecord
from collector.store import Store
from collector.tables import event

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WRITERS = 8
EACH = 40


def _record(department: str | None = None, action: Action = Action.ASSET_NEW) -> EventRecord:
    return EventRecord(id=str(uuid.uuid4()), at=AT, action=action.value, department_id=department)


def _put(store: Store, *records: EventRecord) -> list[str]:
    with store.write() as connection:
        for record in records:
            tell(connection, record)
    return [record.id for record in records]


def _follow(store: Store, wanted: Wanted, after: int = 0, limit: int = 7) -> tuple[list[str], int]:
    """Everything there is, as a client reads it."""
    found: list[str] = []
    while True:
        read = feed.read_on(store, after, wanted, limit)
        found += [row.id for row in read.events]
        after = read.place
        if not read.more:
            return found, after


def test_a_follower_beside_many_writers_sees_every_event_once(store: Store) -> None:
    """Writers hold their transactions open for different times, so that numbers are committed out of order."""
    written: list[str] = []
    running = threading.Event()
    running.set()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for turn in range(EACH):
            record = _record()
            try:
                with store.write() as connection:
                    tell(connection, record)
                    time.sleep(chance.random() * 0.03)
                    if turn % 10 == 9:
                        raise InterruptedError
            except InterruptedError:
                continue  # undone: its number is never seen
            written.append(record.id)

    seen: list[str] = []

    def follow() -> None:
        place = 0
        while True:
            last = not running.is_set()
            found, place = _follow(store, Wanted(), place)
            seen.extend(found)
            if last:
                return

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(WRITERS)]
    follower = threading.Thread(target=follow)
    for thread in (*threads, follower):
        thread.start()
    for thread in threads:
        thread.join(300)
    running.clear()
    follower.join(300)
    assert len(written) == WRITERS * EACH * 9 // 10
    assert sorted(seen) == sorted(written)
    with store.read() as connection:
        assert seen == list(connection.scalars(select(event.c.id).order_by(event.c.seq)))


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # on SQLite writers take turns
def test_what_was_committed_before_an_older_writer_waits_for_it(store: Store) -> None:
    first = _put(store, _record())
    slow, quick = _record(), _record()
    with store.write() as connection:
        tell(connection, slow)
        _put(store, quick)
        found, place = _follow(store, Wanted())
        assert found == first
    assert _follow(store, Wanted(), place)[0] == [slow.id, quick.id]
    with store.write() as connection:  # one that has told nothing holds nobody up
        connection.execute(select(event.c.id))
        third = _put(store, _record())
        assert _follow(store, Wanted())[0] == [*first, slow.id, quick.id, *third]


def test_a_limit_of_what_is_looked_at_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LOOKED_AT_ONCE", 5)
    chance = random.Random(3)
    places = ["citizens", "innovation", None]
    records = [_record(chance.choice(places), chance.choice([Action.ASSET_NEW, Action.PORT_NEW])) for _ in range(83)]
    _put(store, *records)
    cases: list[tuple[Wanted, Callable[[EventRecord], bool]]] = [
        (Wanted(), lambda one: True),
        (Wanted(kinds=frozenset({"port-new"})), lambda one: one.action == "port-new"),
        (Wanted(kinds=frozenset({"asset-gone"})), lambda one: False),
        (Wanted(within=frozenset({"citizens"})), lambda one: one.department_id == "citizens"),
        (Wanted(within=frozenset({"citizens", "innovation"})), lambda one: one.department_id is not None),
        (Wanted(within=frozenset({"unheard-of"})), lambda one: False),
        (Wanted(within=frozenset()), lambda one: False),
        (
            Wanted(frozenset({"innovation"}), frozenset({"asset-new"})),
            lambda one: (one.department_id, one.action) == ("innovation", "asset-new"),
        ),
    ]
    for limit in (1, 4, 100):
        for wanted, fits in cases:
            found, place = _follow(store, wanted, limit=limit)
            assert found == [one.id for one in records if fits(one)]
            assert feed.read_on(store, place, wanted, limit) == Read([] if wanted.within != frozenset() else (), place, False)


def test_a_place_that_the_feed_never_came_to_is_told(store: Store) -> None:
    _put(store, _record())
    with pytest.raises(AheadOfFeed):
        feed.read_on(store, 1_000, Wanted(), 10)


def test_events_are_written_by_those_alone_who_hold_a_place() -> None:
    """Whoever inserts events without :func:`hold_place` would make followers lose some on PostgreSQL."""
    root = Path(__file__).parents[2]
    writing = set()
    for room in ("collector", "api", "talaia"):
        for path in (root / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node).startswith(
                    ("insert(event)", "insert(tables.event)", "event.insert(", "tables.event.insert(", "bulk.event.insert(")
                ):
                    writing.add(path.relative_to(root).as_posix())
    assert writing == {"collector/events.py", "collector/batch.py"}
