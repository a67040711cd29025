"""A double of Znuny and OTOBO, with the web service that Talaia ships."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import znuny
from api.ticketing.exchange import Exchange
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.server import serving
from tests.api.ticketing.doubles.znuny import PASSWORD, USER, ZnunyDouble

_STATES = {Status.NEW: "new", Status.OPEN: "open", Status.WAITING: "pending reminder", Status.RESOLVED: "closed successful",
           Status.REJECTED: "closed unsuccessful", Status.CLOSED: "merged"}  # fmt: skip


class ZnunyDesk(Desk):
    """What people do changes the memory of the double."""

    says = "Znuny"
    owners = ("Posture", "Network")
    person, talaia = "laia", "talaia"

    def __init__(self, url: str, secret: Path, double: ZnunyDouble) -> None:
        self.double = double
        super().__init__(url, secret, connect)

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(znuny, "PAGE", size)

    def set_status(self, ticket: str, status: Status) -> None:
        self.double.change(int(ticket), State=_STATES[status])

    def set_priority(self, ticket: str, priority: Priority) -> None:
        self.double.change(int(ticket), Priority=znuny.PRIORITIES[priority])

    def set_assignee(self, ticket: str) -> None:
        self.double.change(int(ticket), Owner="laia", OwnerID="3", Lock="lock")

    def set_due(self, ticket: str, due: date) -> None:
        self.double.set_field(int(ticket), "PostureDue", f"{due} 00:00:00")

    def comment(self, ticket: str, text: str) -> None:
        self.double.write(int(ticket), "laia", {"Subject": "Note", "Body": text, "IsVisibleForCustomer": "0"})

    def delete(self, ticket: str) -> None:
        del self.double.tickets[int(ticket)]

    def raw_text(self, ticket: str) -> str:
        return f"{self.double.tickets[int(ticket)]['Title']}\n{self.double.articles[int(ticket)][0]['Body']}"

    def count(self, external_id: str) -> int:
        return sum(ticket["fields"].get("PostureId") == external_id for ticket in self.double.tickets.values())


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    double = ZnunyDouble()
    (folder / "secret").write_text(PASSWORD + "\n")
    with serving(double) as url:
        yield ZnunyDesk(f"{url}/znuny", folder / "secret", double)


def connect(url: str, secret: Path) -> Ticketing:
    exchange = Exchange(url, lambda: {}, system="Znuny", sleep=lambda seconds: None)
    return znuny.Znuny(exchange, USER, secret_file(secret), queue="Posture", customer="talaia")
