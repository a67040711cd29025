"""Kill -9 between the POST and the commit: one ticket for each remedy and owner, one comment for each step, in 100 kills."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select

from api.ticketing.ticketing import Reference
from collector import tables, tickets
from collector.grants import Person
from collector.store import Store
from collector.tickets import Group, Step
from tests.api.ticketing.desk import Desk
from tests.collector.watching import Watch
from tests.forking import Forks

KILLS = 50  # on each of the two real systems


@pytest.fixture(params=["request_tracker", "redmine"])
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def many_owners(store: Store) -> list[str]:
    """Tickets that wait to be made, each of a service of its own."""
    watch = Watch(store)
    watch.take(watch.host(), watch.redis(False))
    row = dict(watch.finding()._mapping)
    made = []
    with store.write() as connection:
        for number in range(KILLS):
            service, key = f"service-{number}", f"{number:036d}"
            connection.execute(insert(tables.finding).values({**row, "id": key, "place": f"tcp/{number}", "service_id": service}))
            group = Group(row["rule"], row["department_id"], service)
            made.append(tickets.open_ticket(connection, group, "vila", by=Person("token:1", "one"), at=datetime.now(UTC))[0])
    return made


@pytest.mark.timeout(900)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_killed_each_time_it_makes_each_ticket_once(store: Store, system: str, desks: Callable[[str], Desk]) -> None:
    desk, made = desks(system), many_owners(store)
    texts = (str(store.url), system, desk.url, str(desk.secret))
    with Forks("tests.api.ticketing.killed_desk") as forks:
        killed = [forks.wait(forks.begin(*texts, "sent")) for _ in range(KILLS)]
        with store.read() as connection:
            there = connection.execute(select(func.count()).where(tables.ticket.c.remote_id.is_not(None))).scalar_one()
        assert forks.wait(forks.begin(*texts)) == 0
    assert (killed, there) == ([-9] * KILLS, 0)  # every one of them had made a ticket that it could not write down
    with store.read() as connection:
        rows = connection.execute(select(tables.ticket)).all()
    assert {row.id for row in rows} == set(made)
    assert [row.state for row in rows] == ["open"] * KILLS
    assert [desk.count(row.external_id) for row in rows] == [1] * KILLS


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_comment_that_arrived_is_not_written_again(store: Store, system: str, desks: Callable[[str], Desk]) -> None:
    desk = desks(system)
    watch = Watch(store)
    watch.take(watch.host(), watch.redis(False))
    at = datetime.now(UTC)
    with store.write() as connection:
        row = watch.finding()
        key, _ = tickets.open_ticket(connection, tickets.group_of(row), "vila", by=Person("token:1", "one"), at=at)
    texts = (str(store.url), system, desk.url, str(desk.secret))
    with Forks("tests.api.ticketing.killed_desk") as forks:
        assert forks.wait(forks.begin(*texts)) == 0
        for kind in (Step.COMMENT, Step.RESOLVE, Step.REOPEN):
            with store.write() as connection:
                tickets.add_step(connection, key, kind, f"this is the {kind}", at=datetime.now(UTC))
            assert forks.wait(forks.begin(*texts, "sent")) == -9
            assert forks.wait(forks.begin(*texts)) == 0
    with store.read() as connection:
        ticket = connection.execute(select(tables.ticket).where(tables.ticket.c.id == key)).one()
        left = connection.execute(select(func.count()).where(tables.ticket_step.c.done_at.is_(None))).scalar_one()
    read = desk.ticketing.read(Reference(id=ticket.remote_id, url=ticket.remote_url or ""), since=row.first_seen)
    said = [remark.text for remark in read.remarks if "this is the" in remark.text]
    assert (left, len(said)) == (0, 3)
