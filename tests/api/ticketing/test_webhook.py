"""The generic webhook: its documentation is true, its signatures hold, and nothing is done twice."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Signature

from api.ticketing.exchange import Exchange
from api.ticketing.ticketing import Changes, Fields, Priority, Reference, Status
from api.ticketing.trouble import TicketingError
from api.ticketing.webhook import Webhook
from tests.api.ticketing.backends.webhook import SECRET, WebhookDesk
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.receiver import Receiver
from tests.api.ticketing.doubles.server import Asked, Reply
from tests.api.ticketing.test_contract import draft

DOCUMENT = Path(__file__).parents[3] / "docs/integrations/tickets.md"
PAIR = re.compile(r"```http\n(GET|POST|PATCH) (\S+)\n(?:If-Match: [^\n]*\n)?([^`]*)```\n```http\n(\d+)\n([^`]*)```")


@pytest.fixture
def desk(desks: Callable[[str], Desk]) -> WebhookDesk:
    found = desks("webhook")
    assert isinstance(found, WebhookDesk)
    return found


def shown() -> list[tuple[str, str, str, int, Any]]:
    """The requests of the documentation: method, target, body, and the status and JSON of the answer."""
    section = DOCUMENT.read_text().split("## Generic webhook\n")[1].split("\n## ")[0]
    return [
        (method, target, body, int(status), json.loads(answer)) for method, target, body, status, answer in PAIR.findall(section)
    ]


def as_documented(data: Any) -> Any:
    """Without moments, which are later than those of the documentation, and the two fields that only the receiver keeps."""
    if isinstance(data, dict):
        kept = {name: value for name, value in data.items() if name not in ("text", "link") or "subject" not in data}
        return {
            name: "a moment" if name in ("updated_at", "written_at") else as_documented(value) for name, value in kept.items()
        }
    return [as_documented(one) for one in data] if isinstance(data, list) else data


def signed(method: str, target: str, body: str, *, at: datetime | None = None, **headers: str) -> Asked:
    at = at or datetime.now(UTC)
    headers = {
        "webhook-id": f"msg_{method}{target}",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signature(SECRET).sign(f"msg_{method}{target}", at, body or f"{method} {target}"),
        **headers,
    }
    path, _, query = target.partition("?")
    pairs = (part.partition("=") for part in query.split("&") if part)
    return Asked(method, path, {name: value.replace("%3A", ":") for name, _, value in pairs}, headers, body.encode(), target)


def test_every_request_of_the_documentation_is_answered_as_it_says() -> None:
    receiver, etag = Receiver(SECRET), ""
    assert len(shown()) == 7
    for method, target, body, status, answer in shown():
        reply = receiver.handle(signed(method, target, body, **({"if-match": etag} if method == "PATCH" else {})))
        assert (reply.status, as_documented(reply.data)) == (status, as_documented(answer)), target
        etag = reply.headers.get("etag", etag)


def test_the_connector_sends_what_the_documentation_shows(desk: WebhookDesk) -> None:
    del desk.receiver.asked[:]
    made = desk.ticketing.create(draft())
    desk.ticketing.update(made, Changes(wanted=Fields(priority=Priority.LOW, due=datetime.now(UTC).date())))
    desk.ticketing.propose_resolution(made, "Seen closed")
    desk.ticketing.search("posture:vila:1")
    list(desk.ticketing.changed_since(datetime.now(UTC)))
    desk.ticketing.check()

    def outline(method: str, target: str, body: str) -> tuple[str, str, str, tuple[str, ...]]:
        data = json.loads(body) if body else {"type": "", "data": {}}
        path = re.sub("T-[0-9]+", "T-1", re.sub("=[^&]*", "=", target))
        return method, path, data["type"], tuple(data["data"])

    sent = {outline(asked.method, asked.target, asked.body.decode()) for asked in desk.receiver.asked}
    assert sent == {outline(method, target, body) for method, target, body, _, _ in shown()}


def test_a_repeated_request_is_done_once(desk: WebhookDesk) -> None:
    """The answer to the first one is lost on the way, and the second one brings the same id."""
    wanted = draft()
    made = desk.ticketing.create(wanted)
    del desk.receiver.asked[:]
    handle = desk.receiver.answer
    lost: list[Reply] = []

    def answer(asked: Asked) -> Reply:
        reply = handle(asked)
        if asked.method == "POST" and not lost:
            lost.append(reply)
            return Reply(503)
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.receiver, "answer", answer)
        desk.ticketing.comment(made, "Once")
    posts = [asked for asked in desk.receiver.asked if asked.method == "POST"]
    assert len(posts) == 2
    assert len({asked.headers["webhook-id"] for asked in posts}) == 1
    assert [remark.text for remark in desk.ticketing.read(made).remarks] == ["Once"]


@pytest.mark.parametrize(
    "broken",
    [{"webhook-signature": "v1,AAAA"}, {"webhook-id": "msg_another"}, {"webhook-timestamp": "1"}],
)
def test_a_signature_holds_one_request(broken: dict[str, str]) -> None:
    receiver = Receiver(SECRET)
    assert receiver.handle(signed("GET", "/tickets/T-1", "", **broken)).status == 401


def test_a_signed_request_serves_no_other() -> None:
    receiver = Receiver(SECRET)
    asked = signed("GET", "/tickets/T-1", "")
    assert receiver.handle(Asked("GET", "/tickets/T-2", {}, asked.headers, b"", "/tickets/T-2")).status == 401
    _, target, body, _, _ = next(one for one in shown() if one[1].endswith("/comments"))
    comment = signed("POST", target, body)
    assert receiver.handle(Asked("POST", "/tickets/T-2/comments", {}, comment.headers, body.encode(), "")).status == 400


def test_an_old_request_is_refused() -> None:
    receiver = Receiver(SECRET)
    assert receiver.handle(signed("GET", "/", "", at=datetime.now(UTC) - timedelta(minutes=6))).status == 401


def test_a_change_at_the_same_moment_is_a_conflict(desk: WebhookDesk) -> None:
    made = desk.ticketing.create(draft())
    handle = desk.receiver.answer

    def answer(asked: Asked) -> Reply:
        if asked.method == "PATCH":
            desk.set_priority(made.id, Priority.LOW)
        return handle(asked)

    changes = Changes(wanted=Fields(priority=Priority.CRITICAL), before=Fields(priority=Priority.HIGH))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.receiver, "answer", answer)
        with pytest.raises(TicketingError) as told:
            desk.ticketing.update(made, changes)
    assert told.value.kind == "conflict"
    assert desk.ticketing.read(made).priority is Priority.LOW


@pytest.mark.parametrize("secret", ["whsec_c2hvcnQ=", "no base64 at all!", ""])
def test_a_weak_secret_signs_nothing(secret: str) -> None:
    connector = Webhook(Exchange("http://127.0.0.1:9", dict, system="the ticket webhook"), lambda: secret)
    with pytest.raises(TicketingError, match="secret") as told:
        connector.check()
    assert told.value.kind == "refused"


def test_what_the_other_side_says_is_no_link_and_no_state_of_ours_by_itself(desk: WebhookDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.receiver.change(made.id, url="javascript:alert(1)", status="finished", priority="blocker")
    read = desk.ticketing.read(made)
    assert (read.status, read.raw_status, read.priority, read.raw_priority) == (Status.OPEN, "Nova", None, "high")
    assert read.reference == Reference(id=made.id, url=f"{desk.url}/tickets/{made.id}")


def test_pages_that_never_end_are_left(desk: WebhookDesk) -> None:
    """The same cursor again and again."""

    def answer(asked: Asked) -> Reply:
        return Reply(200, {"tickets": [], "next": "again"})

    del desk.receiver.asked[:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.receiver, "answer", answer)
        assert not list(desk.ticketing.changed_since(datetime.now(UTC)))
    assert len(desk.receiver.asked) == 2
