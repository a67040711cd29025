"""Packets of the MySQL client/server protocol, version 10 (MySQL Internals; MariaDB "Connection" page)."""

from dataclasses import dataclass

from scanners.clean_text import clean_bytes
from scanners.wire import ProtocolError

CLIENT_LONG_PASSWORD, CLIENT_CONNECT_WITH_DB, CLIENT_PROTOCOL_41, CLIENT_SSL = 0x1, 0x8, 0x200, 0x800
CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH = 0x8000, 0x80000
_ERROR, _OK, _SWITCH = 0xFF, 0x00, 0xFE
_LONGEST_PACKET = 16 * 1024
_MARIADB_PREFIX = "5.5.5-"  # MariaDB 10 says so first, for replicas that could not count to ten


@dataclass(frozen=True)
class Greeting:
    """The server's first packet: a handshake, or an error before it (``error_code`` and ``error``)."""

    server_version: str | None = None
    capabilities: int = 0
    plugin: str | None = None
    error_code: int | None = None
    error: str | None = None

    @property
    def tls_offered(self) -> bool:
        return bool(self.capabilities & CLIENT_SSL)

    @property
    def product(self) -> str | None:
        """MariaDB or MySQL, by the version or by the words of the error."""
        said = f"{self.server_version or ''} {self.error or ''}".lower()
        if "mariadb" in said:
            return "MariaDB"
        return "MySQL" if self.server_version or "mysql" in said else None

    @property
    def version(self) -> str | None:
        """The bare version, ``10.11.6`` of ``5.5.5-10.11.6-MariaDB-0+deb12u1``."""
        if self.server_version is None:
            return None
        return self.server_version.removeprefix(_MARIADB_PREFIX).partition("-")[0] or None


def payload_of(data: bytes) -> tuple[int, bytes]:
    """Sequence number and payload of the packet at the start of ``data``. Raises :class:`~scanners.wire.ProtocolError`."""
    if len(data) < 5:
        raise ProtocolError("sent no MySQL packet")
    length = int.from_bytes(data[:3], "little")
    if not 1 <= length <= _LONGEST_PACKET or len(data) < 4 + length:
        raise ProtocolError("sent an incomplete MySQL packet")
    return data[3], data[4 : 4 + length]


def packet(sequence: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes((sequence,)) + payload


def read_greeting(data: bytes) -> Greeting:
    """Read the server's first packet. Raises :class:`~scanners.wire.ProtocolError` when it is none."""
    sequence, payload = payload_of(data)
    if sequence != 0:
        raise ProtocolError("its first packet is not number 0")
    if payload[0] == _ERROR:
        code, message = read_error(payload)
        if not 1000 <= code < 5000:  # the server's own error numbers
            raise ProtocolError("sent an error of no known number")
        return Greeting(error_code=code, error=message)
    if payload[0] not in (9, 10):
        raise ProtocolError("speaks no known version of the MySQL protocol")
    version, end, rest = payload[1:].partition(b"\0")
    if not end or not version or len(version) > 100 or len(rest) < 12:
        raise ProtocolError("sent an incomplete MySQL handshake")
    return Greeting(server_version=clean_bytes(version, 100), capabilities=_capabilities(rest), plugin=_plugin(rest))


def _capabilities(rest: bytes) -> int:
    """``rest`` follows the version: thread id 4, salt 8, filler 1, low flags 2, charset 1, status 2, high flags 2."""
    low = int.from_bytes(rest[13:15], "little")
    high = int.from_bytes(rest[18:20], "little")
    return low | high << 16


def _plugin(rest: bytes) -> str | None:
    if not _capabilities(rest) & CLIENT_PLUGIN_AUTH:
        return None
    salt = max(13, (rest[20] if len(rest) > 20 else 0) - 8)
    name = rest[31 + salt :].partition(b"\0")[0]
    return clean_bytes(name, 60) or None


def read_error(payload: bytes) -> tuple[int, str]:
    """Number and text of an error packet's payload. Raises :class:`~scanners.wire.ProtocolError`."""
    if len(payload) < 3 or payload[0] != _ERROR:
        raise ProtocolError("sent no MySQL error")
    text = payload[3:]
    if text[:1] == b"#":  # SQL state, five characters
        text = text[6:]
    return int.from_bytes(payload[1:3], "little"), clean_bytes(text, 300)


def is_ok(payload: bytes) -> bool:
    return payload[:1] == bytes((_OK,))


def is_switch(payload: bytes) -> bool:
    """Whether the server asks for another authentication plugin."""
    return payload[:1] == bytes((_SWITCH,))


def switch_plugin(payload: bytes) -> str:
    """The plugin that an authentication switch request names."""
    return clean_bytes(payload[1:].partition(b"\0")[0], 60)


def login(user: bytes, plugin: bytes, sequence: int = 1) -> bytes:
    """A HandshakeResponse41 of ``user`` with an empty authentication response: no password is sent."""
    flags = CLIENT_LONG_PASSWORD | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH
    payload = (
        flags.to_bytes(4, "little")
        + (1 << 24).to_bytes(4, "little")
        + b"\x21"  # utf8_general_ci
        + bytes(23)
        + user
        + b"\0"
        + b"\0"  # length of the authentication response
        + plugin
        + b"\0"
    )
    return packet(sequence, payload)
