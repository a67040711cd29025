"""MQTT (OASIS MQTT 3.1.1 and 5.0): whether a broker takes a client that names nobody."""

import secrets
from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_CONNACK = 0x20
_LONGEST = 4096  # bytes of a CONNACK of version 5 with all its properties
_REFUSED = {4: (4, 5), 5: (0x86, 0x87, 0x8C)}  # bad user name or password, not authorised, bad authentication method
_DISCONNECT = b"\xe0\0"


class MqttFacts(Facts, frozen=True, kw_only=True):
    """``anonymous``: a CONNECT without user name and password was accepted. ``code_3`` and ``code_5`` are what the broker said in
    MQTT 3.1.1 (return code, section 3.2.2.3) and MQTT 5 (reason code, section 3.2.2.2); None where it said nothing."""

    kind: ClassVar[str] = "mqtt"

    anonymous: bool | None = None
    tls: bool | None = None
    code_3: int | None = None
    code_5: int | None = None


class MqttScanner:
    """CONNECT and DISCONNECT in MQTT 3.1.1 and 5. No topic is subscribed to, none is published to, no password is sent."""

    name = "mqtt"
    version = "1"
    facts_type = MqttFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 20.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "mqtt"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        tls = bool(occasion.service and occasion.service.tls)
        code_3, evidence = await _connect(target, occasion, 4, tls)
        try:
            code_5, more = await _connect(target, occasion, 5, tls)
        except (ProtocolError, ConnectionError, TimeoutError):
            code_5, more = None, b""  # a broker that knows no version 5 may hang up
        if code_3 is None and code_5 is None:
            raise ProtocolError("it does not answer a CONNECT as MQTT does")
        anonymous = is_anonymous(code_3, code_5)
        return Look(MqttFacts(anonymous=anonymous, tls=tls, code_3=code_3, code_5=code_5), evidence + more)


def connect_packet(level: int, client: bytes) -> bytes:
    """A CONNECT of protocol ``level`` (4 is MQTT 3.1.1, 5 is MQTT 5): clean session, keep-alive 10 s, nobody's name, no will."""
    properties = b"\0" if level == 5 else b""
    body = b"\0\x04MQTT" + bytes((level, 2)) + b"\0\x0a" + properties + len(client).to_bytes(2, "big") + client
    return b"\x10" + bytes((len(body),)) + body


async def _connect(target: Target, occasion: Occasion, level: int, tls: bool) -> tuple[int | None, bytes]:
    """The code that answers a CONNECT, None where the broker hangs up on it."""
    context = lenient_context() if tls else None
    async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context) as wire:
        await wire.write(connect_packet(level, b"talaia-" + secrets.token_hex(4).encode()))
        code = await _connack(wire)
        if code == 0:
            await wire.write(_DISCONNECT)
        return code, wire.evidence


async def _connack(wire: Wire) -> int | None:
    first = await wire.read_some(1)
    if not first:
        return None
    if first[0] != _CONNACK:
        raise ProtocolError("it does not answer a CONNECT as MQTT does")
    length = 0
    for shift in (0, 7):  # a CONNACK of ours never needs more than two length bytes
        byte = (await wire.read_exactly(1))[0]
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    if not 2 <= length <= _LONGEST:
        raise ProtocolError(f"sent a CONNACK of {length} bytes")
    return read_connack(await wire.read_exactly(length))


def read_connack(body: bytes) -> int:
    """The code of a CONNACK's body. Raises :class:`~scanners.wire.ProtocolError` when it is none."""
    if len(body) < 2 or body[0] > 1:
        raise ProtocolError("it does not answer a CONNECT as MQTT does")
    return body[1]


def is_anonymous(code_3: int | None, code_5: int | None) -> bool | None:
    """Whether either version let us in; False where one said that it wants credentials, None where neither said so."""
    if 0 in (code_3, code_5):
        return True
    return False if code_3 in _REFUSED[4] or code_5 in _REFUSED[5] else None


SCANNER = MqttScanner()
