"""``talaia init``."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from talaia.cli.output import Exit, end, say

FILES = ("talaia.yaml", "zones.yaml", "catalogue.yaml")


def command(
    folder: Annotated[Path, typer.Argument(help="Where to write; made when it does not exist.")] = Path(),
) -> None:
    """Write commented settings, zones and catalogue. Overwrites nothing."""
    present = [name for name in FILES if (folder / name).exists()]
    if present:
        end(Exit.WRONG_FILES, f"{folder / present[0]} exists already; nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            text = resources.files("talaia").joinpath("templates", name).read_text(encoding="utf-8")
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        end(Exit.UNREACHABLE, f"{folder} cannot be written: {error.strerror}")
    for name in FILES:
        say(f"written: {folder / name}")
    say("Next: write your networks into zones.yaml, then `talaia check`.")
