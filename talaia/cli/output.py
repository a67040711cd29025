"""How commands speak: tables on a terminal, JSON lines for programs, messages on stderr, clean text everywhere."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanners.clean_text import clean_text


class Exit(IntEnum):
    """How a command ends. The numbers are part of the command line's contract."""

    DONE = 0
    WRONG_FILES = 1  # a file that people write has a mistake; nothing was done
    USAGE = 2  # the command was not understood
    REFUSED = 3  # no zone authorises it; nothing was sent
    STOPPED = 4  # the stop button is pressed, or was pressed while looking
    UNREACHABLE = 5  # the database or another server cannot be used
    INCOMPLETE = 6  # the scan ended, but a part of it could not be done
    NOT_FOUND = 7  # there is no such thing
    BROKEN = 8  # what was to be proved is not so


PIPE_COLUMNS = 200
BAND_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim", "minimal": "dim"}
BAND_MARKS = {"critical": "◆", "high": "▲", "medium": "■", "low": "●", "info": "·", "minimal": "·"}


def out() -> Console:
    """The terminal, or plain wide text in a pipe. ``NO_COLOR`` is respected."""
    wide = None if sys.stdout.isatty() else PIPE_COLUMNS
    return Console(highlight=False, markup=False, emoji=False, width=wide, soft_wrap=wide is not None)


def say(sentence: str) -> None:
    """A message to the person, on stderr."""
    typer.echo(sentence, err=True)


def end(code: Exit, sentence: str) -> NoReturn:
    """End the command with a message."""
    say(f"talaia: {sentence}")
    raise typer.Exit(int(code))


def plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, everything else as it is."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def json_line(item: Mapping[str, Any]) -> str:
    """One JSON object on one line; control and format characters of hostile text are escaped."""
    return json.dumps(cleaned({key: plain(value) for key, value in item.items()}), ensure_ascii=False, default=str)


def cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner) for inner in value]
    return plain(value)


def print_lines(items: Iterable[Mapping[str, Any]]) -> None:
    for item in items:
        typer.echo(json_line(item))


def print_table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table; ``columns`` are (heading, justification). Says ``empty`` when there is no row."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading, justify in columns:
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    count = 0
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(clean_text(_text(cell), 300)) for cell in row))
        count += 1
    if count:
        out().print(table)
    else:
        say(empty)


def _text(cell: Any) -> str:
    if cell is None:
        return "—"
    if isinstance(cell, datetime):
        return f"{cell.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return str(cell)


def band(name: str | None) -> Text:
    """A band as shape and word; colour is only the second signal."""
    if not name:
        return Text("? unknown", "dim")
    return Text(f"{BAND_MARKS.get(name, '?')} {name}", BAND_STYLES.get(name, ""))
