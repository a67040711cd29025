from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_tickets_state_type_0 import ListTicketsStateType0
from ...models.problem_details import ProblemDetails
from ...models.tickets import Tickets
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    state: ListTicketsStateType0 | None | Unset = UNSET,
    live: bool | None | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    finding: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    json_state: None | str | Unset
    if isinstance(state, Unset):
        json_state = UNSET
    elif isinstance(state, ListTicketsStateType0):
        json_state = state.value
    else:
        json_state = state
    params["state"] = json_state

    json_live: bool | None | Unset
    if isinstance(live, Unset):
        json_live = UNSET
    else:
        json_live = live
    params["live"] = json_live

    json_rule: None | str | Unset
    if isinstance(rule, Unset):
        json_rule = UNSET
    else:
        json_rule = rule
    params["rule"] = json_rule

    json_department: None | str | Unset
    if isinstance(department, Unset):
        json_department = UNSET
    else:
        json_department = department
    params["department"] = json_department

    json_service: None | str | Unset
    if isinstance(service, Unset):
        json_service = UNSET
    else:
        json_service = service
    params["service"] = json_service

    json_finding: None | str | Unset
    if isinstance(finding, Unset):
        json_finding = UNSET
    else:
        json_finding = finding
    params["finding"] = json_finding

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/tickets",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ProblemDetails | Tickets | None:
    if response.status_code == 200:
        response_200 = Tickets.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ProblemDetails.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ProblemDetails.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ProblemDetails.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = ProblemDetails.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ProblemDetails.from_dict(response.json())

        return response_409

    if response.status_code == 412:
        response_412 = ProblemDetails.from_dict(response.json())

        return response_412

    if response.status_code == 413:
        response_413 = ProblemDetails.from_dict(response.json())

        return response_413

    if response.status_code == 421:
        response_421 = ProblemDetails.from_dict(response.json())

        return response_421

    if response.status_code == 422:
        response_422 = ProblemDetails.from_dict(response.json())

        return response_422

    if response.status_code == 428:
        response_428 = ProblemDetails.from_dict(response.json())

        return response_428

    if response.status_code == 429:
        response_429 = ProblemDetails.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ProblemDetails | Tickets]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    state: ListTicketsStateType0 | None | Unset = UNSET,
    live: bool | None | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    finding: None | str | Unset = UNSET,
) -> Response[ProblemDetails | Tickets]:
    """Tickets, latest first

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        state (ListTicketsStateType0 | None | Unset):
        live (bool | None | Unset): those that are followed, or no longer
        rule (None | str | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        finding (None | str | Unset): those about this finding

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDetails | Tickets]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        state=state,
        live=live,
        rule=rule,
        department=department,
        service=service,
        finding=finding,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    state: ListTicketsStateType0 | None | Unset = UNSET,
    live: bool | None | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    finding: None | str | Unset = UNSET,
) -> ProblemDetails | Tickets | None:
    """Tickets, latest first

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        state (ListTicketsStateType0 | None | Unset):
        live (bool | None | Unset): those that are followed, or no longer
        rule (None | str | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        finding (None | str | Unset): those about this finding

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDetails | Tickets
    """

    return sync_detailed(
        client=client,
        limit=limit,
        cursor=cursor,
        state=state,
        live=live,
        rule=rule,
        department=department,
        service=service,
        finding=finding,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    state: ListTicketsStateType0 | None | Unset = UNSET,
    live: bool | None | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    finding: None | str | Unset = UNSET,
) -> Response[ProblemDetails | Tickets]:
    """Tickets, latest first

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        state (ListTicketsStateType0 | None | Unset):
        live (bool | None | Unset): those that are followed, or no longer
        rule (None | str | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        finding (None | str | Unset): those about this finding

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDetails | Tickets]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        state=state,
        live=live,
        rule=rule,
        department=department,
        service=service,
        finding=finding,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    state: ListTicketsStateType0 | None | Unset = UNSET,
    live: bool | None | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    finding: None | str | Unset = UNSET,
) -> ProblemDetails | Tickets | None:
    """Tickets, latest first

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        state (ListTicketsStateType0 | None | Unset):
        live (bool | None | Unset): those that are followed, or no longer
        rule (None | str | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        finding (None | str | Unset): those about this finding

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDetails | Tickets
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            cursor=cursor,
            state=state,
            live=live,
            rule=rule,
            department=department,
            service=service,
            finding=finding,
        )
    ).parsed
