"""A sender that is killed at any instant loses nothing, and what it repeats has the id that it had."""

from datetime import timedelta

from collector.store import Store
from tests.collector.webhooks.desk import Desk
from tests.collector.webhooks.receiver import receiving
from tests.forking import Forks


def test_killed_between_sending_and_keeping(store: Store, store_url: str) -> None:
    desk = Desk(store)
    with receiving() as receiver, Forks("tests.collector.webhooks.killed_sender") as forks:
        desk.subscribe(receiver.url)
        made = desk.happen(12)
        repeated = 0
        for point in ("sent", "kept", "sent"):
            before = len(receiver.got)
            assert forks.wait(forks.begin(store_url, point, "3")) == -9
            assert len(receiver.got) == before + 3
            repeated += point == "sent"
            with store.write() as connection:  # nobody waits here for the lease of the dead one to run out
                from collector.tables import lease  # noqa: PLC0415

                connection.execute(lease.update().values(until=desk.now - timedelta(seconds=1)))
        desk.send()
    assert list(dict.fromkeys(receiver.taken)) == made
    assert len(receiver.taken) == len(made) + repeated
    assert len(set(receiver.messages)) == len(made)
