"""``talaia token``."""

from datetime import timedelta
from typing import Annotated, NamedTuple

import typer

from api.rights import Permission
from collector.audit import note
from collector.grants import Role
from collector.tokens import Token, TokenError, create_token, list_tokens, revoke_token
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, print_lines, print_table, say
from talaia.parts import now


def command(
    context: typer.Context,
    *,
    name: Annotated[str | None, typer.Argument(help="Make a token of this name; without a name, list them.")] = None,
    role: Annotated[Role, typer.Option(help="What it may do: see docs/access.md.")] = Role.VIEWER,
    department: Annotated[list[str] | None, typer.Option(help="Confine it to departments (ids); repeat for several.")] = None,
    may: Annotated[list[Permission] | None, typer.Option(help="Only these permissions of its role; repeat for several.")] = None,
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
            if done:
                note(connection, said_here(now(), "revoke_token", subject="token", subject_id=revoke))
        if not done:
            end(Exit.NOT_FOUND, f"no token in force is named {revoke}")
        say(f"Revoked: {revoke}.")
    elif name:
        _make(context, _Wanted(name, role, days, department or None, may or None), as_json=as_json)
    else:
        with store.reading() as connection:
            tokens = list_tokens(connection)
        if as_json:
            print_lines(
                {"name": token.name, "role": token.role, "departments": token.departments, "expires_at": token.expires_at}
                for token in tokens
            )
            return
        columns = [("name", "left"), ("may", "left"), ("expires", "left"), ("last used", "left"), ("revoked", "left")]
        cells = ((token.name, _said(token), token.expires_at, token.last_used_at, token.revoked_at) for token in tokens)
        print_table(columns, cells, empty="There is no token yet. `talaia token NAME` makes one.")


class _Wanted(NamedTuple):
    name: str
    role: Role
    days: int
    departments: list[str] | None
    permissions: list[Permission] | None


def _said(token: Token) -> str:
    """What a token may do, and where."""
    where = "" if token.departments is None else f" in {', '.join(token.departments)}"
    only = "" if token.permissions is None else f", only {', '.join(sorted(token.permissions))}"
    return f"{token.role.value}{where}{only}"


def _make(context: typer.Context, wanted: _Wanted, *, as_json: bool) -> None:
    at = now()
    try:
        with explained(), chosen(context).parts.store.write() as connection:
            token, secret = create_token(
                connection,
                wanted.name,
                wanted.role,
                at,
                timedelta(days=wanted.days),
                departments=wanted.departments,
                permissions=wanted.permissions,
            )
            note(connection, said_here(at, "create_token", subject="token", subject_id=token.id, detail={"may": _said(token)}))
    except TokenError as error:
        end(Exit.USAGE, str(error))
    if as_json:
        print_lines([{"name": token.name, "token": secret, "role": token.role, "expires_at": token.expires_at}])
        return
    typer.echo(secret)
    say(f"Keep it now: it is not shown again. It is a {_said(token)}, until {token.expires_at:%Y-%m-%d}.")
