"""Both databases for every test of the store: a SQLite file and a real PostgreSQL server on loopback."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from collector.migrations import migrate
from collector.store import Store, open_store
from tests.postgresql import postgresql

TOGETHER = {"collector/delivery"}  # folders whose tests share two Elasticsearch nodes, and the indices in them


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
    """Tests that share servers stay in one process when several run side by side (``-n``, by file unless said otherwise)."""
    for item in items:
        folder = str(item.path.parent.relative_to(Path(__file__).parent))
        item.add_marker(pytest.mark.xdist_group(folder if folder in TOGETHER else str(item.path)))
