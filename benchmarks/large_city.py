"""The large city, opened: filled once, and served again from the folder that keeps it."""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import func, inspect, select

from benchmarks.million import City, Size, seed_city, settle
from benchmarks.million_desk import seed_desk
from collector import tables
from collector.migrations import migrate
from collector.store import Store
from tests.postgresql import postgresql


def arguments(parser: argparse.ArgumentParser) -> None:
    """What every program over the large city is told."""
    parser.add_argument("--assets", type=int, default=50_000)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument(
        "--sqlite", action="store_true", help="a SQLite file; else a PostgreSQL server of its own, as Debian sets it"
    )
    parser.add_argument(
        "--keep", type=Path, help="a new folder (its path is short) for the database, used again when it is there"
    )


@contextmanager
def opened(asked: argparse.Namespace) -> Iterator[tuple[Store, datetime]]:
    """The store and the city's present."""
    with _database(asked) as url:
        store = Store(url)
        begun = time.monotonic()
        try:
            if not inspect(store.engine).has_table("finding"):
                city = City(Size(asked.assets, asked.findings), datetime.now(UTC))
                seed_city(store, city)
                seed_desk(store, city)
                settle(store)
            migrate(store)
            taken, load = time.monotonic() - begun, os.getloadavg()[0]
            how_many = f"{asked.assets:,} assets, {asked.findings:,} findings"
            print(f"{store.dialect}, {how_many}; ready after {taken:.0f} s; load average {load:.1f}\n", flush=True)
            with store.read() as connection:
                latest = connection.scalar(select(func.max(tables.finding.c.last_evaluated)))
            yield store, latest + timedelta(hours=5)
        finally:
            store.close()


@contextmanager
def _database(asked: argparse.Namespace) -> Iterator[str]:
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="talaia-", dir="/tmp"))
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)
    try:
        if asked.sqlite:
            yield f"sqlite:///{folder}/talaia.db"
            return
        with postgresql(folder / "pg", safe=True) as server:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
                if admin.execute("SELECT 1 FROM pg_database WHERE datname = 'talaia'").fetchone() is None:
                    admin.execute("CREATE DATABASE talaia")
            yield f"{server}/talaia"
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)
