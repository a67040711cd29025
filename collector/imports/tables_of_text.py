"""Tables that other programs export: CSV, and the JSON that a search of GLPI answers. Read whole and strictly, or not at all."""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from scanners.clean_text import clean_text
from scanners.located_yaml import FileError

LIMIT_BYTES = 16 * 1024 * 1024
LIMIT_ROWS = 100_000
LIMIT_COLUMNS = 200
LIMIT_CELL = 4_000
DELIMITERS = (";", ",", "\t", "|")
_BETWEEN = re.compile(r"<br\s*/?>|\$\$##\$\$|\$#\$|[\n\r]", re.IGNORECASE)  # of several values in one cell, as GLPI writes them


@dataclass(frozen=True)
class Row:
    """``line`` is where it begins in the file (of JSON: the how-manieth it is). Cells by folded header; several values in one
    cell stand on a line each. Every value is clean text."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class TextTable:
    """``headers`` as written, by how they are compared."""

    headers: Mapping[str, str]
    rows: tuple[Row, ...]


def folded(text: str) -> str:
    """As headers and words are compared: without case, accents and the number of spaces."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(plain.casefold().split())


def read_csv(
    document: bytes, source: str, wanted: Collection[str], *, encoding: str | None = None, delimiter: str | None = None
) -> TextTable:
    """``wanted`` are folded headers: with no ``delimiter`` given, the one under which most of them are found is taken.

    Without an ``encoding`` it is UTF-8 when all of it can be read so, else Windows-1252. Raises :class:`FileError`.
    """
    text = _decoded(_bounded(document, source), source, encoding)
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda one: _score(text, one, wanted))
    lines = _lines(text, delimiter, source)
    line, written = next(lines, (1, []))
    headers = _headers(written, source, line)
    rows: list[Row] = []
    problems: list[tuple[int, str]] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(headers) and any(cell.strip() for cell in cells[len(headers) :]):
            problems.append((line, f"has {len(cells)} cells, and the first line has {len(headers)} headers"))
            continue
        rows.append(Row(line, {key: _cell(cell) for key, cell in zip(headers, cells, strict=False)}))
        if len(rows) > LIMIT_ROWS:
            raise FileError(source, [(line, f"has more than {LIMIT_ROWS} rows: give it in parts, each with a source of its own")])
    if problems:
        raise FileError(source, problems[:100])
    return TextTable({key: text for key, text in headers.items() if not key.startswith("\x00")}, tuple(rows))


def read_search_result(document: bytes, source: str) -> TextTable:
    """What ``GET /apirest.php/search/Computer`` of GLPI answers. The headers are the numbers of its search options.

    Raises :class:`FileError`, also for a part of a longer result: what it leaves out would count as gone.
    """
    try:
        found = msgspec.json.decode(_bounded(document, source))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(source, [(0, f"is not JSON: {clean_text(str(error), 200)}")]) from error
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise FileError(source, [(0, "is no search result of GLPI: it has no list of objects named data")])
    total = found.get("totalcount")
    if not isinstance(total, int) or total != len(data):
        said = f"holds {len(data)} of {clean_text(str(total), 20)} rows: ask GLPI for all of them (range=0-99999)"
        raise FileError(source, [(0, said)])
    if len(data) > LIMIT_ROWS:
        raise FileError(source, [(0, f"has more than {LIMIT_ROWS} rows")])
    rows = tuple(
        Row(number, {folded(key): _cell(_text(value)) for key, value in row.items()}) for number, row in enumerate(data, start=1)
    )
    headers = {folded(key): clean_text(key, 200) for row in data[:1] for key in row}
    return TextTable(headers, rows)


def _bounded(document: bytes, source: str) -> bytes:
    if len(document) > LIMIT_BYTES:
        raise FileError(source, [(0, f"is larger than {LIMIT_BYTES} bytes and was not read")])
    return document


def _decoded(document: bytes, source: str, encoding: str | None) -> str:
    if document.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in document:
        raise FileError(source, [(0, "is UTF-16 or no text at all: save it as CSV in UTF-8")])
    for name in (encoding,) if encoding else ("utf-8-sig", "cp1252"):
        try:
            return document.decode("utf-8-sig" if name == "utf-8" else name)
        except UnicodeDecodeError as error:
            line, problem = document.count(b"\n", 0, error.start) + 1, f"byte {document[error.start]:#04x} is no text in {name}"
    raise FileError(source, [(line, problem)])


def _score(text: str, delimiter: str, wanted: Collection[str]) -> int:
    try:
        first = next(csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter), [])
    except csv.Error:
        return 0
    return len({folded(cell) for cell in first} & set(wanted))


def _lines(text: str, delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileError(source, [(before + 1, f"is not CSV: {error}")]) from error
        if cells is None:
            return
        yield before + 1, cells
        before = reader.line_num


def _headers(written: list[str], source: str, line: int) -> dict[str, str]:
    """By folded text, in order; an empty one is kept as a place whose cells nobody reads."""
    if len(written) > LIMIT_COLUMNS or not any(cell.strip() for cell in written):
        raise FileError(source, [(line, f"this is no line of headers (1 to {LIMIT_COLUMNS} of them)")])
    while written and not written[-1].strip():
        written = written[:-1]  # GLPI ends each line with a semicolon
    found: dict[str, str] = {}
    for number, cell in enumerate(written):
        key = folded(cell) or f"\x00{number}"
        if key in found:
            raise FileError(source, [(line, f"the header {clean_text(cell, 100)!r} stands twice")])
        found[key] = clean_text(cell.strip(), 200)
    return found


def _cell(text: str) -> str:
    parts = (clean_text(part.strip(), LIMIT_CELL) for part in _BETWEEN.split(text[: LIMIT_CELL + 1]))
    return "\n".join(part for part in parts if part)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_text(one) for one in value if not isinstance(one, list))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
