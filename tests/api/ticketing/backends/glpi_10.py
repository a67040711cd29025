"""A double of GLPI 10: no field for an external id, and markup sent escaped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.api.ticketing.backends import glpi
from tests.api.ticketing.desk import Desk

connect = glpi.connect


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    with glpi.start(folder, generation=10) as desk:
        yield desk
