"""The few messages of SNMP (RFC 3416, RFC 3414), written and read in BER within bounds."""

from collections.abc import Iterator
from dataclasses import dataclass

from scanners.services.asn1 import header, tlv

SYS_DESCR, SYS_OBJECT_ID, SYS_NAME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0"
_SEQUENCE, _INTEGER, _OCTETS, _NULL, _OID = 0x30, 0x02, 0x04, 0x05, 0x06
_GET, _RESPONSE, _GET_BULK = 0xA0, 0xA2, 0xA5
_ENTERPRISES = "1.3.6.1.4.1."
_LONGEST, _MOST_PARTS, _LONGEST_OID = 16 * 1024, 32, 64


@dataclass(frozen=True)
class Response:
    """``values`` by OID: text as bytes, object identifiers as dotted text, anything else left out."""

    version: int
    request_id: int
    error: int
    values: dict[str, bytes | str]


@dataclass(frozen=True)
class Engine:
    """``enterprise``: the IANA number of who made the engine (RFC 3411, SnmpEngineID); ``seconds`` since it started."""

    id: bytes
    enterprise: int | None
    seconds: int


def _integer(number: int) -> bytes:
    return tlv(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    numbers = [int(part) for part in dotted.split(".")]
    body = bytearray((numbers[0] * 40 + numbers[1],))
    for number in numbers[2:]:
        parts = [number & 0x7F]
        while number := number >> 7:
            parts.append(number & 0x7F | 0x80)
        body += bytes(reversed(parts))
    return tlv(_OID, bytes(body))


def get_request(version: int, community: str, request_id: int) -> bytes:
    """GET of sysDescr, sysObjectID and sysName. ``version``: 0 is SNMPv1, 1 is SNMPv2c."""
    asked = b"".join(tlv(_SEQUENCE, _oid(name) + tlv(_NULL, b"")) for name in (SYS_DESCR, SYS_OBJECT_ID, SYS_NAME))
    pdu = tlv(_GET, _integer(request_id) + _integer(0) * 2 + tlv(_SEQUENCE, asked))
    return tlv(_SEQUENCE, _integer(version) + tlv(_OCTETS, community.encode()) + pdu)


def bulk_request(community: str, repetitions: int) -> bytes:
    """GETBULK (version 2c) of what follows mib-2, ``repetitions`` values of it (RFC 3416, 4.2.3)."""
    asked = tlv(_SEQUENCE, _oid("1.3.6.1.2.1") + tlv(_NULL, b""))
    pdu = tlv(_GET_BULK, _integer(1) + _integer(0) + _integer(repetitions) + tlv(_SEQUENCE, asked))
    return tlv(_SEQUENCE, _integer(1) + tlv(_OCTETS, community.encode()) + pdu)


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each value in ``data``; ends at the first that does not fit."""
    at = 0
    for _ in range(_MOST_PARTS):
        found = header(data, at)
        if found is None or found[1] + found[2] > len(data):
            return
        tag, start, length = found
        yield tag, data[start : start + length]
        at = start + length


def _contents(data: bytes, *tags: int) -> list[bytes] | None:
    """The contents of the first values of ``data``, which must have exactly these tags."""
    parts = list(_parts(data))[: len(tags)]
    return [content for _, content in parts] if [tag for tag, _ in parts] == list(tags) else None


def _number(content: bytes) -> int:
    return int.from_bytes(content[:8], "big", signed=True)


def _dotted(content: bytes) -> str | None:
    """An object identifier in dots; None when it is not whole."""
    if not content or len(content) > _LONGEST_OID or content[-1] & 0x80:
        return None
    numbers = [min(content[0] // 40, 2), content[0] - 40 * min(content[0] // 40, 2)]
    value = 0
    for byte in content[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    return ".".join(map(str, numbers))


def read_response(data: bytes) -> Response | None:
    """A Response-PDU of version 1 or 2c; None when it is none. Never raises."""
    message = _contents(data[:_LONGEST], _SEQUENCE)
    inside = _contents(message[0], _INTEGER, _OCTETS, _RESPONSE) if message else None
    pdu = _contents(inside[2], _INTEGER, _INTEGER, _INTEGER, _SEQUENCE) if inside else None
    if inside is None or pdu is None or _number(inside[0]) not in (0, 1):
        return None
    values: dict[str, bytes | str] = {}
    for tag, binding in _parts(pdu[3]):
        pair = list(_parts(binding))[:2] if tag == _SEQUENCE else []
        if len(pair) == 2 and pair[0][0] == _OID and (name := _dotted(pair[0][1])):
            kind, content = pair[1]
            value = content if kind == _OCTETS else _dotted(content) if kind == _OID else None
            if value is not None:
                values[name] = value
    return Response(_number(inside[0]), _number(pdu[0]), _number(pdu[1]), values)


def read_engine(data: bytes) -> Engine | None:
    """Who answers an engine discovery, from the security parameters (RFC 3414, 2.4); None when it names no engine."""
    message = _contents(data[:_LONGEST], _SEQUENCE)
    inside = _contents(message[0], _INTEGER, _SEQUENCE, _OCTETS) if message else None
    security = _contents(inside[2], _SEQUENCE) if inside and _number(inside[0]) == 3 else None
    fields = _contents(security[0], _OCTETS, _INTEGER, _INTEGER) if security else None
    if fields is None or not 5 <= len(fields[0]) <= 32:
        return None
    first = int.from_bytes(fields[0][:4], "big")
    return Engine(fields[0], (first & 0x7FFFFFFF) or None, max(_number(fields[2]), 0))


def enterprise_of(object_id: str) -> int | None:
    """The IANA number in a sysObjectID."""
    number = object_id.removeprefix(_ENTERPRISES).partition(".")[0] if object_id.startswith(_ENTERPRISES) else ""
    return int(number[:10]) if number else None
