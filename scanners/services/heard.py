"""What came over a connection within a short while."""

import asyncio
from dataclasses import dataclass

from scanners.clean_text import clean_bytes
from scanners.wire import ProtocolError, Wire

LIMIT_BYTES = 4096
BANNER_CHARACTERS = 200


@dataclass(frozen=True)
class Heard:
    """``data`` as received, at most 4 KiB; ``ended``: the other end closed or reset the connection."""

    data: bytes
    ended: bool = False


async def listen(wire: Wire, *, first_seconds: float, quiet_seconds: float = 0.15, limit: int = LIMIT_BYTES) -> Heard:
    """Wait ``first_seconds`` for a first byte, then go on until nothing came for ``quiet_seconds``.

    Whatever the other end does this returns within ``first_seconds`` + 1 s, with at most ``limit`` bytes.
    """
    loop = asyncio.get_running_loop()
    data = bytearray()
    give_up = loop.time() + first_seconds
    while len(data) < limit:
        patience = min(quiet_seconds if data else first_seconds, give_up - loop.time())
        try:
            async with asyncio.timeout(max(patience, 0)):
                part = await wire.read_some(limit - len(data))
        except TimeoutError:
            return Heard(bytes(data))
        except (OSError, ProtocolError):
            return Heard(bytes(data), ended=True)
        if not part:
            return Heard(bytes(data), ended=True)
        if not data:
            give_up = loop.time() + 1.0
        data += part
    return Heard(bytes(data))


def banner_of(data: bytes, limit: int = BANNER_CHARACTERS) -> str | None:
    """The first line that says something, clean; None when there is none."""
    for line in data[:LIMIT_BYTES].splitlines():
        text = clean_bytes(line.strip(b"\0 \t"), limit)
        if text:
            return text
    return None
