"""ONVIF (Core Specification) over WS-Discovery (2005/04) and HTTP: whether a camera tells strangers what it is."""

import re
from typing import ClassVar
from urllib.parse import urlsplit

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.protocols.ipp import read_http
from scanners.protocols.ws_discovery import PROBE, is_answer
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target, Transport
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness

PATH = "/onvif/device_service"
_LIMITS = WireLimits(deadline_seconds=8.0, read_bytes=256 * 1024)
_CAMERA = re.compile(rb"NetworkVideoTransmitter|onvif\.org", re.IGNORECASE)
_ADDRESSES = re.compile(rb"<[^<>]{0,40}XAddrs[^<>]{0,200}>([^<]{1,2000})<")
_SERVER = re.compile(r"gsoap|app-webs|hikvision|dahua|hipcam|netcam|camera|onvif|dnvrs", re.IGNORECASE)


class OnvifFacts(Facts, frozen=True, kw_only=True):
    """``identified``: an ONVIF device answered. ``information_open``: it names maker, model and firmware to strangers.

    ``path`` is where its device service is.
    """

    kind: ClassVar[str] = "onvif"

    identified: bool | None = None
    information_open: bool | None = None
    vendor: str | None = None
    product: str | None = None
    firmware: str | None = None
    path: str | None = None


def envelope(operation: str) -> bytes:
    """A request of the device service without arguments (ONVIF Core, 8.3)."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        f'<{operation} xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
    ).encode()


def text_in(body: bytes, element: str) -> str | None:
    """The text of the first element of that local name; None when there is none. Bounded, and no XML is interpreted."""
    found = re.search(rb"<(?:[A-Za-z0-9_.-]{1,40}:)?" + element.encode() + rb"(?:\s[^<>]{0,200})?>([^<]{1,200})<", body)
    return clean_bytes(found[1].strip(), 100) or None if found else None


def read_services(answer: bytes, target: Target) -> list[tuple[int, str]]:
    """Port and path of each device service that stands on the very address that answered."""
    found: list[tuple[int, str]] = []
    for addresses in _ADDRESSES.findall(answer[:65536])[:4]:
        for url in clean_bytes(addresses, 2000).split()[:4]:
            try:
                split = urlsplit(url)
                port = split.port or 80
            except ValueError:
                continue
            if split.scheme == "http" and split.hostname == target.address and re.fullmatch(r"/[\x21-\x7e]{0,200}", split.path):
                found.append((port, split.path))
    return found


class OnvifScanner:
    """GetSystemDateAndTime, which everybody may ask, and GetDeviceInformation, which should want a password."""

    name = "onvif"
    version = "1"
    facts_type = OnvifFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 20.0

    def applies(self, service: ServiceFacts) -> bool:
        if service.name == "ws-discovery":
            return service.extra == "onvif"
        return service.name == "http" and (service.device_class == "camera" or bool(_SERVER.search(service.banner or "")))

    async def look(self, target: Target, occasion: Occasion) -> Look:
        if target.transport is not Transport.UDP:
            return await _ask_service(target, occasion, PATH)
        answers = await occasion.door.datagram(target, PROBE, zone_id=occasion.zone.id)
        if not answers:
            raise TimeoutError
        if not is_answer(answers[0]) or not _CAMERA.search(answers[0]):
            raise ProtocolError("its answer is none of an ONVIF device")
        for port, path in read_services(answers[0], target)[:1]:
            try:
                return await _ask_service(Target(address=target.address, port=port), occasion, path)
            except (ProtocolError, OSError, TimeoutError):
                break
        return Look(OnvifFacts(identified=True), answers[0])


async def _ask_service(target: Target, occasion: Occasion, path: str) -> Look:
    status, body = await _post(target, occasion, path, "GetSystemDateAndTime")
    if b"GetSystemDateAndTimeResponse" not in body and not (status in (400, 401) and b"onvif.org" in body):
        raise ProtocolError("there is no ONVIF device service")
    status, body = await _post(target, occasion, path, "GetDeviceInformation")
    if b"GetDeviceInformationResponse" not in body:
        refused = True if status in (400, 401, 403) or b"NotAuthorized" in body else None
        return Look(OnvifFacts(identified=True, information_open=False if refused else None, path=path), body)
    facts = OnvifFacts(
        identified=True,
        information_open=True,
        vendor=text_in(body, "Manufacturer"),
        product=text_in(body, "Model"),
        firmware=text_in(body, "FirmwareVersion"),
        path=path,
    )
    return Look(facts, body)


async def _post(target: Target, occasion: Occasion, path: str, operation: str) -> tuple[int, bytes]:
    tls = lenient_context() if occasion.service and occasion.service.tls else None
    host = f"[{target.address}]" if ":" in target.address else target.address
    body = envelope(operation)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{target.port}\r\nUser-Agent: Talaia\r\nConnection: close\r\n"
    head += f'Content-Type: application/soap+xml; charset=utf-8; action="http://www.onvif.org/ver10/device/wsdl/{operation}"\r\n'
    async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS, tls=tls) as wire:
        await wire.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return await read_http(wire)


SCANNER = OnvifScanner()
