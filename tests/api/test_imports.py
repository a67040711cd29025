"""A file that a program sends: taken whole or not at all, once, by those who may, and written down."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from collector import audit, tables
from tests.api.seed import NOW
from tests.api.world import World
from tests.collector import test_results_import as reports

MAPPING = b"source: register\ncolumns: {id: Number, addresses: IP, department: Department}\n"
CSV = "Number;IP;Department\n1;192.0.2.201;citizens\n2;192.0.2.202;citizens\n"
REPORT = reports.nessus(reports.CERTIFICATE, reports.PACKAGE, at=NOW)


def post(
    world: World, query: str, content: bytes | str, mapping: bytes | None = None, role: str = "analyst", **headers: str
) -> Any:
    parts: dict[str, Any] = {"file": ("report", content)} | ({"mapping": ("mapping.yaml", mapping)} if mapping else {})
    client = TestClient(world.app, headers={**world.bearer(role), **headers})
    return client.post(f"/api/v1/imports?{query}", files=parts)


def findings(world: World) -> dict[str, str]:
    of = tables.finding.c
    with world.store.read() as connection:
        rows = connection.execute(select(of.rule, of.place, of.state).where(of.rule.startswith("EXT-")))
        return {f"{row.rule} {row.place}": row.state for row in rows}


def test_a_report_is_taken_in_and_noted(fresh: World) -> None:
    answer = post(fresh, "format=nessus&zone=dmz", REPORT)
    assert answer.status_code == 200
    assert answer.json()["counts"] == {"taken": 2, "clean": 0, "unchanged": 0, "gone": 0, "outside": 0, "unplaced": 0}
    assert findings(fresh) == {"EXT-003 tcp/443": "open", "EXT-002 host": "open"}
    with fresh.store.read() as connection:
        (row,) = audit.latest(connection, 1)
        vantages = set(connection.scalars(select(tables.finding.c.vantage).where(tables.finding.c.rule == "EXT-003")))
    assert (row.actor, row.action, row.outcome, row.subject_id) == ("test analyst", "import_file", "done", "dmz")
    assert row.detail["taken"] == 2
    assert len(row.detail["sha256"]) == 64
    assert vantages == {"internet"}  # the zone's own


def test_the_vantage_of_the_report_may_be_another(fresh: World) -> None:
    post(fresh, "format=nessus&zone=dmz&vantage=partner", REPORT)
    with fresh.store.read() as connection:
        assert connection.scalars(select(tables.finding.c.vantage).where(tables.finding.c.rule == "EXT-003")).one() == "partner"


def test_a_trial_changes_nothing_and_is_not_noted(fresh: World) -> None:
    answer = post(fresh, "format=csv&dry_run=true", CSV, MAPPING).json()
    assert (answer["dry_run"], answer["counts"]["added"], answer["named"]["added"]) == (True, 2, ["1", "2"])
    with fresh.store.read() as connection:
        assert not audit.latest(connection, 1)
        assert not connection.scalar(select(func.count()).where(tables.asset.c.catalogue_id.like("register:%")))


def test_an_inventory_comes_with_its_mapping(fresh: World) -> None:
    answer = post(fresh, "format=csv", CSV, MAPPING)
    assert answer.json()["counts"]["added"] == 2
    with fresh.store.read() as connection:
        of = tables.asset.c
        found = connection.execute(select(of.catalogue_id, of.department_id).where(of.catalogue_id.is_not(None))).all()
    assert {tuple(row) for row in found} >= {("register:1", "citizens"), ("register:2", "citizens")}
    assert post(fresh, "format=csv", CSV, MAPPING).json()["counts"]["unchanged"] == 2
    bad = post(fresh, "format=csv&skip_bad_lines=true", CSV + "3;192.0.2;\n", MAPPING).json()
    assert (bad["counts"]["skipped"], [one["line"] for one in bad["refused"]]) == (1, [4])


def test_glpi_needs_no_mapping(fresh: World) -> None:
    found = {"totalcount": 1, "data": [{"2": 7, "1": "seu", "126": "192.0.2.207"}]}
    assert post(fresh, "format=glpi", json.dumps(found)).json()["counts"]["added"] == 1


@pytest.mark.parametrize(
    ("query", "content", "mapping", "status", "code", "where"),
    [
        ("format=nessus&zone=dmz", REPORT[:-30], None, 409, "bad-file", "file:1"),
        ("format=nmap&zone=dmz", b"<nmaprun>\n\n<host>", None, 409, "bad-file", "file:3"),
        ("format=nuclei&zone=dmz", b'{"template-id": "x"', None, 409, "bad-file", "file:1"),
        ("format=csv", CSV.replace("citizens", "nobody"), MAPPING, 409, "bad-file", "file:2"),
        ("format=csv", CSV, b"source: register\ncolumns:\n  key: Number\n", 409, "bad-file", "mapping:2"),
        ("format=csv", CSV, b"\xff", 409, "bad-file", "mapping"),
        ("format=csv", CSV, b"#" * 300_000, 409, "bad-file", "mapping"),
        ("format=csv", CSV, None, 409, "no-mapping", None),
        ("format=nessus", REPORT, None, 409, "no-zone", None),
        ("format=nessus&zone=none", REPORT, None, 409, "unknown-zone", None),
        ("format=qualys&zone=dmz", REPORT, None, 422, "invalid", "query.format"),
        ("zone=dmz", REPORT, None, 422, "invalid", "query.format"),
        ("format=nessus&zone=dmz&force=true", REPORT, None, 422, "invalid", "query.force"),
        ("format=nessus&zone=dmz&vantage=moon", REPORT, None, 422, "invalid", "query.vantage"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_nothing_is_taken(
    fresh: World, query: str, content: Any, mapping: bytes | None, status: int, code: str, where: str | None
) -> None:
    answer = post(fresh, query, content, mapping)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert where is None or where in [one["where"] for one in answer.json()["errors"]]
    assert not findings(fresh)


def test_only_the_described_parts_of_a_form_are_read(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer("analyst"))
    address = "/api/v1/imports?format=nessus&zone=dmz"
    assert client.post(address, files={"file": REPORT, "more": b"x"}).status_code == 422
    assert client.post(address, files={"mapping": MAPPING}).status_code == 422
    assert client.post(address, json={"file": "x"}).status_code == 422
    assert client.post(address, data={"file": "a text and no file"}).status_code == 422
    assert client.post(address, content=b"x", headers={"content-type": "multipart/form-data"}).status_code in (400, 422)
    assert not findings(fresh)


def test_a_key_stands_for_a_file_whatever_stands_between_the_parts(fresh: World) -> None:
    first, second = (post(fresh, "format=nessus&zone=dmz", REPORT, **{"idempotency-key": "night"}) for _ in range(2))
    assert first.request.headers["content-type"] != second.request.headers["content-type"]
    assert second.headers["idempotency-replayed"] == "true"
    assert first.json() == second.json()
    other = post(fresh, "format=nessus&zone=dmz", REPORT + b" ", **{"idempotency-key": "night"})
    assert other.json()["code"] == "key-reused"


def test_who_may_not_sends_no_large_file(fresh: World) -> None:
    large = REPORT + b" " * 100_000
    assert post(fresh, "format=nessus&zone=dmz", REPORT, role="viewer").status_code == 403
    assert post(fresh, "format=nessus&zone=dmz", large, role="viewer").status_code == 413
    assert post(fresh, "format=nessus&zone=dmz", large).status_code == 200
    confined = {"authorization": f"Bearer {fresh.confined('citizens')}"}
    assert TestClient(fresh.app, headers=confined).post("/api/v1/imports?format=glpi", files={"file": b"x"}).status_code == 403


def test_a_file_has_a_bound(fresh: World) -> None:
    answer = post(fresh, "format=nessus&zone=dmz", b" " * (16 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_one_file_at_a_time(fresh: World) -> None:
    assert fresh.app.state.imports.take()
    answer = post(fresh, "format=nessus&zone=dmz", REPORT)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    fresh.app.state.imports.give_back()
    assert post(fresh, "format=nessus&zone=dmz", REPORT[:-9]).status_code == 409
    assert post(fresh, "format=nessus&zone=dmz", REPORT).status_code == 200
