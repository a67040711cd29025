"""Hellos: what a client offers and what a server chose (RFC 8446, 5246, 6101), byte by byte and without a TLS library."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from scanners.protocols.tls.octets import Octets, numbers, vector
from scanners.protocols.tls.suites import RENEGOTIATION_SCSV
from scanners.wire import ProtocolError

SSL2, SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSION_NAMES: Mapping[int, str] = {
    SSL2: "SSLv2",
    SSL3: "SSLv3",
    TLS10: "TLSv1.0",
    TLS11: "TLSv1.1",
    TLS12: "TLSv1.2",
    TLS13: "TLSv1.3",
}

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24  # record content types
RECORD_LIMIT = 16384 + 2048  # the longest ciphertext of TLS 1.2 (RFC 5246, 6.2.3)
_FRAGMENT = 16384

# Extensions (IANA "TLS ExtensionType Values")
SERVER_NAME, STATUS_REQUEST, GROUPS, POINT_FORMATS, SIGNATURE_ALGORITHMS = 0, 5, 10, 11, 13
HEARTBEAT_EXTENSION, ALPN, PADDING, SUPPORTED_VERSIONS, COOKIE, PSK_MODES, KEY_SHARE = 15, 16, 21, 43, 44, 45, 51
RENEGOTIATION_INFO = 0xFF01

# SHA-2, PSS, EdDSA and brainpool first; SHA-1 and MD5 so that an old certificate does not make a server refuse
SIGNATURES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081A, 0x081B, 0x081C, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0302, 0x0202, 0x0101),
)
COMMON_GROUPS = (29, 23, 24, 25, 30)  # x25519, P-256, P-384, P-521, x448
# One hello that nearly every TLS server of the last twenty-five years has an answer to
BROAD_SUITES = (
    *(
        0x1301,
        0x1302,
        0x1303,
        0x1304,
        0x1305,
        0xC02C,
        0xC030,
        0xC02B,
        0xC02F,
        0xCCA9,
        0xCCA8,
        0x009F,
        0x009E,
        0xCCAA,
        0xC0AC,
        0xC0AD,
    ),
    *(0xC024, 0xC028, 0xC023, 0xC027, 0xC00A, 0xC014, 0xC009, 0xC013, 0x006B, 0x0067, 0x0039, 0x0033, 0x0038, 0x0032, 0x006A),
    *(0x009D, 0x009C, 0x003D, 0x003C, 0x0035, 0x002F, 0x0041, 0x0084, 0x0096, 0xC008, 0xC012, 0x0016, 0x0013, 0x000A, 0xC011),
    *(0xC007, 0x0005, 0x0004, 0x0007, 0x0015, 0x0009, 0x00A6, 0xC019, 0xC018, 0x003A, 0x0034, 0x0018, 0x001B, 0x003B, 0x0002),
    *(0x0001, 0xC006, 0xC010, 0x0003, 0x0006, 0x0008, 0x0014, 0x0017, 0x0081, 0xFF85, 0xC102, 0xC09C, 0xC09D, 0xC050, 0xC05C),
)


@dataclass(frozen=True)
class Hello:
    """What to offer. ``version`` is the highest one; TLS 1.3 needs ``key_shares`` (pairs of group and public key, may be empty).

    ``versions`` is the supported_versions list where more than TLS 1.3 alone is meant. ``extensions`` are raw further ones,
    type and content. SSLv3 gets no extensions at all.
    """

    version: int = TLS12
    suites: Sequence[int] = BROAD_SUITES
    server_name: str | None = None
    versions: Sequence[int] = ()
    groups: Sequence[int] = COMMON_GROUPS
    key_shares: Sequence[tuple[int, bytes]] = ()
    signatures: Sequence[int] = SIGNATURES
    alpn: Sequence[str] = ()
    compressions: Sequence[int] = (0,)
    status_request: bool = False
    heartbeat: bool = False
    renegotiation: bool = True
    extensions: Sequence[tuple[int, bytes]] = ()
    random: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    session_id: bytes = b""

    def message(self) -> bytes:
        """The ClientHello handshake message, header included."""
        suites = numbers(2, list(self.suites))
        if self.renegotiation and self.version == SSL3:
            suites += RENEGOTIATION_SCSV.to_bytes(2, "big")
        body = (
            min(self.version, TLS12).to_bytes(2, "big")
            + self.random
            + vector(1, self.session_id)
            + vector(2, suites)
            + vector(1, bytes(self.compressions))
        )
        if self.version != SSL3:
            body += vector(2, self._extensions(len(body) + 4))
        return b"\x01" + vector(3, body)

    def record(self) -> bytes:
        """The message in as many records as it needs, at the record version old servers expect (RFC 8446, appendix E.1)."""
        return records(HANDSHAKE, self.message(), SSL3 if self.version == SSL3 else TLS10)

    def _extensions(self, length_before: int) -> bytes:
        wanted = [*self._named(), *self._of_groups(), *self._of_version(), *self.extensions]
        packed = b"".join(kind.to_bytes(2, "big") + vector(2, content) for kind, content in wanted)
        # some load balancers take a hello of 256 to 511 bytes for SSLv2 (RFC 7685)
        missing = 512 - length_before - 2 - len(packed)
        if 0 < missing <= 256:
            packed += PADDING.to_bytes(2, "big") + vector(2, bytes(max(missing - 4, 1)))
        return packed

    def _named(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        if self.server_name:
            found.append((SERVER_NAME, vector(2, b"\0" + vector(2, self.server_name.encode("ascii")))))
        if self.renegotiation:
            found.append((RENEGOTIATION_INFO, b"\0"))
        if self.alpn:
            found.append((ALPN, vector(2, b"".join(vector(1, name.encode("ascii")) for name in self.alpn))))
        if self.status_request:
            found.append((STATUS_REQUEST, b"\x01\0\0\0\0"))
        if self.heartbeat:
            found.append((HEARTBEAT_EXTENSION, b"\x01"))
        return found

    def _of_groups(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        if self.groups:
            found += [(GROUPS, vector(2, numbers(2, list(self.groups)))), (POINT_FORMATS, b"\x01\0")]
        if self.version >= TLS12 and self.signatures:
            found.append((SIGNATURE_ALGORITHMS, vector(2, numbers(2, list(self.signatures)))))
        return found

    def _of_version(self) -> list[tuple[int, bytes]]:
        if self.version < TLS13:
            return []
        shares = b"".join(group.to_bytes(2, "big") + vector(2, key) for group, key in self.key_shares)
        return [
            (SUPPORTED_VERSIONS, vector(1, numbers(2, list(self.versions or (TLS13,))))),
            (PSK_MODES, b"\x01\x01"),
            (KEY_SHARE, vector(2, shares)),
        ]


def broad_hello(server_name: str | None = None) -> bytes:
    """The records of one hello from TLS 1.0 to 1.3 that asks for whatever the server has. For recognising TLS."""
    hello = Hello(version=TLS13, versions=(TLS13, TLS12, TLS11, TLS10), server_name=server_name)
    return replace(hello, key_shares=((29, secrets.token_bytes(32)),), session_id=secrets.token_bytes(32)).record()


def records(content_type: int, data: bytes, version: int = TLS12) -> bytes:
    """``data`` in plaintext records of at most 16 KiB (RFC 5246, 6.2.1)."""
    head = bytes((content_type,)) + version.to_bytes(2, "big")
    return b"".join(head + vector(2, data[at : at + _FRAGMENT]) for at in range(0, len(data), _FRAGMENT))


def looks_like_tls(data: bytes) -> bool:
    """Whether the first bytes of an answer to :func:`broad_hello` are a TLS record: a handshake or an alert.

    At least six bytes are needed (five of the record's head, one of its content).
    """
    if len(data) < 6 or data[1] != 3 or data[2] > 4:
        return False
    length = int.from_bytes(data[3:5], "big")
    if data[0] == HANDSHAKE:
        return 0 < length <= RECORD_LIMIT and data[5] == 2
    return data[0] == ALERT and length == 2 and data[5] in (1, 2)


_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446, 4.1.3


@dataclass(frozen=True)
class ServerHello:
    """What the server chose. ``version`` is the negotiated one, ``retry`` a HelloRetryRequest; ``extensions`` by type, raw."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: Mapping[int, bytes]
    retry: bool = False

    @property
    def group(self) -> int | None:
        """The group of its key_share (TLS 1.3), asked for in a retry or used."""
        share = self.extensions.get(KEY_SHARE, b"")
        return int.from_bytes(share[:2], "big") if len(share) >= 2 else None

    @property
    def key_share(self) -> bytes:
        """Its public key in TLS 1.3. Raises :class:`~scanners.wire.ProtocolError` when there is none."""
        share = Octets(self.extensions.get(KEY_SHARE, b""))
        share.number(2)
        return share.vector(2)

    @property
    def alpn(self) -> str | None:
        return read_alpn(self.extensions)


def parse_server_hello(body: bytes) -> ServerHello:
    """Read the body of a ServerHello, without its four bytes of header. Raises :class:`~scanners.wire.ProtocolError`."""
    octets = Octets(body)
    version = octets.number(2)
    if not SSL3 <= version <= TLS13:
        raise ProtocolError(f"chose version 0x{version:04x}, which is none of SSL or TLS")
    random = octets.take(32)
    session_id = octets.vector(1)
    suite, compression = octets.number(2), octets.number(1)
    found = parse_extensions(octets.vector(2)) if len(octets) else {}
    chosen = found.get(SUPPORTED_VERSIONS)
    if chosen is not None:
        if len(chosen) != 2:
            raise ProtocolError("its supported_versions extension is malformed")
        version = int.from_bytes(chosen, "big")
    return ServerHello(version, random, session_id, suite, compression, found, retry=random == _RETRY)


def parse_extensions(data: bytes) -> dict[int, bytes]:
    """Extensions by type; of one that comes twice the first counts. Raises :class:`~scanners.wire.ProtocolError`."""
    octets, found = Octets(data), dict[int, bytes]()
    while len(octets):
        kind = octets.number(2)
        found.setdefault(kind, octets.vector(2))
    return found


def read_alpn(extensions: Mapping[int, bytes]) -> str | None:
    """The application protocol that the server chose (RFC 7301), or None. Raises :class:`~scanners.wire.ProtocolError`."""
    if ALPN not in extensions:
        return None
    octets = Octets(Octets(extensions[ALPN]).vector(2))
    return octets.vector(1).decode("ascii", "replace")
