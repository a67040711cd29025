"""``talaia import``."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from collector.audit import note
from collector.imports.inventory_mapping import load_mapping
from collector.imports.taking import INVENTORIES, LIMIT_BYTES, Format, Result, Wanted, take
from collector.refusal import ActionRefused
from scanners.located_yaml import FileError
from scanners.observation import Vantage
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, say
from talaia.parts import now


def command(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The report, or the table.")],
    kind: Annotated[
        Format,
        typer.Option(
            "--format",
            help="nmap: the XML of `nmap -oX`; nessus: .nessus; greenbone: the XML of a report; nuclei: `nuclei -jsonl`; "
            "csv: an inventory; glpi: GLPI's CSV or JSON of its assets.",
        ),
    ],
    zone: Annotated[str | None, typer.Option(help="The zone that a report is of; what lies outside it is not taken.")] = None,
    vantage: Annotated[Vantage | None, typer.Option(help="From where that scanner looked; else the zone's own.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML: which column of an inventory is what.")] = None,
    skip_bad_lines: Annotated[
        bool, typer.Option("--skip-bad-lines", help="Leave wrong lines out; nothing is retired then.")
    ] = False,
    may_shrink: Annotated[bool, typer.Option("--may-shrink", help="Let an inventory lose most of its assets at once.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken, and change nothing.")] = False,
) -> None:
    """Take in what another scanner reports, or an inventory kept elsewhere: all of a file or, if it is broken, nothing of it."""
    with explained():
        parts = chosen(context).judging
        if zone is not None and zone not in parts.zones:
            end(Exit.NOT_FOUND, f"there is no zone {zone!r}; `talaia zones` lists them")
        wanted = Wanted(
            format=kind,
            name=str(file),
            zone=parts.zones[zone] if zone is not None else None,
            zones=parts.zones,
            vantage=vantage,
            mapping=load_mapping(mapping) if mapping is not None else None,
            skip_bad_lines=skip_bad_lines,
            may_shrink=may_shrink,
            dry_run=dry_run,
        )
        document = _content(file)
        parts.write_down()

        def noting(connection: Connection, result: Result) -> None:
            detail = {"format": kind.value, **result.counts}
            note(connection, said_here(now(), "import", subject="zone" if zone else "", subject_id=zone or "", detail=detail))

        try:
            result = take(parts.store, parts.ingest, document, wanted, noting)
        except ActionRefused as error:
            end(Exit.USAGE, str(error))
    _tell(wanted, result)


def _tell(wanted: Wanted, result: Result) -> None:
    if wanted.dry_run:
        say("Nothing was changed: this was a trial.")
        for sort, ids in result.named.items():
            more = result.counts[sort] - len(ids)
            if ids:
                say(f"{sort}: {', '.join(ids)}{f' and {more} more' if more else ''}")
    for line, sentence in result.refused:
        say(f"{wanted.name}:{line}: {sentence}" if line else f"{wanted.name}: {sentence}")
    counts = result.counts
    if wanted.format in INVENTORIES:
        say(
            f"{counts['added']} assets added, {counts['changed']} changed, {counts['unchanged']} as they were, "
            f"{counts['retired']} retired, {counts['elsewhere']} declared elsewhere, {counts['skipped']} lines left out"
        )
        return
    where = wanted.zone.id if wanted.zone else ""
    if wanted.format is Format.NMAP:
        kept = f"{counts['taken']} open ports taken, {counts['unchanged']} known already"
        say(f"{kept}, {counts['outside']} outside zone {where} and not taken")
        return
    standing = f"{counts['taken']} results stand, {counts['gone']} are gone by the report's proof"
    say(f"{standing}; {counts['clean']} places without any, {counts['unchanged']} known already")
    if counts["outside"] or counts["unplaced"]:
        say(f"Not taken: {counts['outside']} places outside zone {where}, {counts['unplaced']} results that name no address")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise FileError(str(file), [(0, f"cannot be read: {error.strerror or error}")]) from error
