"""The states add up: in every export they are those of the list and the tallies, for the same filters, with exceptions there."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from api.exports.formats import Format
from collector import tables
from collector.grants import Role
from collector.queries import findings as queries
from collector.queries.findings import STATES, FindingFilter
from collector.tokens import create_token
from tests.api.exports.reading import EVERY_FINDING, READERS, set_states, show_flaws, states_in
from tests.api.names import DEPARTMENTS, FAULTS, SERVICES
from tests.api.seed import NOW
from tests.api.world import World, make_world, sqlite_url

FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "state": st.lists(st.sampled_from(STATES), min_size=1, max_size=2, unique=True),
        "band": st.lists(st.sampled_from(["critical", "high", "medium", "low"]), min_size=1, max_size=3, unique=True),
        "severity": st.lists(st.sampled_from(["critical", "high", "medium", "low"]), min_size=1, max_size=3, unique=True),
        "rule": st.lists(st.sampled_from([*sorted(FAULTS), "SSH-008", "WEB-016"]), min_size=1, max_size=4, unique=True),
        "department": st.sampled_from([*DEPARTMENTS, "none"]),
        "service": st.sampled_from(sorted(SERVICES)),
        "q": st.sampled_from(["seu", "192.0.2.1", "TLS-002", "nobody"]),
        "vantage": st.just("internet"),
        "overdue": st.just(True),
        "sort": st.sampled_from(["risk", "due", "seen"]),
    },
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(sqlite_url(tmp_path_factory.mktemp("states")))
    show_flaws(made)
    yield made
    made.store.close()


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data(), asked=FILTERS)
def test_every_export_adds_up_to_the_list_and_the_tallies(city: World, data: st.DataObject, asked: dict[str, Any]) -> None:
    flawed = set(city.finding_ids[::3])
    states = data.draw(st.lists(st.sampled_from(STATES), min_size=len(city.finding_ids), max_size=len(city.finding_ids)))
    set_states(city, dict(zip(city.finding_ids, states, strict=True)), data.draw(st.sampled_from(["passed", "endpoint_gone"])))
    client = TestClient(city.app, headers=city.bearer("viewer"))
    listed = client.get("/api/v1/findings", params={**asked, "limit": 500}).json()
    expected = Counter(item["state"] for item in listed["items"])
    assert listed["total"] == expected.total()
    narrowed = {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items() if name != "sort"}
    if set(narrowed) <= {"state", "band", "rule", "department", "service"}:
        with city.store.read() as connection:
            assert queries.counts_by(connection, "state", FindingFilter(**narrowed)) == expected
    for form in EVERY_FINDING:
        answer = client.get(f"/api/v1/exports/{form}", params=asked)
        assert answer.status_code == 200, answer.text
        assert states_in(form, answer.text) == expected, (form, asked)
    with_cve = Counter(item["state"] for item in listed["items"] if item["id"] in flawed)
    answer = client.get("/api/v1/exports/csaf", params=asked)
    if with_cve:
        assert states_in(Format.CSAF, answer.text) == with_cve
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "no-cve")


@pytest.mark.parametrize("form", EVERY_FINDING)
def test_an_export_holds_what_the_caller_may_see_and_nothing_else(fresh: World, form: Format) -> None:
    set_states(fresh, dict(zip(fresh.finding_ids, STATES * len(fresh.finding_ids), strict=False)))
    with fresh.store.write() as connection:
        _, secret = create_token(connection, "own", Role.DEPARTMENT, NOW, timedelta(days=9), departments=["citizens"])
        _, narrow = create_token(connection, "reads", Role.ANALYST, NOW, timedelta(days=9), permissions=["finding.read"])
        rows = connection.execute(select(tables.finding.c.id, tables.finding.c.asset_id, tables.finding.c.department_id)).all()
    own = {row.id for row in rows if row.department_id == "citizens"}
    client = TestClient(fresh.app, headers={"authorization": f"Bearer {secret}"})
    text = client.get(f"/api/v1/exports/{form}").text
    assert own
    assert {key for key, _ in READERS[form](text)} == own
    assert not [row.id for row in rows if row.department_id != "citizens" and (row.id in text or row.asset_id in text)]
    theirs = client.get(f"/api/v1/exports/{form}?department=innovation")
    assert not list(READERS[form](theirs.text))
    refused = TestClient(fresh.app, headers={"authorization": f"Bearer {narrow}"}).get(f"/api/v1/exports/{form}")
    assert refused.status_code == 403
