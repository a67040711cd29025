"""A lease has one holder at a time, on both databases."""

from datetime import timedelta

from collector.leases import holder_of, take_lease
from collector.store import Store
from tests.collector.watching import START


def test_one_holder_at_a_time(store: Store) -> None:
    with store.write() as connection:
        assert take_lease(connection, "work", "one", at=START)
        assert not take_lease(connection, "work", "other", at=START)
        assert take_lease(connection, "work", "one", at=START + timedelta(seconds=5))
        assert holder_of(connection, "work", at=START + timedelta(seconds=14)) == "one"
        assert take_lease(connection, "work", "other", at=START + timedelta(seconds=16))
