"""CSV (RFC 4180) that no spreadsheet takes for formulas: the columns of the page's list."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from api.exports.extract import Extract, shown_values
from scanners.clean_text import clean_text

COLUMNS = (
    *("id", "rule", "title", "state", "severity", "band", "risk", "asset_name", "address", "port", "transport", "name"),
    *("zone", "vantage", "department_id", "service_id", "observed", "expected"),
    *("first_seen", "last_seen", "last_evaluated", "due", "resolved_at"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(extract: Extract) -> Iterator[str]:
    """The header and a line for each finding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in extract.findings():
        yield _taken(buffer)
        title = extract.text(row.rule, "title")
        writer.writerow([csv_cell(title if name == "title" else _plain(getattr(row, name))) for name in COLUMNS])
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return shown_values(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def csv_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP CSV injection); numbers stay numbers."""
    if value is None or isinstance(value, int | float):
        return value
    text = clean_text(str(value), 8_000)
    return f"'{text}" if text.startswith(_FORMULA) else text
