"""nuclei's JSON lines (``nuclei -jsonl``): one line for each match of a template.

They do not say what was tried without a match, so nothing that they leave out is gone. With ``-matcher-status`` they do: a line
with ``"matcher-status": false`` says that this template was tried there and did not match.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from collector.imports.results import SEVERITIES, Gathering, Place, Report, address_of
from collector.occasion import HOST
from scanners.clean_text import clean_text
from scanners.located_yaml import FileError
from scanners.reported import NUCLEI, ReportedResult
from scanners.target import parse_port

_PORTS: dict[str, int] = {"http": 80, "https": 443}


class _Classification(msgspec.Struct, frozen=True):
    cves: list[str] | None = msgspec.field(default=None, name="cve-id")


class _Info(msgspec.Struct, frozen=True):
    name: str = ""
    severity: str = ""
    classification: _Classification | None = None


class _Line(msgspec.Struct, frozen=True):
    template: str = msgspec.field(name="template-id")
    info: _Info
    timestamp: datetime
    host: str = ""
    ip: str = ""
    port: str | int = ""
    matched_at: str = msgspec.field(default="", name="matched-at")
    matched: bool = msgspec.field(default=True, name="matcher-status")


_DECODER = msgspec.json.Decoder(_Line)


def read_nuclei(document: bytes, source: str, now: datetime) -> Report:
    """Raises :class:`FileError` naming the line for anything that is no match of nuclei; the report has no version."""
    gathered, unplaced = Gathering(), 0
    matched: set[tuple[Place, str]] = set()
    tried: set[tuple[Place, str]] = set()
    for number, line in _lines(document, source):
        try:
            place = _place(line)
            severity = line.info.severity.lower()
            if place is None:
                unplaced += severity in SEVERITIES
                continue
            at = min(line.timestamp if line.timestamp.tzinfo else line.timestamp.replace(tzinfo=UTC), now)
            name = clean_text(line.template, 120)
            (matched if line.matched else tried).add((place, name))
            wanted = line.matched and severity in SEVERITIES
            gathered.add(place, at, _result(line, name, severity) if wanted else None)
        except ValueError as error:
            raise FileError(source, [(number, clean_text(str(error), 300))]) from error
    gone = tried - matched  # a template has several matchers: one that matched is enough

    def silent(place: Place, result: ReportedResult) -> bool:
        return (place, result.id) in gone

    return Report(NUCLEI, "", {}, gathered.found(), silent, unplaced)


def _lines(document: bytes, source: str) -> Iterator[tuple[int, _Line]]:
    seen = 0
    for number, text in enumerate(document.split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            yield number, _DECODER.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FileError(source, [(number, f"is no match of nuclei -jsonl: {clean_text(str(error), 200)}")]) from error
        seen += 1
    if not seen:
        raise FileError(source, [(0, "is empty: when nuclei found nothing, there is nothing to take in")])


def _result(line: _Line, name: str, severity: str) -> ReportedResult:
    named: list[Any] = (line.info.classification.cves if line.info.classification else None) or []
    cves = " ".join(sorted({clean_text(str(cve).upper(), 30) for cve in named}))[:1_000]
    return ReportedResult(id=name, told=clean_text(f"{name} {line.info.name}".strip(), 200), severity=severity, cves=cves)


def _place(line: _Line) -> Place | None:
    """Where it matched, by address: nuclei's ``ip``, or the host if that is one. No name is looked up."""
    where = line.matched_at or line.host
    split = urlsplit(where if "://" in where else f"//{where}")
    address = address_of(line.ip) or address_of(split.hostname or "")
    if address is None:
        return None
    port = str(line.port or split.port or _PORTS.get(split.scheme) or "")
    return address, f"tcp/{parse_port(port)}" if port else HOST
