"""Findings for other programs, in their own formats: the list as filtered, all of it, streamed."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from api.access import Asker, Caller
from api.exports import sending
from api.exports.ens import catalogue
from api.exports.extract import Publisher
from api.exports.formats import FORMS, Format
from api.v1 import requests
from api.v1.asking import language_of, parts_of
from api.v1.findings import filter_of

router = APIRouter(prefix="/exports", tags=["exports"])
Asked = Annotated[requests.FindingChoice, Query()]


def _told(form: Format, kind: str = "string") -> dict[str, Any]:
    """What the OpenAPI document says of an operation that exports in this format."""
    content: Mapping[str, Any] = {FORMS[form].media_type.partition(";")[0]: {"schema": {"type": kind}}}
    return {"operation_id": f"export_{form}", "response_class": StreamingResponse, "responses": {200: {"content": content}}}


@router.get("/csv", summary="Findings as CSV, safe to open in a spreadsheet", **_told(Format.CSV))
def as_csv(request: Request, caller: Asker, asked: Asked) -> StreamingResponse:
    return _export(request, caller, asked, Format.CSV)


@router.get("/ocsf", summary="Findings as OCSF 1.5.0 events, one JSON line each", **_told(Format.OCSF))
def as_ocsf(request: Request, caller: Asker, asked: Asked) -> StreamingResponse:
    return _export(request, caller, asked, Format.OCSF)


@router.get("/oscal", summary="Findings as OSCAL assessment results over the ENS", **_told(Format.OSCAL, "object"))
def as_oscal(request: Request, caller: Asker, asked: Asked) -> StreamingResponse:
    return _export(request, caller, asked, Format.OSCAL)


@router.get("/ens-catalog", operation_id="export_ens_catalog", summary="The measures of the ENS as an OSCAL catalogue")
def ens_catalog(request: Request, asked: Annotated[requests.LanguageQuery, Query()]) -> dict[str, Any]:
    parts, language = parts_of(request), language_of(request, asked.language)
    publisher = Publisher(parts.city_names, parts.base_url, parts.version)
    return catalogue(parts.rules, publisher, language, parts.clock())


@router.get("/sarif", summary="Findings as one run of SARIF 2.1.0", **_told(Format.SARIF, "object"))
def as_sarif(request: Request, caller: Asker, asked: Asked) -> StreamingResponse:
    return _export(request, caller, asked, Format.SARIF)


@router.get("/csaf", summary="The CVEs that findings show, as CSAF VEX; 409 when there is none", **_told(Format.CSAF, "object"))
def as_csaf(request: Request, caller: Asker, asked: Asked) -> StreamingResponse:
    return _export(request, caller, asked, Format.CSAF)


def _export(request: Request, caller: Caller, asked: requests.FindingChoice, form: Format) -> StreamingResponse:
    parts = parts_of(request)
    wanted, language = filter_of(asked, parts, caller.reach), language_of(request, asked.language)
    return sending.export(parts, request.app.state.exports, form, wanted, sort=asked.sort, language=language)
