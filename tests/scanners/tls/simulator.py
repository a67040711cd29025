"""A simulator, not a server: what no product of today does any more, faithfully enough to be told from what it must not be.

It speaks SSLv2 (its hello), or TLS 1.2 with RSA key exchange up to the point where a flaw would show. It never finishes
a handshake.
"""

import asyncio
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from scanners.protocols.tls.flight import framed
from scanners.protocols.tls.hello import records
from scanners.protocols.tls.octets import Octets, vector
from tests.scanners.tls.authority import Held

TLS12 = 0x0303


@dataclass
class Simulated:
    """``held`` is the certificate; the flags are the faults. ``secret`` is what a bleeding heart leaks."""

    held: Held
    suites: tuple[int, ...] = (0x002F,)
    version: int = TLS12
    ssl2: bool = False
    compression: bool = False
    heartbleed: bool = False
    ccs_injection: bool = False
    robot: bool = False
    longest_hello: int = 1 << 16
    mute_versions: tuple[int, ...] = ()
    secret: bytes = b"a password that leaks"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)
        if head[0] & 0x80 and head[2] == 1:
            await self._ssl2(reader, writer, head)
        elif head[0] == 22:
            await self._tls(reader, writer, await reader.readexactly(int.from_bytes(head[3:5], "big")))

    async def _ssl2(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await reader.readexactly((int.from_bytes(head[:2], "big") & 0x7FFF) - 3)
        if not self.ssl2:
            return
        kinds = bytes.fromhex("0100800200800700c0")
        body = b"\x04\x00\x01\x00\x02" + len(self.held.der).to_bytes(2, "big") + len(kinds).to_bytes(2, "big") + b"\0\x10"
        body += self.held.der + kinds + bytes(16)
        writer.write((0x8000 | len(body)).to_bytes(2, "big") + body)
        await writer.drain()
        await reader.read(1)

    async def _tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: bytes) -> None:
        if len(hello) > self.longest_hello:
            return
        octets = Octets(hello[4:])
        offered_version = octets.number(2)
        octets.take(32)
        octets.vector(1)
        offered = Octets(octets.vector(2))
        suites = [offered.number(2) for _ in range(len(offered) // 2)]
        compressions = octets.vector(1)
        if offered_version in self.mute_versions:
            await reader.read(1)
            return
        chosen = next((suite for suite in suites if suite in self.suites), None)
        if chosen is None or offered_version < self.version:
            await self._alert(writer, 40 if chosen is None else 70)
            return
        compression = 1 if self.compression and 1 in compressions else 0
        body = self.version.to_bytes(2, "big") + bytes(32) + b"\0" + chosen.to_bytes(2, "big") + bytes((compression,))
        certificate = vector(3, vector(3, self.held.der))
        flight = framed(2, body) + framed(11, certificate) + framed(14, b"")
        writer.write(records(22, flight, self.version))
        await writer.drain()
        await self._after(reader, writer)

    async def _after(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the client sends instead of an honest second flight."""
        changed, padded = False, True
        while True:
            head = await reader.readexactly(5)
            payload = await reader.readexactly(int.from_bytes(head[3:5], "big"))
            if head[0] == 24 and self.heartbleed:
                length = int.from_bytes(payload[1:3], "big")
                writer.write(records(24, b"\x02" + payload[1:3] + self.secret[:length].ljust(length, b"x") + bytes(16)))
                await writer.drain()
            elif head[0] == 22 and payload[0] == 16:
                padded = self._well_padded(payload[6:])
                if self.robot and not padded:
                    return await self._alert(writer, 51)
                changed = True
            elif head[0] == 20 and not changed:
                if not self.ccs_injection:
                    return await self._alert(writer, 10)
                changed = True
            elif (head[0] == 20 and payload == b"\x01" and self.ccs_injection) or head[0] == 22:
                return await self._alert(writer, 20)
            elif head[0] == 21:
                return await self._alert(writer, 0)

    def _well_padded(self, sealed: bytes) -> bool:
        key = self.held.key
        assert isinstance(key, rsa.RSAPrivateKey)
        private = key.private_numbers()
        number = pow(int.from_bytes(sealed, "big"), private.d, private.public_numbers.n)
        block = number.to_bytes(key.key_size // 8, "big")
        return block.startswith(b"\x00\x02") and 0 not in block[2:-49] and block[-49] == 0

    async def _alert(self, writer: asyncio.StreamWriter, code: int) -> None:
        writer.write(records(21, bytes((2, code)), self.version))
        await writer.drain()
