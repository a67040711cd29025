"""The index of newest states and the store agree: each finding has the state that the store has, exceptions and all."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from collector import exceptions, tables
from collector.catalogue import apply_catalogue, load_catalogue
from collector.exceptions import Covers, Wanted
from collector.grants import Person
from collector.store import Store
from scanners.observation import Outcome
from tests.collector.ecs_check import problems
from tests.collector.publishing import City, waiting
from tests.collector.test_ecs import LATEST

ONE, OTHER = Person("token:one", "one"), Person("account:other", "other")
HOSTS = ("192.0.2.7", "192.0.2.8")


def index_of(store: Store) -> dict[str, dict[str, Any]]:
    """What the latest index holds: nothing was sent yet, so the outbox is all of it."""
    return {key: body for stream, key, body in waiting(store) if stream == LATEST and body is not None}


def stored(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        return {row.id: row for row in connection.execute(select(tables.finding))}


def check(store: Store, *, weighed: bool = True) -> Counter[str]:
    """Every finding that stands is in the index once, in its state; whatever the index names a finding has the store's state.

    ``weighed``: and its weight. What weighs more only because it is late is told by the daily word, in short transactions of
    its own: a city's late findings are too many for the one that weighs them.
    """
    findings = stored(store)
    named = [body for body in index_of(store).values() if "finding" in body["posture"]]
    said = Counter(body["posture"]["finding"]["status"] for body in named)
    held = Counter(row.state for row in findings.values())
    assert (said["open"], said["waived"]) == (held["open"], held["waived"])
    assert said["resolved"] <= held["resolved"]  # what is gone has no state in the index any more
    for body in named:
        row = findings[body["posture"]["finding"]["id"]]
        assert body["posture"]["finding"]["status"] == row.state
        assert (body["result"]["evaluation"] == "failed") == (row.state != "resolved")
        assert not weighed or body["posture"]["score"]["value"] == pytest.approx(row.risk, abs=0.01)
    return held


def ask_and_approve(city: City, finding: Any, days: float) -> str:
    wanted = Wanted(finding.rule, Covers.FINDING, finding.id, "replaced in spring", city.now + timedelta(days=days), "wall", 0.5)
    with city.store.write() as connection:
        key = exceptions.ask(connection, wanted, by=ONE, at=city.now)
    city.ingest.change(lambda batch, life: exceptions.approve(batch, life, key, by=OTHER))
    return key


def the_redis(city: City, address: str = HOSTS[0]) -> Any:
    found = [row for row in stored(city.store).values() if row.rule == "DB-001" and row.address == address]
    assert len(found) == 1
    return found[0]


def test_an_approval_and_its_end_are_told_at_once(store: Store) -> None:
    city = City(store)
    city.look(HOSTS[0])
    check(store)
    before = the_redis(city)
    ask_and_approve(city, before, days=2)
    assert check(store)["waived"] == 1
    (told,) = [body for body in index_of(store).values() if body["event"]["code"] == "DB-001"]
    assert told["posture"]["finding"]["status"] == "waived"
    assert told["event"]["created"] == "2026-11-23T08:00:00.000Z"  # nobody looked again
    assert told["posture"]["score"]["value"] == pytest.approx(before.risk / 2, abs=0.01)
    assert not problems(told)
    city.later(days=3)
    city.ingest.refresh()
    assert check(store)["waived"] == 0
    key = ask_and_approve(city, the_redis(city), days=9)
    assert check(store)["waived"] == 1
    city.ingest.change(lambda batch, life: exceptions.end(batch, life, key, by=OTHER))
    assert check(store)["waived"] == 0


def test_the_change_and_its_document_are_one_transaction(store: Store) -> None:
    city = City(store)
    city.look(HOSTS[0])
    before = index_of(store)
    wanted = Wanted("DB-001", Covers.FINDING, the_redis(city).id, "replaced", city.now + timedelta(days=2))
    with store.write() as connection:
        key = exceptions.ask(connection, wanted, by=ONE, at=city.now)

    def approved_when_the_power_goes() -> None:
        with store.write() as connection:
            city.ingest.change(lambda batch, life: exceptions.approve(batch, life, key, by=OTHER), connection)
            raise RuntimeError("the power goes")

    with pytest.raises(RuntimeError):
        approved_when_the_power_goes()
    assert index_of(store) == before
    assert check(store)["waived"] == 0


def test_a_department_s_exception_tells_of_all_that_it_covers(store: Store) -> None:
    city = City(store)
    for number in range(1, 30):
        city.look(f"192.0.2.{number}")
    with store.read() as connection:
        asset = connection.execute(select(tables.finding.c.asset_id).where(tables.finding.c.rule == "DB-001")).scalars().first()
    assert asset is not None
    wanted = Wanted("DB-001", Covers.ASSET, asset, "replaced", city.now + timedelta(days=2))
    with store.write() as connection:
        key = exceptions.ask(connection, wanted, by=ONE, at=city.now)
        connection.execute(delete(tables.outbox))
    city.ingest.change(lambda batch, life: exceptions.approve(batch, life, key, by=OTHER))
    told = [body for body in index_of(store).values() if body["posture"]["finding"]["status"] == "waived"]
    assert len(told) == len(index_of(store)) == sum(row.state == "waived" for row in stored(store).values())


def moved_without_being_known(city: City) -> None:
    """A machine moves to another address, where it is taken for a new one until its host key is seen."""
    there, here = HOSTS
    city.look(there)
    city.later(days=1)
    city.ingest.take([city.silence(there), city.host(here, 22, 6379), city.redis(here, password=False)])
    city.later(days=9)


def test_machines_that_prove_to_be_one_are_one_in_the_index(store: Store) -> None:
    city = City(store)
    moved_without_being_known(city)
    assert sum(row.rule == "DB-001" for row in stored(store).values()) == 2
    check(store)
    city.ingest.take([city.ssh(HOSTS[1], key_of=HOSTS[0])])
    held = [row for row in stored(store).values() if row.rule == "DB-001"]
    assert [row.state for row in held] == ["open"]
    check(store)
    assert {body["host"]["id"] for body in index_of(store).values()} == {f"asset:vilamar:{held[0].asset_id}"}


def test_what_no_longer_applies_leaves_the_index_though_it_never_failed(store: Store) -> None:
    city = City(store)
    city.look(HOSTS[0], password=True)
    there = {body["event"]["code"] for body in index_of(store).values() if body.get("server")}
    assert {"DB-001", "SSH-001"} <= there
    for _ in range(2):
        city.later(days=1)
        city.ingest.take([city.seen("redis", HOSTS[0], 6379, None, outcome=Outcome.CLOSED)])
    check(store)
    assert {body["server"]["port"] for body in index_of(store).values() if body.get("server")} == {22}


CATALOGUE = """\
city: {name: {en: Vilamar}, namespace: vilamar}
departments: {safety: {en: Safety}, citizens: {en: Citizens}}
services: {police: {department: safety, en: Police}, web: {department: citizens, en: Web}}
assets: [{id: records, services: [police], addresses: [192.0.2.7]}]
"""


def test_the_catalogue_is_told_when_it_is_applied(store: Store, tmp_path: Path) -> None:
    """Whose a finding is: what stands is counted by department in the index as in the store."""
    city = City(store)
    for address in HOSTS:
        city.look(address)
    leaves = CATALOGUE.replace("police: {department: safety, en: Police}, ", "").replace("services: [police], ", "")
    for text, department in ((CATALOGUE, "safety"), (CATALOGUE.replace("[police]", "[web]"), "citizens"), (leaves, None)):
        city.later(hours=1)
        path = tmp_path / "catalogue.yaml"
        path.write_text(text, encoding="utf-8")
        with store.write() as connection:
            apply_catalogue(connection, load_catalogue(path), lambda: city.now, deliver=city.deliver)
        check(store)
        said = {
            body.get("labels", {}).get("department") for body in index_of(store).values() if "192.0.2.7" in body["host"]["ip"]
        }
        assert said == {department}
        assert {row.department_id for row in stored(store).values() if row.address == HOSTS[0]} == {department}


STEPS = st.lists(
    st.tuples(st.sampled_from(["fail", "pass", "unknown", "excuse", "later", "expire", "end"]), st.sampled_from(HOSTS)),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_index_agrees_with_the_store_after_every_step(store: Store, steps: list[tuple[str, str]]) -> None:
    with store.write() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            if table.name != "audit":  # the store refuses to
                connection.execute(table.delete())
    city = City(store)
    for address in HOSTS:
        city.look(address)
    for step, address in steps:
        city.later(hours=1)
        if step == "excuse":
            if the_redis(city, address).state == "open":
                ask_and_approve(city, the_redis(city, address), days=2)
        elif step == "end":
            key = the_redis(city, address).exception_id
            if key is not None:
                city.ingest.change(lambda batch, life, key=key: exceptions.end(batch, life, key, by=OTHER))
        elif step in {"later", "expire"}:
            city.later(days=3 if step == "expire" else 1)
            city.ingest.refresh()
            check(store, weighed=False)
            city.documents.republish_all(store, at=city.now)  # a service does so after each refresh
        elif step == "unknown":
            city.ingest.take([city.seen("redis", address, 6379, None, outcome=Outcome.TIMEOUT)])
        else:
            city.look(address, password=step == "pass")
        check(store)
