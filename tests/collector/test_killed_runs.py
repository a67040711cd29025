"""kill -9 of a process in the middle of a scan: nothing that was finished is repeated, nothing is left out."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from collector.runs import start_scan
from collector.store import Store
from collector.tables import endpoint, observation, scan, unit
from tests.collector.probing import zone
from tests.forking import Forks

POINTS = [
    ("taken", 1),
    ("before-commit", 1),
    ("committed", 4),
    ("before-commit", 6),
    ("taken", 3),
    ("committed", 7),
    ("before-commit", 9),
]


class Killed:
    """One scan that process after process works on."""

    def __init__(self, store: Store, log: Path, forks: Forks) -> None:
        self.store = store
        self.log = log
        self.forks = forks
        with store.write() as connection:
            self.scan_id = start_scan(connection, zone(), None, asked_by="a test", at=datetime.now(UTC))
        url = store.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pysqlite", "")
        self.what = (url, self.scan_id, str(log))

    def looks(self) -> Counter[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(line.split()[1] for line in lines if line.startswith("look "))

    def finished(self) -> dict[str, int]:
        """How often each address of a finished look was looked at until now: never again from here on."""
        with self.store.read() as connection:
            done = select(unit.c.body).where(unit.c.kind == "look", unit.c.state == "finished")
            bodies = connection.execute(done).scalars().all()
        looks = self.looks()
        return {place["address"]: looks[place["address"]] for body in bodies for place in body["endpoints"]}

    def check(self, frozen: list[dict[str, int]]) -> None:
        assert self.forks.wait(self.forks.begin(*self.what)) == 0
        assert self.log.read_text().endswith("end finished\n")
        looks = self.looks()
        for then in frozen:
            assert {address: looks[address] for address in then} == then
        with self.store.read() as connection:
            states = Counter(connection.execute(select(unit.c.state)).scalars())
            ssh = select(func.count()).select_from(endpoint).where(endpoint.c.service == "ssh")
            looks_kept = select(func.count()).select_from(observation).where(observation.c.scanner == "service")
            places, seen = connection.execute(ssh).scalar_one(), connection.execute(looks_kept).scalar_one()
            handed = Counter(
                place["address"]
                for body in connection.execute(select(unit.c.body).where(unit.c.kind == "look")).scalars()
                for place in body["endpoints"]
            )
            progress = connection.execute(select(scan.c.progress)).scalar_one()
        assert set(states) == {"finished"}
        assert (places, seen) == (64, 64)
        assert len(handed) == 64
        assert set(handed.values()) == {1}
        assert (progress["phase"], progress["ports"], progress["checks_done"]) == ("done", 64, 64)


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks("tests.collector.killed_run") as made:
        yield made


def test_killed_at_each_named_instant(store: Store, tmp_path: Path, forks: Forks) -> None:
    killed, frozen = Killed(store, tmp_path / "log", forks), []
    for point, occurrence in POINTS:
        assert forks.wait(forks.begin(*killed.what, point, str(occurrence))) == -9
        frozen.append(killed.finished())
    killed.check(frozen)


def test_killed_at_random_instants(store: Store, tmp_path: Path, forks: Forks) -> None:
    killed, frozen, chance = Killed(store, tmp_path / "log", forks), [], random.Random(7)
    for _ in range(5):
        forks.kill_after(chance.uniform(0.2, 2.5), *killed.what)
        frozen.append(killed.finished())
    killed.check(frozen)
