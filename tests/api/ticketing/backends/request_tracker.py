"""The real Request Tracker 5."""

import urllib.parse
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import request_tracker as rt
from api.ticketing.exchange import Exchange, header_login
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.request_tracker import RequestTrackerServer, request_tracker

_STATUSES = {Status.NEW: "new", Status.OPEN: "open", Status.WAITING: "stalled", Status.RESOLVED: "resolved",
             Status.REJECTED: "rejected"}  # fmt: skip


class RequestTrackerDesk(Desk):
    """A person here is ``laia``, by REST2 with her password."""

    says = "Request Tracker 5"
    owners = ("Posture", "Network")
    person, talaia = "laia", "talaia"
    statuses = frozenset(_STATUSES)

    def __init__(self, server: RequestTrackerServer) -> None:
        super().__init__(server.url, server.token_file, connect)
        self.server = server

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(rt, "PAGE", size)

    def set_status(self, ticket: str, status: Status) -> None:
        self.server.person(ticket, {"Status": _STATUSES[status]})

    def set_priority(self, ticket: str, priority: Priority) -> None:
        self.server.person(ticket, {"Priority": rt.PRIORITIES[priority]})

    def set_assignee(self, ticket: str) -> None:
        self.server.person(ticket, {"Owner": "laia"})

    def set_due(self, ticket: str, due: date) -> None:
        self.server.person(ticket, {"Due": f"{due} 12:00:00"})

    def comment(self, ticket: str, text: str) -> None:
        self.server.ask("POST", f"ticket/{ticket}/comment", {"Content": text, "ContentType": "text/plain"})

    def delete(self, ticket: str) -> None:
        self.server.ask("DELETE", f"ticket/{ticket}", administrator=True)

    def raw_text(self, ticket: str) -> str:
        subject = self.server.ask("GET", f"ticket/{ticket}")["Subject"]
        first = self.server.ask("GET", f"ticket/{ticket}/attachments?fields=Content")["items"][0]
        return f"{subject}\n{first['Content']}"

    def count(self, external_id: str) -> int:
        query = urllib.parse.urlencode({"query": f"CF.{{PostureId}} = '{external_id}'"})
        found = self.server.ask("GET", f"tickets?{query}")
        return int(found["total"])


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    with request_tracker(folder) as server:
        yield RequestTrackerDesk(server)


def connect(url: str, secret: Path) -> Ticketing:
    login = header_login("authorization", secret_file(secret), "token")
    exchange = Exchange(url, login, system="Request Tracker", sleep=lambda seconds: None)
    return rt.RequestTracker(exchange, queue="Posture")
