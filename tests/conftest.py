"""Both databases for every test of the store: a SQLite file and a real PostgreSQL server on loopback."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from collector.migrations import migrate
from collector.store import Store, open_store
from tests.processes import free_port, wait_for_port

POSTGRESQL = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def _as_postgres(*argv: str) -> None:
    """PostgreSQL refuses to run as root; an ordinary user runs it as itself."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *argv], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, cwd="/")


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server without its database name; started once a session, gone afterwards."""
    home = Path("/tmp") / f"talaia-pg-{os.getpid()}"  # a socket's path has to be short, and its folder open to user postgres
    home.mkdir(mode=0o755)
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    data, port = home / "data", free_port()
    try:
        _as_postgres(str(POSTGRESQL / "initdb"), "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C", "-D", str(data))
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=100"
        _as_postgres(str(POSTGRESQL / "pg_ctl"), "-D", str(data), "-l", str(home / "log"), "-w", "-o", options, "start")
        wait_for_port("127.0.0.1", port)
        yield f"postgresql://{user}@127.0.0.1:{port}"
    finally:
        if (data / "postmaster.pid").exists():
            _as_postgres(str(POSTGRESQL / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
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
