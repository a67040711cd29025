"""``talaia zones``."""

from typing import Annotated

import typer

from scanners.zone import zone_schema
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import json_line, print_lines, print_table
from talaia.parts import now


def command(
    context: typer.Context,
    *,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the zone file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What may be looked at, and whether it may be now."""
    if schema:
        typer.echo(json_line(zone_schema()))
        return
    with explained():
        zones = list(chosen(context).parts.zones.values())
    if as_json:
        print_lines(zone.model_dump(mode="json", by_alias=True) for zone in zones)
        return
    columns = [("zone", "left"), ("networks and domains", "left"), ("seen from", "left"), ("a second", "right"), ("now", "left")]
    cells = (
        (
            zone.id,
            ", ".join([*map(str, zone.networks[:6]), *(["…"] if len(zone.networks) > 6 else []), *zone.domains]),
            zone.vantage.value,
            f"{zone.packets_per_second} packets",
            zone.closed_because(now()) or "open",
            f"{zone.authorised_by}, until {zone.valid_until}",
        )
        for zone in zones
    )
    print_table([*columns, ("authorised by", "left")], cells, empty="")
