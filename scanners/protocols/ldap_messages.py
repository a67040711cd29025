"""The few messages of LDAP (RFC 4511) that the look at a directory needs: anonymous bind, search of one entry, their answers."""

from dataclasses import dataclass

from scanners.clean_text import clean_bytes
from scanners.services.asn1 import header, tlv
from scanners.wire import ProtocolError, Wire

SUCCESS, STRONGER_AUTH, CONFIDENTIALITY, UNWILLING = 0, 8, 13, 53
BASE, ONE_LEVEL = 0, 1
ENTRY, DONE, BOUND, EXTENDED, REFERENCE = 0x64, 0x65, 0x61, 0x78, 0x73
LONGEST = 64 * 1024  # bytes of one message
_MOST_PARTS, _MOST_MESSAGES = 1024, 32
_BOOLEAN, _INTEGER, _OCTETS, _ENUMERATED, _SEQUENCE, _SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31


@dataclass(frozen=True)
class Message:
    """``tag`` of the protocol operation and its content."""

    number: int
    tag: int
    content: bytes


@dataclass(frozen=True)
class Result:
    """An LDAPResult (4.1.9): its code and what the server says of it, clean."""

    code: int
    text: str


Attributes = dict[str, tuple[bytes, ...]]
"""Values by type in lower case."""


def anonymous_bind(number: int) -> bytes:
    """Simple bind of version 3 with an empty name and an empty password (RFC 4513, 5.1.1)."""
    return _message(number, 0x60, tlv(_INTEGER, b"\3") + tlv(_OCTETS, b"") + tlv(0x80, b""))


def unbind(number: int) -> bytes:
    return _message(number, 0x42, b"")


def search(number: int, name: bytes, scope: int, attributes: tuple[bytes, ...], *, size_limit: int, types_only: bool) -> bytes:
    """A search for (objectClass=*) with a time limit of 5 s (4.5.1)."""
    return _message(
        number,
        0x63,
        tlv(_OCTETS, name)
        + tlv(_ENUMERATED, bytes((scope,)))
        + tlv(_ENUMERATED, b"\0")  # neverDerefAliases
        + tlv(_INTEGER, bytes((size_limit,)))
        + tlv(_INTEGER, b"\5")
        + tlv(_BOOLEAN, b"\xff" if types_only else b"\0")
        + tlv(0x87, b"objectClass")
        + tlv(_SEQUENCE, b"".join(tlv(_OCTETS, name) for name in attributes)),
    )


def _message(number: int, tag: int, content: bytes) -> bytes:
    return tlv(_SEQUENCE, tlv(_INTEGER, bytes((number,))) + tlv(tag, content))


def parts(content: bytes) -> list[tuple[int, bytes]]:
    """The values that stand in a constructed one, each as tag and content. Raises :class:`~scanners.wire.ProtocolError`."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(content):
        head = header(content, at)
        if head is None or head[1] + head[2] > len(content) or len(found) >= _MOST_PARTS:
            raise ProtocolError("its answer is no well-formed LDAP message")
        found.append((head[0], content[head[1] : head[1] + head[2]]))
        at = head[1] + head[2]
    return found


async def read_message(wire: Wire) -> Message:
    """The next message. Raises :class:`~scanners.wire.ProtocolError` when it is none, or too long."""
    start = await wire.read_exactly(2)
    if start[0] != _SEQUENCE:
        raise ProtocolError("its answer is no LDAP message")
    length = start[1]
    if length & 0x80:
        if not 1 <= length & 0x7F <= 4:
            raise ProtocolError("its answer is no LDAP message")
        length = int.from_bytes(await wire.read_exactly(length & 0x7F), "big")
    if length > LONGEST:
        raise ProtocolError(f"sent an LDAP message of over {LONGEST} bytes")
    inside = parts(await wire.read_exactly(length))
    if len(inside) < 2 or inside[0][0] != _INTEGER or not 1 <= len(inside[0][1]) <= 4:
        raise ProtocolError("its answer is no LDAP message")
    return Message(int.from_bytes(inside[0][1], "big"), *inside[1])


def read_result(message: Message) -> Result:
    """The result in a bind response, search done or extended response. Raises :class:`~scanners.wire.ProtocolError`."""
    inside = parts(message.content)
    if message.tag not in (DONE, BOUND, EXTENDED) or len(inside) < 3 or inside[0][0] != _ENUMERATED or len(inside[0][1]) != 1:
        raise ProtocolError("its answer holds no LDAP result")
    return Result(inside[0][1][0], clean_bytes(inside[2][1], 200))


def read_entry(message: Message) -> Attributes:
    """The attributes of a search result entry (4.5.2). Raises :class:`~scanners.wire.ProtocolError`."""
    inside = parts(message.content)
    if len(inside) < 2 or inside[1][0] != _SEQUENCE:
        raise ProtocolError("its answer is no entry of LDAP")
    found: Attributes = {}
    for _, attribute in parts(inside[1][1]):
        fields = parts(attribute)
        if len(fields) == 2 and fields[1][0] == _SET:
            found[clean_bytes(fields[0][1], 100).lower()] = tuple(value for _, value in parts(fields[1][1]))
    return found


async def answer_to_search(wire: Wire, number: int) -> tuple[list[Attributes], Result]:
    """The entries and the result that answer message ``number``. Raises :class:`~scanners.wire.ProtocolError`."""
    entries: list[Attributes] = []
    for _ in range(_MOST_MESSAGES):
        message = await read_message(wire)
        if message.number not in (0, number):
            continue
        if message.tag == ENTRY:
            entries.append(read_entry(message))
        elif message.tag != REFERENCE:
            return entries, read_result(message)
    raise ProtocolError("its answer to a search does not end")


async def answer_to_bind(wire: Wire, number: int) -> Result:
    for _ in range(_MOST_MESSAGES):
        message = await read_message(wire)
        if message.number in (0, number):
            return read_result(message)
    raise ProtocolError("does not answer a bind")
