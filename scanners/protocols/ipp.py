"""IPP (RFC 8010, RFC 8011): whether a printer answers who has no credentials, and what it is. Nothing is printed."""

import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

GET_PRINTER_ATTRIBUTES, CUPS_GET_PRINTERS = 0x000B, 0x4002  # both only read
_WANTED = (b"printer-make-and-model", b"printer-firmware-string-version", b"uri-authentication-supported")
_LIMITS = WireLimits(deadline_seconds=10.0, read_bytes=256 * 1024)
_BODY, _MOST_ATTRIBUTES = 64 * 1024, 2000
_SERVER = re.compile(r"\bIPP/[0-9]|\bCUPS\b", re.IGNORECASE)
_NOT_FOUND = 0x0406


class IppFacts(Facts, frozen=True, kw_only=True):
    """``answers``: it tells its attributes to anybody; False when it wants credentials or lets this machine not in (``status``,
    of HTTP). ``authentication`` is what printing takes, in the words of uri-authentication-supported: none, requesting-user-name,
    basic, digest, negotiate, certificate.
    """

    kind: ClassVar[str] = "ipp"

    answers: bool | None = None
    status: int | None = None
    authentication: tuple[str, ...] | None = None
    product: str | None = None
    firmware: str | None = None


def request(operation: int, host: str, port: int, path: str, scheme: str = "ipp") -> bytes:
    """A whole HTTP request with one IPP operation."""
    uri = f"{scheme}://{host}:{port}{path}".encode()
    first = [(0x47, b"attributes-charset", b"utf-8"), (0x48, b"attributes-natural-language", b"en")]
    first += [(0x45, b"printer-uri", uri)] if operation == GET_PRINTER_ATTRIBUTES else [(0x21, b"limit", b"\0\0\0\1")]
    first += [(0x44, b"requested-attributes" if number == 0 else b"", name) for number, name in enumerate(_WANTED)]
    parts = [bytes((tag,)) + _sized(name) + _sized(value) for tag, name, value in first]
    body = b"\x01\x01" + operation.to_bytes(2, "big") + b"\0\0\0\x01\x01" + b"".join(parts) + b"\x03"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Talaia\r\nContent-Type: application/ipp\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def read_attributes(message: bytes) -> tuple[int, dict[str, list[bytes]]]:
    """Status code and attributes (values as sent). Raises :class:`~scanners.wire.ProtocolError`."""
    if len(message) < 9 or message[0] not in (1, 2):
        raise ProtocolError("its answer is none of IPP")
    found: dict[str, list[bytes]] = {}
    at, name = 8, ""
    for _ in range(_MOST_ATTRIBUTES):
        if at >= len(message) or message[at] == 0x03:
            return int.from_bytes(message[2:4], "big"), found
        if message[at] <= 0x0F:  # a group begins
            at += 1
            continue
        key, at = _field(message, at + 1)
        value, at = _field(message, at)
        name = clean_bytes(key, 60) if key else name
        found.setdefault(name, []).append(value)
    raise ProtocolError("an answer of IPP with too many attributes")


def _field(message: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(message[at : at + 2], "big")
    end = at + 2 + length
    if end > len(message):
        raise ProtocolError("an answer of IPP that ends in the middle of an attribute")
    return message[at + 2 : end], end


def facts_of(attributes: dict[str, list[bytes]]) -> IppFacts:
    def text(name: str) -> str | None:
        return clean_bytes(attributes[name][0], 120) or None if name in attributes else None

    said = tuple(dict.fromkeys(clean_bytes(item, 40) for item in attributes.get("uri-authentication-supported", [])[:20]))
    product, firmware = text("printer-make-and-model"), text("printer-firmware-string-version")
    return IppFacts(answers=True, status=200, authentication=said or None, product=product, firmware=firmware)


class IppScanner:
    """Get-Printer-Attributes; where there is no such printer, CUPS-Get-Printers for one. Both read three attributes."""

    name = "ipp"
    version = "1"
    facts_type = IppFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "http" and (service.device_class == "printer" or bool(_SERVER.search(service.banner or "")))

    async def look(self, target: Target, occasion: Occasion) -> Look:
        host = f"[{target.address}]" if ":" in target.address else target.address
        status, body = await _ask(target, occasion, GET_PRINTER_ATTRIBUTES, "/ipp/print", host)
        if status == 400:  # CUPS knows itself by some names only
            host = "localhost"
            status, body = await _ask(target, occasion, GET_PRINTER_ATTRIBUTES, "/ipp/print", host)
        if status in (200, 404) and (status == 404 or read_attributes(body)[0] == _NOT_FOUND):
            status, body = await _ask(target, occasion, CUPS_GET_PRINTERS, "/", host)
        if status in (401, 403, 426):
            return Look(IppFacts(answers=False, status=status), body)
        if status != 200:
            raise ProtocolError(f"it answers IPP with the status {status} of HTTP")
        code, attributes = read_attributes(body)
        if code in (0x0401, 0x0402, 0x0403):  # forbidden, not-authenticated, not-authorized
            return Look(IppFacts(answers=False, status=status), body)
        return Look(facts_of(attributes) if code < 0x0400 else IppFacts(answers=True, status=status), body)


async def _ask(target: Target, occasion: Occasion, operation: int, path: str, host: str) -> tuple[int, bytes]:
    tls = bool(occasion.service and occasion.service.tls)
    context = lenient_context() if tls else None
    async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS, tls=context) as wire:
        await wire.write(request(operation, host, target.port or 631, path, "ipps" if tls else "ipp"))
        return await read_http(wire)


async def read_http(wire: Wire) -> tuple[int, bytes]:
    """Status and body (64 KiB at most) of one HTTP answer, the interim 100 left out. Raises :class:`ProtocolError`."""
    for _ in range(3):
        line = await wire.read_line(512)
        found = re.match(rb"HTTP/1\.[01] ([0-9]{3})\b", line)
        if found is None:
            raise ProtocolError("its answer is none of HTTP")
        head = bytearray()
        while (line := await wire.read_line(4096)).strip():
            head += line
            if len(head) > 32 * 1024:
                raise ProtocolError("an answer with too many headers")
        if found[1] != b"100":
            return int(found[1]), await _body(wire, bytes(head).lower())
    raise ProtocolError("an answer that never begins")


async def _body(wire: Wire, head: bytes) -> bytes:
    if re.search(rb"^transfer-encoding:[ \t]{0,8}chunked", head, re.MULTILINE):
        body = bytearray()
        while size := _number(await wire.read_line(64), 16):
            if len(body) + size > _BODY:
                raise ProtocolError("an answer that is too long")
            body += await wire.read_exactly(size)
            await wire.read_line(16)
        return bytes(body)
    found = re.search(rb"^content-length:[ \t]{0,8}([0-9]{1,9})", head, re.MULTILINE)
    length = int(found[1]) if found else 0
    if length > _BODY:
        raise ProtocolError("an answer that is too long")
    return await wire.read_exactly(length) if length else b""


def _number(line: bytes, base: int) -> int:
    text = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9a-fA-F]{1,6}", text):
        raise ProtocolError("an answer in chunks without their size")
    return int(text, base)


SCANNER = IppScanner()
