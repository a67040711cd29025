"""Greenbone's report (GMP ``report``, format *XML*): the results of a task, for each host that it looked at to its end.

It does not say which tests ran. A result that is missing is gone where the same task, shown through the same filter, looked at
the host to its end again.
"""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from collector.imports.results import Gathering, Place, Report, address_of, severity_of_cvss
from collector.imports.xml_parts import parts_of, read_whole
from collector.occasion import HOST
from scanners.clean_text import clean_text
from scanners.reported import GREENBONE, ReportedResult
from scanners.target import parse_port

_ROOTS = frozenset({"report", "get_reports_response"})
_WANTED = frozenset({"gmp", "task", "filters", "host", "result", "result_count", "scan_run_status", "scan_end"})
_ENDED = frozenset({"Done", "Stopped", "Interrupted"})
_AS_SHOWN = ("first", "rows", "sort", "sort-reverse")  # words of a filter that leave nothing out of a report


def read_greenbone(document: bytes, source: str, now: datetime) -> Report:
    """Raises :class:`~scanners.located_yaml.FileError` for anything that is not a whole report, also for one page of several."""
    return read_whole(source, lambda: _read(document, now))


class _Seen:
    """What a report says of itself besides its results."""

    def __init__(self) -> None:
        self.version, self.task, self.filter, self.status = "", "", "", ""
        self.counted: int | None = None
        self.ended: datetime | None = None
        self.hosts: dict[str, datetime] = {}
        self.results: list[Element] = []

    def part(self, element: Element, now: datetime) -> None:
        if element.tag == "gmp":
            self.version = clean_text(element.findtext("version") or "", 32)
        elif element.tag == "task":
            self.task = self.task or clean_text(element.get("id", ""), 64)
        elif element.tag == "filters":
            self.filter = self.filter or _filter(element.findtext("term") or "")
        elif element.tag == "scan_run_status":
            self.status = clean_text(element.text or "", 40)
        elif element.tag == "scan_end":
            self.ended = _time(element.text, now)
        elif element.tag == "result_count":
            filtered = element.findtext("filtered") or ""
            self.counted = int(filtered) if filtered.isascii() and filtered.isdecimal() and len(filtered) < 10 else None
        elif element.tag == "host":
            address, end = address_of(element.findtext("ip") or ""), _time(element.findtext("end"), now)
            if address is not None and end is not None:
                self.hosts[address] = end
        else:
            self.results.append(element)

    def check(self) -> None:
        """Raises ``ValueError`` for what is no whole report of a scan that has ended."""
        if not self.status:
            raise ValueError("no report of Greenbone in its XML format: there is no scan_run_status")
        if self.status not in _ENDED:
            raise ValueError(f"the scan has not ended ({self.status}): export its report again when it has")
        if self.counted is not None and len(self.results) < self.counted:
            said = f"it holds {len(self.results)} of {self.counted} results, a page of several"
            raise ValueError(f"{said}: export it whole (ignore_pagination=1)")


def _read(document: bytes, now: datetime) -> Report:
    seen = _Seen()
    for part in parts_of(document, _ROOTS, _WANTED):
        seen.part(part, now)
    seen.check()
    gathered, unplaced = Gathering(), 0
    for address, ended in seen.hosts.items():
        gathered.add((address, HOST), ended, None)
    scope = f"task {seen.task}, {seen.filter}"
    for result in seen.results:
        host = result.find("host")
        where = address_of((host.text or "") if host is not None else "")
        at = seen.hosts.get(where or "") or seen.ended
        unplaced += where is None
        if where is not None and at is None:
            raise ValueError(f"host {where}: when it was looked at is not told")
        if where is not None and at is not None:
            _result(result, where, at, scope, gathered)
    looked = seen.hosts if seen.status == "Done" else {}

    def silent(place: Place, result: ReportedResult) -> bool:
        return bool(seen.task) and place[0] in looked and result.scope == scope

    return Report(GREENBONE, seen.version, looked, gathered.found(), silent, unplaced)


def _result(result: Element, address: str, at: datetime, scope: str, gathered: Gathering) -> None:
    severity = severity_of_cvss(_score(result.findtext("severity") or ""))
    test = result.find("nvt")
    if severity is None or test is None:
        return
    oid = clean_text(test.get("oid", ""), 64)
    name = result.findtext("name") or test.findtext("name") or ""
    found = {ref.get("id", "") for ref in test.iterfind("refs/ref") if ref.get("type") in ("cve", "cve_id")}
    cves = " ".join(sorted(clean_text(cve, 30) for cve in found))[:1_000]
    told = clean_text(f"{oid} {name}".strip(), 200)
    place = _place(result.findtext("port") or "", address)
    gathered.add(place, at, ReportedResult(id=oid, told=told, severity=severity, cves=cves, scope=scope))


def _score(text: str) -> float:
    """A CVSS score; 0 for a log message, and for what is marked as a false positive or as an error (negative)."""
    try:
        score = float(text)
    except ValueError:
        return 0.0
    return score if 0 <= score <= 10 else 0.0


def _place(text: str, address: str) -> Place:
    """``443/tcp``; ``general/tcp`` and the like are the host."""
    port, _, transport = text.partition("/")
    if not port.isdecimal() or transport not in ("tcp", "udp") or port == "0":
        return address, HOST
    return address, f"{transport}/{parse_port(port)}"


def _filter(term: str) -> str:
    """What of a filter's text decides which results are shown, in an order of its own."""
    words = [word for word in clean_text(term, 400).split() if word.partition("=")[0] not in _AS_SHOWN]
    return "filter " + " ".join(sorted(words))


def _time(text: str | None, now: datetime) -> datetime | None:
    """ISO 8601, UTC where no offset is given. Raises ``ValueError`` for any other text."""
    if not text or not text.strip():
        return None
    at = datetime.fromisoformat(text.strip())
    return min(at if at.tzinfo is not None else at.replace(tzinfo=UTC), now)
