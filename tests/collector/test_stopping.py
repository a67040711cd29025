"""The stop button across processes, and the zone file that changes while Talaia runs."""

import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from collector.stopping import StopWatch, release_stop, request_stop, stop_state
from collector.store import Store
from collector.tables import event
from collector.zone_watch import ZoneWatch
from scanners.door import Door, RefusedByScope
from scanners.stop import Stop
from scanners.zone import load_zones

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

WATCHING = """
import sys, time
from collector.stopping import StopWatch
from collector.store import open_store
from scanners.stop import Stop
stop = Stop()
with StopWatch(open_store(sys.argv[1]), stop):
    print("ready", flush=True)
    stop.wait(30)
    print(stop.reason, flush=True)
    while stop.pressed:
        time.sleep(0.05)
    print("released", flush=True)
"""


def until(condition: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def url_of(store: Store) -> str:
    return store.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pysqlite", "")


def test_every_process_obeys_the_button_and_its_release(store: Store) -> None:
    argv = [sys.executable, "-c", WATCHING, url_of(store)]
    others = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        assert [process.stdout.readline() for process in others if process.stdout] == ["ready\n"] * 2
        with store.write() as connection:
            request_stop(connection, by="anna", reason="a printer is on fire", at=NOW)
        said = [process.stdout.readline() for process in others if process.stdout]
        assert said == ["a printer is on fire (anna, 2026-11-23 09:00 UTC)\n"] * 2
        with store.write() as connection:
            release_stop(connection)
        assert [process.stdout.readline() for process in others if process.stdout] == ["released\n"] * 2
    finally:
        for process in others:
            process.kill()
            process.communicate()


def test_the_first_press_stays_in_force(store: Store) -> None:
    with store.write() as connection:
        request_stop(connection, by="anna", reason="one", at=NOW)
        assert request_stop(connection, by="pere", reason="two", at=NOW).by == "anna"
    with store.read() as connection:
        pressed = stop_state(connection)
    assert pressed is not None
    assert pressed.reason == "one"
    with store.write() as connection:
        assert release_stop(connection) is not None
        assert release_stop(connection) is None


def test_a_stop_pressed_here_is_not_released_from_there(store: Store) -> None:
    """Ctrl-C stops this process; a row that is not there does not start it again."""
    stop = Stop()
    with StopWatch(store, stop) as watch:
        stop.press("Ctrl-C")
        watch.look()
        assert stop.pressed


def test_scanners_are_told_again_at_a_second_press() -> None:
    stop, heard = Stop(), []
    stop.listen(lambda: heard.append(stop.reason))
    stop.press("one")
    stop.release()
    stop.press("two")
    assert heard == ["one", "two"]


ZONES = """
zones:
  - id: dmz
    networks: [{network}]
    authorised_by: The mayor
    valid_from: 2026-01-01
    valid_until: 2030-01-01
"""


@pytest.fixture
def zone_file(tmp_path: Path) -> Path:
    path = tmp_path / "zones.yaml"
    path.write_text(ZONES.format(network="192.0.2.0/24"))
    return path


def test_a_changed_zone_file_is_in_force(store: Store, zone_file: Path) -> None:
    door = Door(load_zones(zone_file), clock=lambda: NOW)
    heard: list[int] = []
    with ZoneWatch(zone_file, door, store, changed=lambda zones: heard.append(len(zones))):
        door.admit("192.0.2.1")
        zone_file.write_text(ZONES.format(network="198.51.100.0/24"))
        until(lambda: heard == [1])
        door.admit("198.51.100.1")
        with pytest.raises(RefusedByScope):
            door.admit("192.0.2.1")


def test_a_broken_zone_file_keeps_the_old_zones(store: Store, zone_file: Path) -> None:
    door = Door(load_zones(zone_file), clock=lambda: NOW)
    watch = ZoneWatch(zone_file, door, store)
    zone_file.write_text(ZONES.format(network="198.51.100.1/24"))
    assert not watch.look()
    assert not watch.look()
    zone_file.unlink()
    assert not watch.look()
    door.admit("192.0.2.1")
    with store.read() as connection:
        rows = connection.execute(select(event.c.action, event.c.detail).order_by(event.c.seq)).all()
    assert [row.action for row in rows] == ["zones-refused", "zones-refused"]
    assert "zones.yaml:4" in rows[0].detail["problem"]
    zone_file.write_text(ZONES.format(network="198.51.100.0/24"))
    assert watch.look()
    assert door.zones[0].valid_until == date(2030, 1, 1)
