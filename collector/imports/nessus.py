"""Nessus' report (``.nessus``, NessusClientData_v2): the results of each host, and which plug-ins ran.

A result that is missing is gone where the host was looked at to its end and the report's policy lists its plug-in, over the same
ports and with a login if there was one before (``plugin_set``, ``port_range``, ``Credentialed_Scan``).
"""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from collector.imports.results import SEVERITIES, Gathering, Place, Report, address_of
from collector.imports.xml_parts import parts_of, read_whole
from collector.occasion import HOST
from scanners.clean_text import clean_text
from scanners.reported import NESSUS, ReportedResult
from scanners.target import parse_port

_ROOTS = frozenset({"NessusClientData_v2"})
_WANTED = frozenset({"preference", "ReportHost"})
_SEVERITY = dict(zip("4321", SEVERITIES, strict=True))  # 0 is information
_WRITTEN = "%a %b %d %H:%M:%S %Y"  # on that scanner's clock; taken as UTC where the report has no time stamp


def read_nessus(document: bytes, source: str, now: datetime) -> Report:
    """Raises :class:`~scanners.located_yaml.FileError` for anything that is not a whole report."""
    return read_whole(source, lambda: _read(document, now))


def _read(document: bytes, now: datetime) -> Report:
    preferences: dict[str, str] = {}
    looked: dict[str, datetime] = {}
    scopes: dict[str, str] = {}
    gathered, unplaced, version = Gathering(), 0, ""
    for part in parts_of(document, _ROOTS, _WANTED):
        if part.tag == "preference":
            preferences[part.findtext("name") or ""] = part.findtext("value") or ""
            continue
        tags = {tag.get("name", ""): tag.text or "" for tag in part.iterfind("HostProperties/tag")}
        address = address_of(tags.get("host-ip") or part.get("name") or "")
        if address is None:
            unplaced += len(part.findall("ReportItem"))
            continue
        ended = _time(tags, "HOST_END", now)
        at = ended or _time(tags, "HOST_START", now)
        if at is None:
            raise ValueError(f"host {address}: when it was looked at is not told (HOST_START, HOST_END)")
        scopes[address] = _scope(tags, preferences)
        if ended is not None:
            looked[address] = ended
            gathered.add((address, HOST), ended, None)
        _items(part, address, at, scopes[address], gathered)
        version = version or _version(part)
    plugins = {plugin for plugin in preferences.get("plugin_set", "").split(";") if plugin}

    def silent(place: Place, result: ReportedResult) -> bool:
        return place[0] in looked and result.id in plugins and _repeats(scopes[place[0]], result.scope)

    return Report(NESSUS, version, looked, gathered.found(), silent, unplaced)


def _time(tags: dict[str, str], name: str, now: datetime) -> datetime | None:
    """When the look at the host began or ended; None when that is not told. Raises ``ValueError`` for what is no time."""
    stamp, text = tags.get(f"{name}_TIMESTAMP", ""), tags.get(name, "")
    if stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12:
        return min(datetime.fromtimestamp(int(stamp), UTC), now)
    return min(datetime.strptime(text.strip(), _WRITTEN).replace(tzinfo=UTC), now) if text else None


def _scope(tags: dict[str, str], preferences: dict[str, str]) -> str:
    login = "login" if tags.get("Credentialed_Scan", "").lower() == "true" else "no login"
    return f"{login}, ports {clean_text(preferences.get('port_range', 'default'), 200)}"


def _repeats(now: str, before: str) -> bool:
    """Whether a look of the scope ``now`` would have seen again what one of the scope ``before`` saw."""
    login, _, ports = before.partition(", ")
    return now.endswith(ports) and (login == "no login" or now.startswith("login"))


def _items(host: Element, address: str, at: datetime, scope: str, gathered: Gathering) -> None:
    for item in host.iterfind("ReportItem"):
        severity = _SEVERITY.get(item.get("severity", ""))
        if severity is None:
            continue
        plugin = clean_text(item.get("pluginID", ""), 32)
        if not plugin:
            raise ValueError(f"host {address}: a result without pluginID")
        told = clean_text(f"{plugin} {item.get('pluginName', '')}".strip(), 200)
        cves = " ".join(sorted({clean_text(cve.text or "", 30) for cve in item.findall("cve")}))[:1_000]
        gathered.add(_place(item, address), at, ReportedResult(id=plugin, told=told, severity=severity, cves=cves, scope=scope))


def _place(item: Element, address: str) -> Place:
    transport, port = item.get("protocol", ""), item.get("port", "0")
    if transport not in ("tcp", "udp") or port == "0":
        return address, HOST
    return address, f"{transport}/{parse_port(port)}"


def _version(host: Element) -> str:
    """Nessus tells its version only in the text of plug-in 19506 (*Nessus Scan Information*)."""
    for item in host.iterfind("ReportItem[@pluginID='19506']"):
        for line in (item.findtext("plugin_output") or "").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "Nessus version":
                return clean_text(value.strip().split(" ")[0], 32)
    return ""
