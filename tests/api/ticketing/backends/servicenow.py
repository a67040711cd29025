"""A double of ServiceNow."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import servicenow
from api.ticketing.exchange import Exchange, basic_login
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.server import serving
from tests.api.ticketing.doubles.servicenow import PASSWORD, USER, ServiceNowDouble

_STATUSES = {
    Status.NEW: "1",
    Status.OPEN: "2",
    Status.WAITING: "3",
    Status.RESOLVED: "6",
    Status.CLOSED: "7",
    Status.REJECTED: "8",
}


class ServiceNowDesk(Desk):
    """What people do changes the memory of the double."""

    says = "ServiceNow"
    owners = ("Posture", "Network")
    person, talaia = "laia", "talaia"

    def __init__(self, url: str, secret: Path, double: ServiceNowDouble) -> None:
        self.double = double
        super().__init__(url, secret, connect)

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(servicenow, "PAGE", size)

    def set_status(self, ticket: str, status: Status) -> None:
        closing = (
            {"close_code": "Duplicate", "close_notes": "See the other"} if status in (Status.RESOLVED, Status.CLOSED) else {}
        )
        self.double.change(ticket, "laia", state=_STATUSES[status], **closing)

    def set_priority(self, ticket: str, priority: Priority) -> None:
        impact, urgency, _ = servicenow.PRIORITIES[priority]
        self.double.change(ticket, "laia", impact=impact, urgency=urgency)

    def set_assignee(self, ticket: str) -> None:
        self.double.change(ticket, "laia", assigned_to=self.double.id_of("user", "laia"))

    def set_due(self, ticket: str, due: date) -> None:
        self.double.change(ticket, "laia", due_date=f"{due} 12:00:00")

    def comment(self, ticket: str, text: str) -> None:
        self.double.change(ticket, "laia", work_notes=text)

    def delete(self, ticket: str) -> None:
        del self.double.incidents[ticket]

    def raw_text(self, ticket: str) -> str:
        kept = self.double.incidents[ticket]
        return f"{kept['short_description']}\n{kept['description']}"

    def count(self, external_id: str) -> int:
        return sum(incident["correlation_id"] == external_id for incident in self.double.incidents.values())


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    double = ServiceNowDouble()
    (folder / "secret").write_text(PASSWORD + "\n")
    with serving(double) as url:
        yield ServiceNowDesk(url, folder / "secret", double)


def connect(url: str, secret: Path) -> Ticketing:
    exchange = Exchange(url, basic_login(USER, secret_file(secret)), system="ServiceNow", sleep=lambda seconds: None)
    return servicenow.ServiceNow(exchange, group="Posture")
