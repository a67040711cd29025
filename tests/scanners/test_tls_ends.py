"""How a connection in TLS ends."""

import asyncio
import ssl
from pathlib import Path

import pytest

from scanners.door import Door
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from tests.scanners.looks import loopback_zone
from tests.scanners.small_servers import HERE, certificate


async def test_an_end_that_comes_with_the_handshake_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """asyncio said on standard error: returning true from eof_received() has no effect when using ssl."""
    cert, key = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.maximum_version = ssl.TLSVersion.TLSv1_2  # its handshake ends with the server's word, and the end may come with it
    server.load_cert_chain(cert, key)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listening = await asyncio.start_server(hang_up, HERE, 0, ssl=server)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        for _ in range(20):
            async with Door([loopback_zone()]).open(Target(address=HERE, port=port), tls=lenient_context()) as wire:
                assert await wire.read_some() == b""
    assert "eof_received" not in caplog.text
