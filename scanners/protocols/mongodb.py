"""MongoDB (MongoDB Wire Protocol: OP_QUERY for the greeting that every version takes, OP_MSG from 3.6 on)."""

from typing import Any, ClassVar

from scanners.clean_text import clean_text
from scanners.observation import Facts
from scanners.protocols import bson
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_REPLY, _QUERY, _MSG = 1, 2004, 2013
_LONGEST = 128 * 1024
_UNAUTHORISED = (13, 18)  # Unauthorized, AuthenticationFailed (MongoDB error codes)
_FIRST_WITH_MSG = 6  # maxWireVersion of MongoDB 3.6


class MongodbFacts(Facts, frozen=True, kw_only=True):
    """``auth_required``: listDatabases without credentials is refused. ``databases``: how many it named otherwise."""

    kind: ClassVar[str] = "mongodb"

    auth_required: bool | None = None
    databases: int | None = None
    version: str | None = None
    wire_version: int | None = None


class MongodbScanner:
    """isMaster, buildInfo, and listDatabases with nameOnly: the names are counted. No collection or document is read."""

    name = "mongodb"
    version = "1"
    facts_type = MongodbFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "mongodb"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        context = lenient_context() if occasion.service and occasion.service.tls else None
        async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context) as wire:
            hello = await _ask(wire, 1, {"isMaster": 1}, message=False)
            level = hello.get("maxWireVersion")
            wire_version = level if isinstance(level, int) else None
            message = (wire_version or 0) >= _FIRST_WITH_MSG
            build = await _ask(wire, 2, {"buildInfo": 1}, message=message)
            listed = await _ask(wire, 3, {"listDatabases": 1, "nameOnly": True}, message=message)
            version = build.get("version")
            auth_required, databases = read_list(listed)
            facts = MongodbFacts(
                auth_required=auth_required,
                databases=databases,
                version=clean_text(version, 30) if isinstance(version, str) else None,
                wire_version=wire_version,
            )
            return Look(facts, wire.evidence)


def request(number: int, command: dict[str, int | bool | str], *, message: bool) -> bytes:
    """``command`` to the database admin with request id ``number``, as OP_MSG or as OP_QUERY."""
    if message:
        body, code = bytes(5) + bson.encode({**command, "$db": "admin"}), _MSG
    else:
        body, code = bytes(4) + b"admin.$cmd\0" + bytes(4) + b"\xff\xff\xff\xff" + bson.encode(command), _QUERY
    words = (16 + len(body), number, 0, code)
    return b"".join(word.to_bytes(4, "little") for word in words) + body


async def _ask(wire: Wire, number: int, command: dict[str, int | bool | str], *, message: bool) -> dict[str, Any]:
    await wire.write(request(number, command, message=message))
    head = await wire.read_exactly(16)
    length = int.from_bytes(head[:4], "little")
    if not 16 <= length <= _LONGEST:
        raise ProtocolError(f"sent a message of {length} bytes")
    return read_reply(head, await wire.read_exactly(length - 16), number)


def read_reply(head: bytes, body: bytes, number: int) -> dict[str, Any]:
    """The document of the answer to request ``number``. Raises :class:`~scanners.wire.ProtocolError` when it is none."""
    code = int.from_bytes(head[12:16], "little")
    if len(head) != 16 or int.from_bytes(head[8:12], "little") != number or code not in (_REPLY, _MSG):
        raise ProtocolError("it does not answer as MongoDB does")
    if code == _MSG and body[4:5] != b"\0":
        raise ProtocolError("its answer has no body section")
    return bson.decode(body[20:] if code == _REPLY else body[5:])


def read_list(answer: dict[str, Any]) -> tuple[bool | None, int | None]:
    """Whether credentials were wanted for listDatabases, and how many databases were named."""
    databases = answer.get("databases")
    if answer.get("ok") == 1 and isinstance(databases, list):
        return False, len(databases)
    text = str(answer.get("errmsg", "")).lower()
    refused = answer.get("code") in _UNAUTHORISED or "not authorized" in text or "unauthorized" in text or "need to login" in text
    return (True if refused or "requires authentication" in text else None), None


SCANNER = MongodbScanner()
