"""How fast every read of the API answers over a city of 50,000 assets and 1,000,000 findings.

    python -m benchmarks.api [--rounds N] [--only WORD] [--sqlite] [--keep FOLDER]

Asks the application over ASGI with real tokens, of an administrator of the whole city and of a person confined to one department:
each line is one call with its 50th and 99th percentile in milliseconds, and the processor time it took (ours and the database's,
which a busy machine changes less), as Markdown. Cursors are followed, so that late pages are measured too.
"""

import argparse
import asyncio
import gc
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from benchmarks.large_city import arguments, opened
from benchmarks.reads import CALLS, CITY_CALLS, app_on, callers, names
from benchmarks.timing import Processor, Timed, table, timed
from tests.api.world import ZONES


class List:
    """A call asked again and again, each time for the page after the last."""

    def __init__(self, client: httpx2.AsyncClient, path: str) -> None:
        self._client, self._path = client, path
        self._cursor: str | None = None

    async def __call__(self) -> None:
        joined = f"{self._path}{'&' if '?' in self._path else '?'}cursor={self._cursor}" if self._cursor else self._path
        answer = await self._client.get(joined)
        if answer.status_code != 200:
            raise RuntimeError(f"{joined}: {answer.status_code} {answer.text[:300]}")
        body = answer.json() if "json" in answer.headers["content-type"] else None
        self._cursor = body.get("next_cursor") if isinstance(body, dict) else None


async def measure(
    app: Any, secrets: Mapping[str, str], words: Mapping[str, str], asked: argparse.Namespace
) -> dict[tuple[str, str], Timed]:
    """Every call for each caller."""
    processor = Processor(app.state.parts.store)
    found = {}
    for caller, secret in secrets.items():
        headers = {"authorization": f"Bearer {secret}"}
        reached = {"transport": httpx2.ASGITransport(app=app), "base_url": "http://testserver/api/v1/"}
        async with httpx2.AsyncClient(**reached, headers=headers, timeout=120) as client:
            for call in (*CALLS, *(CITY_CALLS if caller == "city" else ())):
                if asked.only in call:
                    found[call, caller] = await timed(List(client, call.format_map(words)), asked.rounds, processor)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="", help="calls that contain this word")
    arguments(parser)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder, opened(asked) as (store, at):
        zone_file = Path(folder) / "zones.yaml"
        zone_file.write_text(ZONES)
        with store.write() as connection:
            secrets, words = callers(connection, at), names(connection)
        app = app_on(store, at, zone_file)
        gc.collect()
        gc.freeze()  # as the service does
        table(asyncio.run(measure(app, secrets, words, asked)), "call")


if __name__ == "__main__":
    main()
