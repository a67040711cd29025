"""``talaia token``."""

from datetime import timedelta
from typing import Annotated

import typer

from collector.tokens import Scope, TokenError, create_token, list_tokens, revoke_token
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, print_lines, print_table, say
from talaia.parts import now


def command(
    context: typer.Context,
    *,
    name: Annotated[str | None, typer.Argument(help="Make a token of this name; without a name, list them.")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may do; each includes the ones before it.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it lives.")] = 90,
    revoke: Annotated[str | None, typer.Option(metavar="NAME", help="End a token, and every session it opened, at once.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """Make, list and revoke the API's tokens.

    The dashboard asks for one too. A secret is shown once.
    """
    store = chosen(context)
    if revoke:
        with explained(), store.parts.store.write() as connection:
            done = revoke_token(connection, revoke, now())
        if not done:
            end(Exit.NOT_FOUND, f"no token in force is named {revoke}")
        say(f"Revoked: {revoke}.")
    elif name:
        _make(context, name, scope or [Scope.READ], days, as_json=as_json)
    else:
        with store.reading() as connection:
            tokens = list_tokens(connection)
        if as_json:
            print_lines({"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at} for token in tokens)
            return
        columns = [("name", "left"), ("may", "left"), ("expires", "left"), ("last used", "left"), ("revoked", "left")]
        cells = (
            (token.name, ", ".join(token.scopes), token.expires_at, token.last_used_at, token.revoked_at) for token in tokens
        )
        print_table(columns, cells, empty="There is no token yet. `talaia token NAME` makes one.")


def _make(context: typer.Context, name: str, scopes: list[Scope], days: int, *, as_json: bool) -> None:
    try:
        with explained(), chosen(context).parts.store.write() as connection:
            token, secret = create_token(connection, name, scopes, now(), timedelta(days=days))
    except TokenError as error:
        end(Exit.USAGE, str(error))
    if as_json:
        print_lines([{"name": token.name, "token": secret, "scopes": token.scopes, "expires_at": token.expires_at}])
        return
    typer.echo(secret)
    say(f"Keep it now: it is not shown again. It may {', '.join(token.scopes)}, until {token.expires_at:%Y-%m-%d}.")
