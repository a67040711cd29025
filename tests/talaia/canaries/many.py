"""Runs many commands of Talaia in one process, each as its own ``main`` would: ``python -m tests.talaia.canaries.many FILE``.

``FILE`` is JSON: a list of [arguments, environment]. Each is told with its exit code on standard error.
"""

import json
import os
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rules.rulebook import Rulebook, load_rules
from talaia.cli import app


@cache
def _loaded(folders: tuple[Path, ...], profile: str) -> Rulebook:
    return load_rules(folders, profile=profile)


def once(folders: Any, *, profile: str) -> Rulebook:
    """The rules take a second to read, and hold no secret: all commands share them."""
    return _loaded(tuple(folders), profile)


def run(arguments: list[str]) -> object:
    try:
        app(arguments, prog_name="talaia")
    except SystemExit as ended:
        return ended.code
    except BaseException:  # noqa: BLE001 - a command that breaks shows all it knows, which is what we look for
        traceback.print_exc()
        return "broke"
    return 0


def main(place: str) -> None:
    import talaia.parts  # noqa: PLC0415 - as late as the commands import it

    talaia.parts.load_rules = once  # type: ignore[assignment]
    for arguments, environment in json.loads(Path(place).read_text()):
        with patch.dict(os.environ, environment):
            code = run(arguments)
        print(json.dumps({"command": arguments, "exit": code}), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
