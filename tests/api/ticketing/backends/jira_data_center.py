"""A double of Jira Data Center."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.api.ticketing.backends import jira
from tests.api.ticketing.desk import Desk

connect = jira.connect_data_center


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    with jira.start(folder, cloud=False) as desk:
        yield desk
