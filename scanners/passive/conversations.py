"""TCP segments, one by one: which ports speak, and what the first words of SSH, HTTP and TLS tell."""

import re

from scanners.octets import Octets
from scanners.passive.hints import Hint, name, text

_SYN, _ACK, _RST = 0x02, 0x10, 0x04
_SSH = re.compile(rb"^SSH-[0-9]\.[0-9]{1,3}-[^\r\n]{1,250}")
_REQUEST = re.compile(rb"^(?:GET|HEAD|POST|PUT|OPTIONS|PROPFIND) [^\r\n ]{1,2000} HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"^Host:[ \t]*([A-Za-z0-9._-]{1,253})", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(rb"^HTTP/1\.[01] [0-9]{3}[ \r]")
_SERVER = re.compile(rb"^Server:[ \t]*([^\r\n]{1,200})", re.IGNORECASE | re.MULTILINE)
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO, _SERVER_NAME = 22, 1, 2, 0
_HEAD_BYTES = 2048


def tcp(data: bytes, source: str, target: str) -> list[Hint]:
    """Hints of the one that serves: whom a SYN is acknowledged by, whom a request goes to, whom an answer comes from."""
    octets = Octets(data)
    source_port, target_port = octets.number(2), octets.number(2)
    octets.take(8)
    length, flags = (octets.number(1) >> 4) * 4, octets.number(1)
    octets.take(max(length - 14, 0))
    payload = octets.rest()
    if flags & _RST:
        return []
    if flags & (_SYN | _ACK) == _SYN | _ACK:
        return [Hint(by="tcp", address=source, port=source_port)]
    if not payload:
        return []
    return (
        _ssh(payload, source, source_port, target_port)
        or _http(payload, source, source_port, target, target_port)
        or _tls(payload, source, source_port, target, target_port)
    )


def _ssh(payload: bytes, source: str, source_port: int, target_port: int) -> list[Hint]:
    found = _SSH.match(payload)
    if not found or source_port >= target_port:  # clients greet as well, from a port of the upper half
        return []
    return [Hint(by="ssh", address=source, port=source_port, service="ssh", banner=text(found[0]), tls=False)]


def _http(payload: bytes, source: str, source_port: int, target: str, target_port: int) -> list[Hint]:
    head = payload[:_HEAD_BYTES]
    if _REQUEST.match(head):
        host = _HOST.search(head)
        said = name(host[1]) if host else None
        return [Hint(by="http", address=target, port=target_port, service="http", names=(said,) if said else (), tls=False)]
    if _ANSWER.match(head):
        server = _SERVER.search(head.partition(b"\r\n\r\n")[0])
        banner = text(server[1]) if server else None
        return [Hint(by="http", address=source, port=source_port, service="http", banner=banner, tls=False)]
    return []


def _tls(payload: bytes, source: str, source_port: int, target: str, target_port: int) -> list[Hint]:
    """A ClientHello's server name (RFC 6066, 3) is a name of the server; a ServerHello says that it speaks TLS."""
    if len(payload) < 10 or payload[0] != _HANDSHAKE or payload[1] != 3:
        return []
    octets = Octets(payload[5:])
    kind = octets.number(1)
    if kind == _SERVER_HELLO:
        return [Hint(by="tls", address=source, port=source_port, tls=True)]
    if kind != _CLIENT_HELLO:
        return []
    octets.take(3 + 2 + 32)
    octets.vector(1)
    octets.vector(2)
    octets.vector(1)
    said = _server_name(Octets(octets.vector(2))) if len(octets) else None
    return [Hint(by="tls", address=target, port=target_port, names=(said,) if said else (), tls=True)]


def _server_name(extensions: Octets) -> str | None:
    for _ in range(64):
        if len(extensions) < 4:
            return None
        kind, value = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            entries = Octets(Octets(value).vector(2))
            return name(entries.vector(2)) if entries.number(1) == 0 else None
    return None
