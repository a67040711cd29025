"""``talaia scans``."""

from typing import Annotated

import typer

from api.v1.shapes import Scan
from collector.queries.scans import list_scans
from talaia.cli.chosen import chosen
from talaia.cli.output import print_lines, print_table


def command(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What was looked at, when, and how it ended."""
    with chosen(context).reading() as connection:
        rows = list_scans(connection, limit=limit).items
    if as_json:
        print_lines(Scan.model_validate(row).model_dump(mode="json") for row in rows)
        return
    columns = [("scan", "left"), ("zone", "left"), ("state", "left"), ("asked by", "left"), ("began", "left"), ("ended", "left")]
    cells = ((row.id[:8], row.zone, row.state, row.asked_by, row.started_at, row.ended_at, row.detail) for row in rows)
    print_table([*columns, ("", "left")], cells, empty="Nothing was looked at yet. Next: `talaia scan`.")
