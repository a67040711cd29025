"""One run for each slot: over a year with both clock changes, over jumps of the clock, pauses, and two schedulers."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import func, select, update

from collector.cron import CronError, parse_cron
from collector.schedules import (
    Schedule,
    ScheduleError,
    Scheduler,
    SlotTrigger,
    next_due,
    put_schedule,
    remove_schedule,
    schedules,
    sync_schedules,
    take_due,
)
from collector.slots import newest_slot, next_slot
from collector.stopping import release_stop, request_stop
from collector.store import Store
from collector.tables import due_run, scan
from tests.collector.probing import zone

MADRID = ZoneInfo("Europe/Madrid")
YEAR = datetime(2026, 1, 1, tzinfo=MADRID).astimezone(UTC)
ZONES = {"dmz": zone()}
ROOT = Path(__file__).parent.parent.parent


def cron(text: str, name: str = "nightly", **more: Any) -> Schedule:
    return Schedule(id=name, zone="dmz", cron=text, **more)


def slots_of(schedule: Schedule, start: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    slot = next_slot(schedule, start - timedelta(microseconds=1))
    while slot is not None and slot.at < end:
        yield slot.at, slot.key
        slot = next_slot(schedule, slot.at)


@pytest.mark.parametrize("place", ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"])
@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("30 2 * * *", lambda day: True),
        ("0 3 * * 1", lambda day: day.weekday() == 0),
        ("30 2 1 * *", lambda day: day.day == 1),
        ("15 0 * * sun", lambda day: day.weekday() == 6),
    ],
)
def test_each_day_that_is_due_has_one_slot_for_ten_years(place: str, text: str, days: Any) -> None:
    start, end = datetime(2024, 1, 1, tzinfo=ZoneInfo(place)), datetime(2034, 1, 1, tzinfo=ZoneInfo(place))
    found = list(slots_of(cron(text, timezone=place), start, end))
    expected = [day for number in range(3653) if days(day := date(2024, 1, 1) + timedelta(days=number))]
    assert [date.fromisoformat(key[:10]) for _, key in found] == expected
    assert [at for at, _ in found] == sorted({at for at, _ in found})


def test_every_hour_of_a_year_with_both_clock_changes() -> None:
    """8,760 hours on the clock; 29 March has no 02:00, and 25 October has it twice, which is one slot."""
    found = list(slots_of(cron("0 * * * *"), YEAR, datetime(2027, 1, 1, tzinfo=MADRID)))
    assert len(found) == 8_759
    assert len({key for _, key in found}) == 8_759
    keys = {key for _, key in found}
    assert "2026-03-29T02:00" not in keys
    assert "2026-10-25T02:00" in keys
    gaps = Counter(after[0] - before[0] for before, after in pairwise(found))
    assert gaps == {timedelta(hours=1): 8_757, timedelta(hours=2): 1}


def test_the_clock_changes_of_madrid() -> None:
    spring = [at.astimezone(MADRID).strftime("%d %H:%M") for at, _ in slots_of(cron("30 2 * * *"), *days_around(3, 28))]
    assert spring == ["28 02:30", "29 03:30", "30 02:30"]
    autumn = list(slots_of(cron("30 2 * * *"), *days_around(10, 24)))
    assert [at.strftime("%d %H:%M") for at, _ in autumn] == ["24 00:30", "25 00:30", "26 01:30"]


def days_around(month: int, day: int) -> tuple[datetime, datetime]:
    start = datetime(2026, month, day, tzinfo=MADRID)
    return start, start + timedelta(days=3)


def test_an_interval_goes_on_through_clock_changes() -> None:
    every = Schedule(id="six", zone="dmz", interval_seconds=6 * 3600, since=YEAR)
    found = [at for at, _ in slots_of(every, YEAR + timedelta(seconds=1), YEAR + timedelta(days=365))]
    assert len(found) == 4 * 365 - 1
    assert {after - before for before, after in pairwise(found)} == {timedelta(hours=6)}


@pytest.mark.parametrize(
    "text", ["*/15 * * * *", "5,35 8-18/2 * * *", "0 4 15 * *", "30 23 * feb-apr *", "0 0 29 2 *", "7 */5 1-7 * *"]
)
def test_cron_agrees_with_another_reader(text: str) -> None:
    """APScheduler's own trigger reads the same times where no clock changes (UTC) and days of the week play no part."""
    minute, hour, day, month, _ = text.split()
    trigger = CronTrigger(minute=minute, hour=hour, day=day, month=month, timezone=UTC)
    ours, theirs, at = [], [], datetime(2026, 1, 1, tzinfo=UTC)
    fired = None
    for _ in range(300):
        fired = trigger.get_next_fire_time(fired, at if fired is None else fired)
        if fired is None:
            break
        theirs.append(fired)
    for slot_at, _ in slots_of(cron(text, timezone="UTC"), at, theirs[-1] + timedelta(seconds=1)):
        ours.append(slot_at)
    assert ours == theirs


@pytest.mark.parametrize(
    ("text", "days"),
    [("0 0 * * 0", {6}), ("0 0 * * 7", {6}), ("0 0 * * mon-fri", {0, 1, 2, 3, 4}), ("0 0 * * 5-7", {4, 5, 6}), ("@weekly", {6})],
)
def test_days_of_the_week_are_cron_s(text: str, days: set[int]) -> None:
    read = parse_cron(text)
    week = [date(2026, 11, 23) + timedelta(days=number) for number in range(7)]
    assert {day.weekday() for day in week if read.on(day)} == days


def test_either_day_is_enough_when_both_are_restricted() -> None:
    read = parse_cron("0 0 13 * 5")
    assert read.on(date(2026, 11, 13))
    assert read.on(date(2026, 11, 20))
    assert not read.on(date(2026, 11, 21))


NOT_CRON = ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *"]


@pytest.mark.parametrize("text", [*NOT_CRON, "a * * * *", "0 0 31 2 *", "1 2 3 4 5 6", "-1 * * * *", "1.5 * * * *"])
def test_what_is_no_cron_is_refused(text: str) -> None:
    with pytest.raises(CronError):
        parse_cron(text)


@pytest.mark.parametrize(
    "bad",
    [
        Schedule(id="x", zone="dmz"),
        Schedule(id="x", zone="dmz", cron="0 * * * *", interval_seconds=60),
        Schedule(id="x", zone="dmz", interval_seconds=59),
        Schedule(id="x", zone="dmz", cron="0 * * * *", timezone="Europe/Barcelona"),
        Schedule(id="x", zone="dmz", cron="61 * * * *"),
    ],
)
def test_a_bad_schedule_is_refused_by_name(store: Store, bad: Schedule) -> None:
    with pytest.raises(ScheduleError, match="schedule x"), store.write() as connection:
        put_schedule(connection, bad, at=YEAR)


class Simulated:
    """A scheduler whose time the test moves. ``held`` is how long late runs have been held back."""

    def __init__(self, store: Store, at: datetime = YEAR) -> None:
        self.store = store
        self.now = at
        self.held = 0.0
        self.scheduler = Scheduler(store, lambda: ZONES, clock=lambda: self.now, monotonic=lambda: self.held)

    def put(self, *wanted: Schedule) -> None:
        with self.store.write() as connection:
            for item in wanted:
                put_schedule(connection, item, at=self.now)

    def tick(self) -> list[str]:
        found = self.scheduler.tick()
        with self.store.write() as connection:
            connection.execute(update(scan).values(state="finished"))
        return found

    def ledger(self) -> list[str]:
        with self.store.read() as connection:
            return list(connection.execute(select(due_run.c.due_local).order_by(due_run.c.due_local)).scalars())


def test_one_run_a_night_for_a_year(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(cron("30 2 * * *"))
    trigger, fired = SlotTrigger(schedules_in(store)[0]), None
    for _ in range(365):
        fired = trigger.get_next_fire_time(fired, fired or simulated.now)
        assert fired is not None
        simulated.now = fired
        assert len(simulated.tick()) == 1
        simulated.now = fired + timedelta(hours=1)  # the hour that comes twice in autumn, and after spring's jump
        assert simulated.tick() == []
    nights = [f"{date(2026, 1, 1) + timedelta(days=number)}T02:30" for number in range(365)]
    assert simulated.ledger() == nights
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(scan)).scalar_one() == 365


def schedules_in(store: Store) -> tuple[Schedule, ...]:
    with store.read() as connection:
        return schedules(connection)


def test_a_pause_of_thirty_days_is_made_up_for_once_and_spread(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(*(cron("0 * * * *", f"hourly-{number}") for number in range(20)))
    simulated.now += timedelta(days=30, minutes=30)
    begun: Counter[int] = Counter()
    for minute in range(12):
        simulated.held = minute * 60.0
        begun[minute] += len(simulated.tick())
    assert sum(begun.values()) == 20
    assert len([minute for minute, count in begun.items() if count]) >= 6
    simulated.held += 3_600
    assert simulated.tick() == []


def test_jumps_of_the_clock_make_no_storm(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(cron("0 * * * *"))
    simulated.now += timedelta(days=2, minutes=5)
    runs = 0
    jumps = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]
    here = simulated.now
    moments = [here + jump for jump in jumps] + [datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), here]
    for moment in moments:
        simulated.now = moment
        for _ in range(3):
            simulated.held += 700
            runs_now = len(simulated.tick())
            runs += runs_now
            assert runs_now <= 1
    assert runs <= len(moments)
    simulated.now = here + timedelta(hours=5)
    simulated.tick()
    simulated.held += 700
    assert len(simulated.tick()) == 1, "after a jump to 2100 and back the schedule goes on"


def test_a_slot_that_comes_while_its_scan_still_runs_falls_into_it(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(cron("0 * * * *"))
    simulated.now += timedelta(hours=1)
    (first,) = simulated.scheduler.tick()
    simulated.now += timedelta(hours=1)
    assert simulated.scheduler.tick() == [first]
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(scan)).scalar_one() == 1
        assert set(connection.execute(select(due_run.c.scan_id)).scalars()) == {first}


def test_a_slot_during_a_stop_is_made_up_for_after_it(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(cron("0 * * * *"))
    with store.write() as connection:
        request_stop(connection, by="anna", reason="quiet", at=YEAR)
    simulated.now += timedelta(hours=1)
    assert simulated.tick() == []
    with store.write() as connection:
        release_stop(connection)
    assert len(simulated.tick()) == 1


def test_a_new_schedule_makes_up_for_nothing(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(cron("0 * * * *"), Schedule(id="six", zone="dmz", interval_seconds=21_600))
    assert simulated.tick() == []
    simulated.now += timedelta(minutes=59)
    assert simulated.tick() == []
    assert newest_slot(schedules_in(store)[0], simulated.now) is None


def test_switching_on_again_makes_up_for_nothing(store: Store) -> None:
    simulated = Simulated(store)
    simulated.put(cron("0 * * * *", enabled=False))
    simulated.now += timedelta(days=10)
    assert simulated.tick() == []
    simulated.put(cron("0 * * * *"))
    assert simulated.tick() == []
    simulated.now += timedelta(hours=1)
    assert len(simulated.tick()) == 1


def test_two_processes_take_a_slot_once(store: Store) -> None:
    with store.write() as connection:
        put_schedule(connection, cron("0 * * * *"), at=YEAR)
    (item,) = schedules_in(store)
    now = YEAR + timedelta(hours=1)
    with store.write() as connection:
        assert take_due(connection, item, ZONES, now=now) is not None
    with store.write() as connection:
        assert take_due(connection, item, ZONES, now=now) is None


def test_settings_and_the_api_keep_their_own(store: Store) -> None:
    with store.write() as connection:
        put_schedule(connection, cron("0 1 * * *", "from-api"), at=YEAR)
        sync_schedules(connection, [cron("0 2 * * *", "a"), cron("0 3 * * *", "b")], at=YEAR)
        sync_schedules(connection, [cron("0 2 * * *", "a")], at=YEAR + timedelta(days=1))
    found = {item.id: item for item in schedules_in(store)}
    assert found.keys() == {"a", "from-api"}
    assert found["a"].since == YEAR, "a schedule that did not change counts on"
    with pytest.raises(ScheduleError, match="from-api was made through the API"), store.write() as connection:
        sync_schedules(connection, [cron("0 2 * * *", "from-api")], at=YEAR)
    with store.write() as connection:
        assert remove_schedule(connection, "a")
        assert not remove_schedule(connection, "a")
    assert next_due(cron("0 2 * * *", enabled=False), YEAR) is None


SCHEDULING = """
import sys, time
from collector.schedules import Scheduler
from collector.store import open_store
from tests.collector.probing import zone
scheduler = Scheduler(open_store(sys.argv[1]), lambda: {"dmz": zone()}, lease_seconds=2.0)
scheduler.start()
said = None
while True:
    if scheduler.leading != said:
        said = scheduler.leading
        print("leading" if said else "standby", flush=True)
    time.sleep(0.05)
"""


def test_a_second_scheduler_stands_by_and_takes_over(store: Store) -> None:
    url = store.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pysqlite", "")
    argv = [sys.executable, "-c", SCHEDULING, url]
    first = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    second = None
    try:
        assert first.stdout is not None
        while first.stdout.readline() != "leading\n":
            pass
        second = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert second.stdout.readline() == "standby\n"
        with store.write() as connection:
            since = datetime.now(UTC) - timedelta(minutes=1)
            put_schedule(connection, Schedule(id="often", zone="dmz", interval_seconds=60), at=since)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not _ledger(store):
            time.sleep(0.1)
        first.kill()
        assert second.stdout.readline() == "leading\n"
        assert len(_ledger(store)) == len(set(_ledger(store))) >= 1
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.communicate()


def _ledger(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(due_run.c.due_local)).scalars())
