"""How fast every page of the dashboard answers over a city of 50,000 assets and 1,000,000 findings.

    python -m benchmarks.pages [--rounds N] [--only WORD] [--sqlite] [--keep FOLDER]

Each line is one page, for who sees the whole city and for who is confined to one department: 50th and 99th percentile in
milliseconds, and the processor time it took (ours and the database's, which a busy machine changes less), asked over ASGI
after one first call. Under many people at once: benchmarks.load.
"""

import argparse
import asyncio
import gc
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from api.access import COOKIE
from benchmarks.large_city import arguments, opened
from benchmarks.reads import CHOSEN, CITY_PAGES, PAGES, app_on, names, people
from benchmarks.timing import Processor, Timed, table, timed
from tests.api.world import ZONES, csrf_in

Ask = Callable[[], Awaitable[None]]


async def measure(
    app: Any, secrets: Mapping[str, str], words: Mapping[str, str], asked: argparse.Namespace
) -> dict[tuple[str, str], Timed]:
    """Every page for each caller."""
    processor = Processor(app.state.parts.store)
    found = {}
    for caller, secret in secrets.items():
        reached = {"transport": httpx2.ASGITransport(app=app), "base_url": "http://testserver", "follow_redirects": True}
        async with httpx2.AsyncClient(**reached, cookies={COOKIE: secret}, timeout=120) as client:
            pages = (*PAGES, *(CITY_PAGES if caller == "city" else ()))
            asks = [(page, _asking(client, page.format_map(words))) for page in pages]
            asks += [(f"chosen: {label}", await _choosing(client, number)) for label, number in CHOSEN.items()]
            for page, ask in asks:
                if asked.only in page:
                    found[page, caller] = await timed(ask, asked.rounds, processor)
    return found


def _asking(client: httpx2.AsyncClient, path: str) -> Ask:
    async def ask() -> None:
        _answered(await client.get(path))

    return ask


def _answered(answer: httpx2.Response) -> str:
    if answer.status_code != 200 or "/sign-in" in str(answer.url):
        raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:300]}")
    return answer.text


async def _choosing(client: httpx2.AsyncClient, number: int) -> Ask:
    """The page that asks whether one is sure of what was ticked in the list."""
    shown = _answered(await client.get(f"/findings?state=open&limit={number}"))
    ids = dict.fromkeys(re.findall(r'href="/findings/([0-9a-f-]{36})"', shown))
    form = {"csrf": csrf_in(shown), "action": "tickets", "which": "shown", "shown": " ".join(ids), "query": "state=open"}

    async def ask() -> None:
        _answered(await client.post("/findings/chosen", data=form))

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="", help="pages that contain this word")
    arguments(parser)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder, opened(asked) as (store, at):
        zone_file = Path(folder) / "zones.yaml"
        zone_file.write_text(ZONES)
        with store.write() as connection:
            secrets, words = people(connection, at), names(connection)
        app = app_on(store, at, zone_file)
        gc.collect()
        gc.freeze()  # as the service does
        table(asyncio.run(measure(app, secrets, words, asked)), "page")


if __name__ == "__main__":
    main()
