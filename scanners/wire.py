"""One connection, bounded in time, bytes and memory whatever the other end sends."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from scanners.observation import EVIDENCE_LIMIT_BYTES


class ProtocolError(Exception):
    """The other end answered, but not in the protocol it was asked in. The message is a sentence for people."""


@dataclass(frozen=True)
class WireLimits:
    """``deadline_seconds`` bounds the whole connection, ``read_bytes`` all that is read from it."""

    deadline_seconds: float = 10.0
    read_bytes: int = 256 * 1024
    buffer_bytes: int = 64 * 1024


class Wire:
    """A connection made by the :class:`~scanners.door.Door`. Keeps the first 64 KiB received as evidence."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: WireLimits,
        before_write: Callable[[], Awaitable[None]],
        after_read: Callable[[int], object] = lambda count: None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._before_write = before_write
        self._after_read = after_read
        self._refused: Exception | None = None
        self._read_bytes = 0
        self._evidence = bytearray()

    @property
    def evidence(self) -> bytes:
        return bytes(self._evidence)

    @property
    def tls(self) -> ssl.SSLObject | None:
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found

    @property
    def at_end(self) -> bool:
        """Whether the other end has closed and everything that it sent was read."""
        return self._reader.at_eof()

    async def write(self, data: bytes) -> None:
        """Send ``data``; the door is asked again first."""
        await self._before_write()
        self._writer.write(data)
        await self._writer.drain()

    async def read_some(self, limit: int = 16384) -> bytes:
        """Whatever has come, at least one byte and at most ``limit``; empty bytes at the end of the stream."""
        return self._count(await self._reader.read(limit))

    async def read_exactly(self, count: int) -> bytes:
        """Exactly ``count`` bytes. Raises :class:`ProtocolError` when the stream ends before."""
        if self._read_bytes + count > self._limits.read_bytes:
            raise ProtocolError(f"would have to read over {self._limits.read_bytes} bytes")
        try:
            return self._count(await self._reader.readexactly(count))
        except asyncio.IncompleteReadError as error:
            self._count(error.partial)
            raise ProtocolError(f"the connection ended after {len(error.partial)} of {count} bytes") from error

    async def read_line(self, limit: int = 8192) -> bytes:
        """One line with its line feed, or what came before the end of the stream. :class:`ProtocolError` over ``limit``."""
        line = bytearray()
        while not line.endswith(b"\n"):
            # byte-wise only in name: StreamReader serves this from its buffer
            part = await self._reader.read(1)
            if not part:
                break
            line += part
            if len(line) > limit:
                raise ProtocolError(f"sent a line of over {limit} bytes")
        return self._count(bytes(line))

    async def start_tls(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Go on in TLS. ``server_name`` is sent as SNI when given. Raises ``ssl.SSLError``."""
        await self._before_write()
        # asyncio's streams learn only after the handshake that they read from TLS, and would wish to keep a plain connection half
        # open when the end comes together with the handshake: it says so on standard error.
        protocol: Any = self._writer.transport.get_protocol()
        protocol.eof_received = self._reader.feed_eof
        await self._writer.start_tls(context, server_hostname=server_name)

    def abort(self) -> None:
        """Close at once, without waiting for the other end."""
        self._writer.transport.abort()

    def cut(self, refused: Exception) -> None:
        """Close at once because the door says so; whoever reads or writes gets ``refused``, not the end of the stream."""
        self._refused = refused
        self.abort()

    def _count(self, data: bytes) -> bytes:
        if self._refused is not None:
            raise self._refused
        self._read_bytes += len(data)
        self._after_read(len(data))
        room = EVIDENCE_LIMIT_BYTES - len(self._evidence)
        if room > 0:
            self._evidence += data[:room]
        if self._read_bytes > self._limits.read_bytes:
            raise ProtocolError(f"sent more than {self._limits.read_bytes} bytes")
        return data
