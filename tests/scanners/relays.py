"""Relays in front of real servers that keep all that a client said: proof of what was sent, and of what was not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

Place = tuple[str, int]


class Heard:
    """``connections`` has the bytes that each connection brought, in their order; ``datagrams`` each datagram."""

    def __init__(self) -> None:
        self.connections: list[bytearray] = []
        self.datagrams: list[bytes] = []

    @property
    def said(self) -> list[bytes]:
        """What was said, without the connections on which nothing was."""
        return [bytes(data) for data in self.connections if data] + self.datagrams


@asynccontextmanager
async def relay(front: Place, behind: Place) -> AsyncIterator[Heard]:
    """A TCP relay at ``front`` to the server at ``behind``."""
    heard = Heard()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray | None) -> None:
        try:
            while data := await reader.read(65536):
                if kept is not None:
                    kept += data
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept = bytearray()
        heard.connections.append(kept)
        inner_reader, inner_writer = await asyncio.open_connection(*behind)
        await asyncio.gather(pump(reader, inner_writer, kept), pump(inner_reader, writer, None))

    server = await asyncio.start_server(serve, *front)
    async with server:
        yield heard


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, heard: Heard, behind: Place) -> None:
        self.heard, self.behind = heard, behind
        self.inner: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self.outer = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.datagrams.append(data)
        asyncio.get_running_loop().create_task(self.forward(data, addr))

    async def forward(self, data: bytes, client: Any) -> None:
        outer = self.outer

        class Back(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                outer.sendto(data, client)

        self.inner, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Back, remote_addr=self.behind, local_addr=(self.outer.get_extra_info("sockname")[0], 0)
        )
        self.inner.sendto(data)


@asynccontextmanager
async def datagram_relay(front: Place, behind: Place) -> AsyncIterator[Heard]:
    """A UDP relay at ``front`` to the server at ``behind``."""
    heard = Heard()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(heard, behind), local_addr=front)
    try:
        yield heard
    finally:
        transport.close()
