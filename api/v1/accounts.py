"""Accounts of people: made, granted, disabled and helped back in, within what the caller may give. The page does the same."""

from collections.abc import Callable, Iterable
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import Connection

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import Problem, not_found
from api.rights import MATRIX
from api.v1.access import covers
from api.v1.asking import parts_of
from api.v1.requests import Body, Id, Key, Language, Text
from api.v1.shapes import Shown
from collector import accounts, audit, second_step
from collector.accounts import Account
from collector.grants import Grant, Role

router = APIRouter(tags=["access"])
_SPECIMEN: dict[str, JsonValue] = {
    "name": "duty",
    "display_name": "Security on duty",
    "language": "ca",
    "grants": [{"role": "analyst"}],
}
_NARROWED: dict[str, JsonValue] = {"grants": [{"role": "department", "department": "citizens"}]}


class GrantSent(Body):
    """A role, for one department or for the whole city."""

    role: Role
    department: Id | None = Field(None, description="null: the whole city")


class NewAccount(Body):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_SPECIMEN]})

    name: Text = Field(max_length=100, description="the login: a-z, 0-9, dot, dash, underscore and @")
    display_name: Text = Field(max_length=200)
    email: Text | None = Field(None, max_length=254)
    language: Language | None = None
    grants: list[GrantSent] = Field([], max_length=100)


class GrantsSent(Body):
    """All that the person may do from now on: what is not named is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_NARROWED]})

    grants: list[GrantSent] = Field(max_length=100)


class GrantShown(Shown):
    role: Role
    department: str | None


class AccountShown(Shown):
    id: str
    name: str
    display_name: str
    email: str | None
    language: str | None
    created_at: datetime
    disabled_at: datetime | None
    has_password: bool
    has_second_step: bool
    grants: list[GrantShown]


class AccountsShown(BaseModel):
    items: list[AccountShown]


class AccountLinked(AccountShown):
    link: str = Field(description="where the person sets a password, once, within two days; shown this once")


@router.get("/accounts", operation_id="list_accounts", summary="People, and what they may do")
def many(request: Request) -> AccountsShown:
    with parts_of(request).store.read() as connection:
        found = accounts.list_accounts(connection)
    return AccountsShown(items=[AccountShown.model_validate(one) for one in found])


@router.post("/accounts", operation_id="create_account", summary="Make an account; its link is shown this once", status_code=201)
def create(request: Request, caller: Asker, wanted: NewAccount) -> AccountLinked:
    return _linked(*create_account(parts_of(request), caller, wanted))


@router.get("/accounts/{account_id}", operation_id="get_account", summary="One person")
def one(request: Request, account_id: Key) -> AccountShown:
    with parts_of(request).store.read() as connection:
        return AccountShown.model_validate(_found(connection, account_id))


@router.put("/accounts/{account_id}/grants", operation_id="set_account_grants", summary="Say what a person may do; sessions end")
def grants(request: Request, caller: Asker, account_id: Key, wanted: GrantsSent) -> AccountShown:
    given = [Grant(one.role, one.department) for one in wanted.grants]
    return AccountShown.model_validate(change_grants(parts_of(request), caller, account_id, lambda _: given))


@router.post("/accounts/{account_id}/disable", operation_id="disable_account", summary="Let a person in no more; sessions end")
def disable(request: Request, caller: Asker, account_id: Key) -> AccountShown:
    return AccountShown.model_validate(set_disabled(parts_of(request), caller, account_id, disabled=True))


@router.post("/accounts/{account_id}/enable", operation_id="enable_account", summary="Let a person in again")
def enable(request: Request, caller: Asker, account_id: Key) -> AccountShown:
    return AccountShown.model_validate(set_disabled(parts_of(request), caller, account_id, disabled=False))


@router.post("/accounts/{account_id}/reset", operation_id="reset_account", summary="A new link; it is shown this once")
def reset(request: Request, caller: Asker, account_id: Key) -> AccountLinked:
    return _linked(*new_link(parts_of(request), caller, account_id))


@router.delete(
    "/accounts/{account_id}/second-step",
    operation_id="forget_second_step",
    summary="The person's device is lost, and the recovery codes with it",
)
def forget(request: Request, caller: Asker, account_id: Key) -> AccountShown:
    return AccountShown.model_validate(forget_second_step(parts_of(request), caller, account_id))


def givable(caller: Caller) -> list[Role]:
    """The roles that this caller gives for the whole city."""
    return [role for role in Role if may_give(caller, Grant(role))]


def may_give(caller: Caller, grant: Grant) -> bool:
    """Nobody gives what they may not do themselves, where they may not; a probe is a program and no person."""
    where = None if grant.department is None else [grant.department]
    return grant.role is not Role.PROBE and all(covers(caller, one, where) for one in MATRIX[grant.role])


def manages(caller: Caller, account: Account) -> bool:
    """Not oneself, and nobody who may do more: a link for their password would be their rights."""
    return f"account:{account.id}" != caller.id and all(may_give(caller, grant) for grant in account.grants)


def create_account(parts: AppParts, caller: Caller, wanted: NewAccount) -> tuple[Account, str]:
    """Make it and note it; returns it with the address of its link. Raises the problem *forbidden* and
    :class:`~collector.accounts.AccountError`."""
    now, given = parts.clock(), [Grant(one.role, one.department) for one in wanted.grants]
    _may_give(caller, given)
    more = {"email": wanted.email, "language": wanted.language}
    with parts.store.write() as connection:
        made = accounts.create_account(connection, wanted.name, wanted.display_name, now, **more)
        accounts.set_grants(connection, made, given)
        code = accounts.issue_link(connection, made, now)
        audit.note(connection, _entry(caller, now, "create_account", made, given))
        return _found(connection, made.id), f"{parts.base_url}/welcome/{code}"


def change_grants(
    parts: AppParts, caller: Caller, account_id: str, change: Callable[[tuple[Grant, ...]], Iterable[Grant]]
) -> Account:
    """``change`` makes the grants from those of before. Raises *not found*, *forbidden* and
    :class:`~collector.accounts.AccountError`."""
    with parts.store.write() as connection:
        account = _managed(connection, caller, account_id)
        given = set(change(account.grants))
        _may_give(caller, given - set(account.grants))
        accounts.set_grants(connection, account, given)
        audit.note(connection, _entry(caller, parts.clock(), "grant_account", account, given))
        return _found(connection, account_id)


def set_disabled(parts: AppParts, caller: Caller, account_id: str, *, disabled: bool) -> Account:
    now = parts.clock()
    with parts.store.write() as connection:
        account = _managed(connection, caller, account_id)
        accounts.set_disabled(connection, account, now if disabled else None)
        action = "disable_account" if disabled else "enable_account"
        audit.note(connection, _entry(caller, now, action, account, account.grants))
        return _found(connection, account_id)


def new_link(parts: AppParts, caller: Caller, account_id: str) -> tuple[Account, str]:
    with parts.store.write() as connection:
        account = _managed(connection, caller, account_id)
        code = accounts.issue_link(connection, account, parts.clock())
        audit.note(connection, _entry(caller, parts.clock(), "reset_account", account, account.grants))
        return account, f"{parts.base_url}/welcome/{code}"


def forget_second_step(parts: AppParts, caller: Caller, account_id: str) -> Account:
    with parts.store.write() as connection:
        account = _managed(connection, caller, account_id)
        if second_step.remove(connection, account):
            audit.note(connection, _entry(caller, parts.clock(), "reset_second_step", account, account.grants))
        return _found(connection, account_id)


def _found(connection: Connection, account_id: str) -> Account:
    account = accounts.find_account(connection, account_id)
    if account is None:
        raise not_found("account")
    return account


def _managed(connection: Connection, caller: Caller, account_id: str) -> Account:
    account = _found(connection, account_id)
    if not manages(caller, account):
        raise Problem(403, "forbidden", "this account is yours, or may do more than you: use the command line")
    return account


def _may_give(caller: Caller, given: Iterable[Grant]) -> None:
    if not all(may_give(caller, grant) for grant in given):
        raise Problem(403, "forbidden", "nobody gives what they may not do themselves: use the command line")


def _entry(caller: Caller, at: datetime, action: str, account: Account, given: Iterable[Grant]) -> audit.Entry:
    detail = {"name": account.name, "grants": sorted(map(str, given))}
    return caller.noting(at, action, subject="account", subject_id=account.id, detail=detail)


def _linked(account: Account, link: str) -> AccountLinked:
    return AccountLinked(**AccountShown.model_validate(account).model_dump(), link=link)
