"""Reliability A9, as far as a test can hold it: two hundred people at once are all answered, and an export of everything streams.

How long they wait is measured, over a million findings, by ``benchmarks/load.py``.
"""

import asyncio
from argparse import Namespace
from collections.abc import Iterator

import httpx2
import psutil
import pytest

from api.access import COOKIE
from api.exports.formats import Format
from benchmarks.large_city import opened
from benchmarks.load import Streamed, export, looked_at, people, served, settled, sign_in

PEOPLE = 200
FINDINGS = 40_000
RISES_BY_AT_MOST = 64 * 2**20  # bytes

Service = tuple[str, psutil.Process, list[str], list[dict[str, str]]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The address and process of `talaia serve` on PostgreSQL, the people's sessions, and what they look at by department. That
    nothing failed in it is seen when it ends."""
    city = Namespace(assets=2_000, findings=FINDINGS, sqlite=False, keep=None)
    folder = tmp_path_factory.mktemp("load")
    with opened(city) as (store, _):
        secrets = sign_in(store, PEOPLE)
        words = looked_at(store)
        with served(store, folder) as (address, server):
            settled(server.cpu_percent, seconds=5)  # what its start works out needs memory too
            yield address, server, secrets, words


def test_two_hundred_people_at_once_are_all_answered(service: Service) -> None:
    address, _, secrets, words = service
    waits = asyncio.run(people(address, secrets, words, Namespace(seconds=12, warm_up=0, rest=8.0)))
    assert waits.errors == {}
    assert len(waits.all) >= PEOPLE


def test_an_export_of_everything_is_never_held_whole(service: Service) -> None:
    """All five, one after another: far more is sent than the memory of the service grows by."""
    address, server, secrets, _ = service

    async def read() -> list[Streamed]:
        async with httpx2.AsyncClient(base_url=address, cookies={COOKIE: secrets[0]}, timeout=600) as client:
            return [await export(client, form.value, server) for form in Format]

    found = asyncio.run(read())
    assert max(one.highest - one.before for one in found) <= RISES_BY_AT_MOST, [one.cells for one in found]
    assert max(one.size for one in found) > RISES_BY_AT_MOST
