from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.format_ import Format
from ...models.import_form import ImportForm
from ...models.import_taken import ImportTaken
from ...models.problem_details import ProblemDetails
from ...models.vantage import Vantage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: ImportForm,
    format_: Format,
    zone: None | str | Unset = UNSET,
    vantage: None | Unset | Vantage = UNSET,
    dry_run: bool | Unset = False,
    skip_bad_lines: bool | Unset = False,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    params: dict[str, Any] = {}

    json_format_ = format_.value
    params["format"] = json_format_

    json_zone: None | str | Unset
    if isinstance(zone, Unset):
        json_zone = UNSET
    else:
        json_zone = zone
    params["zone"] = json_zone

    json_vantage: None | str | Unset
    if isinstance(vantage, Unset):
        json_vantage = UNSET
    elif isinstance(vantage, Vantage):
        json_vantage = vantage.value
    else:
        json_vantage = vantage
    params["vantage"] = json_vantage

    params["dry_run"] = dry_run

    params["skip_bad_lines"] = skip_bad_lines

    params["may_shrink"] = may_shrink

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/imports",
        "params": params,
    }

    _kwargs["files"] = body.to_multipart()

    headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ImportTaken | ProblemDetails | None:
    if response.status_code == 200:
        response_200 = ImportTaken.from_dict(response.json())

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
) -> Response[ImportTaken | ProblemDetails]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: ImportForm,
    format_: Format,
    zone: None | str | Unset = UNSET,
    vantage: None | Unset | Vantage = UNSET,
    dry_run: bool | Unset = False,
    skip_bad_lines: bool | Unset = False,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> Response[ImportTaken | ProblemDetails]:
    """Take in an inventory, or the report of another scanner: all of a file, or nothing of it

    Args:
        format_ (Format):
        zone (None | str | Unset): the zone that a report is of; what lies outside it is not taken
        vantage (None | Unset | Vantage): from where that scanner looked; else the zone's own
        dry_run (bool | Unset): say what would be taken, and change nothing Default: False.
        skip_bad_lines (bool | Unset): leave wrong lines of an inventory out; nothing is retired
            then Default: False.
        may_shrink (bool | Unset): let an inventory lose most of its assets at once Default:
            False.
        idempotency_key (str | Unset):
        body (ImportForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ImportTaken | ProblemDetails]
    """

    kwargs = _get_kwargs(
        body=body,
        format_=format_,
        zone=zone,
        vantage=vantage,
        dry_run=dry_run,
        skip_bad_lines=skip_bad_lines,
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
    body: ImportForm,
    format_: Format,
    zone: None | str | Unset = UNSET,
    vantage: None | Unset | Vantage = UNSET,
    dry_run: bool | Unset = False,
    skip_bad_lines: bool | Unset = False,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> ImportTaken | ProblemDetails | None:
    """Take in an inventory, or the report of another scanner: all of a file, or nothing of it

    Args:
        format_ (Format):
        zone (None | str | Unset): the zone that a report is of; what lies outside it is not taken
        vantage (None | Unset | Vantage): from where that scanner looked; else the zone's own
        dry_run (bool | Unset): say what would be taken, and change nothing Default: False.
        skip_bad_lines (bool | Unset): leave wrong lines of an inventory out; nothing is retired
            then Default: False.
        may_shrink (bool | Unset): let an inventory lose most of its assets at once Default:
            False.
        idempotency_key (str | Unset):
        body (ImportForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ImportTaken | ProblemDetails
    """

    return sync_detailed(
        client=client,
        body=body,
        format_=format_,
        zone=zone,
        vantage=vantage,
        dry_run=dry_run,
        skip_bad_lines=skip_bad_lines,
        may_shrink=may_shrink,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ImportForm,
    format_: Format,
    zone: None | str | Unset = UNSET,
    vantage: None | Unset | Vantage = UNSET,
    dry_run: bool | Unset = False,
    skip_bad_lines: bool | Unset = False,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> Response[ImportTaken | ProblemDetails]:
    """Take in an inventory, or the report of another scanner: all of a file, or nothing of it

    Args:
        format_ (Format):
        zone (None | str | Unset): the zone that a report is of; what lies outside it is not taken
        vantage (None | Unset | Vantage): from where that scanner looked; else the zone's own
        dry_run (bool | Unset): say what would be taken, and change nothing Default: False.
        skip_bad_lines (bool | Unset): leave wrong lines of an inventory out; nothing is retired
            then Default: False.
        may_shrink (bool | Unset): let an inventory lose most of its assets at once Default:
            False.
        idempotency_key (str | Unset):
        body (ImportForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ImportTaken | ProblemDetails]
    """

    kwargs = _get_kwargs(
        body=body,
        format_=format_,
        zone=zone,
        vantage=vantage,
        dry_run=dry_run,
        skip_bad_lines=skip_bad_lines,
        may_shrink=may_shrink,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ImportForm,
    format_: Format,
    zone: None | str | Unset = UNSET,
    vantage: None | Unset | Vantage = UNSET,
    dry_run: bool | Unset = False,
    skip_bad_lines: bool | Unset = False,
    may_shrink: bool | Unset = False,
    idempotency_key: str | Unset = UNSET,
) -> ImportTaken | ProblemDetails | None:
    """Take in an inventory, or the report of another scanner: all of a file, or nothing of it

    Args:
        format_ (Format):
        zone (None | str | Unset): the zone that a report is of; what lies outside it is not taken
        vantage (None | Unset | Vantage): from where that scanner looked; else the zone's own
        dry_run (bool | Unset): say what would be taken, and change nothing Default: False.
        skip_bad_lines (bool | Unset): leave wrong lines of an inventory out; nothing is retired
            then Default: False.
        may_shrink (bool | Unset): let an inventory lose most of its assets at once Default:
            False.
        idempotency_key (str | Unset):
        body (ImportForm):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ImportTaken | ProblemDetails
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            format_=format_,
            zone=zone,
            vantage=vantage,
            dry_run=dry_run,
            skip_bad_lines=skip_bad_lines,
            may_shrink=may_shrink,
            idempotency_key=idempotency_key,
        )
    ).parsed
