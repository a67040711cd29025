"""Whatever a ticket system answers, a connector ends, and raises nothing but ``TicketingError``.

What each system really says is kept once, and is then said again with one part of it replaced by anything.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.ticketing.ticketing import Changes, Draft, Fields, Priority, Reference, Status, Ticketing
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import NAMES, backend
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.test_contract import draft
from tests.api.ticketing.test_troubles import answering, saying

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "0", "-1", "1970-01-01", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "../..", "²", "\x00", "a" * 70_000]
    )
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)
MOST_REQUESTS = 2_000
MEANING = ("etag", "last-modified", "content-range", "location")  # headers that a connector may read


Answers = dict[tuple[str, str, bytes], tuple[int, dict[str, str], Any]]  # by method, address and body; and by method and path


@dataclass
class Replay:
    """Answers as they were kept, to the same question or else to the last at its path; ``nth`` of them changed at ``steps``."""

    kept: Answers
    nth: int = -1
    steps: list[int] = field(default_factory=list)
    value: Any = None
    given: int = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        asked, path = (handler.command, handler.path, handler.body), urlsplit(handler.path).path  # type: ignore[attr-defined]
        missing: tuple[int, dict[str, str], Any] = (404, {}, {"title": "not kept"})
        status, headers, data = self.kept.get(asked, self.kept.get((handler.command, path, b""), missing))
        if self.given == self.nth:
            data = replaced(data, self.steps, self.value)
        self.given += 1
        assert self.given < MOST_REQUESTS
        body = b"" if status == 204 else json.dumps(data).encode()
        saying(status, body, **headers)(handler)


def replaced(data: Any, steps: list[int], value: Any) -> Any:
    """The same JSON with one part, found by ``steps``, replaced; ``steps`` that lead nowhere end at the nearest part."""
    if steps and isinstance(data, dict) and data:
        name = sorted(data)[steps[0] % len(data)]
        return {**data, name: replaced(data[name], steps[1:], value)}
    if steps and isinstance(data, list) and data:
        at = steps[0] % len(data)
        return [*data[:at], replaced(data[at], steps[1:], value), *data[at + 1 :]]
    return value


@dataclass
class Kept:
    """What a desk said to every operation, and the ticket that it was about."""

    name: str
    answers: Answers
    made: Reference
    draft: Draft


def operations(kept: Kept) -> dict[str, Callable[[Ticketing], object]]:
    made = kept.made
    new = Fields(priority=Priority.CRITICAL, due=date(2027, 12, 24))
    return {
        "check": lambda it: it.check(),
        "search": lambda it: it.search(kept.draft.external_id),
        "create": lambda it: it.create(kept.draft),
        "update": lambda it: it.update(made, Changes(wanted=new)),
        "comment": lambda it: it.comment(made, "text"),
        "reopen": lambda it: it.reopen(made, "text"),
        "propose_resolution": lambda it: it.propose_resolution(made, "text"),
        "read": lambda it: it.read(made),
        "changed_since": lambda it: list(it.changed_since(datetime(2026, 11, 1, tzinfo=UTC))),
    }


OPERATIONS = sorted(operations(Kept("", {}, Reference(id="1", url=""), draft())))


@contextmanager
def keeping(url: str, answers: Answers) -> Iterator[str]:
    """A proxy in front of ``url`` that keeps the last answer to each question, and the last to each method and path."""

    def forward(handler: BaseHTTPRequestHandler) -> None:
        headers = {
            name: value
            for name, value in handler.headers.items()
            if name.lower() not in ("host", "accept-encoding", "connection")
        }
        answer = httpx2.request(
            handler.command, url + handler.path, headers=headers, content=handler.body, timeout=60, trust_env=False
        )  # type: ignore[attr-defined]
        meaning = {name.replace("-", "_"): answer.headers[name] for name in MEANING if name in answer.headers}
        saying(answer.status_code, answer.content, **meaning)(handler)
        data = json.loads(answer.content) if answer.content.strip() else None
        if answer.is_success:
            said = (answer.status_code, meaning, data)
            answers[handler.command, urlsplit(handler.path).path, b""] = said
            answers[handler.command, handler.path, handler.body] = said  # type: ignore[attr-defined]

    with answering(forward) as address:
        yield address


@pytest.fixture(scope="module", params=NAMES)
def kept(request: pytest.FixtureRequest, desks: Callable[[str], Desk]) -> Kept:
    desk = desks(request.param)
    answers: Answers = {}
    wanted = draft()
    with keeping(desk.url, answers) as url:
        connector = backend(request.param).connect(url, desk.secret)
        made = connector.create(wanted)
        found = Kept(request.param, answers, made, wanted)
        desk.comment(made.id, "A person's")
        desk.set_assignee(made.id)
        desk.set_status(made.id, Status.RESOLVED)
        for name, act in operations(found).items():
            if name != "create":
                act(connector)
    return found


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secret") / "secret"
    file.write_text("whsec_YS12ZXJ5LXNlY3JldC10b2tlbi0wMTIzNDU2Nzg5\n")
    return file


@pytest.fixture(scope="module")
def said_again(kept: Kept, secret: Path) -> Iterator[tuple[Replay, Ticketing]]:
    replay = Replay(kept.answers)
    with answering(replay) as url:
        yield replay, backend(kept.name).connect(url, secret)


def test_what_was_kept_is_understood_when_it_is_said_again(kept: Kept, said_again: tuple[Replay, Ticketing]) -> None:
    """Otherwise the tests below would show little."""
    replay, connector = said_again
    replay.given, replay.nth = 0, -1
    remote = connector.read(kept.made)
    assert (remote.reference.id, remote.external_id) == (kept.made.id, kept.draft.external_id)
    assert "A person's" in [remark.text for remark in remote.remarks]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(OPERATIONS),
       nth=st.integers(0, 4), steps=st.lists(st.integers(0, 30), max_size=8), value=JSON)  # fmt: skip
def test_any_part_of_an_answer_may_be_anything(
    kept: Kept, said_again: tuple[Replay, Ticketing], operation: str, nth: int, steps: list[int], value: object
) -> None:
    replay, connector = said_again
    replay.given, replay.nth, replay.steps, replay.value = 0, nth, steps, value
    try:
        operations(kept)[operation](connector)
    except TicketingError as error:
        told = error.kind
    else:
        told = "done"
    assert told in ("refused", "conflict", "temporary", "done")
    assert replay.given > 0


@pytest.fixture(scope="module")
def anything() -> Iterator[tuple[list[bytes], str]]:
    """A server that says the last of a list of bytes to everything."""
    bodies = [b"null"]

    def last(handler: BaseHTTPRequestHandler) -> None:
        saying(200, bodies[-1])(handler)

    with answering(last) as url:
        yield bodies, url


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(operation=st.sampled_from(OPERATIONS), value=JSON)
def test_every_answer_may_be_anything(
    anything: tuple[list[bytes], str], secret: Path, name: str, operation: str, value: object
) -> None:
    kept = Kept(name, {}, Reference(id="1", url=""), draft())
    bodies, url = anything
    bodies[:] = [json.dumps(value).encode()]
    try:
        operations(kept)[operation](backend(name).connect(url, secret))
        told = "done"
    except TicketingError as error:
        told = error.kind
    assert told in ("refused", "done")
