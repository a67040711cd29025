"""The last score of each local day is what going through all of them says, also where a clock is put forward or back."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from collector import tables
from collector.queries.risk import daily_scores, scores_at
from collector.score import Level
from collector.store import Store

MADRID = ZoneInfo("Europe/Madrid")


def _row(at: datetime, key: str = "citizens", value: float = 1.0) -> dict[str, Any]:
    plain = {"level": "department", "key": key, "at": at, "value": value, "low": value, "high": value}
    return {**plain, "coverage": 1.0, "version": 1, "factors": {}}


def _gone_through(moments: list[datetime], now: datetime, days: int) -> list[datetime]:
    by_day = {}
    for at in sorted(moments):
        if now - timedelta(days=days) < at <= now:
            by_day[at.astimezone(MADRID).date()] = at
    return sorted(by_day.values())


@pytest.mark.parametrize("now", [datetime(2026, 11, 2, 22, 59, 59, tzinfo=UTC), datetime(2027, 4, 3, 9, 30, tzinfo=UTC)])
def test_one_score_a_local_day_the_last(store: Store, now: datetime) -> None:
    dice = random.Random(3)
    moments = {now - timedelta(seconds=dice.randrange(100 * 86_400)) for _ in range(300)}
    nights = [datetime(2026, 10, day, tzinfo=MADRID) for day in (24, 25, 26)] + [
        datetime(2027, 3, day, tzinfo=MADRID) for day in (28, 29)
    ]
    for night in nights:  # on the stroke of midnight, and just before it
        moments |= {night.astimezone(UTC), night.astimezone(UTC) - timedelta(microseconds=1)}
    moments |= {now, now + timedelta(seconds=1), now - timedelta(days=90), now - timedelta(days=90) + timedelta(microseconds=1)}
    with store.write() as connection:
        connection.execute(insert(tables.score_history), [_row(at) for at in sorted(moments)])
        connection.execute(insert(tables.score_history), [_row(now - timedelta(hours=hours), "others") for hours in range(50)])
    with store.read() as connection:
        for days in (1, 7, 90):
            found = daily_scores(connection, "department", "citizens", now=now, days=days, zone=MADRID)
            assert [row.at for row in found] == _gone_through(list(moments), now, days)
            assert {row.key for row in found} == {"citizens"}
        assert daily_scores(connection, "department", "nobody", now=now, days=90, zone=MADRID) == []


def test_scores_of_many_stand_as_each_alone(store: Store) -> None:
    now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    with store.write() as connection:
        names = [{"id": key, "names": {}, "inventory_size": 0} for key in ("citizens", "revenue", "new")]
        connection.execute(insert(tables.department), names)
        rows = [_row(now - timedelta(days=days), key, days) for key in ("citizens", "revenue") for days in range(9)]
        connection.execute(insert(tables.score_history), rows[:-3])
    with store.read() as connection:
        asked = ["citizens", "revenue", "new"]
        latest = scores_at(connection, Level.DEPARTMENT, asked)
        before = scores_at(connection, Level.DEPARTMENT, asked[:1], now - timedelta(days=6, hours=1))
    assert {key: row.value for key, row in latest.items()} == {"citizens": 0.0, "revenue": 0.0}
    assert {key: row.value for key, row in before.items()} == {"citizens": 7.0}
