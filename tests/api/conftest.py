"""A seeded city for each module, and for what asks the store on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.api.world import World, make_world, propose_a_change, sqlite_url


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("city")
    made = make_world(sqlite_url(folder), zone_file=folder / "zones.yaml")
    propose_a_change(made)
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
