"""nmap's XML, read as what it is: text that strangers on the network had a hand in.

No entity, no external reference; a document that breaks off or turns invalid keeps what was complete before.
"""

from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from scanners.clean_text import clean_text
from scanners.target import AddressError, parse_address, parse_port

LIMIT_BYTES = 4 * 1024 * 1024


class NmapProduct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What nmap says of one port, as told by the answers it got (never by the port's number). Texts are clean."""

    name: str | None = None
    tls: bool | None = None
    product: str | None = None
    version: str | None = None
    extra: str | None = None
    cpe: str | None = None


Hosts = dict[str, dict[int, NmapProduct]]


def read_xml(document: bytes) -> tuple[Hosts, str]:
    """The products of each host and TCP port, and why reading ended early (empty when it did not). Never raises.

    A host counts once its element is complete, a port within it as well when the document breaks off. A document of over
    4 MiB is read to there.
    """
    hosts: Hosts = {}
    ports: dict[int, NmapProduct] = {}
    address: str | None = None
    try:
        for event, element in iterparse(BytesIO(document[:LIMIT_BYTES]), events=("start", "end"), forbid_dtd=False):
            if event == "start" and element.tag == "host":
                address, ports = None, {}
            elif event == "end" and element.tag == "address" and element.get("addrtype") in ("ipv4", "ipv6"):
                address = _address(element.get("addr", ""))
                if address:
                    hosts[address] = ports
            elif event == "end" and element.tag == "port":
                ports.update(_port(element))
                element.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        return hosts, clean_text(f"nmap's report could not be read to its end: {error}", 300)
    return hosts, ""


def _address(text: str) -> str | None:
    try:
        return str(parse_address(text))
    except AddressError:
        return None


def _port(element: Element) -> Iterator[tuple[int, NmapProduct]]:
    state, service = element.find("state"), element.find("service")
    if element.get("protocol") != "tcp" or state is None or state.get("state") != "open" or service is None:
        return
    if service.get("method") != "probed" or service.get("name") in (None, "tcpwrapped", "unknown"):
        return
    try:
        number = parse_port(element.get("portid", ""))
    except AddressError:
        return
    yield (
        number,
        NmapProduct(
            name=_text(service.get("name")),
            tls=True if service.get("tunnel") == "ssl" else None,
            product=_text(service.get("product")),
            version=_text(service.get("version")),
            extra=_text(service.get("extrainfo")),
            cpe=_text(service.findtext("cpe")),
        ),
    )


def _text(value: str | None) -> str | None:
    return clean_text(value, 200) or None if value else None
