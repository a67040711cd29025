"""Both databases for every test of the store: a SQLite file and a real PostgreSQL server on loopback."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from collector.migrations import migrate
from collector.store import Store, open_store
from tests.postgresql import postgresql

settings.register_profile("talaia", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # timings are never asserted
settings.load_profile("talaia")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a server without its database name; started once a session, gone afterwards."""
    home = Path("/tmp") / f"talaia-pg-{os.getpid()}"
    try:
        with postgresql(home) as url:
            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'talaia.db'}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    name = f"talaia_{os.urandom(4).hex()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open store with all its tables."""
    opened = open_store(store_url)
    migrate(opened)
    yield opened
    opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side (``-n``), a file of looks at networks, which mostly wait, comes after each file of the rest."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    waiting: dict[Path, list[pytest.Item]] = {}
    busy: dict[Path, list[pytest.Item]] = {}
    for item in items:
        (waiting if "scanners" in item.path.parts else busy).setdefault(item.path, []).append(item)
    turns = itertools.zip_longest(busy.values(), waiting.values(), fillvalue=())
    items[:] = itertools.chain.from_iterable(itertools.chain.from_iterable(turns))
