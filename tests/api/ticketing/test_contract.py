"""What every ticket connector keeps, against the real Request Tracker."""

import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from api.ticketing import request_tracker as rt
from api.ticketing.exchange import Exchange, header_login
from api.ticketing.ticketing import Changes, Draft, Fields, Priority, Reference, Status, find_or_create, secret_file
from api.ticketing.trouble import TicketingError
from tests.request_tracker import RequestTrackerServer, request_tracker


@pytest.fixture(scope="module")
def server() -> Iterator[RequestTrackerServer]:
    with tempfile.TemporaryDirectory(prefix="talaia-rt-") as folder:
        Path(folder).chmod(0o755)
        with request_tracker(Path(folder)) as started:
            yield started


def connector(url: str, token_file: Path) -> rt.RequestTracker:
    login = header_login("authorization", secret_file(token_file), "token")
    exchange = Exchange(url, login, system="Request Tracker", sleep=lambda seconds: None)
    return rt.RequestTracker(exchange, queue="Posture")


@pytest.fixture
def desk(server: RequestTrackerServer) -> rt.RequestTracker:
    return connector(server.url, server.token_file)


def draft() -> Draft:
    return Draft(
        external_id=f"posture:vila:{uuid.uuid4()}",
        subject="TLS 1.0\nis accepted",
        body="Switch it off: à, ñ, <b>",
        priority=Priority.HIGH,
        due=date(2026, 12, 1),
        link="https://talaia.test.invalid/groups/1",
    )


def test_it_says_what_answers(desk: rt.RequestTracker) -> None:
    assert desk.check().startswith("Request Tracker 5")


def test_made_once_and_found(desk: rt.RequestTracker) -> None:
    wanted = draft()
    assert desk.search(wanted.external_id) is None
    made = find_or_create(desk, wanted)
    assert find_or_create(desk, wanted) == made == desk.search(wanted.external_id)
    read = desk.read(made)
    assert (read.external_id, read.status, read.priority, read.due) == (
        wanted.external_id,
        Status.NEW,
        wanted.priority,
        wanted.due,
    )
    assert (read.subject, read.owner, read.assignee) == ("TLS 1.0 is accepted", "Posture", None)


def test_people_keep_their_fields(desk: rt.RequestTracker, server: RequestTrackerServer) -> None:
    wanted = draft()
    made = desk.create(wanted)
    before = Fields(priority=wanted.priority, due=wanted.due, owner="Posture")
    server.person(made.id, {"Priority": "25", "Owner": "laia"})
    new = Fields(priority=Priority.CRITICAL, due=date(2026, 12, 24), owner="Network")
    outcome = desk.update(made, Changes(wanted=new, before=before))
    assert (outcome.written, outcome.kept) == ({"due", "owner"}, {"priority"})
    read = desk.read(made)
    assert (read.priority, read.due, read.owner, read.assignee) == (Priority.LOW, date(2026, 12, 24), "Network", "laia")


def test_resolved_there_is_read_and_reopened_with_the_reason(desk: rt.RequestTracker, server: RequestTrackerServer) -> None:
    made = desk.create(draft())
    server.person(made.id, {"Status": "resolved"})
    assert desk.read(made).status is Status.RESOLVED
    desk.reopen(made, "It is still accepted: ñ")
    read = desk.read(made)
    assert (read.status, [(remark.author, remark.text) for remark in read.remarks]) == (
        Status.OPEN,
        [("talaia", "It is still accepted: ñ")],
    )
    desk.propose_resolution(made, "Seen closed")
    assert desk.read(made).status is Status.RESOLVED


def test_what_changed_comes_in_pages_and_each_once(desk: rt.RequestTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rt, "PAGE", 2)
    start = datetime.now(UTC) - timedelta(minutes=1)
    made = {desk.create(draft()).id for _ in range(5)}
    seen = [remote.reference.id for remote in desk.changed_since(start)]
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    assert not list(desk.changed_since(datetime.now(UTC) + timedelta(hours=1)))


def test_a_change_answered_with_200_and_not_made_is_refused(desk: rt.RequestTracker) -> None:
    made = desk.create(draft())
    with pytest.raises(TicketingError, match="did not make it") as told:
        desk.update(made, Changes(wanted=Fields(owner="Nowhere"), before=Fields(owner="Posture")))
    assert told.value.kind == "refused"


def test_what_is_gone_is_refused(desk: rt.RequestTracker) -> None:
    with pytest.raises(TicketingError) as told:
        desk.read(Reference(id="99999", url=""))
    assert (told.value.kind, told.value.found_nothing) == ("refused", True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "temporary"), (503, "temporary"), (500, "temporary"), (400, "refused"), (401, "refused"), (302, "refused"),
     (409, "conflict"), (412, "conflict")],
)  # fmt: skip
def test_troubles_have_their_kind_and_show_no_secret(status: int, kind: str, tmp_path: Path) -> None:
    class Troubled(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            echoed = f"you sent {self.headers['authorization']}".encode()
            self.send_response(status)
            self.send_header("retry-after", "7")
            self.send_header("content-length", str(len(echoed)))
            self.end_headers()
            self.wfile.write(echoed)

        def log_message(self, format: str, *args: object) -> None:
            assert "a-very-secret-token" not in format % args

    (tmp_path / "token").write_text("a-very-secret-token\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), Troubled) as troubled:
        Thread(target=troubled.serve_forever, daemon=True).start()
        with pytest.raises(TicketingError) as told:
            connector(f"http://127.0.0.1:{troubled.server_port}", tmp_path / "token").read(Reference(id="1", url=""))
        troubled.shutdown()
    assert told.value.kind == kind
    assert told.value.retry_after == (7.0 if kind == "temporary" else None)
    assert "a-very-secret-token" not in str(told.value)


def test_nobody_there_is_temporary(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-very-secret-token\n")
    with pytest.raises(TicketingError) as told:
        connector("http://127.0.0.1:9", tmp_path / "token").read(Reference(id="1", url=""))
    assert told.value.kind == "temporary"
