"""A handful of devices that write down every byte they get: ``python -m tests.scanners.device_server SPEC LOG``.

``SPEC`` is JSON, ``{address: {port: behaviour}}``: ``silent``, ``web SERVER|TITLE``, ``tls`` (a page in TLS), ``rtsp``. ``LOG``
gets a JSON line for each connection when it ends: address, port, received (text, latin-1) and ``beside``, how many others were
open to that address meanwhile. A real printer or controller cannot stand in a test: these answer as such devices do.
"""

import asyncio
import json
import ssl
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

from tests.scanners.small_servers import certificate

SETTLE_SECONDS = 0.05  # the end of the connection before is known by then
KEEP_BYTES = 65536


class Yard:
    def __init__(self, log: TextIO) -> None:
        self.log = log
        self.open: dict[str, set[int]] = {}
        self.number = 0
        self.tls_port = 0

    async def serve(self, address: str, port: int, behaviour: str) -> None:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.connection(address, port, behaviour, reader, writer)

        await asyncio.start_server(accepted, address, port)

    async def connection(self, address: str, port: int, behaviour: str, reader: Any, writer: Any) -> None:
        self.number += 1
        me, here = self.number, self.open.setdefault(address, set())
        here.add(me)
        said: dict[str, Any] = {"address": address, "port": port, "beside": 0}
        counting = asyncio.create_task(self.count(here, me, said))
        received = bytearray()
        try:
            await self.answer(behaviour, reader, writer, received)
        except OSError:
            pass
        finally:
            here.discard(me)
            counting.cancel()
            writer.transport.abort()
            self.log.write(json.dumps({**said, "received": received.decode("latin-1")}) + "\n")
            self.log.flush()

    async def count(self, here: set[int], me: int, said: dict[str, Any]) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            said["beside"] = max(said["beside"], len(here - {me}))

    async def answer(self, behaviour: str, reader: Any, writer: Any, received: bytearray) -> None:
        kind, _, words = behaviour.partition(" ")
        if kind == "tls":
            await self.forward(words, reader, writer, received)
            return
        while part := await reader.read(65536):
            received += part[: KEEP_BYTES - len(received)]
            if kind == "web" and b"\r\n\r\n" in received:
                writer.write(page(words))
                await writer.drain()
                return
            if kind == "rtsp" and part.startswith(b"OPTIONS"):
                writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Hipcam RealServer/V1.0\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n")

    async def forward(self, words: str, reader: Any, writer: Any, received: bytearray) -> None:
        """To the TLS server inside, keeping a copy of what came."""
        inner, outer = await asyncio.open_connection("127.0.0.1", self.tls_port)

        async def back() -> None:
            while part := await inner.read(65536):
                writer.write(part)
            writer.close()

        task = asyncio.create_task(back())
        try:
            while part := await reader.read(65536):
                received += part[: KEEP_BYTES - len(received)]
                outer.write(part)
        finally:
            task.cancel()
            outer.transport.abort()


def page(words: str) -> bytes:
    server, _, title = words.partition("|")
    body = f"<html><head><title>{title}</title></head><body>ok</body></html>".encode()
    lines = (
        "HTTP/1.1 200 OK",
        f"Server: {server}",
        "Content-Type: text/html",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


async def inside_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while not (await reader.readuntil(b"\r\n")).startswith(b"\r\n"):
            continue
        writer.write(page("nginx|device"))
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
        pass
    finally:
        writer.transport.abort()


async def main(spec: dict[str, dict[str, str]], log: TextIO) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(Path(folder)))
    yard = Yard(log)
    inner = await asyncio.start_server(inside_tls, "127.0.0.1", 0, ssl=context)
    yard.tls_port = inner.sockets[0].getsockname()[1]
    for address, ports in spec.items():
        for port, behaviour in ports.items():
            await yard.serve(address, int(port), behaviour)
    log.write(json.dumps({"ready": True}) + "\n")
    log.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("a") as opened:
        asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()), opened))
