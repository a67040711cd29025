"""``talaia import``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.audit import note
from collector.imports.nmap import LIMIT_BYTES, Taken, read_report, take_report
from scanners.located_yaml import FileError
from scanners.observation import Vantage
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, say
from talaia.parts import now


class Format(StrEnum):
    NMAP = "nmap"


class _OnlyTried(Exception):
    """Undoes the transaction of a trial."""


def command(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The report.")],
    kind: Annotated[Format, typer.Option("--format", help="nmap: the XML of `nmap -oX`.")],
    zone: Annotated[str, typer.Option(help="The zone that the report is of; what lies outside it is not taken.")],
    vantage: Annotated[Vantage | None, typer.Option(help="From where that scanner looked; else the zone's own.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken, and change nothing.")] = False,
) -> None:
    """Take in what another scanner reports. All of a file or, when it is broken, nothing of it."""
    with explained():
        parts = chosen(context).judging
        named = parts.zones.get(zone)
        if named is None:
            end(Exit.NOT_FOUND, f"there is no zone {zone!r}; `talaia zones` lists them")
        report = read_report(_content(file), str(file), now())
        parts.write_down()
        found, scope = Taken(), (named, list(parts.zones.values()))
        try:
            with parts.store.write() as connection:
                found = take_report(parts.ingest, connection, report, scope, vantage or named.vantage)
                if dry_run:
                    raise _OnlyTried
                detail = {"format": kind.value, "taken": found.taken, "unchanged": found.unchanged, "outside": found.outside}
                note(connection, said_here(now(), "import", subject="zone", subject_id=zone, detail=detail))
        except _OnlyTried:
            say("Nothing was changed: this was a trial.")
    say(f"{found.taken} open ports taken, {found.unchanged} known already, {found.outside} outside zone {zone} and not taken")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise FileError(str(file), [(0, f"cannot be read: {error.strerror or error}")]) from error
