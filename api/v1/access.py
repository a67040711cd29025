"""Who may ask: tokens, and the audit log. What each role may do is the matrix of :mod:`api.rights`."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import Problem, not_found
from api.rights import CITY_WIDE, MATRIX, Permission, reach_of
from api.v1.asking import parts_of
from api.v1.requests import Body, Id, Key, Sent, Text
from api.v1.shapes import Shown
from collector import audit, tokens
from collector.grants import Role

router = APIRouter(tags=["access"])


class NewToken(Body):
    """A role; the departments it is confined to (none named: the whole city); and, if wanted, only some of its permissions."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"name": "ticket desk", "role": "department", "departments": ["citizens"], "days": 90}]},
    )

    name: Text = Field(max_length=100)
    role: Role
    departments: list[Id] | None = Field(None, min_length=1, max_length=100)
    permissions: list[Permission] | None = Field(None, min_length=1, max_length=len(Permission))
    days: int = Field(90, ge=1, le=3650)


class TokenShown(Shown):
    id: str
    name: str
    role: Role
    departments: list[str] | None = Field(description="null: the whole city")
    permissions: list[str] | None = Field(description="null: all of its role's")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenShown):
    secret: str = Field(description="shown this once, and stored nowhere")


class TokensShown(BaseModel):
    items: list[TokenShown]


class AuditQuery(Sent):
    limit: int = Field(100, ge=1, le=500)
    before: int | None = Field(None, ge=1, le=2**63 - 1, description="the seq of the last row seen")


class AuditRow(Shown):
    """``digest`` is SHA-256 over this row and ``previous``, the digest of the row before it."""

    seq: int
    id: str
    at: datetime
    actor: str
    actor_id: str
    address: str
    action: str
    outcome: Literal["done", "denied", "failed"]
    subject: str
    subject_id: str
    department_id: str | None
    detail: dict[str, Any]
    previous: str
    digest: str


class AuditShown(BaseModel):
    items: list[AuditRow]


class AuditVerifyQuery(Sent):
    head: str | None = Field(None, pattern=r"^[0-9a-f]{64}$", description="a head that was written down earlier")


class AuditVerified(BaseModel):
    """``head`` is the digest of the last row: whoever writes it down elsewhere can tell later that nothing was cut off."""

    rows: int
    head: str
    broken_at: int | None = Field(description="the seq of the first row that does not follow from the one before; null: unbroken")
    head_found: bool | None = Field(description="whether the row with the head that was asked for is still there; null: none was")


@router.get("/tokens", operation_id="list_tokens", summary="Tokens, without their secrets")
def many(request: Request) -> TokensShown:
    with parts_of(request).store.read() as connection:
        found = tokens.list_tokens(connection)
    return TokensShown(items=[_shown(token) for token in found])


@router.post("/tokens", operation_id="create_token", summary="Make a token; its secret is shown this once", status_code=201)
def create(request: Request, caller: Asker, wanted: NewToken) -> TokenMade:
    token, secret = make_token(parts_of(request), caller, wanted)
    return TokenMade(**_shown(token).model_dump(), secret=secret)


@router.delete("/tokens/{token_id}", operation_id="revoke_token", summary="End a token and every session it opened, at once")
def revoke(request: Request, caller: Asker, token_id: Key) -> TokenShown:
    return _shown(end_token(parts_of(request), caller, token_id))


@router.get("/audit", operation_id="list_audit", summary="Who did what, and who was not let; latest first")
def log(request: Request, asked: Annotated[AuditQuery, Query()]) -> AuditShown:
    with parts_of(request).store.read() as connection:
        rows = audit.latest(connection, asked.limit, asked.before)
    return AuditShown(items=[AuditRow.model_validate(row) for row in rows])


@router.get("/audit/verify", operation_id="verify_audit", summary="Whether a row was changed, taken out, put in or cut off")
def verify(request: Request, asked: Annotated[AuditVerifyQuery, Query()]) -> AuditVerified:
    with parts_of(request).store.read() as connection:
        chain = audit.verify(connection)
        found = audit.has_digest(connection, asked.head) if asked.head is not None else None
    return AuditVerified(rows=chain.rows, head=chain.head, broken_at=chain.broken_at, head_found=found)


def make_token(parts: AppParts, caller: Caller, wanted: NewToken) -> tuple[tokens.Token, str]:
    """Make a token and note it. Raises the problems *forbidden*, for more than the caller may do itself, and *bad-token*."""
    now = parts.clock()
    given = set(wanted.permissions or MATRIX[wanted.role])
    beyond = sorted(one for one in given & MATRIX[wanted.role] if not covers(caller, one, wanted.departments))
    if beyond:
        raise Problem(403, "forbidden", f"you cannot give what you may not do yourself: {', '.join(beyond)}")
    with parts.store.write() as connection:
        try:
            token, secret = tokens.create_token(
                connection,
                wanted.name,
                wanted.role,
                now,
                timedelta(days=wanted.days),
                departments=wanted.departments,
                permissions=None if wanted.permissions is None else [one.value for one in wanted.permissions],
            )
        except tokens.TokenError as error:
            raise Problem(409, "bad-token", str(error)) from error
        detail = {"name": token.name, "role": token.role.value, "departments": wanted.departments, "days": wanted.days}
        audit.note(connection, caller.noting(now, "create_token", subject="token", subject_id=token.id, detail=detail))
    return token, secret


def end_token(parts: AppParts, caller: Caller, token_id: str) -> tokens.Token:
    """Revoke and note it; repeating it changes nothing. Raises *not found*."""
    now = parts.clock()
    with parts.store.write() as connection:
        found = next((one for one in tokens.list_tokens(connection) if one.id == token_id), None)
        if found is None:
            raise not_found("token")
        if tokens.revoke_token(connection, found.id, now):
            audit.note(connection, caller.noting(now, "revoke_token", subject="token", subject_id=found.id))
        return next(one for one in tokens.list_tokens(connection) if one.id == token_id)


def covers(caller: Caller, permission: Permission, departments: list[str] | None) -> bool:
    """Whether the caller itself may do this in all of these departments (None: the whole city). So approving is given by the
    command line alone."""
    reach = reach_of(caller.grants, permission, caller.narrowed)
    if reach is None:
        return True
    return departments is not None and (permission in CITY_WIDE or set(departments) <= reach)


def _shown(token: tokens.Token) -> TokenShown:
    plain = {name: getattr(token, name) for name in TokenShown.model_fields if name != "permissions"}
    return TokenShown(**plain, permissions=None if token.permissions is None else sorted(token.permissions))
