"""An export is sent in pieces from one moment of the store; too many at once are refused, who never reads on is cut off."""

import asyncio
import json
from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.exports.formats import Format
from api.exports.pieces import PIECE_CHARACTERS, framed, joined
from api.exports.sending import AT_ONCE, Export, Turns, pieces_of
from api.problems import Problem
from collector import tables
from collector.queries.findings import FindingFilter, FindingSort
from tests.api.exports.reading import EVERY_FINDING, states_in
from tests.api.world import World, make_world


def _parts(world: World) -> Any:
    return world.app.state.parts


@pytest.mark.parametrize("form", EVERY_FINDING)
def test_what_changes_meanwhile_is_not_in_it(store_url: str, form: Format) -> None:
    made = make_world(store_url)
    pieces = pieces_of(_parts(made), form, FindingFilter(), FindingSort.RISK, "en")
    first = next(pieces)
    with made.store.write() as connection:
        connection.execute(update(tables.finding).values(state="resolved"))
        connection.execute(tables.finding.delete().where(tables.finding.c.id == made.finding_ids[0]))
    text = (first + b"".join(pieces)).decode()
    assert states_in(form, text) == {"open": len(made.finding_ids)}
    made.store.close()


def test_pieces_are_of_one_size_and_lose_nothing() -> None:
    items = [{"text": '"list":[]', "number": number} for number in range(20_000)]
    pieces = list(joined(framed({"before": 1, "list": [], "after": {"other": []}}, [("list", items)])))
    assert all(PIECE_CHARACTERS <= len(piece) < PIECE_CHARACTERS + 100 for piece in pieces[:-1])
    assert json.loads(b"".join(pieces)) == {"before": 1, "list": items, "after": {"other": []}}


def test_an_empty_list_is_left_out_or_kept() -> None:
    frame: dict[str, Any] = {"a": 1, "list": [], "b": 2}
    assert "".join(framed(frame, [("list", [])])) == '{"a":1,"b":2}'
    assert "".join(framed(frame, [("list", [])], keep_empty=True)) == '{"a":1,"list":[],"b":2}'
    assert "".join(framed(frame, [("list", iter([iter(["[", "1]"])]))])) == '{"a":1,"list":[[1]],"b":2}'
    with pytest.raises(ValueError, match="no empty list"):
        list(framed(frame, [("none", [])]))


def test_too_many_at_once_are_asked_to_wait(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer("viewer"))
    turns: Turns = fresh.app.state.exports
    for _ in range(AT_ONCE):
        assert turns.take()
    refused = client.get("/api/v1/exports/csv")
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "too-many", "60")
    for _ in range(AT_ONCE):
        turns.give_back()
    for _ in range(AT_ONCE + 2):
        assert client.get("/api/v1/exports/csv").status_code == 200


class _Reader:
    """What the server side of a connection hands to an answer."""

    def __init__(self, slow: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self.slow = slow

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if self.slow and message["type"] == "http.response.body":
            await asyncio.sleep(3600)

    @property
    def whole(self) -> bool:
        return self.sent[-1].get("more_body") is False


async def _answer(pieces: Generator[bytes], turns: Turns, reader: _Reader, longest_seconds: float) -> None:
    answer = Export(pieces, turns, "text/csv", "x.csv", longest_seconds)
    await answer({"type": "http", "asgi": {"spec_version": "2.0"}}, reader.receive, reader.send)


async def test_who_never_reads_on_is_cut_off_and_everything_is_given_back() -> None:
    closed: list[bool] = []

    def pieces() -> Generator[bytes]:
        try:
            for _ in range(3):
                yield b"x" * 10
        finally:
            closed.append(True)

    turns, reader = Turns(1), _Reader(slow=True)
    await _answer(pieces(), turns, reader, 0.2)
    assert not reader.whole
    assert closed == [True]
    reader = _Reader()
    await _answer(pieces(), turns, reader, 60)
    assert reader.whole
    assert b"".join(message.get("body", b"") for message in reader.sent) == b"x" * 30
    assert closed == [True, True]


async def test_what_refuses_before_the_first_byte_is_an_error_and_no_half_answer() -> None:
    def pieces() -> Generator[bytes]:
        raise Problem(409, "nothing", "nothing to say")
        yield b""

    turns, reader = Turns(1), _Reader()
    with pytest.raises(Problem, match="nothing to say"):
        await _answer(pieces(), turns, reader, 60)
    assert not reader.sent
    assert turns.take()
