"""The states of findings add up in every counter, list, export, page, feed, mail and index, with exceptions there.

TALAIA_CASES=200 .venv/bin/python -m pytest -s tests/api/test_states_add_up.py      many towns instead of a few
"""

import itertools
import os
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from tests.api.adding_up.places import PLACES, Reader
from tests.api.adding_up.town import OWN, STEPS, Town

TOWNS = int(os.environ.get("TALAIA_CASES", "3"))
TURNS, STEPS_EACH = 3, 8


def live(town: Town) -> Counter[str]:
    """Things happen, and after some of them everything is read by everybody; what happened, and in which states findings were."""
    seen: Counter[str] = Counter()
    for _ in range(TURNS):
        happened = [town.step() for _ in range(STEPS_EACH)]
        seen.update(happened)
        seen.update({row.state for row in town.rows()})
        for reader, (name, adds_up) in itertools.product((Reader.of(town, one) for one in (None, OWN)), PLACES.items()):
            try:
                adds_up(reader)
            except AssertionError as error:
                error.add_note(f"{name}, as {reader.department or 'the city'}, after {happened}")
                raise
    town.close()
    return seen


def test_whatever_happened_every_place_says_the_same(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(TOWNS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        seen += live(Town(f"sqlite:///{folder / 'talaia.db'}", folder, seed))
    assert {"open", "waived", "resolved", "excuse", "end", "much_later", "move"} <= seen.keys()
    assert TOWNS < 20 or seen.keys() >= STEPS.keys()


def test_it_does_so_on_postgresql(postgresql_server: str, tmp_path: Path) -> None:
    with psycopg.connect(f"{postgresql_server}/postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE adding_up")
    live(Town(f"{postgresql_server}/adding_up", tmp_path, 3))


@pytest.mark.parametrize("place", ["lists", "departments_and_services", "overdue", "pages", "digest"])
def test_a_sum_that_is_wrong_is_seen(tmp_path: Path, place: str) -> None:
    """The net is not torn: one finding too few in what is expected is a difference everywhere."""
    town = Town(f"sqlite:///{tmp_path / 'talaia.db'}", tmp_path, 0)
    town._much_later("")
    reader = Reader.of(town, None)
    PLACES[place](reader)
    late = next(row for row in reader.truth if row.state == "open" and row.due and row.due < town.city.now and row.department_id)
    reader.truth = [row for row in reader.truth if row.id != late.id]
    with pytest.raises(AssertionError):
        PLACES[place](reader)
    town.close()
