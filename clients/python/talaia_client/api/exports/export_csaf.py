from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.export_csaf_band_item import ExportCsafBandItem
from ...models.export_csaf_language_type_0 import ExportCsafLanguageType0
from ...models.export_csaf_response_200 import ExportCsafResponse200
from ...models.export_csaf_severity_item import ExportCsafSeverityItem
from ...models.export_csaf_state_item import ExportCsafStateItem
from ...models.finding_sort import FindingSort
from ...models.problem_details import ProblemDetails
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: list[ExportCsafStateItem] | Unset = UNSET,
    severity: list[ExportCsafSeverityItem] | Unset = UNSET,
    band: list[ExportCsafBandItem] | Unset = UNSET,
    rule: list[str] | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    address: None | str | Unset = UNSET,
    zone: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
    known_exploited: bool | Unset = False,
    overdue: bool | Unset = False,
    due_within_days: int | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: FindingSort | Unset = UNSET,
    language: ExportCsafLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    json_state: list[str] | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = []
        for state_item_data in state:
            state_item = state_item_data.value
            json_state.append(state_item)

    params["state"] = json_state

    json_severity: list[str] | Unset = UNSET
    if not isinstance(severity, Unset):
        json_severity = []
        for severity_item_data in severity:
            severity_item = severity_item_data.value
            json_severity.append(severity_item)

    params["severity"] = json_severity

    json_band: list[str] | Unset = UNSET
    if not isinstance(band, Unset):
        json_band = []
        for band_item_data in band:
            band_item = band_item_data.value
            json_band.append(band_item)

    params["band"] = json_band

    json_rule: list[str] | Unset = UNSET
    if not isinstance(rule, Unset):
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

    json_asset: None | str | Unset
    if isinstance(asset, Unset):
        json_asset = UNSET
    else:
        json_asset = asset
    params["asset"] = json_asset

    json_address: None | str | Unset
    if isinstance(address, Unset):
        json_address = UNSET
    else:
        json_address = address
    params["address"] = json_address

    json_zone: None | str | Unset
    if isinstance(zone, Unset):
        json_zone = UNSET
    else:
        json_zone = zone
    params["zone"] = json_zone

    json_vantage: None | str | Unset
    if isinstance(vantage, Unset):
        json_vantage = UNSET
    else:
        json_vantage = vantage
    params["vantage"] = json_vantage

    params["known_exploited"] = known_exploited

    params["overdue"] = overdue

    json_due_within_days: int | None | Unset
    if isinstance(due_within_days, Unset):
        json_due_within_days = UNSET
    else:
        json_due_within_days = due_within_days
    params["due_within_days"] = json_due_within_days

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

    json_language: None | str | Unset
    if isinstance(language, Unset):
        json_language = UNSET
    elif isinstance(language, ExportCsafLanguageType0):
        json_language = language.value
    else:
        json_language = language
    params["language"] = json_language

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/exports/csaf",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ExportCsafResponse200 | ProblemDetails | None:
    if response.status_code == 200:
        response_200 = ExportCsafResponse200.from_dict(response.json())

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
) -> Response[Any | ExportCsafResponse200 | ProblemDetails]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: list[ExportCsafStateItem] | Unset = UNSET,
    severity: list[ExportCsafSeverityItem] | Unset = UNSET,
    band: list[ExportCsafBandItem] | Unset = UNSET,
    rule: list[str] | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    address: None | str | Unset = UNSET,
    zone: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
    known_exploited: bool | Unset = False,
    overdue: bool | Unset = False,
    due_within_days: int | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: FindingSort | Unset = UNSET,
    language: ExportCsafLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Any | ExportCsafResponse200 | ProblemDetails]:
    """The CVEs that findings show, as CSAF VEX; 409 when there is none

    Args:
        state (list[ExportCsafStateItem] | Unset):
        severity (list[ExportCsafSeverityItem] | Unset):
        band (list[ExportCsafBandItem] | Unset):
        rule (list[str] | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        asset (None | str | Unset):
        address (None | str | Unset):
        zone (None | str | Unset):
        vantage (None | str | Unset):
        known_exploited (bool | Unset): only what shows a CVE that is known to be exploited
            Default: False.
        overdue (bool | Unset):  Default: False.
        due_within_days (int | None | Unset): open, not overdue yet, and due within so many days
        q (None | str | Unset): a rule's id, or a part of an asset's name or addresses
        sort (FindingSort | Unset): By risk (highest first), by the day it is due (soonest first,
            undated last), or by when it was last seen (latest first).
        language (ExportCsafLanguageType0 | None | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ExportCsafResponse200 | ProblemDetails]
    """

    kwargs = _get_kwargs(
        state=state,
        severity=severity,
        band=band,
        rule=rule,
        department=department,
        service=service,
        asset=asset,
        address=address,
        zone=zone,
        vantage=vantage,
        known_exploited=known_exploited,
        overdue=overdue,
        due_within_days=due_within_days,
        q=q,
        sort=sort,
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
    state: list[ExportCsafStateItem] | Unset = UNSET,
    severity: list[ExportCsafSeverityItem] | Unset = UNSET,
    band: list[ExportCsafBandItem] | Unset = UNSET,
    rule: list[str] | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    address: None | str | Unset = UNSET,
    zone: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
    known_exploited: bool | Unset = False,
    overdue: bool | Unset = False,
    due_within_days: int | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: FindingSort | Unset = UNSET,
    language: ExportCsafLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Any | ExportCsafResponse200 | ProblemDetails | None:
    """The CVEs that findings show, as CSAF VEX; 409 when there is none

    Args:
        state (list[ExportCsafStateItem] | Unset):
        severity (list[ExportCsafSeverityItem] | Unset):
        band (list[ExportCsafBandItem] | Unset):
        rule (list[str] | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        asset (None | str | Unset):
        address (None | str | Unset):
        zone (None | str | Unset):
        vantage (None | str | Unset):
        known_exploited (bool | Unset): only what shows a CVE that is known to be exploited
            Default: False.
        overdue (bool | Unset):  Default: False.
        due_within_days (int | None | Unset): open, not overdue yet, and due within so many days
        q (None | str | Unset): a rule's id, or a part of an asset's name or addresses
        sort (FindingSort | Unset): By risk (highest first), by the day it is due (soonest first,
            undated last), or by when it was last seen (latest first).
        language (ExportCsafLanguageType0 | None | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ExportCsafResponse200 | ProblemDetails
    """

    return sync_detailed(
        client=client,
        state=state,
        severity=severity,
        band=band,
        rule=rule,
        department=department,
        service=service,
        asset=asset,
        address=address,
        zone=zone,
        vantage=vantage,
        known_exploited=known_exploited,
        overdue=overdue,
        due_within_days=due_within_days,
        q=q,
        sort=sort,
        language=language,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    state: list[ExportCsafStateItem] | Unset = UNSET,
    severity: list[ExportCsafSeverityItem] | Unset = UNSET,
    band: list[ExportCsafBandItem] | Unset = UNSET,
    rule: list[str] | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    address: None | str | Unset = UNSET,
    zone: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
    known_exploited: bool | Unset = False,
    overdue: bool | Unset = False,
    due_within_days: int | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: FindingSort | Unset = UNSET,
    language: ExportCsafLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Any | ExportCsafResponse200 | ProblemDetails]:
    """The CVEs that findings show, as CSAF VEX; 409 when there is none

    Args:
        state (list[ExportCsafStateItem] | Unset):
        severity (list[ExportCsafSeverityItem] | Unset):
        band (list[ExportCsafBandItem] | Unset):
        rule (list[str] | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        asset (None | str | Unset):
        address (None | str | Unset):
        zone (None | str | Unset):
        vantage (None | str | Unset):
        known_exploited (bool | Unset): only what shows a CVE that is known to be exploited
            Default: False.
        overdue (bool | Unset):  Default: False.
        due_within_days (int | None | Unset): open, not overdue yet, and due within so many days
        q (None | str | Unset): a rule's id, or a part of an asset's name or addresses
        sort (FindingSort | Unset): By risk (highest first), by the day it is due (soonest first,
            undated last), or by when it was last seen (latest first).
        language (ExportCsafLanguageType0 | None | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ExportCsafResponse200 | ProblemDetails]
    """

    kwargs = _get_kwargs(
        state=state,
        severity=severity,
        band=band,
        rule=rule,
        department=department,
        service=service,
        asset=asset,
        address=address,
        zone=zone,
        vantage=vantage,
        known_exploited=known_exploited,
        overdue=overdue,
        due_within_days=due_within_days,
        q=q,
        sort=sort,
        language=language,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    state: list[ExportCsafStateItem] | Unset = UNSET,
    severity: list[ExportCsafSeverityItem] | Unset = UNSET,
    band: list[ExportCsafBandItem] | Unset = UNSET,
    rule: list[str] | Unset = UNSET,
    department: None | str | Unset = UNSET,
    service: None | str | Unset = UNSET,
    asset: None | str | Unset = UNSET,
    address: None | str | Unset = UNSET,
    zone: None | str | Unset = UNSET,
    vantage: None | str | Unset = UNSET,
    known_exploited: bool | Unset = False,
    overdue: bool | Unset = False,
    due_within_days: int | None | Unset = UNSET,
    q: None | str | Unset = UNSET,
    sort: FindingSort | Unset = UNSET,
    language: ExportCsafLanguageType0 | None | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Any | ExportCsafResponse200 | ProblemDetails | None:
    """The CVEs that findings show, as CSAF VEX; 409 when there is none

    Args:
        state (list[ExportCsafStateItem] | Unset):
        severity (list[ExportCsafSeverityItem] | Unset):
        band (list[ExportCsafBandItem] | Unset):
        rule (list[str] | Unset):
        department (None | str | Unset): an id, or none
        service (None | str | Unset): an id, or none
        asset (None | str | Unset):
        address (None | str | Unset):
        zone (None | str | Unset):
        vantage (None | str | Unset):
        known_exploited (bool | Unset): only what shows a CVE that is known to be exploited
            Default: False.
        overdue (bool | Unset):  Default: False.
        due_within_days (int | None | Unset): open, not overdue yet, and due within so many days
        q (None | str | Unset): a rule's id, or a part of an asset's name or addresses
        sort (FindingSort | Unset): By risk (highest first), by the day it is due (soonest first,
            undated last), or by when it was last seen (latest first).
        language (ExportCsafLanguageType0 | None | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ExportCsafResponse200 | ProblemDetails
    """

    return (
        await asyncio_detailed(
            client=client,
            state=state,
            severity=severity,
            band=band,
            rule=rule,
            department=department,
            service=service,
            asset=asset,
            address=address,
            zone=zone,
            vantage=vantage,
            known_exploited=known_exploited,
            overdue=overdue,
            due_within_days=due_within_days,
            q=q,
            sort=sort,
            language=language,
            if_none_match=if_none_match,
        )
    ).parsed
