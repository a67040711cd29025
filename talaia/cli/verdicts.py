"""``talaia verdicts``."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from api.v1.findings import verdict_line
from collector.queries.scans import VerdictFilter, each_verdict
from rules.verdict import Result
from talaia.cli.chosen import chosen
from talaia.cli.output import print_lines, print_table, say


def line(row: Row[Any]) -> Mapping[str, Any]:
    """A verdict as programs read it."""
    plain = verdict_line(row).model_dump(mode="json")
    return {"rule": plain.pop("rule"), "verdict": plain.pop("result"), "asset": plain.pop("asset_name"), **plain}


def command(
    context: typer.Context,
    *,
    rule: Annotated[str | None, typer.Option(help="Only this rule.")] = None,
    result: Annotated[Result | None, typer.Option(help="Only this result.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many on a terminal; --json prints all.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What every rule said of every place, passed ones too."""
    words = chosen(context)
    wanted = VerdictFilter(rule=rule, result=result.value if result else None)
    with words.reading() as connection:
        if as_json:
            print_lines(line(row) for row in each_verdict(connection, wanted))
            return
        rows = [row for row, _ in zip(each_verdict(connection, wanted), range(limit + 1), strict=False)]
    columns = [("rule", "left"), ("verdict", "left"), ("asset", "left"), ("where", "left"), ("from", "left"), ("when", "left")]
    cells = ((row.rule, row.result, row.asset_name, row.place, row.vantage, row.evaluated_at) for row in rows[:limit])
    print_table(columns, cells, empty="Nothing was judged yet. Next: `talaia scan`.")
    if len(rows) > limit:
        say(f"The first {limit}; --limit or --json shows more.")
