"""A seeded city for each module, and for what asks the store on both databases."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from tests.api.browser import chromium
from tests.api.full import full_city
from tests.api.ticketing.backends import backend
from tests.api.ticketing.desk import Desk
from tests.api.world import World, make_world, open_tickets, propose_a_change, see_exploited, sqlite_url, subscribe_webhooks


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("city")
    made = make_world(sqlite_url(folder), zone_file=folder / "zones.yaml")
    propose_a_change(made)
    see_exploited(made)
    open_tickets(made)
    subscribe_webhooks(made)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With lines in every list."""
    made = full_city(tmp_path_factory.mktemp("city"))
    yield made
    made.store.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """A city of its own for a test that changes it."""
    made = make_world(sqlite_url(tmp_path))
    yield made
    made.store.close()


@pytest.fixture
def api(world: World) -> TestClient:
    """Programs: the administrator's token."""
    return TestClient(world.app, headers=world.bearer(), follow_redirects=False)


@pytest.fixture
def person(fresh: World) -> TestClient:
    """A signed-in browser, in the world ``fresh``."""
    client = TestClient(fresh.app, follow_redirects=False, headers={"accept-language": "en"})
    client.post("/sign-in", data={"token": fresh.secrets["administrator"]})
    return client


@pytest.fixture(scope="session")
def desks() -> Iterator[Callable[[str], Desk]]:
    """The ticket system of a name (a module in ``tests/api/ticketing/backends``): started at its first use, kept to the end."""
    with ExitStack() as running:
        started: dict[str, Desk] = {}

        def desk(name: str) -> Desk:
            if name not in started:
                folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="talaia-desk-")))
                folder.chmod(0o755)
                started[name] = running.enter_context(backend(name).start(folder))
            return started[name]

        yield desk
