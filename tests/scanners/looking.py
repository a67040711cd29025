"""What tests of scanners share: a zone over loopback, a door into it, and a server of a few lines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any

from scanners.door import Door
from scanners.scanner import Occasion
from scanners.service_facts import ServiceFacts
from scanners.zone import Intrusiveness, Zone

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def loopback_zone(**changes: Any) -> Zone:
    """A zone of 127.0.0.0/8 in which everything that a test may do is allowed."""
    fields: dict[str, Any] = {
        "id": "loopback",
        "networks": ["127.0.0.0/8"],
        "authorised_by": "the test",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        "packets_per_second": 100_000,
        "connections_per_host": 1,
        "intrusiveness": Intrusiveness.NORMAL,
    }
    return Zone(**(fields | changes))


def occasion(zone: Zone | None = None, service: ServiceFacts | None = None, now: datetime = NOW) -> Occasion:
    zone = zone or loopback_zone()
    return Occasion(door=Door([zone], clock=lambda: now), zone=zone, service=service)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    """A TCP server on a free loopback port that treats each connection with ``handler``; yields the port."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()

    tasks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(once(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
