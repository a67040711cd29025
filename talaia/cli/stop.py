"""``talaia stop``."""

import getpass
from typing import Annotated

import typer

from collector.audit import note
from collector.stopping import release_stop, request_stop
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import say
from talaia.parts import now


def command(
    context: typer.Context,
    *,
    reason: Annotated[
        str, typer.Argument(help="Why; people who find the watch stopped read it.")
    ] = "stopped from the command line",
    release: Annotated[bool, typer.Option("--release", help="Let looking go on.")] = False,
) -> None:
    """The stop button: all looking stops within a second.

    It concerns every process on this database, and lasts until it is released.
    """
    with explained(), chosen(context).parts.store.write() as connection:
        if release:
            found = release_stop(connection)
            if found:
                note(connection, said_here(now(), "release_stop"))
            say("Looking may go on." if found else "Looking was not stopped.")
            return
        pressed = request_stop(connection, by=getpass.getuser(), reason=reason, at=now())
        note(connection, said_here(now(), "press_stop", detail={"reason": reason}))
    say(f"Stopped: {pressed.sentence}. What was seen is kept. `talaia stop --release` lets looking go on.")
