"""The files of the feeds: CISA's KEV catalogue (JSON), FIRST's EPSS (CSV), SSVC in CVE records (CVE JSON 5) or NVD's answers.

Everything in a file is checked before anything of it is used. Each function raises :class:`~scanners.located_yaml.FileError`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, TypeVar

import msgspec

from collector.feeds.content import CVE, Content, CveId, EpssRow, FeedName, KevRow, SsvcRow, moment
from scanners.located_yaml import FileError

CISA = "134c704f-9b21-4f2e-91b3-4a467353bcc0"  # CISA's id in the CVE programme, as NVD names the source of its SSVC
_CISA_ADP = "CISA-ADP"
_EPSS_HEAD = re.compile(r"#model_version:([^,\s]{1,40}),score_date:([0-9T:+.Z-]{10,40})")
_EPSS_COLUMNS = "cve,epss,percentile"
_EXPLOITATION: Mapping[str, str] = {"none": "none", "poc": "poc", "public poc": "poc", "active": "active"}
_YES: Mapping[str, bool] = {"yes": True, "no": False}
_TOTAL: Mapping[str, bool] = {"total": True, "partial": False}
_CVE = re.compile(CVE)
Shape = TypeVar("Shape", bound=msgspec.Struct)


class _KevEntry(msgspec.Struct):
    cveID: CveId  # noqa: N815 - the feed's own names
    dateAdded: date  # noqa: N815


class _Kev(msgspec.Struct):
    catalogVersion: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]  # noqa: N815
    dateReleased: str  # noqa: N815
    count: int
    vulnerabilities: list[_KevEntry]


class _Other(msgspec.Struct):
    type: str = ""
    content: Any = None


class _Metric(msgspec.Struct):
    other: _Other | None = None


class _Provider(msgspec.Struct):
    shortName: str = ""  # noqa: N815


class _Adp(msgspec.Struct):
    providerMetadata: _Provider  # noqa: N815
    metrics: list[_Metric] = []


class _Containers(msgspec.Struct):
    adp: list[_Adp] = []


class _Metadata(msgspec.Struct):
    cveId: CveId  # noqa: N815
    state: str = ""


class _Record(msgspec.Struct):
    cveMetadata: _Metadata  # noqa: N815
    containers: _Containers


class _NvdSsvc(msgspec.Struct):
    source: str
    ssvcData: Any = None  # noqa: N815


class _NvdMetrics(msgspec.Struct):
    ssvcV203: list[_NvdSsvc] = []  # noqa: N815


class _NvdCve(msgspec.Struct):
    id: CveId
    metrics: _NvdMetrics = msgspec.field(default_factory=_NvdMetrics)


class _NvdItem(msgspec.Struct):
    cve: _NvdCve


class _Nvd(msgspec.Struct):
    vulnerabilities: list[_NvdItem]


class _Points(msgspec.Struct):
    """SSVC's decision points, whoever spells them: ``Technical Impact`` (Vulnrichment) or ``technicalImpact`` (NVD)."""

    timestamp: str
    options: list[dict[str, str]]
    version: Annotated[str, msgspec.Meta(max_length=20)] = ""


class _Kind(msgspec.Struct):
    catalogVersion: Any = None  # noqa: N815
    dataType: Any = None  # noqa: N815
    format: Any = None


def parsed(source: str, data: bytes) -> Content:
    """What a file says, told by what is in it and not by its name. A record without SSVC has no rows."""
    if data.startswith(b"#"):
        return epss(source, data)
    kind = _decoded(source, data, _Kind)
    if kind.catalogVersion is not None:
        return kev(source, data)
    if kind.dataType == "CVE_RECORD":
        return ssvc(source, data)
    if kind.format == "NVD_CVE":
        return nvd(source, data)
    raise FileError(source, [(0, "this is no KEV catalogue, EPSS table, CVE record (CVE JSON 5) or answer of NVD")])


def kev(source: str, data: bytes) -> Content:
    """CISA's catalogue. A count that is not that of its entries betrays a file that was cut or put together."""
    found = _decoded(source, data, _Kev)
    if not found.vulnerabilities or found.count != len(found.vulnerabilities):
        said = f"says that it has {found.count} entries, and has {len(found.vulnerabilities)}"
        raise FileError(source, [(0, said)])
    listed: dict[str, datetime] = {}
    for entry in found.vulnerabilities:
        at = datetime.combine(entry.dateAdded, time(), UTC)
        listed[entry.cveID] = min(at, listed.get(entry.cveID, at))
    rows = [KevRow(cve, listed[cve]) for cve in sorted(listed)]
    return Content(FeedName.KEV, found.catalogVersion, _moment(source, found.dateReleased), rows, source)


def epss(source: str, data: bytes) -> Content:
    """FIRST's table: a line with model and date, a line with the columns, a line a CVE."""
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise FileError(source, [(data.count(b"\n", 0, error.start) + 1, "is not plain ASCII text")]) from error
    head = _EPSS_HEAD.fullmatch(lines[0].strip())
    if head is None:
        raise FileError(source, [(1, "does not begin with #model_version:…,score_date:…")])
    if len(lines) < 2 or lines[1].strip() != _EPSS_COLUMNS:
        raise FileError(source, [(2, f"the columns are not {_EPSS_COLUMNS}")])
    if lines[-1] != "":
        raise FileError(source, [(len(lines), "the last line has no end: the file was cut")])
    rows = {row.cve: row for row in (_epss_row(source, number, line) for number, line in enumerate(lines[2:-1], 3))}
    if not rows or len(rows) != len(lines) - 3:
        raise FileError(source, [(0, "has no line of a CVE" if not rows else "names a CVE twice")])
    return Content(FeedName.EPSS, head[1], _moment(source, head[2]), [rows[cve] for cve in sorted(rows)], source)


def _epss_row(source: str, number: int, line: str) -> EpssRow:
    cells = line.rstrip("\r").split(",")
    try:
        cve, probability, percentile = cells[0], float(cells[1]), float(cells[2])
    except (IndexError, ValueError):
        cve, probability, percentile = "", 0.0, 0.0
    if len(cells) != 3 or _CVE.fullmatch(cve) is None or not (0 <= probability <= 1 and 0 <= percentile <= 1):
        raise FileError(source, [(number, "is not a CVE with a probability and a percentile between 0 and 1")])
    return EpssRow(cve, probability, percentile)


def ssvc(source: str, data: bytes) -> Content:
    """A CVE record as CISA's Vulnrichment publishes it: the decision points of its ADP container."""
    record = _decoded(source, data, _Record)
    if record.cveMetadata.state == "REJECTED":
        return _points(source, [])
    said = [
        (record.cveMetadata.cveId, metric.other.content)
        for adp in record.containers.adp
        if adp.providerMetadata.shortName == _CISA_ADP
        for metric in adp.metrics
        if metric.other is not None and metric.other.type == "ssvc"
    ]
    return _points(source, said)


def nvd(source: str, data: bytes) -> Content:
    """What NVD's interface (2.0) answers: the decision points that it took over from CISA."""
    found = _decoded(source, data, _Nvd)
    said = [
        (item.cve.id, one.ssvcData) for item in found.vulnerabilities for one in item.cve.metrics.ssvcV203 if one.source == CISA
    ]
    return _points(source, said)


def _points(source: str, said: Iterable[tuple[str, Any]]) -> Content:
    read: list[tuple[SsvcRow, str]] = []
    for cve, content in said:
        try:
            points = msgspec.convert(content, _Points)
            read.append((_ssvc_row(cve, points), points.version))
        except (msgspec.ValidationError, ValueError) as error:
            raise FileError(source, [(0, f"{cve}: SSVC: {error}")]) from error
    return merged(source, read)


def merged(source: str, read: Iterable[tuple[SsvcRow, str]]) -> Content:
    """One row a CVE, the newest; with the version of the newest of all."""
    newest: dict[str, tuple[SsvcRow, str]] = {}
    for row, version in read:
        if row.cve not in newest or newest[row.cve][0].at < row.at:
            newest[row.cve] = row, version
    latest = max(newest.values(), key=lambda one: one[0].at, default=None)
    published = latest[0].at if latest else datetime.min.replace(tzinfo=UTC)
    rows = [newest[cve][0] for cve in sorted(newest)]
    return Content(FeedName.SSVC, latest[1] if latest else "", published, rows, source)


def _ssvc_row(cve: str, points: _Points) -> SsvcRow:
    given = {key.replace(" ", "").lower(): value.lower() for option in points.options for key, value in option.items()}

    def one(name: str, words: Mapping[str, Any]) -> Any:
        value = given.get(name)
        if value is not None and value not in words:
            raise ValueError(f"{name} is {value[:40]!r}, which is none of {', '.join(words)}")
        return None if value is None else words[value]

    return SsvcRow(
        cve,
        one("exploitation", _EXPLOITATION),
        one("automatable", _YES),
        one("technicalimpact", _TOTAL),
        moment(points.timestamp),
    )


def _decoded(source: str, data: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FileError(source, [(0, f"is not as it should be: {str(error)[:300]}")]) from error
    except RecursionError as error:
        raise FileError(source, [(0, "is nested deeper than anything that says something")]) from error


def _moment(source: str, text: str) -> datetime:
    try:
        return moment(text)
    except ValueError as error:
        raise FileError(source, [(0, f"{text[:40]!r} is not a time")]) from error
