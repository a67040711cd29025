from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.asset_sort import AssetSort
from ...models.assets import Assets
from ...models.problem_details import ProblemDetails
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    declared: bool | None | Unset = UNSET,
    gone: bool | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: AssetSort | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

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

    json_declared: bool | None | Unset
    if isinstance(declared, Unset):
        json_declared = UNSET
    else:
        json_declared = declared
    params["declared"] = json_declared

    json_gone: bool | None | Unset
    if isinstance(gone, Unset):
        json_gone = UNSET
    else:
        json_gone = gone
    params["gone"] = json_gone

    json_q: None | str | Unset
    if isinstance(q, Unset):
        json_q = UNSET
    else:
        json_q = q
    params["q"] = json_q

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/assets",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Assets | ProblemDetails | None:
    if response.status_code == 200:
        response_200 = Assets.from_dict(response.json())

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
) -> Response[Assets | ProblemDetails]:
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
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    declared: bool | None | Unset = UNSET,
    gone: bool | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: AssetSort | Unset = UNSET,
) -> Response[Assets | ProblemDetails]:
    """Assets, filtered and sorted

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset):
        service (None | str | Unset):
        declared (bool | None | Unset):
        gone (bool | None | Unset):
        q (None | str | Unset):
        sort (AssetSort | Unset): By risk (highest first, never evaluated last) or by name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Assets | ProblemDetails]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        department=department,
        service=service,
        declared=declared,
        gone=gone,
        q=q,
        sort=sort,
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
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    declared: bool | None | Unset = UNSET,
    gone: bool | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: AssetSort | Unset = UNSET,
) -> Assets | ProblemDetails | None:
    """Assets, filtered and sorted

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset):
        service (None | str | Unset):
        declared (bool | None | Unset):
        gone (bool | None | Unset):
        q (None | str | Unset):
        sort (AssetSort | Unset): By risk (highest first, never evaluated last) or by name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Assets | ProblemDetails
    """

    return sync_detailed(
        client=client,
        limit=limit,
        cursor=cursor,
        department=department,
        service=service,
        declared=declared,
        gone=gone,
        q=q,
        sort=sort,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    declared: bool | None | Unset = UNSET,
    gone: bool | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: AssetSort | Unset = UNSET,
) -> Response[Assets | ProblemDetails]:
    """Assets, filtered and sorted

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset):
        service (None | str | Unset):
        declared (bool | None | Unset):
        gone (bool | None | Unset):
        q (None | str | Unset):
        sort (AssetSort | Unset): By risk (highest first, never evaluated last) or by name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Assets | ProblemDetails]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        department=department,
        service=service,
        declared=declared,
        gone=gone,
        q=q,
        sort=sort,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    declared: bool | None | Unset = UNSET,
    gone: bool | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: AssetSort | Unset = UNSET,
) -> Assets | ProblemDetails | None:
    """Assets, filtered and sorted

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset):
        service (None | str | Unset):
        declared (bool | None | Unset):
        gone (bool | None | Unset):
        q (None | str | Unset):
        sort (AssetSort | Unset): By risk (highest first, never evaluated last) or by name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Assets | ProblemDetails
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            cursor=cursor,
            department=department,
            service=service,
            declared=declared,
            gone=gone,
            q=q,
            sort=sort,
        )
    ).parsed
