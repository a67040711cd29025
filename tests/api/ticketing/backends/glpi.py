"""A double of GLPI 11's first interface (``apirest.php``)."""

import html
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

from api.ticketing import glpi
from api.ticketing.exchange import Exchange, header_login
from api.ticketing.ticketing import Priority, Status, Ticketing, secret_file
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.glpi import APP_TOKEN, ASSIGN, USER_TOKEN, GlpiDouble
from tests.api.ticketing.doubles.server import serving

_STATUSES = {Status.NEW: 1, Status.OPEN: 2, Status.WAITING: 4, Status.RESOLVED: 5, Status.CLOSED: 6}


class GlpiDesk(Desk):
    """What people do changes the memory of the double."""

    owners = ("Posture", "Network")
    person, talaia = "laia", "talaia"
    statuses = frozenset(_STATUSES)

    def __init__(self, url: str, secret: Path, double: GlpiDouble) -> None:
        self.double = double
        self.says = f"GLPI {double.generation}."
        super().__init__(url, secret, connect)

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(glpi, "PAGE", size)

    def set_status(self, ticket: str, status: Status) -> None:
        self.double.change(int(ticket), status=_STATUSES[status])

    def set_priority(self, ticket: str, priority: Priority) -> None:
        self.double.change(int(ticket), priority=int(glpi.PRIORITIES[priority]))

    def set_assignee(self, ticket: str) -> None:
        self.double.add_row("Ticket_User", int(ticket), users_id=8, type=ASSIGN)

    def set_due(self, ticket: str, due: date) -> None:
        self.double.change(int(ticket), time_to_resolve=f"{due} 12:00:00")

    def comment(self, ticket: str, text: str) -> None:
        self.double.write("ITILFollowup", int(ticket), 8, text)

    def delete(self, ticket: str) -> None:
        self.double.change(int(ticket), is_deleted=1)

    def raw_text(self, ticket: str) -> str:
        kept = self.double.tickets[int(ticket)]
        return f"{kept['name']}\n{html.unescape(kept['content'].replace('<br>', chr(10)))}"

    def count(self, external_id: str) -> int:
        return sum(f"[{external_id}]" in ticket["content"] for ticket in self.double.tickets.values())


@contextmanager
def start(folder: Path, generation: int = 11) -> Iterator[Desk]:
    double = GlpiDouble(generation)
    (folder / "secret").write_text(USER_TOKEN + "\n")
    with serving(double) as url:
        yield GlpiDesk(url, folder / "secret", double)


def connect(url: str, secret: Path) -> Ticketing:
    user = header_login("authorization", secret_file(secret), "user_token")
    session = glpi.Session(Exchange(url, user, system="GLPI", sleep=lambda seconds: None), lambda: APP_TOKEN)
    return glpi.Glpi(Exchange(url, session, system="GLPI", sleep=lambda seconds: None), session, group="Posture")
