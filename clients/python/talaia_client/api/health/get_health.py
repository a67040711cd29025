from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.get_health_language_type_0 import GetHealthLanguageType0
from ...models.problem_details import ProblemDetails
from ...models.whole_health import WholeHealth
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    language: GetHealthLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    json_language: None | str | Unset
    if isinstance(language, Unset):
        json_language = UNSET
    elif isinstance(language, GetHealthLanguageType0):
        json_language = language.value
    else:
        json_language = language
    params["language"] = json_language

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/health/parts",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ProblemDetails | WholeHealth | None:
    if response.status_code == 200:
        response_200 = WholeHealth.from_dict(response.json())

        return response_200

    if response.status_code == 304:
        response_304 = cast(Any, None)
        return response_304

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
) -> Response[Any | ProblemDetails | WholeHealth]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    language: GetHealthLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Any | ProblemDetails | WholeHealth]:
    """Store, scheduler, workers, zones, delivery, disk and clock, one by one

    Args:
        language (GetHealthLanguageType0 | None | Unset): else what Accept-Language asks for, else
            the city's own
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ProblemDetails | WholeHealth]
    """

    kwargs = _get_kwargs(
        language=language,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    language: GetHealthLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Any | ProblemDetails | WholeHealth | None:
    """Store, scheduler, workers, zones, delivery, disk and clock, one by one

    Args:
        language (GetHealthLanguageType0 | None | Unset): else what Accept-Language asks for, else
            the city's own
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ProblemDetails | WholeHealth
    """

    return sync_detailed(
        client=client,
        language=language,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    language: GetHealthLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Any | ProblemDetails | WholeHealth]:
    """Store, scheduler, workers, zones, delivery, disk and clock, one by one

    Args:
        language (GetHealthLanguageType0 | None | Unset): else what Accept-Language asks for, else
            the city's own
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ProblemDetails | WholeHealth]
    """

    kwargs = _get_kwargs(
        language=language,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    language: GetHealthLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Any | ProblemDetails | WholeHealth | None:
    """Store, scheduler, workers, zones, delivery, disk and clock, one by one

    Args:
        language (GetHealthLanguageType0 | None | Unset): else what Accept-Language asks for, else
            the city's own
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ProblemDetails | WholeHealth
    """

    return (
        await asyncio_detailed(
            client=client,
            language=language,
            if_none_match=if_none_match,
        )
    ).parsed
