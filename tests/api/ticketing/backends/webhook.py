"""The generic webhook, with the other side of its contract."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import webhook
from api.ticketing.exchange import Exchange
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.receiver import TALAIA, Receiver
from tests.api.ticketing.doubles.server import serving

SECRET = "whsec_dGhlLXdlYmhvb2stc2VjcmV0LW9mLXRoZS10ZXN0cw=="


class WebhookDesk(Desk):
    """What people do changes the memory of the receiver."""

    says = "Webhook: Receiver"
    owners = ("posture", "network")
    person, talaia = "laia", TALAIA
    pages = "https://tickets.test.invalid/"

    def __init__(self, url: str, secret: Path, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(url, secret, connect)

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(self.receiver, "page", size)

    def set_status(self, ticket: str, status: Status) -> None:
        self.receiver.change(ticket, status=status.value, raw_status=f"Estat {status.value}")

    def set_priority(self, ticket: str, priority: Priority) -> None:
        self.receiver.change(ticket, priority=priority.value, raw_priority=priority.value)

    def set_assignee(self, ticket: str) -> None:
        self.receiver.change(ticket, assignee="laia")

    def set_due(self, ticket: str, due: date) -> None:
        self.receiver.change(ticket, due=due.isoformat())

    def comment(self, ticket: str, text: str) -> None:
        self.receiver.write(ticket, "laia", text)

    def delete(self, ticket: str) -> None:
        del self.receiver.tickets[ticket]

    def raw_text(self, ticket: str) -> str:
        return f"{self.receiver.tickets[ticket]['subject']}\n{self.receiver.tickets[ticket]['text']}"

    def count(self, external_id: str) -> int:
        return sum(ticket["external_id"] == external_id for ticket in self.receiver.tickets.values())


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    (folder / "secret").write_text(SECRET + "\n")
    receiver = Receiver(SECRET)
    with serving(receiver) as url:
        yield WebhookDesk(url, folder / "secret", receiver)


def connect(url: str, secret: Path) -> Ticketing:
    exchange = Exchange(url, dict, system="the ticket webhook", sleep=lambda seconds: None)
    return webhook.Webhook(exchange, secret_file(secret))
