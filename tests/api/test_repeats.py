"""A request that is sent again with its Idempotency-Key is done once and answered alike."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from collector import repeats
from collector.repeats import Answer, Known, Request
from collector.store import Store
from tests.api.seed import NOW
from tests.api.world import World

SCAN = {"zone": "dmz"}


def _post(world: World, key: str, role: str = "analyst", path: str = "scans", body: Any = None) -> Any:
    client = TestClient(world.app, headers={**world.bearer(role), "idempotency-key": key})
    return client.post(f"/api/v1/{path}", json=body if body is not None else SCAN)


def test_it_is_done_once_and_answered_alike(fresh: World) -> None:
    first, second = _post(fresh, "a"), _post(fresh, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert len(fresh.actions.done) == 1
    assert _post(fresh, "b").json()["id"] != first.json()["id"]


def test_a_key_stands_for_one_request_of_one_caller(fresh: World) -> None:
    _post(fresh, "a")
    other = _post(fresh, "a", body={"zone": "dmz", "targets": ["192.0.2.7"]})
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    assert _post(fresh, "a", role="administrator").status_code == 201
    assert len(fresh.actions.done) == 2


def test_a_refusal_is_repeated_too_and_a_denial_stays_one(fresh: World) -> None:
    refused = [_post(fresh, "a", body={"zone": "none"}) for _ in range(2)]
    assert [one.json()["code"] for one in refused] == ["unknown-zone"] * 2
    assert [_post(fresh, "v", role="viewer").status_code for _ in range(2)] == [403, 403]


def test_a_secret_is_never_kept(fresh: World) -> None:
    wanted = {"name": "desk", "role": "viewer"}
    made = _post(fresh, "t", "administrator", "tokens", wanted)
    again = _post(fresh, "t", "administrator", "tokens", wanted)
    assert (again.status_code, again.json()["code"]) == (409, "shown-once")
    with fresh.store.read() as connection:
        kept = [str(tuple(row)) for row in connection.exec_driver_sql("SELECT * FROM repeated_request")]
    assert kept
    assert not [row for row in kept if made.json()["secret"] in row]


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "tab\t"])
def test_a_key_that_is_none_is_refused(fresh: World, key: str) -> None:
    assert _post(fresh, key).status_code == 422
    assert fresh.actions.done == []


def test_one_of_many_at_once_is_done(store: Store) -> None:
    request = Request("token:x", "k", "f" * 64)
    found: list[Known] = []

    def claim() -> None:
        with store.write() as connection:
            found.append(repeats.begin(connection, request, NOW)[0])

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert sorted(found) == [Known.NEW, *[Known.RUNNING] * 7]


def test_one_that_was_cut_off_is_not_done_again_and_a_day_later_forgotten(store: Store) -> None:
    request = Request("token:x", "k", "f" * 64)
    with store.write() as connection:
        assert repeats.begin(connection, request, NOW) == (Known.NEW, None)
        assert repeats.begin(connection, request, NOW + timedelta(minutes=1)) == (Known.RUNNING, None)
        assert repeats.begin(connection, request, NOW + timedelta(minutes=3)) == (Known.CUT_OFF, None)
        assert repeats.begin(connection, request, NOW + timedelta(hours=25)) == (Known.NEW, None)
        repeats.finish(connection, request, Answer(201, "application/json", b"{}"))
        assert repeats.begin(connection, request, NOW + timedelta(hours=26))[0] is Known.ANSWERED
        repeats.forget(connection, request)
        assert repeats.begin(connection, request, NOW + timedelta(hours=26))[0] is Known.NEW


@given(
    parts=st.lists(st.binary(max_size=6), min_size=3, max_size=3), others=st.lists(st.binary(max_size=6), min_size=3, max_size=3)
)
def test_two_requests_never_share_a_fingerprint(parts: list[bytes], others: list[bytes]) -> None:
    from api.repeats import _fingerprint  # noqa: PLC0415

    def of(one: list[bytes]) -> str:
        asked = {"method": "POST", "path": one[0].decode("latin-1"), "query_string": one[1], "headers": []}
        return _fingerprint(asked, one[2])

    assert (of(parts) == of(others)) == (parts == others)
