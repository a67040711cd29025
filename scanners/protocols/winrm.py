"""WinRM (WS-Management, DSP0226, MS-WSMV): which ways of proving who one is it takes, and what it says to everybody.

One Identify request, which the standard lets anybody make (DSP0226, 11), and one without its permission, for the ways that are
offered. No credential is sent, no command run.
"""

import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.heard import listen
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness

_LIMITS = WireLimits(deadline_seconds=8.0, read_bytes=64 * 1024)
_IDENTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
)
_STATUS = re.compile(rb"^HTTP/1\.[01] ([0-9]{3})")
_WAYS = re.compile(rb"^WWW-Authenticate:[ \t]{0,8}([A-Za-z-]{1,20})", re.IGNORECASE | re.MULTILINE)
_VENDOR = re.compile(rb"<[a-z]{1,12}:ProductVendor>([^<]{1,200})<")
_VERSION = re.compile(rb"<[a-z]{1,12}:ProductVersion>([^<]{1,200})<")
_NAMES = {
    b"basic": "Basic",
    b"negotiate": "Negotiate",
    b"kerberos": "Kerberos",
    b"ntlm": "NTLM",
    b"credssp": "CredSSP",
    b"digest": "Digest",
}


class WinrmFacts(Facts, frozen=True, kw_only=True):
    """``authentication``: the ways that it offers (Basic, Negotiate, Kerberos, NTLM, CredSSP, Digest). ``basic_in_clear``: Basic
    is offered outside TLS: whoever listens reads the password. ``vendor`` and ``product_version`` are what it says of itself."""

    kind: ClassVar[str] = "winrm"

    in_tls: bool | None = None
    authentication: tuple[str, ...] | None = None
    basic_in_clear: bool | None = None
    vendor: str | None = None
    product_version: str | None = None


class WinrmScanner:
    """Asks servers built on Windows' HTTP service, and openwsman, at /wsman."""

    name = "winrm"
    version = "1"
    facts_type = WinrmFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 25.0

    def applies(self, service: ServiceFacts) -> bool:
        words = f"{service.banner} {service.product}".lower()
        return service.name == "http" and ("microsoft-httpapi" in words or "wsman" in words)

    async def look(self, target: Target, occasion: Occasion) -> Look:
        in_tls = bool(occasion.service and occasion.service.tls)
        said = await _post(target, occasion, in_tls, b"WSMANIDENTIFY: unauthenticated\r\n")
        asked = await _post(target, occasion, in_tls, b"")
        facts = read_answers(said, asked, in_tls)
        if facts is None:
            raise ProtocolError("nothing of WS-Management stands at /wsman")
        return Look(facts, said + asked)


async def _post(target: Target, occasion: Occasion, in_tls: bool, header: bytes) -> bytes:
    context = lenient_context() if in_tls else None
    host = (target.name or (f"[{target.address}]" if ":" in target.address else target.address)).encode("ascii", "replace")
    head = b"POST /wsman HTTP/1.1\r\nHost: " + host + b"\r\nUser-Agent: Talaia\r\n" + header
    head += b"Content-Type: application/soap+xml;charset=UTF-8\r\nConnection: close\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(_IDENTIFY)
    async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS, tls=context) as wire:
        await wire.write(head + _IDENTIFY)
        return (await listen(wire, first_seconds=3.0, limit=16 * 1024)).data


def read_answers(identified: bytes, refused: bytes, in_tls: bool) -> WinrmFacts | None:
    """What two answers say: to Identify with the permission of the standard, and without. None when neither is of WinRM."""
    statuses = [found[1] for data in (identified, refused) if (found := _STATUS.match(data))]
    is_wsman = b"IdentifyResponse" in identified or b"IdentifyResponse" in refused
    ways = {
        _NAMES.get(found[1].lower()) for data in (identified, refused) for found in _WAYS.finditer(data.partition(b"\r\n\r\n")[0])
    }
    if not is_wsman and not (b"401" in statuses and ways - {None}):
        return None
    vendor, version = _VENDOR.search(identified), _VERSION.search(identified)
    offered = tuple(sorted(way for way in ways if way))
    return WinrmFacts(
        in_tls=in_tls,
        authentication=offered or None,
        basic_in_clear=("Basic" in offered and not in_tls) if offered else None,
        vendor=clean_bytes(vendor[1], 120) if vendor else None,
        product_version=clean_bytes(version[1], 120) if version else None,
    )


SCANNER = WinrmScanner()
