from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_overdue_language_type_0 import ListOverdueLanguageType0
from ...models.overdue import Overdue
from ...models.problem_details import ProblemDetails
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    soon: bool | Unset = False,
    language: ListOverdueLanguageType0 | None | Unset = UNSET,
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

    params["soon"] = soon

    json_language: None | str | Unset
    if isinstance(language, Unset):
        json_language = UNSET
    elif isinstance(language, ListOverdueLanguageType0):
        json_language = language.value
    else:
        json_language = language
    params["language"] = json_language

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/overdue",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Overdue | ProblemDetails | None:
    if response.status_code == 200:
        response_200 = Overdue.from_dict(response.json())

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
) -> Response[Overdue | ProblemDetails]:
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
    soon: bool | Unset = False,
    language: ListOverdueLanguageType0 | None | Unset = UNSET,
) -> Response[Overdue | ProblemDetails]:
    """Findings past their day, the latest first, and counts by department

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset): an id, or none
        soon (bool | Unset): those that are due within seven days, instead of those past their day
            Default: False.
        language (ListOverdueLanguageType0 | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Overdue | ProblemDetails]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        department=department,
        soon=soon,
        language=language,
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
    soon: bool | Unset = False,
    language: ListOverdueLanguageType0 | None | Unset = UNSET,
) -> Overdue | ProblemDetails | None:
    """Findings past their day, the latest first, and counts by department

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset): an id, or none
        soon (bool | Unset): those that are due within seven days, instead of those past their day
            Default: False.
        language (ListOverdueLanguageType0 | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Overdue | ProblemDetails
    """

    return sync_detailed(
        client=client,
        limit=limit,
        cursor=cursor,
        department=department,
        soon=soon,
        language=language,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    soon: bool | Unset = False,
    language: ListOverdueLanguageType0 | None | Unset = UNSET,
) -> Response[Overdue | ProblemDetails]:
    """Findings past their day, the latest first, and counts by department

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset): an id, or none
        soon (bool | Unset): those that are due within seven days, instead of those past their day
            Default: False.
        language (ListOverdueLanguageType0 | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Overdue | ProblemDetails]
    """

    kwargs = _get_kwargs(
        limit=limit,
        cursor=cursor,
        department=department,
        soon=soon,
        language=language,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    department: None | str | Unset = UNSET,
    soon: bool | Unset = False,
    language: ListOverdueLanguageType0 | None | Unset = UNSET,
) -> Overdue | ProblemDetails | None:
    """Findings past their day, the latest first, and counts by department

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): next_cursor of the page before
        department (None | str | Unset): an id, or none
        soon (bool | Unset): those that are due within seven days, instead of those past their day
            Default: False.
        language (ListOverdueLanguageType0 | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Overdue | ProblemDetails
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            cursor=cursor,
            department=department,
            soon=soon,
            language=language,
        )
    ).parsed
