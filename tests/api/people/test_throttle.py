"""Guessing (A5): ten thousand tries over two processes, many accounts and addresses; argon2 two at once; rows that stay few."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from sqlalchemy import func, select

from api.app import create_app
from api.pages.letting_in import try_password
from collector import tables
from collector.grants import Grant, Role
from collector.passwords import Passwords
from collector.store import Store
from collector.throttle import Throttle, address_drawer, drawer
from tests.api.people.test_accounts import PASSWORD, QUICK, City, Clock
from tests.api.seed import NOW
from tests.api.world import make_world, sqlite_url

PEOPLE = [f"person{number}" for number in range(8)]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    clock = Clock()
    world = make_world(sqlite_url(tmp_path), base_url="https://testserver", clock=clock)
    world.app.state.passwords = Passwords(QUICK)
    yield City(world, clock)
    world.store.close()


class Counting(Passwords):
    """Writes down what reaches argon2, and how many are there at once."""

    def __init__(self) -> None:
        super().__init__(QUICK)
        self.heard: list[str] = []
        self.inside = self.most = 0
        self.slowly = 0.0
        self._counting = threading.Lock()

    def _compare(self, stored: str | None, password: bytes) -> tuple[bool, str | None]:
        with self._counting:
            self.heard.append(password.decode())
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(self.slowly)
        found = super()._compare(stored, password)
        with self._counting:
            self.inside -= 1
        return found


def asked(app: FastAPI, address: str) -> Request:
    """A request to sign in as the route hands it on: from this address, by a browser that was never here."""
    headers = [(b"accept-language", b"en")]
    return Request(
        {"type": "http", "app": app, "client": (address, 5), "headers": headers, "path": "/sign-in", "query_string": b""}
    )


def test_ten_thousand_tries_are_bounded_and_no_owner_is_locked_out(city: City) -> None:
    """The clock stands still: all of it is one minute. Two applications on one store are two processes."""
    home = {name: f"203.0.113.{number}" for number, name in enumerate(PEOPLE)}
    owners = {name: city.browser(home[name]) for name in PEOPLE}
    for name, browser in owners.items():
        city.person(name, Grant(Role.VIEWER))
        assert city.sign_in(browser, name).status_code == 303
    city.clock.at += timedelta(minutes=2)  # their first sign-ins came from places that were not known yet
    apps = [city.world.app, create_app(city.world.app.state.parts)]
    keepers = [Counting(), Counting()]
    for app, keeper in zip(apps, keepers, strict=True):
        app.state.passwords = keeper
    statuses: Counter[int] = Counter()
    for number in range(10_000):
        name, address = PEOPLE[number % len(PEOPLE)], f"2001:db8:{number:x}::1"
        statuses[try_password(asked(apps[number % 2], address), name, f"{name} guess {number}").status_code] += 1
    heard = Counter(word.split()[0] for keeper in keepers for word in keeper.heard)
    assert heard == dict.fromkeys(PEOPLE, 5)
    assert statuses == {401: 5 * len(PEOPLE), 429: 10_000 - 5 * len(PEOPLE)}
    for name, browser in owners.items():
        assert browser.get("/findings").status_code == 200
        assert city.sign_in(browser, name).status_code == 303  # the known device
        assert city.sign_in(city.browser(home[name]), name).status_code == 303  # the known address
    assert city.sign_in(city.browser("198.51.100.99"), PEOPLE[0]).status_code == 429
    city.clock.at += timedelta(minutes=1)
    assert city.sign_in(city.browser("198.51.100.99"), PEOPLE[0]).status_code == 303


def test_however_many_are_checked_two_are_at_argon2(city: City) -> None:
    keeper = city.world.app.state.passwords = Counting()
    keeper.slowly = 0.02
    city.person("marta", Grant(Role.VIEWER))
    statuses: list[int] = []
    start = threading.Barrier(30)

    def one(number: int) -> None:
        start.wait()
        statuses.append(try_password(asked(city.world.app, f"198.51.100.{number}"), f"nobody{number}", PASSWORD).status_code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert len(statuses) == 30
    assert set(statuses) <= {401, 429}
    assert keeper.most == 2


def test_tries_are_counted_exactly_over_a_sliding_window(store: Store) -> None:
    clock = Clock()
    throttle = Throttle(store, clock)
    found: list[tuple[int, bool]] = []
    for second in range(0, 200, 7):
        clock.at = NOW + timedelta(seconds=second)
        found.append((second, throttle.allows(3, "sign-in", "x")))
    taken = [second for second, allowed in found if allowed]
    assert taken[:3] == [0, 7, 14]
    for at in taken:
        assert sum(at <= other < at + 60 for other in taken) <= 3
    assert len(taken) >= 9  # and no fewer than there may be
    clock.at = NOW + timedelta(hours=2)
    assert [throttle.allows(2, "hourly", minutes=60) for _ in range(3)] == [True, True, False]
    clock.at += timedelta(minutes=59)
    assert not throttle.would_allow(2, "hourly", minutes=60)
    clock.at += timedelta(minutes=1)
    assert throttle.would_allow(2, "hourly", minutes=60)


def test_processes_that_try_at_once_share_one_limit(store_url: str) -> None:
    first = Store(store_url)
    tables.metadata.create_all(first.engine)
    stores = [first, *(Store(store_url) for _ in range(3))]
    found: list[bool] = []
    start = threading.Barrier(len(stores))

    def tries(store: Store) -> None:
        throttle = Throttle(store, lambda: NOW)
        start.wait()
        found.extend(throttle.allows(5, "sign-in", "marta") for _ in range(5))

    threads = [threading.Thread(target=tries, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert sorted(found) == [False] * 15 + [True] * 5
    for store in stores:
        store.close()


def test_rows_are_few_and_go_away(store: Store) -> None:
    clock = Clock()
    throttle = Throttle(store, clock)
    for number in range(300):
        throttle.allows(5, "sign-in", drawer(f"login {number}"))
    assert 1 <= _rows(store) <= 300
    clock.at += timedelta(minutes=2)
    for number in range(3):
        throttle.allows(5, "sign-in", f"later {number}")
    assert _rows(store) == 3
    assert len({drawer(str(number)) for number in range(200_000)}) <= 65_536


def test_one_household_of_ipv6_is_one_address() -> None:
    assert address_drawer("2001:db8:1:2::1") == address_drawer("2001:db8:1:2:ffff::9")
    assert address_drawer("2001:db8:1:2::1") != address_drawer("2001:db8:1:3::1")
    assert address_drawer("192.0.2.1") != address_drawer("192.0.2.2")
    assert address_drawer("testclient")


def _rows(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(tables.throttle)) or 0
