"""The ``talaia`` command. Each command is a module of its own: it reads its words, calls the rooms, and prints."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from talaia.cli.chosen import Chosen, explained
from talaia.no_core import leave_no_core

EPILOG = """A first look: talaia init, then write your networks into zones.yaml, talaia check, talaia scan, talaia findings.

Exit codes: 0 done; 1 a file has a mistake; 2 not understood; 3 no zone authorises it; 4 stopped; 5 a server cannot be
reached; 6 the scan is incomplete; 7 no such thing; 8 proved broken."""

# In the order in which a newcomer needs them.
COMMANDS = (
    "init", "check", "scan", "test-again", "listen", "stop", "findings", "verdicts", "assets", "risk", "rules", "zones", "scans",
    "serve", "account", "token", "audit", "export", "import", "feeds", "tickets", "ticket-text",
    "incident-report", "demo",
)  # fmt: skip

_MODULES = {"import": "importing"}  # a word that Python keeps for itself


class Commands(TyperGroup):
    """Loads the module of a command when it is asked for: all of them together cost seconds."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def invoke(self, ctx: Any) -> Any:
        """Whichever command it is, a wrong file or database is told in a sentence; a traceback would quote them."""
        with explained():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=HELP)
        one.command(cmd_name)(importlib.import_module(f"talaia.cli.{_MODULES.get(cmd_name, cmd_name.replace('-', '_'))}").command)
        return typer.main.get_command(one)


HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="talaia",
    help="Watches the security posture of a municipality: looks at what its zones allow, judges what it saw, remembers it, "
    "and says what to fix first and why.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
    cls=Commands,
)


@app.callback()
def words(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Settings file; else TALAIA_CONFIG, ./talaia.yaml, /etc/talaia/talaia.yaml."),
    ] = None,
) -> None:
    leave_no_core()
    context.obj = Chosen(config)


def main() -> None:
    """The console script."""
    app(prog_name="talaia")
