"""The few messages before an IPMI session (IPMI 2.0 specification, 13 and 22.13; ASF 2.0), written and read."""

from dataclasses import dataclass

_RMCP = b"\x06\0\xff\x07"
_PLUS = 0x06  # authentication type of RMCP+ packets (13.6)
OPEN_REQUEST, OPEN_RESPONSE, RAKP_1, RAKP_2 = 0x10, 0x11, 0x12, 0x13
CONSOLE = b"TALA"  # our session id
_ADMINISTRATOR = 4


@dataclass(frozen=True)
class Suite:
    """Numbers of authentication, integrity and confidentiality algorithms (22.15.2); ``code_bytes`` of a RAKP 2 message."""

    authentication: int
    integrity: int
    confidentiality: int
    code_bytes: int


SUITE_0 = Suite(0, 0, 0, 0)
SUITE_3 = Suite(1, 1, 1, 20)  # HMAC-SHA1
SUITE_17 = Suite(3, 4, 1, 32)  # HMAC-SHA256


@dataclass(frozen=True)
class Capabilities:
    """``methods`` of version 1.5: none, md2, md5, password, oem. ``anonymous``: a null user without a password is enabled;
    ``null_user``: one with a password. ``per_message``: packets of a session are authenticated too."""

    methods: tuple[str, ...]
    anonymous: bool
    null_user: bool
    named_users: bool
    per_message: bool
    version_2: bool
    own_key: bool


@dataclass(frozen=True)
class Opened:
    """``session``: the managed system's session id, empty where ``status`` (0 is yes) declines."""

    status: int
    session: bytes


def _checksum(data: bytes) -> bytes:
    return bytes((-sum(data) & 0xFF,))


def _request(body: bytes) -> bytes:
    """An IPMI 1.5 packet outside a session with one request to the BMC's application function."""
    head = b"\x20\x18"
    rest = b"\x81\0" + body
    message = head + _checksum(head) + rest + _checksum(rest)
    return _RMCP + bytes(9) + bytes((len(message),)) + message


# Get Channel Authentication Capabilities: this channel, with the extended data of version 2.0, for an administrator (22.13)
CAPABILITIES = _request(b"\x38\x8e" + bytes((_ADMINISTRATOR,)))
CAPABILITIES_15 = _request(b"\x38\x0e" + bytes((_ADMINISTRATOR,)))


def read_capabilities(data: bytes) -> Capabilities | None:
    """The answer to :data:`CAPABILITIES`; None when it is none. Never raises."""
    if len(data) < 25 or data[:4] != _RMCP or data[4] != 0 or data[15] != 0x1C or data[19:21] != b"\x38\0":
        return None
    kinds, status, extended = data[22], data[23], data[24]
    names = {0: "none", 1: "md2", 2: "md5", 4: "password", 5: "oem"}
    return Capabilities(
        methods=tuple(name for bit, name in names.items() if kinds >> bit & 1),
        anonymous=bool(status & 1),
        null_user=bool(status & 2),
        named_users=bool(status & 4),
        per_message=not status & 16,
        version_2=bool(kinds & 0x80 and extended & 2),
        own_key=bool(status & 32),
    )


def _plus(payload_type: int, payload: bytes) -> bytes:
    return _RMCP + bytes((_PLUS, payload_type)) + bytes(8) + len(payload).to_bytes(2, "little") + payload


def open_session(suite: Suite) -> bytes:
    """RMCP+ Open Session Request that proposes one suite only (13.17)."""
    algorithms = (suite.authentication, suite.integrity, suite.confidentiality)
    proposals = b"".join(bytes((kind, 0, 0, 8, number, 0, 0, 0)) for kind, number in enumerate(algorithms))
    return _plus(OPEN_REQUEST, bytes((1, 0, 0, 0)) + CONSOLE + proposals)


def _payload(data: bytes, payload_type: int) -> bytes | None:
    if len(data) < 18 or data[:4] != _RMCP or data[4] != _PLUS or data[5] & 0x3F != payload_type:
        return None
    length = int.from_bytes(data[14:16], "little")
    payload = data[16 : 16 + length]
    return payload if len(payload) == length and payload[:1] == b"\1" else None


def read_opened(data: bytes, suite: Suite) -> Opened | None:
    """The answer to :func:`open_session`; a session for other algorithms than ``suite`` counts as declined."""
    payload = _payload(data, OPEN_RESPONSE)
    if payload is None:
        return None
    if payload[1] or len(payload) < 36 or payload[4:8] != CONSOLE:
        return Opened(payload[1] or 0xFF, b"")
    agreed = (payload[16] & 0x3F, payload[24] & 0x3F, payload[32] & 0x3F)
    same = agreed == (suite.authentication, suite.integrity, suite.confidentiality)
    return Opened(0, payload[8:12]) if same else Opened(0xFF, b"")


def rakp_1(session: bytes) -> bytes:
    """RAKP message 1 of nobody: an empty user name, looked up by name alone (13.20)."""
    return _plus(RAKP_1, b"\1\0\0\0" + session + bytes(range(16)) + bytes((0x10 | _ADMINISTRATOR, 0, 0, 0)))


def tells_hash(data: bytes, suite: Suite) -> bool | None:
    """Whether RAKP message 2 (13.21) carries a code made with the user's password: whoever has it may guess at leisure.

    None when it is no such message. The code itself is not looked at.
    """
    payload = _payload(data, RAKP_2)
    if payload is None:
        return None
    return payload[1] == 0 and len(payload) >= 40 + suite.code_bytes
