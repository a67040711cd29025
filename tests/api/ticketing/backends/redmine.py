"""The real Redmine."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import redmine as connector
from api.ticketing.exchange import Exchange, header_login
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.redmine import RedmineServer, redmine

_STATUSES = {Status.NEW: "New", Status.OPEN: "In Progress", Status.WAITING: "Feedback", Status.RESOLVED: "Resolved",
             Status.CLOSED: "Closed", Status.REJECTED: "Rejected"}  # fmt: skip


class RedmineDesk(Desk):
    """A person here is Laia, by the REST API with her password."""

    says = "Redmine, as talaia"
    owners = ("posture", "network")
    person, talaia = "Laia Test", "Talaia Test"

    def __init__(self, server: RedmineServer) -> None:
        self.server = server
        super().__init__(server.url, server.key_file, connect)

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(connector, "PAGE", size)

    def set_status(self, ticket: str, status: Status) -> None:
        self._put(ticket, {"status_id": self._number("issue_statuses", "issue_statuses", _STATUSES[status])})

    def set_priority(self, ticket: str, priority: Priority) -> None:
        name = connector.PRIORITIES[priority]
        self._put(ticket, {"priority_id": self._number("enumerations/issue_priorities", "issue_priorities", name)})

    def set_assignee(self, ticket: str) -> None:
        self._put(ticket, {"assigned_to_id": "me"})

    def set_due(self, ticket: str, due: date) -> None:
        self._put(ticket, {"due_date": due.isoformat()})

    def comment(self, ticket: str, text: str) -> None:
        self._put(ticket, {"notes": text, "private_notes": True})

    def delete(self, ticket: str) -> None:
        self.server.ask("DELETE", f"issues/{ticket}.json", administrator=True)

    def raw_text(self, ticket: str) -> str:
        issue = self.server.ask("GET", f"issues/{ticket}.json")["issue"]
        return f"{issue['subject']}\n{issue['description']}"

    def count(self, external_id: str) -> int:
        found = self.server.ask("GET", "issues.json?status_id=*&limit=100&sort=id:desc", administrator=True)["issues"]
        return sum(field["value"] == external_id for issue in found for field in issue["custom_fields"])

    def _put(self, ticket: str, changes: dict[str, object]) -> None:
        self.server.ask("PUT", f"issues/{ticket}.json", {"issue": changes})

    def _number(self, path: str, kind: str, name: str) -> int:
        return next(item["id"] for item in self.server.ask("GET", f"{path}.json")[kind] if item["name"] == name)


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    with redmine(folder) as server:
        yield RedmineDesk(server)


def connect(url: str, secret: Path) -> Ticketing:
    login = header_login("x-redmine-api-key", secret_file(secret))
    exchange = Exchange(url, login, system="Redmine", sleep=lambda seconds: None)
    return connector.Redmine(exchange, project="posture", tracker="Support")
