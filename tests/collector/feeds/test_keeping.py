"""Feeds in the store: whole or not at all, the same twice is once, an older one changes nothing, and a kill loses none."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from collector import tables
from collector.feeds.files import read_feeds
from collector.feeds.keeping import Outcome, Taken, feeds, is_stale, keep
from collector.refusal import ActionRefused
from collector.store import Store
from tests.collector.feeds import samples

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def load(store: Store, *places: Path, now: datetime = NOW, may_shrink: bool = False) -> list[Taken]:
    with store.write() as connection:
        return [keep(connection, content, now, may_shrink=may_shrink) for content in read_feeds(places)]


def rows(store: Store, table: Any) -> list[tuple[Any, ...]]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


def everything(store: Store) -> list[list[tuple[Any, ...]]]:
    of = (tables.vulnerability_feed, tables.cve_kev, tables.cve_epss, tables.cve_ssvc)
    return [rows(store, table) for table in of]


def test_all_three_are_kept_and_said(store: Store) -> None:
    assert [one.outcome for one in load(store, samples.FOLDER)] == [Outcome.TAKEN] * 3
    with store.read() as connection:
        said = [(row.name, row.version, row.entries, is_stale(row, NOW)) for row in feeds(connection)]
    assert said == [("kev", "2026.11.20", 3, False), ("epss", "v2025.03.14", 8, False), ("ssvc", "2.0.3", 3, True)]
    assert ("CVE-2014-0160", datetime(2022, 5, 4, tzinfo=UTC)) in rows(store, tables.cve_kev)
    assert ("CVE-2021-44228", 0.94358, 0.99962) in rows(store, tables.cve_epss)
    assert rows(store, tables.cve_ssvc)[0][:4] == ("CVE-2014-0160", "active", True, False)


def test_the_same_twice_is_once(store: Store) -> None:
    load(store, samples.FOLDER)
    before = everything(store)
    again = load(store, samples.FOLDER, now=NOW + timedelta(hours=1))
    assert [(one.outcome, one.changed) for one in again] == [(Outcome.SAME, 0)] * 3
    assert everything(store) == before


def test_a_newer_one_takes_the_place_of_the_old_and_an_older_one_does_not(store: Store, tmp_path: Path) -> None:
    load(store, samples.KEV, samples.EPSS)
    newer = tmp_path / "newer.json"
    newer.write_bytes(samples.kev({"CVE-2014-0160": "2022-05-03", "CVE-2026-1234": "2026-11-22"}, "2026.11.22"))
    assert load(store, newer) == [Taken(read_feeds([newer])[0].feed, Outcome.TAKEN, 2, 4)]  # one moved, one new, two gone
    before = everything(store)
    assert [one.outcome for one in load(store, samples.KEV)] == [Outcome.OLDER]
    assert everything(store) == before
    assert [row[0] for row in rows(store, tables.cve_kev)] == ["CVE-2014-0160", "CVE-2026-1234"]


def test_records_join_and_the_newest_of_each_cve_stays(store: Store, tmp_path: Path) -> None:
    load(store, samples.SSVC)
    path = tmp_path / "CVE.json"
    path.write_bytes(samples.record("CVE-2014-0160", samples.points("none"), "2024-01-01T00:00:00Z"))
    assert [one.outcome for one in load(store, path)] == [Outcome.SAME]
    path.write_bytes(samples.record("CVE-2014-0160", samples.points("poc", impact="total"), "2026-11-20T00:00:00Z"))
    assert [(one.outcome, one.entries, one.changed) for one in load(store, path)] == [(Outcome.TAKEN, 2, 1)]
    assert [row[1:4] for row in rows(store, tables.cve_ssvc)] == [("poc", False, True), ("active", True, False)]
    path.write_bytes(samples.record("CVE-2020-0001", samples.points(), "2021-01-01T00:00:00Z"))
    load(store, path)
    (feed,) = rows(store, tables.vulnerability_feed)
    assert feed[2] == datetime(2026, 11, 20, tzinfo=UTC)  # an old record makes the feed no older


def test_a_feed_that_lost_most_of_itself_is_refused_unless_that_is_meant(store: Store, tmp_path: Path) -> None:
    load(store, samples.EPSS)
    short = tmp_path / "short.csv"
    short.write_bytes(samples.epss({"CVE-2021-44228": 0.9}, "2026-11-23"))
    before = everything(store)
    with pytest.raises(ActionRefused, match="1 entries where the one before has 8") as caught:
        load(store, short)
    assert caught.value.code == "feed-shrinks"
    assert everything(store) == before
    assert load(store, short, may_shrink=True)[0].outcome is Outcome.TAKEN
    assert rows(store, tables.cve_epss) == [("CVE-2021-44228", 0.9, 0.5)]


def test_a_date_that_is_yet_to_come_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "epss.csv"
    path.write_bytes(samples.epss({"CVE-2021-44228": 0.9}, "2026-12-24"))
    with pytest.raises(ActionRefused, match="yet to come"):
        load(store, samples.KEV, path)
    assert everything(store) == [[], [], [], []]


def test_a_feed_that_nobody_fetched_for_long_is_stale(store: Store) -> None:
    load(store, samples.EPSS, samples.KEV)
    with store.read() as connection:
        found = feeds(connection)
    assert [is_stale(row, NOW + timedelta(days=4)) for row in found] == [False, True]
    assert [is_stale(row, NOW + timedelta(days=14)) for row in found] == [True, True]


_LOADS = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from collector.feeds.files import read_feeds
from collector.feeds.keeping import keep
from collector.store import open_store
store = open_store(sys.argv[1])
contents = read_feeds([Path(sys.argv[2])])
print("read", flush=True)
with store.write() as connection:
    for content in contents:
        keep(connection, content, datetime(2026, 11, 23, 8, tzinfo=timezone.utc))
    print("kept", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("at", ["read", "kept"])
def test_killed_while_loading_the_one_before_stays(store: Store, tmp_path: Path, at: str) -> None:
    load(store, samples.EPSS)
    before = everything(store)
    large = tmp_path / "epss.csv"
    large.write_bytes(samples.epss({f"CVE-2025-{number:05}": 0.1 for number in range(60_000)}, "2026-11-23"))
    url = store.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", _LOADS, url, str(large)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() != at.encode():
        assert process.poll() is None
    if at == "read":
        time.sleep(0.1)  # somewhere in the middle of writing
    os.kill(process.pid, signal.SIGKILL)
    process.wait(300)
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.close()
    assert everything(store) == before
    assert [(one.outcome, one.entries) for one in load(store, large)] == [(Outcome.TAKEN, 60_000)]
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.cve_epss)).scalar_one() == 60_000
