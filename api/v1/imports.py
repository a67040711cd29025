"""What other programs know, taken in: an inventory kept elsewhere, and what other scanners report."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, UploadFile
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from sqlalchemy import Connection

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import FieldProblem, Problem
from api.v1.asking import parts_of
from api.v1.requests import Id, Sent
from collector import audit
from collector.imports.inventory_mapping import LIMIT_MAPPING_BYTES, InventoryMapping, read_mapping
from collector.imports.taking import Format, Result, Wanted
from scanners.clean_text import clean_text
from scanners.located_yaml import FileError
from scanners.observation import Vantage

router = APIRouter(tags=["imports"])
_TOLD = 50  # problems of a file that are told


class ImportQuery(Sent):
    """How a file is to be read. A scanner's report needs ``zone``; a CSV needs a mapping."""

    format: Format = Field(description="csv and glpi are inventories; the others are reports of scanners")
    zone: Id | None = Field(None, description="the zone that a report is of; what lies outside it is not taken")
    vantage: Vantage | None = Field(None, description="from where that scanner looked; else the zone's own")
    dry_run: bool = Field(False, description="say what would be taken, and change nothing")
    skip_bad_lines: bool = Field(False, description="leave wrong lines of an inventory out; nothing is retired then")
    may_shrink: bool = Field(False, description="let an inventory lose most of its assets at once")


class RefusedLine(BaseModel):
    line: int = Field(description="0: the file as a whole")
    what: str


class ImportTaken(BaseModel):
    """What became of the file. ``named`` are some ids of each sort of assets; ``refused`` are lines that were left out."""

    format: Format
    dry_run: bool
    counts: dict[str, int] = Field(description="how many of what a format tells of (docs/integrations/imports.md)")
    named: dict[str, list[str]]
    refused: list[RefusedLine]


class ImportForm(Sent):
    file: UploadFile = Field(description="the file itself")
    mapping: UploadFile | SkipJsonSchema[None] = Field(None, description="of an inventory: which column is what (YAML)")


@router.post(
    "/imports",
    operation_id="import_file",
    summary="Take in an inventory, or the report of another scanner: all of a file, or nothing of it",
)
def import_file(
    request: Request,
    caller: Asker,
    asked: Annotated[ImportQuery, Query()],
    form: Annotated[ImportForm, Form(media_type="multipart/form-data")],
) -> ImportTaken:
    parts, turns = parts_of(request), request.app.state.imports
    if not turns.take():
        raise Problem(429, "too-many", "another file is being taken in: wait", {"retry-after": "30"})
    try:
        document = form.file.file.read()
        wanted = _wanted(parts, asked, form.mapping)
        result = take_in(parts, caller, document, wanted)
    except FileError as error:
        raise broken(error) from error
    finally:
        turns.give_back()
    return ImportTaken(
        format=asked.format,
        dry_run=asked.dry_run,
        counts=dict(result.counts),
        named={sort: list(ids) for sort, ids in result.named.items()},
        refused=[RefusedLine(line=line, what=what) for line, what in result.refused],
    )


def take_in(parts: AppParts, caller: Caller, document: bytes, wanted: Wanted) -> Result:
    """Take a file in and note it. Raises :class:`FileError` and :class:`~collector.refusal.ActionRefused`."""

    def noting(connection: Connection, result: Result) -> None:
        digest = hashlib.sha256(document).hexdigest()
        detail = {"format": wanted.format.value, "sha256": digest, **result.counts}
        zone = wanted.zone.id if wanted.zone is not None else ""
        entry = caller.noting(parts.clock(), "import_file", subject="zone" if zone else "", subject_id=zone, detail=detail)
        audit.note(connection, entry)

    return parts.actions.take_in(document, wanted, noting)


def _wanted(parts: AppParts, asked: ImportQuery, mapping: UploadFile | None) -> Wanted:
    zones = parts.zones()
    if asked.zone is not None and asked.zone not in zones:
        raise Problem(409, "unknown-zone", f"there is no zone {asked.zone!r}")
    return Wanted(
        format=asked.format,
        name="file",
        zone=zones[asked.zone] if asked.zone is not None else None,
        zones=zones,
        vantage=asked.vantage,
        mapping=_mapping(mapping),
        skip_bad_lines=asked.skip_bad_lines,
        may_shrink=asked.may_shrink,
        dry_run=asked.dry_run,
    )


def _mapping(part: UploadFile | None) -> InventoryMapping | None:
    return None if part is None else read_mapping(part.file.read(LIMIT_MAPPING_BYTES + 1), "mapping")


def broken(error: FileError) -> Problem:
    """What is wrong with a file that was sent, as a problem: nothing of it was taken."""
    told = error.problems[:_TOLD]
    errors = [
        FieldProblem(where=f"{error.source}:{line}" if line else error.source, what=clean_text(what, 400)) for line, what in told
    ]
    return Problem(409, "bad-file", "the file was not taken in: nothing was changed; `errors` says in which line", errors=errors)
