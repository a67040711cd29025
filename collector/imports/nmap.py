"""Nmap's XML (``nmap -oX``), as its DTD describes it: open ports and what answers there, with their own vantage and time.

Only open ports are taken: what nmap calls closed or did not see proves nothing here, and closes nothing.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element

import msgspec
from defusedxml.ElementTree import iterparse
from sqlalchemy import Connection

from collector.imports.scope import inside
from collector.imports.xml_parts import DEPTH_LIMIT, read_whole
from collector.ingest import Ingest
from scanners.clean_text import clean_text
from scanners.located_yaml import FileError
from scanners.nmap import merged
from scanners.nmap.xml import NmapProduct
from scanners.observation import Observation, Outcome, Vantage
from scanners.service_facts import IMPORTED_BY_NMAP, ServiceFacts
from scanners.target import AddressError, Target, Transport, parse_address, parse_port
from scanners.zone import Zone

LIMIT_BYTES = 64 * 1024 * 1024
LIMIT_PORTS = 200_000
_LOOKS = uuid.UUID("5d0d9d2e-6c0c-5c0e-9a0b-0d6f5f6f1a77")
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Port:
    """One open port of a report. ``at`` is when nmap looked at its host."""

    target: Target
    at: datetime
    facts: ServiceFacts


@dataclass(frozen=True)
class Taken:
    """What became of the open ports of a report: taken in, known already (or older than what is stored), outside the zone."""

    taken: int = 0
    unchanged: int = 0
    outside: int = 0


def read_report(document: bytes, source: str, now: datetime) -> tuple[str, list[Port]]:
    """The version of nmap and every open port. Raises :class:`FileError` naming ``source`` for anything that is not a whole
    report: nothing of a broken one is given back."""
    if len(document) > LIMIT_BYTES:
        raise FileError(source, [(0, f"is larger than {LIMIT_BYTES} bytes and was not read")])
    return read_whole(source, lambda: _read(document, now))


def _read(document: bytes, now: datetime) -> tuple[str, list[Port]]:
    ports: list[Port] = []
    root: Any = None
    depth, ended = 0, None
    for event, element in iterparse(BytesIO(document), events=("start", "end"), forbid_dtd=False):
        if event == "start":
            depth += 1
            root = element if root is None else root
            if root.tag != "nmaprun" or depth > DEPTH_LIMIT:
                raise ValueError("no report of nmap (nmap -oX): its first element is not nmaprun, or it is nested too deep")
            continue
        depth -= 1
        if element.tag == "finished":
            ended = element.get("time")
        elif element.tag == "host" and depth == 1:
            ports += _host(element, root, now)
            root.remove(element)
        if len(ports) > LIMIT_PORTS:
            raise ValueError(f"it has more than {LIMIT_PORTS} open ports: give it in parts")
    if ended is None:
        raise ValueError("nmap did not finish this report (there is no runstats/finished): scan again, or let nmap --resume it")
    return clean_text(root.get("version") or "", 32), ports


def _host(host: Element, root: Element, now: datetime) -> Iterator[Port]:
    addresses = [item.get("addr", "") for item in host.findall("address") if item.get("addrtype") in ("ipv4", "ipv6")]
    if not addresses:
        return
    text = host.get("endtime") or root.get("start") or ""
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise ValueError(f"host {clean_text(addresses[0], 60)}: when it was looked at is not told (endtime)")
    at = datetime.fromtimestamp(int(text), UTC)
    if at > now:
        raise ValueError(f"host {clean_text(addresses[0], 60)}: it says it was looked at {at.isoformat()}, which is to come")
    for port in host.iterfind("ports/port"):
        state = port.find("state")
        if state is not None and state.get("state") == "open" and port.get("protocol") in ("tcp", "udp"):
            yield _port(str(parse_address(addresses[0])), port, at)


def _port(address: str, port: Element, at: datetime) -> Port:
    try:
        number = parse_port(port.get("portid", ""))
    except AddressError as error:
        raise ValueError(f"host {address}: {error}") from error
    service, facts = port.find("service"), ServiceFacts()
    if service is not None and service.get("method") == "probed" and service.get("name") != "tcpwrapped":
        said = {name: clean_text(service.get(key) or "", 200) or None for name, key in _SAID}
        cpe = clean_text(service.findtext("cpe") or "", 200) or None
        facts = merged(facts, NmapProduct(tls=service.get("tunnel") == "ssl" or None, cpe=cpe, **said))
    return Port(Target(address=address, port=number, transport=Transport(port.get("protocol", ""))), at, facts)


_SAID = (("name", "name"), ("product", "product"), ("version", "version"), ("extra", "extrainfo"))


def take_report(
    ingest: Ingest, connection: Connection, report: tuple[str, list[Port]], zones: tuple[Zone, list[Zone]], vantage: Vantage
) -> Taken:
    """Take in what lies in the first of ``zones`` and in no exclusion of all the others, within the caller's transaction.

    The same report taken again changes nothing.
    """
    version, ports = report
    zone, others = zones
    found, is_inside, taken = Taken(), inside(zone, others), []
    for port in ports:
        if is_inside(port.target.ip):
            taken.append(_observed(port, version, zone, vantage))
    for start in range(0, len(taken), _AT_ONCE):
        changes = ingest.take(taken[start : start + _AT_ONCE], connection)
        found = replace(found, taken=found.taken + changes.ingested, unchanged=found.unchanged + changes.skipped)
    return replace(found, outside=len(ports) - len(taken))


def _observed(port: Port, version: str, zone: Zone, vantage: Vantage) -> Observation:
    said = msgspec.json.encode((zone.id, vantage, port.target, port.at, version, port.facts)).decode()
    return Observation(
        id=uuid.uuid5(_LOOKS, said).hex,
        zone=zone.id,
        vantage=vantage,
        target=port.target,
        scanner=IMPORTED_BY_NMAP,
        scanner_version=version,
        observed_at=port.at,
        outcome=Outcome.OBSERVED,
        facts=port.facts,
    )
