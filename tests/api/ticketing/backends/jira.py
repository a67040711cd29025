"""A double of Jira Cloud."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import jira
from api.ticketing.exchange import Exchange, basic_login, header_login
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.jira import ADDRESS, TOKEN, JiraDouble
from tests.api.ticketing.doubles.server import serving

_STATUSES = {Status.NEW: "To Do", Status.OPEN: "In Progress", Status.WAITING: "On Hold", Status.RESOLVED: "Done",
             Status.CLOSED: "Closed", Status.REJECTED: "Won't Do"}  # fmt: skip


class JiraDesk(Desk):
    """What people do changes the memory of the double."""

    owners = ("Posture", "Network")
    person, talaia = "laia", "talaia"

    def __init__(self, url: str, secret: Path, double: JiraDouble) -> None:
        self.double = double
        self.says = "Jira Cloud 1001" if double.cloud else "Jira Server 9.12"
        super().__init__(url, secret, connect if double.cloud else connect_data_center)

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(self.double, "most", size)

    def set_status(self, ticket: str, status: Status) -> None:
        self.double.set_status(int(ticket), _STATUSES[status], "Won't Do" if status is Status.REJECTED else None)

    def set_priority(self, ticket: str, priority: Priority) -> None:
        self.double.change(int(ticket), priority=jira.PRIORITIES[priority])

    def set_assignee(self, ticket: str) -> None:
        self.double.change(int(ticket), assignee="laia")

    def set_due(self, ticket: str, due: date) -> None:
        self.double.change(int(ticket), duedate=due.isoformat())

    def comment(self, ticket: str, text: str) -> None:
        self.double.write(int(ticket), "laia", self.double.body(text))

    def delete(self, ticket: str) -> None:
        del self.double.issues[int(ticket)]

    def raw_text(self, ticket: str) -> str:
        kept = self.double.issues[int(ticket)]
        if not self.double.cloud:
            return f"{kept['summary']}\n{kept['description'].replace(chr(92), '')}"
        written = [one.get("text", "") for block in kept["description"]["content"] for one in block["content"]]
        return "\n".join([kept["summary"], *written])

    def count(self, external_id: str) -> int:
        return sum(external_id in json.dumps(issue["properties"]) for issue in self.double.issues.values())


@contextmanager
def start(folder: Path, *, cloud: bool = True) -> Iterator[Desk]:
    double = JiraDouble(cloud=cloud)
    (folder / "secret").write_text(TOKEN + "\n")
    with serving(double) as url:
        yield JiraDesk(url, folder / "secret", double)


def connect(url: str, secret: Path) -> Ticketing:
    exchange = Exchange(url, basic_login(ADDRESS, secret_file(secret)), system="Jira", sleep=lambda seconds: None)
    return jira.Jira(exchange, jira.Cloud(), project="VILA", component="Posture", sleep=lambda seconds: None)


def connect_data_center(url: str, secret: Path) -> Ticketing:
    login = header_login("authorization", secret_file(secret), "Bearer")
    exchange = Exchange(url, login, system="Jira", sleep=lambda seconds: None)
    return jira.Jira(exchange, jira.DataCenter(), project="VILA", component="Posture")
