"""One file taken in, whatever its format: the same for the command line and the API."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from collector.imports import nmap
from collector.imports.greenbone import read_greenbone
from collector.imports.inventory import InventoryTaken, take_inventory
from collector.imports.inventory_mapping import InventoryMapping, ready_made
from collector.imports.nessus import read_nessus
from collector.imports.nuclei import read_nuclei
from collector.imports.results import Report, take_results
from collector.imports.tables_of_text import read_csv, read_search_result
from collector.ingest import Ingest
from collector.refusal import ActionRefused
from collector.store import Store
from scanners.located_yaml import FileError
from scanners.observation import Vantage
from scanners.zone import Zone

LIMIT_BYTES = nmap.LIMIT_BYTES
_NAMED = 50  # assets of each sort that are named in the answer


class Format(StrEnum):
    NMAP = "nmap"
    CSV = "csv"
    GLPI = "glpi"
    NESSUS = "nessus"
    GREENBONE = "greenbone"
    NUCLEI = "nuclei"


INVENTORIES = frozenset({Format.CSV, Format.GLPI})
_READERS: Mapping[Format, Callable[[bytes, str, datetime], Report]] = {
    Format.NESSUS: read_nessus,
    Format.GREENBONE: read_greenbone,
    Format.NUCLEI: read_nuclei,
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be done with a file. ``name`` is what messages call it.

    A scanner's report needs ``zone`` (``zones`` are all in force); ``vantage`` is the zone's unless given. A CSV needs
    ``mapping``; without one GLPI's ready-made mapping is used for its exports.
    """

    format: Format
    name: str
    zone: Zone | None = None
    zones: Mapping[str, Zone] = field(default_factory=dict)
    vantage: Vantage | None = None
    mapping: InventoryMapping | None = None
    skip_bad_lines: bool = False
    may_shrink: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """``counts`` by what became of them; ``named`` are some ids of each sort; ``refused`` are (line, why)."""

    counts: Mapping[str, int]
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: tuple[tuple[int, str], ...] = ()


class _OnlyTried(Exception):
    """Undoes the transaction of a trial, and carries what it found out of it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__()


def take(store: Store, ingest: Ingest, document: bytes, wanted: Wanted, noting: Callable[[Connection, Result], None]) -> Result:
    """Take the file in, in one transaction with what ``noting`` writes down of it; or only try (``dry_run``).

    Raises :class:`~scanners.located_yaml.FileError` for a file that is not taken and :class:`ActionRefused` for an order
    that lacks something (``no-zone``, ``no-mapping``); nothing was changed then.
    """
    work = _read(ingest, document, wanted)  # while nobody waits for the transaction
    try:
        with store.write() as connection:
            result = work(connection)
            if wanted.dry_run:
                raise _OnlyTried(result)
            noting(connection, result)
            return result
    except _OnlyTried as tried:
        return tried.result


def _read(ingest: Ingest, document: bytes, wanted: Wanted) -> Callable[[Connection], Result]:
    """What is left to do in a transaction once the file is read."""
    if wanted.format in INVENTORIES:
        return _inventory(ingest, document, wanted)
    if wanted.zone is None:
        raise ActionRefused("no-zone", f"a report of {wanted.format.value} is taken into a zone: name it")
    scope, vantage = (wanted.zone, list(wanted.zones.values())), wanted.vantage or wanted.zone.vantage
    now = ingest.settings.clock()
    if wanted.format is Format.NMAP:
        ports = nmap.read_report(document, wanted.name, now)
        return lambda connection: Result(counts=asdict(nmap.take_report(ingest, connection, ports, scope, vantage)))
    if len(document) > LIMIT_BYTES:
        raise FileError(wanted.name, [(0, f"is larger than {LIMIT_BYTES} bytes and was not read")])
    report = _READERS[wanted.format](document, wanted.name, now)

    def results(connection: Connection) -> Result:
        found = take_results(ingest, connection, report, scope, vantage)
        return Result(counts={**asdict(found), "unplaced": report.unplaced})

    return results


def _inventory(ingest: Ingest, document: bytes, wanted: Wanted) -> Callable[[Connection], Result]:
    mapping = wanted.mapping or (ready_made("glpi") if wanted.format is Format.GLPI else None)
    if mapping is None:
        raise ActionRefused("no-mapping", "a CSV is read with a mapping, which says what its columns are: name it")
    if wanted.format is Format.GLPI and document.lstrip()[:1] == b"{":
        table = read_search_result(document, wanted.name)
    else:
        headers = {header for named in mapping.headers().values() for header in named}
        delimiter = "\t" if mapping.delimiter == "tab" else mapping.delimiter
        table = read_csv(document, wanted.name, headers, encoding=mapping.encoding, delimiter=delimiter)
    how = {"skip_bad_lines": wanted.skip_bad_lines, "may_shrink": wanted.may_shrink}
    return lambda connection: _told(take_inventory(ingest, connection, table, mapping, source=wanted.name, **how))


def _told(found: InventoryTaken) -> Result:
    sorts = {name: getattr(found.done, name) for name in ("added", "changed", "unchanged", "retired", "elsewhere")}
    return Result(
        counts={**{name: len(ids) for name, ids in sorts.items()}, "skipped": found.skipped_lines},
        named={name: tuple(ids[:_NAMED]) for name, ids in sorts.items() if name != "unchanged"},
        refused=found.skipped,
    )
