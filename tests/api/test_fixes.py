"""What would it take: the fixes are those that lower the score most, and the score after them is the score without them."""

import itertools

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import tables
from collector.score import asset_risk
from tests.api.world import World


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(world.app, headers=world.bearer("viewer"))


def test_each_fix_is_the_best_of_those_left_and_the_score_is_that_without_them(world: World, client: TestClient) -> None:
    of = tables.finding.c
    with world.store.read() as connection:
        rows = connection.execute(select(of.id, of.asset_id, of.risk).where(of.state == "open")).all()
    asset = max((row.asset_id for row in rows), key=lambda one: sum(row.asset_id == one for row in rows))
    risks = {row.id: row.risk for row in rows if row.asset_id == asset}
    assert len(risks) >= 3
    found = client.get(f"/api/v1/risk/assets/{asset}/fixes?count=2").json()
    gone = {one["finding"] for one in found["items"]}
    best = min(asset_risk(risks[key] for key in risks if key not in pair) for pair in itertools.combinations(risks, 2))
    assert found["items"][-1]["score_after"] == pytest.approx(best)
    assert best == pytest.approx(asset_risk(risk for key, risk in risks.items() if key not in gone))


def test_it_ends_where_the_score_is_low_enough(client: TestClient) -> None:
    whole = client.get("/api/v1/risk/fixes?count=30").json()
    scores = [one["score_after"] for one in whole["items"]]
    assert scores == sorted(scores, reverse=True)
    assert whole["reached"] is None
    wanted = scores[3]
    some = client.get(f"/api/v1/risk/fixes?count=30&below={wanted}").json()
    assert [one["score_after"] for one in some["items"]] == scores[:4]
    assert some["reached"] is True
    assert client.get("/api/v1/risk/fixes?count=1&below=0").json()["reached"] is False
    assert client.get("/api/v1/risk/fixes?below=100").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("fixes?below=101", 422),
        ("fixes?count=31", 422),
        ("fixes?key=x", 422),
        ("assets/none/fixes", 404),
        ("services/none/fixes", 404),
        ("departments/none/fixes", 404),
    ],
)
def test_what_cannot_be_asked_is_refused(client: TestClient, path: str, status: int) -> None:
    assert client.get(f"/api/v1/risk/{path}").status_code == status
