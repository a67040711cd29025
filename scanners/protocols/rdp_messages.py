"""The few messages at the beginning of a Remote Desktop connection (MS-RDPBCGR 2.2.1), written and read."""

from dataclasses import dataclass

from scanners.wire import ProtocolError

LONGEST_PACKET = 8 * 1024
METHODS = {0x01: "40-bit", 0x08: "56-bit", 0x02: "128-bit", 0x10: "fips"}
LEVELS = {0: "none", 1: "low", 2: "client compatible", 3: "high", 4: "fips"}
_CONFIRM, _RESPONSE, _FAILURE = 0xD0, 0x02, 0x03
_SAYS_NO = frozenset((1, 2, 3, 5, 6))  # failure codes of 2.2.1.2.2; 4 means that our flags were inconsistent
_SECURITY_BLOCK, _MOST_BLOCKS = 0x0C02, 16


@dataclass(frozen=True)
class Confirm:
    """``selected``: the protocol chosen (0 is standard security), None where the offer was declined. ``unclear``: it said
    neither."""

    selected: int | None = None
    unclear: bool = False


@dataclass(frozen=True)
class Settings:
    """What the server's security data block (2.2.1.4.3) says, in its own numbers."""

    method: int
    level: int


def _tpkt(body: bytes) -> bytes:
    return b"\x03\0" + (len(body) + 4).to_bytes(2, "big") + body


def connection_request(protocols: int) -> bytes:
    """X.224 Connection Request with RDP_NEG_REQ (2.2.1.1): no cookie, no routing token."""
    return _tpkt(b"\x0e\xe0\0\0\0\0\0\x01\0\x08\0" + protocols.to_bytes(4, "little"))


def read_confirm(packet: bytes) -> Confirm:
    """X.224 Connection Confirm (2.2.1.2). Without a negotiation part it is a server of before 2006: standard security.

    Raises :class:`~scanners.wire.ProtocolError` when it is none.
    """
    if len(packet) < 11 or packet[5] & 0xF0 != _CONFIRM:
        raise ProtocolError("its answer is no X.224 connection confirm")
    negotiation = packet[11:19]
    if not negotiation:
        return Confirm(selected=0)
    if len(negotiation) < 8 or negotiation[2:4] != b"\x08\0":
        return Confirm(unclear=True)
    value = int.from_bytes(negotiation[4:8], "little")
    if negotiation[0] == _RESPONSE:
        return Confirm(selected=value)
    return Confirm(unclear=negotiation[0] != _FAILURE or value not in _SAYS_NO)


def _ber(tag: bytes, body: bytes) -> bytes:
    return tag + b"\x82" + len(body).to_bytes(2, "big") + body


def _long(length: int) -> bytes:
    """A PER length in two bytes (X.691)."""
    return (0x8000 | length).to_bytes(2, "big")


def _domain(*numbers: int) -> bytes:
    parts = b"".join(
        b"\x02\x01" + bytes((number,)) if number < 128 else b"\x02\x03\0" + number.to_bytes(2, "big") for number in numbers
    )
    return b"\x30" + bytes((len(parts),)) + parts


def connect_initial(methods: int) -> bytes:
    """MCS Connect Initial with the client's settings (2.2.1.3), offering ``methods`` of encryption only."""
    name = "talaia".encode("utf-16-le").ljust(32, b"\0")
    core = b"\x04\0\x08\0" + b"\0\x04\0\x03" + b"\x01\xca\x03\xaa" + bytes(4) + (2600).to_bytes(4, "little") + name
    core += b"\x04\0\0\0" + bytes(4) + b"\x0c\0\0\0" + bytes(64)
    core += b"\x01\xca\x01\0" + bytes(4) + b"\x10\0\x07\0\x01\0" + bytes(64) + b"\0\0" + bytes(4)
    security = methods.to_bytes(4, "little") + bytes(4)
    network = bytes(4)
    blocks = b"".join(
        kind.to_bytes(2, "little") + (len(body) + 4).to_bytes(2, "little") + body
        for kind, body in ((0xC001, core), (0xC002, security), (0xC003, network))
    )
    request = b"\0\x08\0\x10\0\x01\xc0\0Duca" + _long(len(blocks)) + blocks
    conference = b"\0\x05\0\x14\x7c\0\x01" + _long(len(request)) + request
    target = _domain(34, 2, 0, 1, 0, 1, 65535, 2)
    least = _domain(1, 1, 1, 1, 0, 1, 1056, 2)
    most = _domain(65535, 64535, 65535, 1, 0, 1, 65535, 2)
    initial = _ber(b"\x7f\x65", b"\x04\x01\x01\x04\x01\x01\x01\x01\xff" + target + least + most + _ber(b"\x04", conference))
    return _tpkt(b"\x02\xf0\x80" + initial)


def read_settings(packet: bytes) -> Settings | None:
    """The security block of an MCS Connect Response (2.2.1.4); None where the server sent none."""
    at = packet.find(b"McDn")
    if packet[5:6] != b"\xf0" or packet[7:9] != b"\x7f\x66" or at < 0:
        return None
    at += 6 if packet[at + 4 : at + 5] >= b"\x80" else 5
    for _ in range(_MOST_BLOCKS):
        kind, length = int.from_bytes(packet[at : at + 2], "little"), int.from_bytes(packet[at + 2 : at + 4], "little")
        if length < 4:
            return None
        if kind == _SECURITY_BLOCK and length >= 12 and at + 12 <= len(packet):
            body = packet[at + 4 : at + 12]
            return Settings(int.from_bytes(body[:4], "little"), int.from_bytes(body[4:], "little"))
        at += length
    return None
