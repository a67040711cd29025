"""UPnP (Device Architecture 2.0): SSDP asked from afar, and the description it points to when that is on the same host."""

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from scanners.clean_text import clean_text
from scanners.observation import Facts
from scanners.protocols.http.client import Browser, Exhausted
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.reflections import SSDP_SEARCH, read_ssdp, ssdp_headers
from scanners.target import AddressError, Target, Transport, parse_address
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

MOST_ANSWERS, SECONDS = 16, 2.0  # MX is one second: devices wait up to that long before they answer
LONGEST_DESCRIPTION = 64 * 1024
MOST_ELEMENTS, MOST_SERVICES = 2000, 32
_PORT_MAPPING = ("WANIPConnection", "WANPPPConnection")


class UpnpFacts(Facts, frozen=True, kw_only=True):
    """``answers``: SSDP answered a search that came from outside its link, by unicast.

    ``location`` is where its description is said to be; ``described`` whether it was read (only from the very host that
    answered). ``services`` are type and version, as ``WANIPConnection:1``; ``port_mapping``: it can open ports of a router.
    Where no description was read, services are those that the search answers named.
    """

    kind: ClassVar[str] = "upnp"

    answers: bool | None = None
    server: str | None = None
    location: str | None = None
    described: bool | None = None
    friendly_name: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    services: tuple[str, ...] | None = None
    port_mapping: bool | None = None


class UpnpScanner:
    """One search, one GET of the description. No action is called."""

    name = "upnp"
    version = "1"
    facts_type = UpnpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 12.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("ssdp", "upnp")

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        return target.transport is Transport.UDP

    async def look(self, target: Target, occasion: Occasion) -> Look:
        answers = await occasion.door.datagram(
            target, SSDP_SEARCH, zone_id=occasion.zone.id, timeout_seconds=SECONDS, replies=MOST_ANSWERS
        )
        if not answers:
            raise TimeoutError
        found = [ssdp_headers(answer) for answer in answers if read_ssdp(answer) is not None]
        if not found:
            raise ProtocolError("its answer is none of SSDP")
        location = next((item["location"] for item in found if item.get("location")), None)
        named = _kinds([text for item in found for text in (item.get("st", ""), item.get("usn", ""))])
        document = await _description(target, location, occasion) if location else None
        facts: dict[str, Any] = described(document) if document is not None else {}
        services = facts.pop("services", None) or named
        more: dict[str, Any] = {
            "services": services,
            "port_mapping": any(item.partition(":")[0] in _PORT_MAPPING for item in services),
        }
        server = next((item["server"] for item in found if item.get("server")), None)
        return Look(
            UpnpFacts(answers=True, server=server, location=location, described=bool(facts), **facts, **more), b"".join(answers)
        )


async def _description(target: Target, location: str, occasion: Occasion) -> bytes | None:
    """The document at ``location``; None when that is another host, another scheme, or nothing that answers."""
    try:
        there = urlsplit(location)
        port = there.port or 80
        same = there.scheme == "http" and parse_address(there.hostname or "") == target.ip
    except (ValueError, AddressError):
        return None
    if not same:
        return None  # a device may point anywhere: we go nowhere that the zone did not send us
    path = (there.path or "/") + (f"?{there.query}" if there.query else "")
    where = Target(address=target.address, port=port)
    try:
        async with Browser(occasion.door, occasion.zone, where, "http", requests=1, request_seconds=4.0) as browser:
            answer = await browser.ask(path, body_bytes=LONGEST_DESCRIPTION)
    except (OSError, TimeoutError, ProtocolError, Exhausted):
        return None
    return answer.body if answer.status == 200 and answer.whole else None


def described(document: bytes) -> dict[str, Any]:
    """Names and services of a device description; empty when it is none. Never raises."""
    if len(document) > LONGEST_DESCRIPTION:
        return {}
    try:
        root = defusedxml.ElementTree.fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    facts: dict[str, Any] = {}
    wanted = {"friendlyName": "friendly_name", "manufacturer": "manufacturer", "modelName": "model"}
    services = []
    for name, text in _texts(root):
        if name in wanted and text:
            facts.setdefault(wanted[name], clean_text(text, 120))
        if name == "serviceType":
            services.append(text)
    if services:
        facts["services"] = _kinds(services)
    return facts


def _texts(root: Element) -> Iterator[tuple[str, str]]:
    for number, element in enumerate(root.iter()):
        if number >= MOST_ELEMENTS:
            return
        yield str(element.tag).rpartition("}")[2], (element.text or "").strip()


def _kinds(texts: list[str]) -> tuple[str, ...]:
    """``WANIPConnection:1`` of ``urn:schemas-upnp-org:service:WANIPConnection:1``, each once."""
    found = [text.partition(":service:")[2] for text in texts if ":service:" in text]
    return tuple(dict.fromkeys(clean_text(text, 80) for text in found))[:MOST_SERVICES]


SCANNER = UpnpScanner()
