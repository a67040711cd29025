"""Asking a service to go on in TLS, protocol by protocol."""

from collections.abc import Awaitable, Callable, Mapping

from scanners.clean_text import clean_text
from scanners.protocols import rdp_messages as messages
from scanners.protocols.tls.octets import Octets
from scanners.wire import ProtocolError, Wire

LINES_LIMIT = 64
STANZA_LIMIT = 16384
MYSQL_CLIENT_SSL = 0x0800


async def upgrade(wire: Wire, protocol: str, name: str | None) -> None:
    """Bring ``wire`` to where the server waits for a ClientHello. ``name`` is the server's, where the protocol wants one.

    Raises :class:`~scanners.wire.ProtocolError` when the protocol is unknown or the server declines.
    """
    ask = UPGRADES.get(protocol)
    if ask is None:
        raise ProtocolError(f"STARTTLS of {clean_text(protocol, 40)} is not known")
    await ask(wire, name)


async def _reply(wire: Wire) -> bytes:
    """A reply of three digits, all its lines read (RFC 5321, 4.2.1; RFC 959, 4.2): the last line."""
    code = b""
    for _ in range(LINES_LIMIT):
        line = await wire.read_line()
        code = code or line[:3]
        if line[:3] == code and line[3:4] != b"-":
            return line
        if not line:
            break
    raise ProtocolError("its reply did not end")


def _expect(line: bytes, start: bytes, what: str) -> None:
    if not line.startswith(start):
        raise ProtocolError(f"declined {what}: {clean_text(line.decode('utf-8', 'replace'), 100)!r}")


async def _smtp(wire: Wire, name: str | None) -> None:
    _expect(await _reply(wire), b"220", "the connection")
    await wire.write(b"EHLO talaia.invalid\r\n")
    _expect(await _reply(wire), b"250", "EHLO")
    await wire.write(b"STARTTLS\r\n")
    _expect(await _reply(wire), b"220", "STARTTLS")


async def _imap(wire: Wire, name: str | None) -> None:
    _expect(await wire.read_line(), b"* ", "the connection")
    await wire.write(b"t1 STARTTLS\r\n")
    for _ in range(LINES_LIMIT):
        line = await wire.read_line()
        if not line.startswith(b"* "):
            _expect(line.upper(), b"T1 OK", "STARTTLS")
            return
    raise ProtocolError("its reply to STARTTLS did not end")


async def _pop3(wire: Wire, name: str | None) -> None:
    _expect(await wire.read_line(), b"+OK", "the connection")
    await wire.write(b"STLS\r\n")
    _expect(await wire.read_line(), b"+OK", "STLS")


async def _ftp(wire: Wire, name: str | None) -> None:
    _expect(await _reply(wire), b"220", "the connection")
    await wire.write(b"AUTH TLS\r\n")
    _expect(await _reply(wire), b"234", "AUTH TLS")


async def _ldap(wire: Wire, name: str | None) -> None:
    """RFC 4511, 4.14: the extended operation 1.3.6.1.4.1.1466.20037."""
    request = b"\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
    await wire.write(b"\x30" + bytes((3 + len(request),)) + b"\x02\x01\x01" + request)
    head = await wire.read_exactly(2)
    length = head[1] if head[1] < 128 else int.from_bytes(await wire.read_exactly(min(head[1] & 0x7F, 4)), "big")
    if head[0] != 0x30 or length > STANZA_LIMIT:
        raise ProtocolError("its answer to StartTLS is no LDAP message")
    if b"\x0a\x01\x00" not in (await wire.read_exactly(length))[:32]:  # resultCode success
        raise ProtocolError("declined StartTLS")


async def _postgresql(wire: Wire, name: str | None) -> None:
    await wire.write(b"\0\0\0\x08\x04\xd2\x16\x2f")  # SSLRequest
    _expect(await wire.read_exactly(1), b"S", "SSLRequest")


async def _mysql(wire: Wire, name: str | None) -> None:
    """The SSLRequest packet of the client/server protocol, after a greeting that says CLIENT_SSL."""
    head = await wire.read_exactly(4)
    length = int.from_bytes(head[:3], "little")
    if length > STANZA_LIMIT:
        raise ProtocolError("its greeting is too long for MySQL")
    greeting = Octets(await wire.read_exactly(length))
    if greeting.number(1) != 10:
        raise ProtocolError("its greeting is not of MySQL protocol 10")
    while greeting.number(1):
        pass
    greeting.take(4 + 8 + 1)
    if not int.from_bytes(greeting.take(2), "little") & MYSQL_CLIENT_SSL:
        raise ProtocolError("does not offer TLS")
    capabilities = 0x00000200 | 0x00008000 | MYSQL_CLIENT_SSL  # protocol 4.1, secure connection
    body = capabilities.to_bytes(4, "little") + (1 << 24).to_bytes(4, "little") + b"\x21" + bytes(23)
    await wire.write(len(body).to_bytes(3, "little") + b"\x01" + body)


async def _rdp(wire: Wire, name: str | None) -> None:
    """X.224 connection request that offers TLS, CredSSP and RDSTLS; each of them begins with a ClientHello (MS-RDPBCGR 5.4.5)."""
    await wire.write(messages.connection_request(0x0B))
    head = await wire.read_exactly(4)
    length = int.from_bytes(head[2:4], "big")
    if head[:2] != b"\x03\0" or not 7 <= length <= messages.LONGEST_PACKET:
        raise ProtocolError("its answer is no TPKT packet")
    if not messages.read_confirm(head + await wire.read_exactly(length - 4)).selected:
        raise ProtocolError("declined TLS")


async def _xmpp(wire: Wire, name: str | None) -> None:
    to = f" to='{name}'" if name else ""
    opening = f"<?xml version='1.0'?><stream:stream{to} version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    await wire.write(opening.encode("ascii"))
    features = await _until(wire, (b"</stream:features>", b"<stream:features/>", b"</stream:stream>"))
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in features:
        raise ProtocolError("does not offer STARTTLS")
    await wire.write(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    answer = await _until(wire, (b">",))
    if b"<proceed" not in answer:
        raise ProtocolError("declined STARTTLS")


async def _until(wire: Wire, marks: tuple[bytes, ...]) -> bytes:
    """Read until one of ``marks``: byte by byte, so that nothing after it is lost."""
    found = bytearray()
    while not any(found.endswith(mark) for mark in marks):
        found += await wire.read_exactly(1)
        if len(found) > STANZA_LIMIT:
            raise ProtocolError("its XML stream does not come to the point")
    return bytes(found)


UPGRADES: Mapping[str, Callable[[Wire, str | None], Awaitable[None]]] = {
    "smtp": _smtp,
    "submission": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ftp": _ftp,
    "ldap": _ldap,
    "postgresql": _postgresql,
    "mysql": _mysql,
    "rdp": _rdp,
    "xmpp": _xmpp,
    "xmpp-client": _xmpp,
}
