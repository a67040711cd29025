"""A town whose findings go through every state by the product's own doing: looks, exceptions, time, moves, the catalogue."""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from collector import exceptions, tables
from collector.catalogue import apply_catalogue, load_catalogue
from collector.exceptions import Covers, ExceptionRefused, Wanted
from collector.grants import Person, Role
from collector.migrations import migrate
from collector.store import open_store
from collector.tokens import create_token
from scanners.observation import Outcome
from tests.api.world import RecordedActions, open_world
from tests.collector.publishing import City

ASKS, DECIDES = Person("token:one", "one"), Person("account:other", "other")
HOSTS = tuple(f"192.0.2.{number}" for number in range(7, 13))
CATALOGUE = """\
city: {name: {en: Vilamar}, namespace: vilamar}
departments: {safety: {en: Safety}, citizens: {en: Citizens}}
services:
  police: {department: safety, en: Police}
  web: {department: citizens, en: Web}
  register: {department: citizens, en: Register}
assets:
  - {id: records, services: [police], addresses: [192.0.2.7]}
  - {id: front, services: [web], addresses: [192.0.2.8]}
  - {id: back, services: [%s], addresses: [192.0.2.9]}
  - {id: people, services: [register], addresses: [192.0.2.10]}
"""
OWN = "citizens"  # the department that one of the readers is confined to

# What may happen, and how often of a hundred.
STEPS = {
    "fail": 20, "pass": 12, "unknown": 8, "closed": 4, "silent": 4, "ask": 6, "excuse": 14, "refuse": 3, "end": 8, "later": 8,
    "much_later": 3, "move": 4, "hand_over": 6,
}  # fmt: skip


class Town:
    """The store, what is delivered of it, the application on it, and a reader's secret for the whole and for one department."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.store, self.folder, self.dice = open_store(url), folder, random.Random(seed)
        migrate(self.store)
        self.city = City(self.store)
        self.moved = 100
        self.apply("web")
        for address in HOSTS:
            self.city.look(address)
        world = open_world(self.store, RecordedActions(self.store), clock=lambda: self.city.now)
        self.app, whole = world.app, world.secrets["administrator"]
        with self.store.write() as connection:
            lasts = timedelta(days=3650)
            _, own = create_token(connection, "own", Role.DEPARTMENT, self.city.now, lasts, departments=[OWN])
        self.readers = {None: whole, OWN: own}

    def apply(self, service: str) -> None:
        path = self.folder / "catalogue.yaml"
        path.write_text(CATALOGUE % service, encoding="utf-8")
        with self.store.write() as connection:
            apply_catalogue(connection, load_catalogue(path), lambda: self.city.now, deliver=self.city.deliver)

    def rows(self, *conditions: Any, table: Any = tables.finding) -> Sequence[Row[Any]]:
        with self.store.read() as connection:
            return connection.execute(select(table).where(*conditions)).all()

    def step(self) -> str:
        """Something happens; returns what."""
        (name,) = self.dice.choices(list(STEPS), list(STEPS.values()))
        self.city.later(hours=self.dice.randint(1, 30))
        getattr(self, f"_{name}")(self.dice.choice(HOSTS))
        return name

    def _fail(self, address: str) -> None:
        self.city.look(address)

    def _pass(self, address: str) -> None:
        self.city.look(address, password=True)

    def _unknown(self, address: str) -> None:
        self.city.ingest.take([self.city.seen("redis", address, 6379, None, outcome=Outcome.TIMEOUT)])

    def _closed(self, address: str) -> None:
        for _ in range(2):
            self.city.ingest.take([self.city.seen("redis", address, 6379, None, outcome=Outcome.CLOSED)])
            self.city.later(hours=2)

    def _silent(self, address: str) -> None:
        self.city.ingest.take([self.city.silence(address)])

    def _ask(self, address: str) -> str | None:
        standing = self.rows(tables.finding.c.state == "open")
        if not standing:
            return None
        finding = self.dice.choice(standing)
        kind = self.dice.choice(list(Covers))
        key = finding.id if kind is Covers.FINDING else getattr(finding, f"{kind}_id")
        until = self.city.now + timedelta(days=self.dice.randint(1, 40))
        wanted = Wanted(finding.rule, kind, key or "", "the supplier replaces it", until, "a wall", self.dice.choice([0.0, 0.5]))
        try:
            with self.store.write() as connection:
                return exceptions.ask(connection, wanted, by=ASKS, at=self.city.now)
        except ExceptionRefused:
            return None

    def _excuse(self, address: str) -> None:
        key = self._ask(address)
        if key is not None:
            self.city.ingest.change(lambda batch, life: exceptions.approve(batch, life, key, by=DECIDES))

    def _refuse(self, address: str) -> None:
        for row in self.rows(tables.exception.c.state == "requested", table=tables.exception)[:1]:
            with self.store.write() as connection:
                exceptions.refuse(connection, row.id, by=DECIDES, at=self.city.now)

    def _end(self, address: str) -> None:
        for row in self.rows(tables.exception.c.state == "approved", table=tables.exception)[:1]:
            self.city.ingest.change(lambda batch, life, key=row.id: exceptions.end(batch, life, key, by=DECIDES))

    def _later(self, address: str, days: int = 2) -> None:
        self.city.later(days=days)
        self.city.ingest.refresh()
        self.city.documents.republish_all(self.store, at=self.city.now)  # a service does so after each refresh

    def _much_later(self, address: str) -> None:
        self._later(address, 45)

    def _move(self, address: str) -> None:
        """A machine moves, where it counts as a new one until its host key is seen: then the two are one."""
        self.moved += 1
        there = f"192.0.2.{self.moved}"
        self.city.ingest.take(
            [self.city.silence(address), self.city.host(there, 22, 6379), self.city.redis(there, password=False)]
        )
        self.city.later(days=9)
        self.city.ingest.take([self.city.ssh(there, key_of=address)])

    def _hand_over(self, address: str) -> None:
        """A machine goes over to a service of another department, or back."""
        self.apply(self.dice.choice(["web", "police"]))

    def close(self) -> None:
        self.store.close()
