"""``talaia tickets``."""

from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy import Connection

from api.ticketing.trouble import TicketingError
from api.v1.tickets import lines
from collector import ticket_work, tickets
from collector.audit import note
from collector.grants import Person
from collector.queries import tickets as queries
from collector.refusal import ActionRefused
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen
from talaia.cli.findings import found
from talaia.cli.output import Exit, end, print_lines, print_table, say
from talaia.parts import Parts, now
from talaia.ticket_systems import ticket_system


class What(StrEnum):
    LIST = "list"
    DRIFT = "drift"
    OPEN = "open"
    RETRY = "retry"
    DROP = "drop"
    READ = "read"
    CHECK = "check"


def command(
    context: typer.Context,
    *,
    what: Annotated[What, typer.Argument(help="What to do.")] = What.LIST,
    identity: Annotated[str | None, typer.Argument(metavar="ID", help="To open: a finding; to retry or drop: a ticket.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """Tickets in the city's ticket system: list them, open one, see where the two systems disagree.

    `check` asks the ticket system who answers, with the login of the settings. What is opened or tried again is done by `talaia
    serve`; `read` makes it read the ticket system now.
    """
    parts = chosen(context).parts
    if what is What.CHECK:
        _check(parts)
    elif what in (What.LIST, What.DRIFT):
        with chosen(context).reading() as connection:
            (_list if what is What.LIST else _drift)(connection, as_json=as_json)
    elif what is What.READ:
        with parts.store.write() as connection:
            ticket_work.poke(connection, at=now())
        say("`talaia serve` reads the ticket system within seconds.")
    else:
        _act(parts, what, identity or end(Exit.USAGE, f"say which: talaia tickets {what} ID"))


def _check(parts: Parts) -> None:
    written = parts.settings.ticketing or _no_system()
    try:
        say(f"{ticket_system(written, parts.settings.path).check()} answers at {written.to.url}; the login works.")
    except TicketingError as error:
        end(Exit.UNREACHABLE, str(error))


def _no_system() -> NoReturn:
    end(Exit.NOT_FOUND, "no ticket system is set up: see `ticketing` in talaia.yaml and docs/integrations/tickets.md")


def _act(parts: Parts, what: What, identity: str) -> None:
    at = now()
    try:
        with parts.store.write() as connection:
            if what is What.OPEN:
                ticket_id = _open(connection, parts, identity)
            else:
                ticket_id = _one(connection, identity)
                (tickets.drop if what is What.DROP else tickets.retry)(connection, ticket_id, at=at)
            note(connection, said_here(at, f"{what}_ticket", subject="ticket", subject_id=ticket_id))
    except ActionRefused as error:
        end(Exit.USAGE, str(error))
    say(f"Done: {what} {ticket_id}.")


def _open(connection: Connection, parts: Parts, identity: str) -> str:
    if parts.settings.ticketing is None:
        _no_system()
    group = tickets.group_of(found(connection, identity))
    by = Person("command line", said_here(now(), "open_ticket").actor)
    return tickets.open_ticket(connection, group, parts.publisher.namespace, by=by, at=now())[0]


def _one(connection: Connection, identity: str) -> str:
    rows = [row.id for row in queries.tickets_starting(connection, identity, 2)]
    if len(rows) != 1:
        end(Exit.NOT_FOUND, f"{'several tickets begin' if rows else 'no ticket begins'} with {identity}")
    return str(rows[0])


def _list(connection: Connection, *, as_json: bool) -> None:
    rows = queries.list_tickets(connection, queries.TicketFilter(live=True), limit=500).items
    shown = lines(connection, rows)
    if as_json:
        print_lines(one.model_dump(mode="json") for one in shown)
        return
    columns: list[Any] = [("ticket", "left"), ("there", "left"), ("rule", "left"), ("whose", "left"), ("state", "left")]
    cells = (
        (
            one.id[:8],
            f"{one.remote.id} {one.remote.raw_status or ''}" if one.remote else "",
            one.rule,
            one.department_id or "nobody's",
            f"{one.state}: {one.review}" if one.review else one.state,
            f"{one.open_findings}/{one.findings}",
            one.opened_at,
        )
        for one in shown
    )
    empty = "No ticket is followed. `talaia tickets open FINDING` opens one."
    print_table([*columns, ("open", "right"), ("opened", "left")], cells, empty=empty)


def _drift(connection: Connection, *, as_json: bool) -> None:
    found_ = queries.list_drift(connection, None, now())
    if as_json:
        print_lines({"ticket": one.ticket.id, "what": one.what, "here": one.here, "there": one.there} for one in found_)
        return
    columns: list[Any] = [
        ("ticket", "left"),
        ("there", "left"),
        ("what", "left"),
        ("Talaia holds", "left"),
        ("they hold", "left"),
    ]
    cells = ((one.ticket.id[:8], one.ticket.remote_id or "", one.what, one.here or "", one.there or "") for one in found_)
    print_table([*columns, ("there", "left")], cells, empty="The two systems agree.")
