"""Hosts that mean harm: ``python -m tests.city.hostile ADDRESS [KIND]`` floods, drips, stalls, bombs and sends one astray."""

import asyncio
import gzip
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


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    await reader.read(4096)
    writer.write(b"HTTP/1.1 " + head + b"\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await writer.drain()


async def astray(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Redirects to an address that no zone names."""
    await _answer(reader, writer, b"302 Found\r\nLocation: http://10.77.255.254/", b"")


async def in_circles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _answer(reader, writer, b"302 Found\r\nLocation: /%d" % id(reader), b"")


async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A page of 200 kB that inflates to 200 MB."""
    await _answer(reader, writer, b"200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", BOMB)


async def half_a_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The first half of a TLS record, and then nothing more."""
    await reader.read(4096)
    writer.write(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + b"T" * 100)
    await writer.drain()
    await asyncio.sleep(300)


BOMB = gzip.compress(bytes(200_000_000), 1)
TARPIT = dict.fromkeys((22, 23, 25, 80, 110, 143, 389, 443, 445, 1883, 3306, 3389, 5432, 5900, 6379, 8080, 8443, 9200), stall)
MAZE = {80: astray, 8000: in_circles, 8080: bomb, 443: half_a_hello, 8443: half_a_hello}
BEHAVIOURS = {21: flood, 22: drip, 25: stall, 80: endless_headers, 443: stall, 8080: escape, 6379: escape}


async def _served(behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # type: ignore[no-untyped-def]
    try:
        await behaviour(reader, writer)
    except OSError:
        pass
    finally:
        writer.transport.abort()


KINDS = {"harm": BEHAVIOURS, "tarpit": TARPIT, "maze": MAZE}


async def serve(address: str, kind: str) -> None:
    for port, behaviour in KINDS[kind].items():
        await asyncio.start_server(lambda r, w, b=behaviour: _served(b, r, w), address, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "harm"))
