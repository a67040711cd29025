"""A ticket on every system, from opening to end: resolved there, still found, opened again once, fixed, closed by proof;
and nothing is made twice when the process is killed at a step and another one begins again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from api.ticketing.reading import CURSOR
from api.ticketing.ticketing import ENDED, Reference, Status
from collector import tables, ticket_work
from collector.store import Store
from tests.api.ticketing.backends import NAMES
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.pretend import Counter


class Killed(BaseException):
    """The process is gone."""


def _city(store: Store, desk: Desk) -> Counter:
    """A city with one open finding that is to have a ticket there. Others' tickets of the day are not its concern."""
    counter = Counter(store)
    counter.watch.now = datetime.now(UTC)
    with store.write() as connection:
        ticket_work.set_mark(connection, CURSOR, {"since": counter.watch.now.isoformat()}, at=counter.watch.now)
    counter.ticketing = desk.another()
    counter.desk = counter.new_desk()
    counter.watch.take(counter.watch.host(), counter.watch.redis(False))
    counter.open()
    return counter


@pytest.mark.parametrize("system", NAMES)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_resolved_found_again_fixed_and_closed(store: Store, system: str, desks: Callable[[str], Desk]) -> None:
    desk = desks(system)
    counter, began = _city(store, desk), datetime.now(UTC) - timedelta(minutes=1)
    ended = Status.RESOLVED if Status.RESOLVED in desk.statuses else Status.CLOSED
    counter.turn()
    row = counter.ticket()
    reference = Reference(id=row.remote_id, url=row.remote_url)
    assert (row.state, desk.count(row.external_id)) == ("open", 1)

    desk.comment(row.remote_id, "It is switched off now")
    desk.set_status(row.remote_id, ended)
    counter.turn()
    assert counter.ticket().state == "testing"
    counter.tested(False)
    counter.turn()
    counter.turn()
    assert (counter.ticket().state, counter.ticket().reopened) == ("open", 1)
    assert desk.ticketing.read(reference).status not in ENDED

    desk.set_status(row.remote_id, ended)
    counter.turn()
    counter.tested(True)
    counter.turn()
    counter.turn()
    read = desk.ticketing.read(reference, since=began)
    assert (counter.ticket().state, counter.ticket().closed_because) == ("closed", "proved")
    assert read.status in ENDED
    ours = [remark.text for remark in read.remarks if f"[{row.external_id}#" in remark.text]
    assert [text.partition("\n")[0].partition(":")[0] for text in ours] == [
        ours[0].partition("\n")[0].partition(":")[0],
        "Verified",
    ]
    assert ours[0].startswith("It was looked at again after it was resolved")
    said = [(one.author, one.text.strip()) for one in counter.watch.rows(tables.ticket_remark)]
    assert (desk.person, "It is switched off now") in said
    assert desk.count(row.external_id) == 1


@pytest.mark.parametrize("instant", ["marked", "sent"])
@pytest.mark.parametrize("system", NAMES)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_kill_makes_nothing_twice(store: Store, system: str, instant: str, desks: Callable[[str], Desk]) -> None:
    """When the ticket is opened and when it is closed: the process dies at this instant, and another one begins again."""
    desk = desks(system)
    counter, began = _city(store, desk), datetime.now(UTC) - timedelta(minutes=1)

    def dies(name: str) -> None:
        if name == instant:
            raise Killed

    def killed() -> None:
        counter.watch.later(minutes=5)
        with pytest.raises(Killed):
            counter.new_desk(point=dies).turn()

    killed()
    counter.turn(minutes=5)
    row = counter.ticket()
    assert (row.state, desk.count(row.external_id)) == ("open", 1)
    counter.watch.take(counter.watch.redis(True))
    killed()
    counter.turn(minutes=5)
    read = desk.ticketing.read(Reference(id=row.remote_id, url=row.remote_url), since=began)
    assert (counter.ticket().state, read.status) == ("closed", Status.RESOLVED)
    assert sum("Verified" in remark.text for remark in read.remarks) == 1
