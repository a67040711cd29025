"""Memcached (doc/protocol.txt, doc/protocol-binary.txt): the text protocol over TCP and UDP, the binary one where SASL is on."""

from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.heard import listen
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

_VERSION = b"version\r\n"
_DATAGRAM = b"\x54\x41\0\0\0\1\0\0"  # request id, datagram 0 of 1 (protocol.txt, "UDP protocol")
NOOP = b"\x80\x0a" + bytes(22)
_PATIENCE_SECONDS = 1.5  # who speaks binary only waits for the rest of what it takes for a header
_BINARY_ANSWER, _AUTH_ERROR = 0x81, 0x20
_REFUSED = b"CLIENT_ERROR unauthenticated"  # -Y: text protocol with a password file


class MemcachedFacts(Facts, frozen=True, kw_only=True):
    """``auth_required`` is None over UDP, which knows no authentication. ``udp``: it answered a datagram, and so can be made to
    answer anybody whose address is forged."""

    kind: ClassVar[str] = "memcached"

    auth_required: bool | None = None
    udp: bool | None = None
    version: str | None = None


class MemcachedScanner:
    """``version``; where only the binary protocol is spoken, NOOP. No key is read, no statistics are asked for."""

    name = "memcached"
    version = "1"
    facts_type = MemcachedFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "memcached"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        if target.transport is Transport.UDP:
            answers = await occasion.door.datagram(target, _DATAGRAM + _VERSION, zone_id=occasion.zone.id)
            if not answers:
                raise TimeoutError(f"{target} answered no datagram")
            return Look(read_datagram(answers[0]), answers[0])
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            await wire.write(_VERSION)
            heard = await listen(wire, first_seconds=_PATIENCE_SECONDS, limit=200)
            if heard.data:
                return Look(read_version(heard.data), wire.evidence)
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            await wire.write(NOOP)
            return Look(read_noop(await wire.read_exactly(24)), wire.evidence)


def read_version(line: bytes) -> MemcachedFacts:
    """What the line that answers ``version`` says. Raises :class:`~scanners.wire.ProtocolError` when it is none of Memcached."""
    if line.startswith(b"VERSION ") and line.endswith(b"\n"):
        return MemcachedFacts(auth_required=False, udp=False, version=clean_bytes(line[8:48].strip(), 30))
    if line.startswith(_REFUSED):
        return MemcachedFacts(auth_required=True, udp=False)
    if line.startswith((b"ERROR\r\n", b"SERVER_ERROR ", b"CLIENT_ERROR ")):
        return MemcachedFacts(udp=False)
    raise ProtocolError("it does not answer as Memcached does")


def read_datagram(data: bytes) -> MemcachedFacts:
    """The same for a datagram, behind its frame header of eight bytes."""
    if data[:2] != _DATAGRAM[:2] or not data[8:].startswith(b"VERSION "):
        raise ProtocolError("it does not answer as Memcached does")
    return MemcachedFacts(udp=True, version=clean_bytes(data[16:56].strip(), 30))


def read_noop(head: bytes) -> MemcachedFacts:
    """What the 24 bytes that answer NOOP in the binary protocol say."""
    if len(head) < 24 or head[0] != _BINARY_ANSWER or head[1] != NOOP[1]:
        raise ProtocolError("it does not answer as Memcached does")
    status = int.from_bytes(head[6:8], "big")
    return MemcachedFacts(auth_required={0: False, _AUTH_ERROR: True}.get(status), udp=False)


SCANNER = MemcachedScanner()
