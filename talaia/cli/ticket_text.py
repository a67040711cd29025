"""``talaia ticket-text``."""

from typing import Annotated

import typer

from api.ticket_text import same_ticket, ticket_text
from talaia.cli.chosen import chosen
from talaia.cli.findings import found
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, end
from talaia.service import base_url


def command(
    context: typer.Context,
    *,
    identity: Annotated[str, typer.Argument(metavar="ID", help="A finding; the first characters are enough.")],
    language: LanguageOption,
) -> None:
    """The text of a ticket about a finding and all that the same owner fixes in the same way, for a person to paste."""
    parts = chosen(context).judging
    with parts.store.read() as connection:
        rows = same_ticket(connection, found(connection, identity))
    if not rows:
        end(Exit.NOT_FOUND, "this finding is not open: there is nothing to ask for")
    text = ticket_text(rows, parts.rulebook, language.value, base_url(parts))
    typer.echo(f"{text.subject}\n\n{text.body}", nl=False)
