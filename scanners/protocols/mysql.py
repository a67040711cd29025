"""MySQL and MariaDB (client/server protocol 10)."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.protocols import mysql_packets as packets
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_NOT_ALLOWED = (1129, 1130)  # host is blocked, host is not privileged
_NO_ENTRY = (1045, 1698, 1251, 1820, 4151)  # access denied (with, without password), old protocol, expired, locked
_QUIT = packets.packet(0, b"\x01")
_LONGEST_PACKET = 16 * 1024


class MysqlFacts(Facts, frozen=True, kw_only=True):
    """``host_allowed`` is False when the server refuses this address before any login.
    ``without_password``: root got in empty-handed."""

    kind: ClassVar[str] = "mysql"

    version: str | None = None
    product: str | None = None
    host_allowed: bool | None = None
    tls_offered: bool | None = None
    without_password: bool | None = None


class MysqlScanner:
    """Reads the greeting, then begins a session as ``root`` with an empty authentication response. No password, no query."""

    name = "mysql"
    version = "1"
    facts_type = MysqlFacts
    intrusiveness = Intrusiveness.NORMAL
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "mysql"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            _, payload, raw = await _read_packet(wire)
            greeting = packets.read_greeting(raw)
            if greeting.server_version is None:
                allowed = False if greeting.error_code in _NOT_ALLOWED else None
                return Look(MysqlFacts(product=greeting.product, host_allowed=allowed), wire.evidence)
            entered = await _without_password(wire, greeting) if payload[0] == 10 else None
            facts = MysqlFacts(
                version=greeting.version,
                product=greeting.product,
                host_allowed=True,
                tls_offered=greeting.tls_offered,
                without_password=entered,
            )
            return Look(facts, wire.evidence)


async def _read_packet(wire: Wire) -> tuple[int, bytes, bytes]:
    """Sequence, payload and the whole packet. Raises :class:`~scanners.wire.ProtocolError`."""
    head = await wire.read_exactly(4)
    length = int.from_bytes(head[:3], "little")
    if not 1 <= length <= _LONGEST_PACKET:
        raise ProtocolError(f"sent a packet of {length} bytes")
    payload = await wire.read_exactly(length)
    return head[3], payload, head + payload


async def _without_password(wire: Wire, greeting: packets.Greeting) -> bool | None:
    """Whether root gets in with nothing; None when the server's answer does not tell (it wants TLS first, say)."""
    plugin = greeting.plugin or "mysql_native_password"
    await wire.write(packets.login(b"root", plugin.encode("ascii", "replace")))
    for _ in range(3):
        sequence, payload, _ = await _read_packet(wire)
        if packets.is_ok(payload):
            await wire.write(_QUIT)
            return True
        if payload[0] == 0xFF:
            return False if packets.read_error(payload)[0] in _NO_ENTRY else None
        if payload[:2] == b"\x01\x04":  # caching_sha2_password wants the full password
            return False
        if packets.is_switch(payload):
            await wire.write(packets.packet((sequence + 1) % 256, b""))
    return None


SCANNER = MysqlScanner()
