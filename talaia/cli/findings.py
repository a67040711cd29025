"""``talaia findings``."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, Row

from api.pages.deadline_words import deadline_text, tongue_without_clock
from api.texts import rule_text, see_it_yourself
from api.v1 import findings as shown
from collector.queries.findings import FindingFilter, FindingSort, count_findings, each_finding, findings_starting
from scanners.clean_text import clean_text
from talaia.cli.chosen import chosen
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, band, end, out, print_lines, print_table, say
from talaia.parts import Parts, now


class State(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"
    ALL = "all"


def line(row: Row[Any], parts: Parts, language: str) -> Mapping[str, Any]:
    """A finding as programs read it: the API's line, with the asset's name as ``asset``."""
    plain = shown.line(row, parts.rulebook, language).model_dump(mode="json")
    return {"rule": plain.pop("rule"), "state": plain.pop("state"), "asset": plain.pop("asset_name"), **plain}


def command(
    context: typer.Context,
    *,
    identity: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one finding: why, evidence, how to fix.")] = None,
    state: Annotated[State, typer.Option(help="Which ones.")] = State.OPEN,
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule; may be repeated.")] = None,
    severity: Annotated[list[str] | None, typer.Option(help="Only this severity; may be repeated.")] = None,
    asset: Annotated[str | None, typer.Option(help="Text in the asset's name, address or the rule.")] = None,
    department: Annotated[str | None, typer.Option(help="Only this department.")] = None,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    exploited: Annotated[bool, typer.Option("--exploited", help="Only what is known to be exploited.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their day.")] = False,
    sort: Annotated[FindingSort, typer.Option(help="In which order.")] = FindingSort.RISK,
    limit: Annotated[int, typer.Option(min=1, help="At most so many on a terminal; --json prints all.")] = 40,
    language: LanguageOption,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What to fix, worst first.

    With an ID (its first characters are enough), one finding and everything about it.
    """
    words = chosen(context)
    parts = words.judging
    wanted = FindingFilter(
        state=() if state is State.ALL else (state.value,),
        rule=tuple(rule or ()),
        severity=tuple(severity or ()),
        department=department,
        service=service,
        known_exploited=exploited,
        overdue=overdue,
        q=asset,
        now=now(),
    )
    with words.reading() as connection:
        if identity:
            _one(found(connection, identity), parts, language.value, as_json=as_json)
        elif as_json:
            print_lines(line(row, parts, language.value) for row in each_finding(connection, wanted, sort))
        else:
            rows = [row for row, _ in zip(each_finding(connection, wanted, sort), range(limit), strict=False)]
            _table(rows, count_findings(connection, wanted), parts, language.value)


COLUMNS = (
    ("risk", "right"), ("band", "left"), ("rule", "left"), ("what", "left"), ("asset", "left"), ("where", "left"),
    ("due", "left"), ("id", "left"),
)  # fmt: skip


def _table(rows: Sequence[Row[Any]], total: tuple[int, bool], parts: Parts, language: str) -> None:
    print_table(COLUMNS, (_cells(row, parts, language) for row in rows), empty="Nothing is open here.")
    count, exact = total
    if count > len(rows):
        say(f"{len(rows)} of {count}{'' if exact else ' or more'}; --limit {count} shows all.")
    if rows:
        say("Next: `talaia findings ID` says why and how to fix it.")


def _cells(row: Row[Any], parts: Parts, language: str) -> tuple[Any, ...]:
    title = shown.line(row, parts.rulebook, language).title
    due = f"{row.due.astimezone():%Y-%m-%d}" if row.due else "—"
    return f"{row.risk:.0f}", band(row.band), row.rule, title, row.asset_name, where(row), due, row.id[:8]


def where(row: Row[Any]) -> str:
    """``192.0.2.1:443/tcp``, or the address alone for the host as a whole."""
    if row.port is None:
        return row.address or "—"
    host = f"[{row.address}]" if ":" in (row.address or "") else row.address
    return f"{host}:{row.port}/{row.transport}" + (f" ({row.name})" if row.name else "")


def found(connection: Connection, identity: str) -> Row[Any]:
    """The finding whose id starts so; ends the command when there is none, or more than one."""
    rows = findings_starting(connection, identity, 2)
    if not rows:
        end(Exit.NOT_FOUND, f"no finding has an id that starts with {clean_text(identity, 40)}")
    if len(rows) > 1:
        end(Exit.USAGE, f"several findings have an id that starts with {clean_text(identity, 40)}: give more of it")
    return rows[0]


def _one(row: Row[Any], parts: Parts, language: str, *, as_json: bool) -> None:
    if as_json:
        print_lines([line(row, parts, language)])
        return
    screen = out()
    screen.print(f"{row.rule}  {shown.line(row, parts.rulebook, language).title}")
    screen.print(f"{row.asset_name}  {where(row)}  {row.state}, risk {row.risk:.1f}", band(row.band))
    facts = {"observed": row.observed, "expected": row.expected, "first seen": row.first_seen, "last seen": row.last_seen}
    facts |= {
        "last evaluated": f"{row.last_evaluated:%Y-%m-%d %H:%M} ({row.last_result})",
        "due": row.due,
        "due by": deadline_text(tongue_without_clock(language), row.deadline),
        "known to be exploited": "yes" if row.known_exploited else "no",
        "seen from": row.vantage,
    }
    print_table([("", "left"), ("", "left")], ((name, value) for name, value in facts.items()), empty="")
    why, how = (rule_text(parts.rulebook, row.rule, part, language).strip() for part in ("rationale", "remediation"))
    screen.print(f"\nWhy it matters\n{why}\n\nHow to fix it\n{how}")
    command_ = see_it_yourself(row.rule, row.address, row.port, row.name)
    if command_:
        screen.print(f"\nSee it yourself\n{command_}")
