from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_verdicts_result_type_0 import ListVerdictsResultType0
from ...models.problem_details import ProblemDetails
from ...models.verdicts import Verdicts
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    result: ListVerdictsResultType0 | None | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    json_asset: None | str | Unset
    if isinstance(asset, Unset):
        json_asset = UNSET
    else:
        json_asset = asset
    params["asset"] = json_asset

    json_rule: None | str | Unset
    if isinstance(rule, Unset):
        json_rule = UNSET
    else:
        json_rule = rule
    params["rule"] = json_rule

    json_result: None | str | Unset
    if isinstance(result, Unset):
        json_result = UNSET
    elif isinstance(result, ListVerdictsResultType0):
        json_result = result.value
    else:
        json_result = result
    params["result"] = json_result

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

    json_vantage: None | str | Unset
    if isinstance(vantage, Unset):
        json_vantage = UNSET
    else:
        json_vantage = vantage
    params["vantage"] = json_vantage

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/verdicts",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ProblemDetails | Verdicts | None:
    if response.status_code == 200:
        response_200 = Verdicts.from_dict(response.json())

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
) -> Response[ProblemDetails | Verdicts]:
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
    asset: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    result: ListVerdictsResultType0 | None | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
) -> Response[ProblemDetails | Verdicts]:
    """The last verdict of each rule on each place, passed ones too

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        asset (None | str | Unset):
        rule (None | str | Unset):
        result (ListVerdictsResultType0 | None | Unset):
        department (None | str | Unset):
        service (None | str | Unset):
        vantage (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDetails | Verdicts]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        asset=asset,
        rule=rule,
        result=result,
        department=department,
        service=service,
        vantage=vantage,
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
    asset: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    result: ListVerdictsResultType0 | None | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
) -> ProblemDetails | Verdicts | None:
    """The last verdict of each rule on each place, passed ones too

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        asset (None | str | Unset):
        rule (None | str | Unset):
        result (ListVerdictsResultType0 | None | Unset):
        department (None | str | Unset):
        service (None | str | Unset):
        vantage (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDetails | Verdicts
    """

    return sync_detailed(
        client=client,
        limit=limit,
        cursor=cursor,
        asset=asset,
        rule=rule,
        result=result,
        department=department,
        service=service,
        vantage=vantage,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    result: ListVerdictsResultType0 | None | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
) -> Response[ProblemDetails | Verdicts]:
    """The last verdict of each rule on each place, passed ones too

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        asset (None | str | Unset):
        rule (None | str | Unset):
        result (ListVerdictsResultType0 | None | Unset):
        department (None | str | Unset):
        service (None | str | Unset):
        vantage (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemDetails | Verdicts]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        asset=asset,
        rule=rule,
        result=result,
        department=department,
        service=service,
        vantage=vantage,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    rule: None | str | Unset = UNSET,
    result: ListVerdictsResultType0 | None | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
) -> ProblemDetails | Verdicts | None:
    """The last verdict of each rule on each place, passed ones too

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        asset (None | str | Unset):
        rule (None | str | Unset):
        result (ListVerdictsResultType0 | None | Unset):
        department (None | str | Unset):
        service (None | str | Unset):
        vantage (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemDetails | Verdicts
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            cursor=cursor,
            asset=asset,
            rule=rule,
            result=result,
            department=department,
            service=service,
            vantage=vantage,
        )
    ).parsed
