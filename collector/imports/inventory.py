"""An inventory kept elsewhere, taken into the catalogue: all of a file, or nothing of it; taken again it changes nothing.

Each inventory is a source of its own. What its file no longer lists is retired, and nothing else is; an asset that the catalogue
file or another source declares already is left to it.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, ValidationError
from sqlalchemy import Connection, select

from collector import tables, tally
from collector.catalogue_file import LANGUAGES, DeclaredAsset
from collector.declaring import Declaring, Done
from collector.imports.inventory_mapping import InventoryMapping
from collector.imports.tables_of_text import Row, TextTable, folded
from collector.ingest import Ingest
from collector.inventory import is_leased
from collector.inventory_size import freeze_when_due
from scanners.located_yaml import FileError
from scanners.target import AddressError, parse_address
from scanners.zone import special_block

TOLD = 100  # problems of one file that are told; the rest is counted
_SEVERAL = ("addresses", "macs", "names", "services")
_LISTED = re.compile(r"[\s,;|]+")
_CATEGORIES = {"alta": "ALTA", "media": "MEDIA", "mitjana": "MEDIA", "basica": "BASICA"}  # of the ENS, in Castilian and Catalan


class Shrinking(FileError):
    """The file lists less than half of what it did: a filtered or cut off export. Nothing was changed."""


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("has several lines")
    return text


class ImportedAsset(DeclaredAsset):
    """One row. Its id is as the inventory writes it."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=90), AfterValidator(_one_line)]


@dataclass(frozen=True)
class InventoryRows:
    """``assets`` with their lines, and what is wrong in each other line."""

    assets: tuple[tuple[int, ImportedAsset], ...]
    problems: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Ours:
    """Departments and services by folded id and name, and which addresses are leased: they identify nobody."""

    departments: Mapping[str, str]
    services: Mapping[str, str]
    leased: Callable[[str, str], bool] = field(default=lambda namespace, address: False)


@dataclass(frozen=True)
class InventoryTaken:
    """What became of the rows. ``skipped`` are problems of lines that were left out: nothing is retired then."""

    done: Done
    skipped: tuple[tuple[int, str], ...] = ()
    skipped_lines: int = 0


def take_inventory(
    ingest: Ingest,
    connection: Connection,
    table: TextTable,
    mapping: InventoryMapping,
    *,
    source: str,
    skip_bad_lines: bool = False,
    may_shrink: bool = False,
) -> InventoryTaken:
    """Make the store say what the table says, within the caller's transaction.

    Raises :class:`FileError` naming ``source`` and every line when one is wrong (unless ``skip_bad_lines``), for a table
    without rows, and :class:`Shrinking` when most of what the source had would be retired (unless ``may_shrink``).
    """
    settings = ingest.settings
    now = settings.clock()
    ours = known_to_us(connection, lambda namespace, address: is_leased(settings.networks, namespace, address))
    rows = read_inventory(table, mapping, ours, source)
    if rows.problems and not skip_bad_lines:
        raise FileError(source, _told(rows.problems))
    if not rows.assets:
        raise FileError(source, [(0, "has no row that can be taken in: an empty inventory retires nothing")])
    life = ingest.life_cycle(connection)
    work = Declaring(connection, [asset for _, asset in rows.assets], life, mapping.source, settings.networks)
    work.declare()
    if not rows.problems:
        leaving = len(work.leaving())
        if leaving * 2 > work.had and leaving > 1 and not may_shrink:
            said = f"no longer lists {leaving} of the {work.had} assets of {mapping.source}: is it one page of several?"
            raise Shrinking(source, [(0, said)])
        work.retire()
    changes = work.finish()
    tally.rebuild(connection)
    freeze_when_due(connection, now)
    if changes.assets or changes.events:
        ingest.hand_on(connection, changes)
    return InventoryTaken(work.done, tuple(_told(rows.problems)), len({line for line, _ in rows.problems}))


def known_to_us(connection: Connection, leased: Callable[[str, str], bool]) -> Ours:
    """The departments and services there are."""

    def named(table: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in connection.execute(select(table.c.id, table.c.names).order_by(table.c.id)):
            for language in LANGUAGES:
                found.setdefault(folded(row.names.get(language, "")), row.id)
            found[folded(row.id)] = row.id
        found.pop("", None)
        return found

    return Ours(named(tables.department), named(tables.service), leased)


def read_inventory(table: TextTable, mapping: InventoryMapping, ours: Ours, source: str) -> InventoryRows:
    """Each row as an asset. Raises :class:`FileError` when a column that the mapping names is not there."""
    columns = _present(table, mapping, source)
    assets: list[tuple[int, ImportedAsset]] = []
    problems: list[tuple[int, str]] = []
    first: dict[tuple[str, str], int] = {}
    for row in table.rows:
        reading = _Reading(mapping, ours, row)
        asset = reading.asset(columns)
        wrong = reading.problems or (_repeated(asset, row.line, first) if asset else [])
        problems += [(row.line, sentence) for sentence in wrong]
        if asset is not None and not wrong:
            assets.append((row.line, asset))
    return InventoryRows(tuple(assets), tuple(problems))


def _told(problems: tuple[tuple[int, str], ...]) -> list[tuple[int, str]]:
    more = len(problems) - TOLD
    return [*problems[:TOLD], *([(0, f"and {more} problems more")] if more > 0 else [])]


def _present(table: TextTable, mapping: InventoryMapping, source: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    problems: list[tuple[int, str]] = []
    for name, headers in mapping.headers().items():
        here = tuple(dict.fromkeys(header for header in headers if header in table.headers))
        if here:
            found[name] = here
        elif name == "id" or isinstance(getattr(mapping.columns, name), str):
            near = difflib.get_close_matches(headers[0], list(table.headers), n=3, cutoff=0.5)
            named = ", ".join(repr(table.headers[one]) for one in near or list(table.headers)[:10])
            problems.append((1, f"there is no column {headers[0]!r} for {name}; there is {named}"))
    if problems:
        raise FileError(source, problems)
    return found


def _repeated(asset: ImportedAsset, line: int, first: dict[tuple[str, str], int]) -> list[str]:
    shown = [("id", asset.id), *(("address", str(one)) for one in asset.addresses), *(("MAC", one) for one in asset.macs)]
    found = [f"the {kind} {value} stands in line {first[kind, value]} already" for kind, value in shown if (kind, value) in first]
    if not found:
        first.update(dict.fromkeys(shown, line))
    return found


class _Reading:
    """One row read as an asset; what is wrong with it is collected."""

    def __init__(self, mapping: InventoryMapping, ours: Ours, row: Row) -> None:
        self.problems: list[str] = []
        self._mapping = mapping
        self._ours = ours
        self._row = row

    def asset(self, columns: Mapping[str, tuple[str, ...]]) -> ImportedAsset | None:
        said: dict[str, Any] = {"namespace": self._mapping.namespace}
        for name, headers in columns.items():
            cells = [cell for header in headers if (cell := self._row.cells.get(header, ""))]
            if cells:
                value = self._value(name, "\n".join(cells) if name in _SEVERAL else cells[0])
                said[_FIELDS.get(name, name)] = value
        if "id" not in said:
            self.problems.append("the column of the id is empty")
        if self.problems:
            return None
        try:
            return ImportedAsset.model_validate(said)
        except ValidationError as error:
            for item in error.errors():
                self.problems.append(f"{item['loc'][0]}: {str(item['msg']).removeprefix('Value error, ')}")
            return None

    def _value(self, name: str, text: str) -> Any:
        values = self._mapping.values
        if name == "addresses":
            return tuple(self._addresses(text))
        if name == "macs":
            return tuple(dict.fromkeys(self._macs(text)))
        if name == "names":
            return tuple(dict.fromkeys(part.lower() for part in _LISTED.split(text) if part))
        if name == "services":
            parts = dict.fromkeys(part.strip() for part in re.split(r"[\n,;|]", text) if part.strip())
            return tuple(dict.fromkeys(self._named("service", part, values.services, self._ours.services) for part in parts))
        if name == "department":
            return self._named("department", text, values.department, self._ours.departments)
        if name == "criticality":
            return self._named("category of the ENS", text, values.criticality, _CATEGORIES)
        if name == "exposure":
            return values.exposure.get(folded(text), text)
        return text

    def _named(self, what: str, text: str, given: Mapping[str, str], known: Mapping[str, str]) -> str:
        key = folded(text)
        if key in given:
            key = folded(given[key])
        if key in known:
            return known[key]
        words = {**known, **given}
        near = difflib.get_close_matches(key, list(words), n=3, cutoff=0.5)
        hint = f"; near it: {', '.join(dict.fromkeys(words[one] for one in near))}" if near else ""
        self.problems.append(f"there is no {what} {text[:100]!r}{hint}")
        return ""

    def _addresses(self, text: str) -> Iterator[str]:
        """Loopback and link-local ones say nothing, and leased ones not for long: they are left out."""
        for part in dict.fromkeys(one for one in _LISTED.split(text) if one):
            try:
                address = parse_address(part)
            except AddressError as error:
                self.problems.append(str(error))
                continue
            if special_block(address) is None and not self._ours.leased(self._mapping.namespace, str(address)):
                yield str(address)

    def _macs(self, text: str) -> Iterator[str]:
        for part in (one for one in _LISTED.split(text) if one):
            digits = re.sub(r"[:.-]", "", part).upper()
            if not re.fullmatch(r"[0-9A-F]{12}", digits):
                self.problems.append(f"{part[:40]!r} is no MAC address")
            elif int(digits, 16) and not int(digits[:2], 16) & 1:
                yield "-".join(digits[at : at + 2] for at in range(0, 12, 2))


_FIELDS = {"criticality": "ens_category"}
