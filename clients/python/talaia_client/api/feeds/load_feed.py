from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.feed_form import FeedForm
from ...models.feeds_taken import FeedsTaken
from ...models.problem_details import ProblemDetails
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: FeedForm,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    params: dict[str, Any] = {}

    params["may_shrink"] = may_shrink

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/feeds",
        "params": params,
    }

    _kwargs["files"] = body.to_multipart()

    headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> FeedsTaken | ProblemDetails | None:
    if response.status_code == 200:
        response_200 = FeedsTaken.from_dict(response.json())

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
) -> Response[FeedsTaken | ProblemDetails]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: FeedForm,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> Response[FeedsTaken | ProblemDetails]:
    """Take in a vulnerability feed: all of a file, or nothing of it

    Args:
        may_shrink (bool | Unset): let a feed lose most of its entries at once Default: False.
        idempotency_key (str | Unset):
        body (FeedForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FeedsTaken | ProblemDetails]
    """

    kwargs = _get_kwargs(
        body=body,
        may_shrink=may_shrink,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: FeedForm,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> FeedsTaken | ProblemDetails | None:
    """Take in a vulnerability feed: all of a file, or nothing of it

    Args:
        may_shrink (bool | Unset): let a feed lose most of its entries at once Default: False.
        idempotency_key (str | Unset):
        body (FeedForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FeedsTaken | ProblemDetails
    """

    return sync_detailed(
        client=client,
        body=body,
        may_shrink=may_shrink,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: FeedForm,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> Response[FeedsTaken | ProblemDetails]:
    """Take in a vulnerability feed: all of a file, or nothing of it

    Args:
        may_shrink (bool | Unset): let a feed lose most of its entries at once Default: False.
        idempotency_key (str | Unset):
        body (FeedForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FeedsTaken | ProblemDetails]
    """

    kwargs = _get_kwargs(
        body=body,
        may_shrink=may_shrink,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: FeedForm,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> FeedsTaken | ProblemDetails | None:
    """Take in a vulnerability feed: all of a file, or nothing of it

    Args:
        may_shrink (bool | Unset): let a feed lose most of its entries at once Default: False.
        idempotency_key (str | Unset):
        body (FeedForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FeedsTaken | ProblemDetails
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            may_shrink=may_shrink,
            idempotency_key=idempotency_key,
        )
    ).parsed
