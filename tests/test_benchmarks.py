"""The benchmarks: nothing that can be read is missing in them, and they run, over a city small enough for a test."""

import argparse
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import api, pages
from benchmarks.large_city import opened
from benchmarks.reads import CALLS, CITY_CALLS, CITY_PAGES, LEFT_OUT, PAGES, app_on, callers, names, people
from collector import audit
from tests.api.test_matrix import PUBLIC, routes_of
from tests.api.world import ZONES

Read = tuple[Any, Any, dict[str, str]]  # the application, what each caller shows, the names of the city's things
SMALL = {"assets": 200, "findings": 4_000, "sqlite": True, "rounds": 1, "only": ""}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """A small city: what each caller shows are a token and a session's cookie."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "zones.yaml").write_text(ZONES)
    with opened(argparse.Namespace(**SMALL, keep=folder)) as (store, at):
        with store.read() as connection:
            assert audit.verify(connection).broken_at is None
        with store.write() as connection:
            shown, words = (callers(connection, at), people(connection, at)), names(connection)
        yield app_on(store, at, folder / "zones.yaml"), shown, words


def test_everything_that_can_be_read_is_timed(city: Read) -> None:
    app, _, words = city
    asked = [f"/api/v1/{call}".format_map(words).partition("?")[0] for call in (*CALLS, *CITY_CALLS)]
    asked += [page.format_map(words).partition("?")[0] for page in (*PAGES, *CITY_PAGES)]
    missing: list[str] = []
    for route, path in routes_of(app):
        operation = route.operation_id or f"GET {route.path}"
        if "GET" not in route.methods or operation in LEFT_OUT | PUBLIC:
            continue
        if not any(_is_of(one, path) for one in asked):
            missing.append(operation)
    assert missing == []


def _is_of(asked: str, path: str) -> bool:
    """Whether an address is of a route: the same words, and anything where the route has a name in braces."""
    parts, wanted = asked.split("/"), path.split("/")
    return len(parts) == len(wanted) and all("{" in want or part == want for part, want in zip(parts, wanted, strict=True))


async def test_every_read_of_the_api_is_answered(city: Read) -> None:
    found = await api.measure(city[0], city[1][0], city[2], argparse.Namespace(**SMALL))
    assert len(found) == 2 * len(CALLS) + len(CITY_CALLS)


async def test_every_page_is_answered(city: Read) -> None:
    found = await pages.measure(city[0], city[1][1], city[2], argparse.Namespace(**SMALL))
    assert {(page, caller) for page in PAGES for caller in ("city", "department")} <= found.keys()
    assert {(page, "city") for page in CITY_PAGES} <= found.keys()
