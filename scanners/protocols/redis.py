"""Redis (RESP, redis.io/docs/reference/protocol-spec)."""

import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_PING = b"*1\r\n$4\r\nPING\r\n"
_ECHO, _ECHOED = b"*2\r\n$4\r\nECHO\r\n$6\r\ntalaia\r\n", b"$6\r\n"
_INFO = b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n"
_DBSIZE = b"*1\r\n$6\r\nDBSIZE\r\n"
_VERSION = re.compile(rb"^(?:redis|valkey)_version:([0-9][0-9A-Za-z.]{0,30})", re.MULTILINE)
_LONGEST_INFO = 32 * 1024


class RedisFacts(Facts, frozen=True, kw_only=True):
    """``auth_required``: PING (ECHO where it was renamed) without credentials is refused: NOAUTH, protected mode says no; or the
    ACL of the nameless user forbids both INFO and DBSIZE (how many keys there are)."""

    kind: ClassVar[str] = "redis"

    auth_required: bool | None = None
    protected_mode: bool | None = None
    version: str | None = None


class RedisScanner:
    """PING; and where that needs no password, the server section of INFO. No key is read, no credential is sent."""

    name = "redis"
    version = "1"
    facts_type = RedisFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "redis"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        context = lenient_context() if occasion.service and occasion.service.tls else None
        async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context) as wire:
            await wire.write(_PING)
            answer = await wire.read_line()
            facts = read_ping(answer)
            if answer.lower().startswith(b"-err unknown command"):  # PING is often renamed where others are
                await wire.write(_ECHO)
                answer = await wire.read_line()
                facts = RedisFacts(auth_required=False) if answer == _ECHOED else read_ping(answer)
                await wire.read_line() if answer == _ECHOED else None
            if facts.auth_required is False:
                await wire.write(_INFO)
                version, forbidden = await _version(wire)
                if forbidden:  # an ACL lets the nameless user say PING: may it do anything else?
                    await wire.write(_DBSIZE)
                    forbidden = (await wire.read_line()).startswith(b"-NOPERM")
                facts = RedisFacts(auth_required=forbidden, protected_mode=None, version=version)
            return Look(facts, wire.evidence)


def read_ping(line: bytes) -> RedisFacts:
    """What the answer to PING says. Raises :class:`~scanners.wire.ProtocolError` when it is none of Redis."""
    if line.startswith(b"+PONG"):
        return RedisFacts(auth_required=False)
    if line.startswith(b"-DENIED"):
        return RedisFacts(auth_required=True, protected_mode=True)
    if line.startswith((b"-NOAUTH", b"-ERR operation not permitted")):
        return RedisFacts(auth_required=True)
    if line.startswith((b"-LOADING", b"-NOPERM", b"-MISCONF", b"-MASTERDOWN", b"-ERR")):
        return RedisFacts()
    raise ProtocolError("its answer to PING is none of Redis")


async def _version(wire: Wire) -> tuple[str | None, bool]:
    """From the bulk string that answers INFO, None where it is refused; and whether an ACL refuses it."""
    head = await wire.read_line()
    length = head[1:].strip()
    if not head.startswith(b"$") or not length.isdigit() or int(length[:9]) > _LONGEST_INFO:
        return None, head.startswith(b"-NOPERM")
    found = _VERSION.search(await wire.read_exactly(int(length)))
    await wire.read_exactly(2)  # the end of the line that closes a bulk string
    return clean_bytes(found[1], 30) if found else None, False


SCANNER = RedisScanner()
