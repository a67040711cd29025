"""``talaia account``."""

from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy import Connection

from collector import accounts, second_step
from collector.accounts import Account, AccountError
from collector.audit import note
from collector.grants import Grant, Role
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, print_lines, print_table, say
from talaia.parts import now
from talaia.service import base_url


class What(StrEnum):
    LIST = "list"
    CREATE = "create"
    GRANT = "grant"
    TAKE = "take"
    RESET = "reset"
    SECOND_STEP = "forget-second-step"
    DISABLE = "disable"
    ENABLE = "enable"


def command(
    context: typer.Context,
    *,
    what: Annotated[What, typer.Argument(help="What to do.")] = What.LIST,
    name: Annotated[str | None, typer.Argument(help="The login of the person.")] = None,
    display_name: Annotated[str | None, typer.Option(help="How the person is called; else the login.")] = None,
    email: Annotated[str | None, typer.Option(help="Their mail address.")] = None,
    language: Annotated[str | None, typer.Option(help="ca, es or en.")] = None,
    role: Annotated[Role, typer.Option(help="What they may do, to create, grant or take: see docs/access.md.")] = Role.VIEWER,
    department: Annotated[str | None, typer.Option(help="The role is for this department (id); else for the whole city.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """Make, list, disable the accounts of people, and say what they may do.

    A new account and `reset` print a link with which the person sets a password, once, within two days.
    `forget-second-step` is for a device that was lost.
    """
    if what is What.LIST:
        _list(context, as_json=as_json)
        return
    if name is None:
        end(Exit.USAGE, f"say whose account: talaia account {what} LOGIN")
    grant = Grant(role, department)
    try:
        with explained(), chosen(context).parts.store.write() as connection:
            if what is What.CREATE:
                account = accounts.create_account(connection, name, display_name or name, now(), email=email, language=language)
            else:
                account = accounts.find_account(connection, name) or end(Exit.NOT_FOUND, f"no account is named {name}")
            code = _do(connection, what, account, grant)
            detail = {"name": account.name, "grants": [str(grant)] if what in _OF_GRANTS else []}
            note(connection, said_here(now(), f"{what}_account", subject="account", subject_id=account.id, detail=detail))
    except AccountError as error:
        end(Exit.USAGE, str(error))
    if code is None:
        say(f"Done: {what} {account.name}. Their sessions have ended.")
        return
    typer.echo(f"{base_url(chosen(context).parts)}/welcome/{code}")
    say("Hand this link to the person: it sets a password once, within two days, and is not shown again.")


_OF_GRANTS = (What.CREATE, What.GRANT, What.TAKE)


def _do(connection: Connection, what: What, account: Account, grant: Grant) -> str | None:
    """Returns the code of a link, when one was made."""
    if what in _OF_GRANTS:
        taken = what is What.TAKE
        accounts.set_grants(connection, account, set(account.grants) - {grant} if taken else {*account.grants, grant})
    elif what is What.SECOND_STEP:
        second_step.remove(connection, account)
    elif what in (What.DISABLE, What.ENABLE):
        accounts.set_disabled(connection, account, now() if what is What.DISABLE else None)
    return accounts.issue_link(connection, account, now()) if what in (What.CREATE, What.RESET) else None


def _list(context: typer.Context, *, as_json: bool) -> None:
    with chosen(context).reading() as connection:
        found = accounts.list_accounts(connection)
    lines = [(one.name, one.display_name, list(map(str, one.grants)), one) for one in found]
    if as_json:
        print_lines(
            {"name": name, "display_name": called, "grants": grants, "disabled_at": one.disabled_at}
            for name, called, grants, one in lines
        )
        return
    columns = [("login", "left"), ("name", "left"), ("may", "left"), ("disabled", "left")]
    cells = ((name, called, ", ".join(grants), one.disabled_at) for name, called, grants, one in lines)
    print_table(columns, cells, empty="There is no account yet. `talaia account create LOGIN --role administrator` makes one.")
