"""``talaia audit``: read the audit log, and prove that nothing in it was changed."""

import getpass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from collector.audit import Entry, has_digest, latest, verify
from talaia.cli.chosen import chosen
from talaia.cli.output import Exit, end, print_lines, print_table, say


def said_here(at: datetime, action: str, **more: Any) -> Entry:
    """An entry by the person at the command line."""
    return Entry(at=at, actor=getpass.getuser(), actor_id="command line", action=action, **more)


class What(StrEnum):
    SHOW = "show"
    VERIFY = "verify"


def command(
    context: typer.Context,
    *,
    what: Annotated[What, typer.Argument(help="show the latest rows, or verify the chain of all of them.")] = What.SHOW,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the latest rows to show.")] = 50,
    head: Annotated[str | None, typer.Option(help="With verify: a head written down earlier must still be there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """Who did what, and who was not let; and whether nothing in that log was changed.

    verify ends with 8 when a row was changed, taken out, put in or cut off.
    """
    with chosen(context).reading() as connection:
        if what is What.VERIFY:
            _verify(connection, head)
            return
        rows = latest(connection, limit)
    if as_json:
        print_lines(dict(row._mapping) for row in rows)
        return
    columns = [("at", "left"), ("who", "left"), ("did", "left"), ("outcome", "left"), ("to what", "left"), ("from", "left")]
    cells = ((row.at, row.actor, row.action, row.outcome, f"{row.subject} {row.subject_id}".strip(), row.address) for row in rows)
    print_table(columns, cells, empty="Nothing was changed or denied yet.")


def _verify(connection: Connection, head: str | None) -> None:
    found = verify(connection)
    if found.broken_at is not None:
        end(Exit.BROKEN, f"the audit log was changed: row {found.broken_at} does not follow from the row before it")
    if head is not None and not has_digest(connection, head):
        end(Exit.BROKEN, "the audit log was cut off: the row with that head is gone")
    say(f"{found.rows} rows, unbroken. Head, to be written down elsewhere: {found.head}")
