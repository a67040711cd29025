"""``talaia assets``."""

from typing import Annotated

import typer

from api.v1.inventory import asset_line
from collector.queries.assets import AssetFilter, AssetSort, each_asset
from collector.score import band as band_of
from talaia.cli.chosen import chosen
from talaia.cli.output import band, print_lines, print_table, say


def command(
    context: typer.Context,
    *,
    text: Annotated[str | None, typer.Argument(help="Text in a name or address.")] = None,
    department: Annotated[str | None, typer.Option(help="Only this department.")] = None,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    undeclared: Annotated[bool, typer.Option("--undeclared", help="Only those that the catalogue does not name.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many on a terminal; --json prints all.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What the city runs, the riskiest first."""
    wanted = AssetFilter(department=department, service=service, declared=False if undeclared else None, q=text)
    with chosen(context).reading() as connection:
        if as_json:
            print_lines(asset_line(row).model_dump(mode="json") for row in each_asset(connection, wanted, AssetSort.RISK))
            return
        rows = [row for row, _ in zip(each_asset(connection, wanted, AssetSort.RISK), range(limit + 1), strict=False)]
    columns = [
        ("risk", "right"),
        ("band", "left"),
        ("asset", "left"),
        ("addresses", "left"),
        ("service", "left"),
        ("open", "right"),
    ]
    cells = (
        (
            "?" if row.risk is None else f"{row.risk:.0f}",
            band(None if row.risk is None else band_of(row.risk)),
            row.name,
            ", ".join(row.addresses),
            row.service_id,
            row.open_findings,
            row.last_seen,
        )
        for row in rows[:limit]
    )
    print_table([*columns, ("last seen", "left")], cells, empty="No asset is known yet. Next: `talaia scan`.")
    if len(rows) > limit:
        say(f"The first {limit}; --limit or --json shows more.")
