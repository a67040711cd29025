"""What will go says so long before; and nothing that programs rely on goes unsaid."""

import copy
import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.deprecation import DEPRECATED, Deprecated
from api.rights import OPERATIONS
from tests.api.compatibility import breaks
from tests.api.world import World

DATA = Path(__file__).parent / "data"
RELEASED: dict[str, Any] = json.loads((DATA / "openapi-released.json").read_text(encoding="utf-8"))
DECLARED: dict[str, str] = json.loads((DATA / "incompatible.json").read_text(encoding="utf-8"))
SHORTEST = timedelta(days=180)  # docs/api.md


def test_nothing_that_programs_rely_on_is_broken_unless_it_is_declared(world: World) -> None:
    broken = breaks(RELEASED, world.app.openapi())
    assert [one for one in broken if one not in DECLARED] == []
    assert [one for one in DECLARED if one not in broken] == []
    assert all(DECLARED.values())


def test_what_is_deprecated_is_there_still_and_has_its_time() -> None:
    assert set(DEPRECATED) <= set(OPERATIONS)
    assert all(one.sunset - one.since >= SHORTEST for one in DEPRECATED.values())


def test_a_deprecated_operation_says_so_in_every_answer_and_in_the_document(world: World) -> None:
    table = {"get_finding": Deprecated(date(2026, 12, 1), date(2027, 12, 1), "Use get_finding of version 2.")}
    client = TestClient(create_app(dataclasses.replace(world.app.state.parts), table), headers=world.bearer())
    for path in (world.finding_ids[0], "none-such"):
        answer = client.get(f"/api/v1/findings/{path}")
        since = int(answer.headers["deprecation"].removeprefix("@"))
        assert datetime.fromtimestamp(since, UTC) == datetime(2026, 12, 1, tzinfo=UTC)
        assert parsedate_to_datetime(answer.headers["sunset"]) == datetime(2027, 12, 1, tzinfo=UTC)
    etag = client.get(f"/api/v1/findings/{world.finding_ids[0]}").headers["etag"]
    again = client.get(f"/api/v1/findings/{world.finding_ids[0]}", headers={"if-none-match": etag})
    assert (again.status_code, again.headers["sunset"]) == (304, "Wed, 01 Dec 2027 00:00:00 GMT")
    assert "sunset" not in client.get("/api/v1/findings").headers
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    said = paths["/api/v1/findings/{finding_id}"]["get"]
    assert said["deprecated"] is True
    assert "may be gone from 2027-12-01 on" in said["description"]
    assert {"Deprecation", "Sunset"} <= set(said["responses"]["200"]["headers"])
    assert "deprecated" not in paths["/api/v1/findings"]["get"]


def _schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def _operation(document: Any, path: str, method: str = "get") -> Any:
    return document["paths"][f"/api/v1/{path}"][method]


def _gone(document: Any) -> None:
    del document["paths"]["/api/v1/verdicts"]


def _no_field(document: Any) -> None:
    shown = _schema(document, "FindingLine")
    del shown["properties"]["observed"]
    shown["required"].remove("observed")


def _may_be_missing(document: Any) -> None:
    _schema(document, "FindingLine")["required"].remove("asset_name")


def _narrower_words(document: Any) -> None:
    found = next(one for one in _operation(document, "findings")["parameters"] if one["name"] == "sort")
    _schema(document, found["schema"].get("$ref", "/FindingSort").rpartition("/")[2])["enum"].remove("due")


def _required_parameter(document: Any) -> None:
    _operation(document, "findings")["parameters"].append(
        {"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}
    )


def _no_parameter(document: Any) -> None:
    found = _operation(document, "findings")["parameters"]
    found.remove(next(one for one in found if one["name"] == "q"))


def _required_field(document: Any) -> None:
    body = _schema(document, "StopRequest")
    body["properties"]["until"] = {"type": "string"}
    body["required"].append("until")


def _unknown_field(document: Any) -> None:
    del _schema(document, "StartScan")["properties"]["targets"]


def _shorter(document: Any) -> None:
    _schema(document, "StopRequest")["properties"]["reason"]["maxLength"] = 20


def _another_type(document: Any) -> None:
    _schema(document, "FindingLine")["properties"]["risk"] = {"type": "string"}


def _may_be_null(document: Any) -> None:
    _schema(document, "FindingLine")["properties"]["risk"] = {"anyOf": [{"type": "number"}, {"type": "null"}]}


def _new_word(document: Any) -> None:
    _schema(document, "FindingLine")["properties"]["state"]["enum"].append("forgotten")


def _another_status(document: Any) -> None:
    responses = _operation(document, "scans", "post")["responses"]
    responses["202"] = responses.pop("201")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_gone, "GET /api/v1/verdicts: is gone"),
        (_no_field, "GET /api/v1/findings: answer.items[].observed is gone"),
        (_may_be_missing, "GET /api/v1/findings: answer.items[].asset_name may be missing"),
        (_narrower_words, "GET /api/v1/findings: parameter sort no longer takes due"),
        (_required_parameter, "GET /api/v1/findings: parameter tenant is required now"),
        (_no_parameter, "GET /api/v1/findings: parameter q is gone"),
        (_required_field, "POST /api/v1/stop: body.until is required now"),
        (_unknown_field, "POST /api/v1/scans: body.targets is no longer known"),
        (_shorter, "POST /api/v1/stop: body.reason has a narrower maxLength"),
        (_another_type, "GET /api/v1/findings: answer.items[].risk may be string"),
        (_may_be_null, "GET /api/v1/findings: answer.items[].risk may be null"),
        (_new_word, "GET /api/v1/findings: answer.items[].state may be forgotten"),
        (_another_status, "POST /api/v1/scans: no longer answers 201"),
    ],
)
def test_every_kind_of_break_is_seen(change: Callable[[Any], None], said: str) -> None:
    changed = copy.deepcopy(RELEASED)
    change(changed)
    assert said in breaks(RELEASED, changed)


def _new_operation(document: Any) -> None:
    document["paths"]["/api/v1/new"] = {"get": _operation(document, "stop")}


def _more_words(document: Any) -> None:
    found = next(one for one in _operation(document, "findings")["parameters"] if one["name"] == "sort")
    _schema(document, found["schema"].get("$ref", "/FindingSort").rpartition("/")[2])["enum"].append("name")


def _optional(document: Any) -> None:
    _operation(document, "findings")["parameters"].append({"name": "since", "in": "query", "schema": {"type": "string"}})
    _schema(document, "StopRequest")["properties"]["until"] = {"type": "string"}


def _more_fields(document: Any) -> None:
    shown = _schema(document, "FindingLine")
    shown["properties"]["more"] = {"type": "string"}
    shown["required"].append("more")


@pytest.mark.parametrize("change", [_new_operation, _more_words, _optional, _more_fields])
def test_what_is_only_added_breaks_nothing(change: Callable[[Any], None]) -> None:
    changed = copy.deepcopy(RELEASED)
    change(changed)
    assert breaks(RELEASED, changed) == []
    assert breaks(RELEASED, RELEASED) == []
