"""``talaia risk``."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text
from sqlalchemy import Connection

from api import views
from api.texts import rule_text
from collector.queries import assets as asset_queries
from collector.queries.risk import best_fixes
from collector.score import Level
from talaia.cli.chosen import chosen
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, band, end, out, print_lines, print_table
from talaia.parts import Parts, now


def command(
    context: typer.Context,
    *,
    department: Annotated[str | None, typer.Option(help="A department instead of the city.")] = None,
    service: Annotated[str | None, typer.Option(help="A service instead of the city.")] = None,
    language: LanguageOption,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: the level asked for, then what is below it.")] = False,
) -> None:
    """How exposed, how sure, and what would lower it most."""
    words = chosen(context)
    parts = words.judging
    with words.reading() as connection:
        level, key = _which(connection, department, service)
        found = views.standing(connection, level, key)
        below = _below(connection, level, key)
        if as_json:
            print_lines([_line(found, ""), *(_line(unit.standing, views.unit_name(unit.row, language.value)) for unit in below)])
            return
        show(connection, parts, found, below, language.value)


def show(connection: Connection, parts: Parts, found: views.Standing, below: list[views.Unit], language: str) -> None:
    """Print a score with its interval and coverage, what is below it, and the five best fixes."""
    screen = out()
    name = "The city" if found.level == Level.CITY else found.key
    screen.print(Text.assemble(f"{name}: ", (number(found.value), "bold"), "  "), band(found.band), end="")
    screen.print(
        f"   between {number(found.low)} and {number(found.high)}   coverage {found.coverage:.0%}   formula {found.version}"
    )
    if below:
        screen.print()
        columns = [
            ("risk", "right"),
            ("band", "left"),
            ("name", "left"),
            ("coverage", "right"),
            ("assets", "right"),
            ("open", "right"),
        ]
        rows = (
            (
                number(unit.standing.value),
                band(unit.standing.band),
                views.unit_name(unit.row, language),
                f"{unit.standing.coverage:.0%}",
                unit.assets,
                unit.open_findings,
                unit.overdue,
            )
            for unit in below
        )
        print_table([*columns, ("overdue", "right")], rows, empty="")
    gains = best_fixes(connection, found.level, found.key)
    if gains:
        screen.print("\nFix these first")
        for gain in gains:
            title = rule_text(parts.rulebook, gain.finding.rule, "title", language)
            screen.print(
                f"  −{gain.gain:.1f} → {gain.score_after:.1f}   {gain.finding.rule}  {title}  ({gain.finding.asset_name})"
            )


def number(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"


def _which(connection: Connection, department: str | None, service: str | None) -> tuple[Level, str]:
    if department:
        if asset_queries.get_department(connection, department) is None:
            end(Exit.NOT_FOUND, f"there is no department {department}")
        return Level.DEPARTMENT, department
    if service:
        if asset_queries.get_service(connection, service) is None:
            end(Exit.NOT_FOUND, f"there is no service {service}")
        return Level.SERVICE, service
    return Level.CITY, ""


def _below(connection: Connection, level: Level, key: str) -> list[views.Unit]:
    if level is Level.CITY:
        return views.departments(connection, now())
    return views.services(connection, now(), key) if level is Level.DEPARTMENT else []


def _line(found: views.Standing, name: str) -> Mapping[str, Any]:
    plain = {"level": found.level, "key": found.key, "name": name, "value": found.value, "band": found.band, "low": found.low}
    return {**plain, "high": found.high, "coverage": found.coverage, "version": found.version, "factors": list(found.factors)}
