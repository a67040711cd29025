"""The ``talaia`` command. Each command is a module of its own: it reads its words, calls the rooms, and prints."""

import importlib
from pathlib import Path
from typing import Annotated

import typer

from talaia.cli.chosen import Chosen

EPILOG = """A first look: talaia init, then write your networks into zones.yaml, talaia check, talaia scan, talaia findings.

Exit codes: 0 done; 1 a file has a mistake; 2 not understood; 3 no zone authorises it; 4 stopped; 5 a server cannot be
reached; 6 the scan is incomplete; 7 no such thing."""

# In the order in which a newcomer needs them.
COMMANDS = (
    "init", "check", "scan", "stop", "findings", "verdicts", "assets", "risk", "rules", "zones", "scans",
    "serve", "token", "export", "demo",
)  # fmt: skip

app = typer.Typer(
    name="talaia",
    help="Watches the security posture of a municipality: looks at what its zones allow, judges what it saw, remembers it, "
    "and says what to fix first and why.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def words(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Settings file; else TALAIA_CONFIG, ./talaia.yaml, /etc/talaia/talaia.yaml."),
    ] = None,
) -> None:
    context.obj = Chosen(config)


def main() -> None:
    """The console script. Commands are loaded here and not at import, so that importing costs nothing."""
    for name in COMMANDS:
        module = importlib.import_module(f"talaia.cli.{name}")
        app.command(name)(module.command)
    app(prog_name="talaia")
