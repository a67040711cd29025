"""A wire whose other end has already said all that it will ever say: for property tests of parsers, without a socket."""

import asyncio
from typing import Any

from scanners.wire import Wire, WireLimits


class _Writer:
    """Takes everything, and is asked for nothing."""

    def write(self, data: bytes) -> None:
        pass

    async def drain(self) -> None:
        pass

    def get_extra_info(self, name: str) -> Any:
        return None


def fed_wire(said: bytes, limits: WireLimits | None = None) -> Wire:
    """Call it inside a running loop. Reading past ``said`` meets the end of the stream."""
    reader = asyncio.StreamReader()
    reader.feed_data(said)
    reader.feed_eof()

    async def may_write() -> None:
        return

    return Wire(reader, _Writer(), limits or WireLimits(), may_write)  # type: ignore[arg-type]
