"""``talaia demo``."""

import contextlib
import signal
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from textwrap import indent
from typing import Annotated

import typer
from rich.text import Text
from sqlalchemy import Connection

from api import views
from api.texts import rule_text
from collector.grants import Role
from collector.queries.findings import FindingFilter, list_findings
from collector.score import Level
from collector.tokens import create_token
from talaia import service
from talaia.cli import risk
from talaia.cli.chosen import explained
from talaia.cli.findings import where
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, band, end, out, say
from talaia.cli.scan import asked, look
from talaia.parts import Parts, now
from talaia.settings import load_settings

FIRST = 10


def command(
    language: LanguageOption,
    once: Annotated[bool, typer.Option("--once", help="Stop after saying what to fix.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the dashboard answers on 127.0.0.1.")] = 8600,
) -> None:
    """Start a demo city, look at it, say what to fix, serve.

    Real servers in real processes, on loopback addresses only (127.77.0.0/16).
    """
    # Only the demo needs its servers' packages: production installs none of them.
    from talaia.demo.city import DemoError, running_city  # noqa: PLC0415
    from talaia.demo.servers import CITY  # noqa: PLC0415

    say(f"Starting the demo city Vilamar: {len({server.address for server in CITY})} hosts in 127.77.0.0/16")
    with explained(), _ended_by_sigterm():
        try:
            with running_city(now()) as city:
                parts = Parts(load_settings(_settings(city.folder, city.authority, port)))
                parts.write_down()
                look(parts, asked(parts, [], by="demo"))
                with parts.store.read() as connection:
                    _report(connection, parts, language.value)
                if not once:
                    _serve(parts)
        except DemoError as error:
            end(Exit.UNREACHABLE, str(error))


def _settings(folder: Path, authority: Path, port: int) -> Path:
    """The demo's own files; the program is the one that runs a city."""
    for name in ("zones.yaml", "catalogue.yaml"):
        text = resources.files("talaia").joinpath("demo", name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / "talaia.yaml"
    path.write_text(
        "database: sqlite:///talaia.db\nzones: zones.yaml\ncatalogue: catalogue.yaml\n"
        f"trusted_authorities: [{authority}]\nlisten: {{address: 127.0.0.1, port: {port}}}\n",
        encoding="utf-8",
    )
    return path


def _report(connection: Connection, parts: Parts, language: str) -> None:
    screen = out()
    screen.print()
    found = views.standing(connection, Level.CITY)
    risk.show(connection, parts, found, views.departments(connection, now()), language)
    page = list_findings(connection, FindingFilter(state=("open",)), limit=FIRST)
    screen.print(f"\nThe {len(page.items)} worst of {page.total} open findings, why they matter and how to fix them")
    for number, row in enumerate(page.items, 1):
        title = rule_text(parts.rulebook, row.rule, "title", language)
        screen.print()
        screen.print(Text(f"{number:>2}. "), band(row.band), Text(f" {row.risk:.0f}  {title}", "bold"), Text(f"({row.rule})"))
        screen.print(f"    {row.asset_name}, {where(row)}, department {row.department_id or 'none'}")
        for part in ("rationale", "remediation"):
            screen.print(indent(rule_text(parts.rulebook, row.rule, part, language).strip(), "    "))
    screen.print()


def _serve(parts: Parts) -> None:
    with parts.store.write() as connection:
        token, secret = create_token(connection, "demo", Role.ADMINISTRATOR, now(), timedelta(days=1))
        link = service.entry_link(connection, parts, token)
    say(f"The dashboard: {link}\n(the link works once; later sign in with the token {secret})")
    say("Ctrl-C ends the demo and everything it started.")
    service.serve(parts)


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: its servers are stopped, its folder removed."""

    def asked_to_end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, asked_to_end)
    try:
        yield
    except KeyboardInterrupt:
        say("The demo city has been taken down.")
    finally:
        signal.signal(signal.SIGTERM, before)
