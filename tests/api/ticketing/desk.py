"""What the contract suite needs of a ticket system: a running one, a connector to it, and a person who works there."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Protocol

from api.ticketing.ticketing import Priority, Status, Ticketing


class Desk(ABC):
    """A ticket system that runs. ``ticket`` is everywhere :attr:`Reference.id`; what a person does goes to the system past the
    connector (its own API with another account, or the memory of a double), so that a test compares two ways to the truth.

    Attributes:
        url: where it is, on loopback.
        secret: the file with the secret of Talaia's account.
        ticketing: our connector to it.
        says: how ``check()`` begins.
        owners: the configured queue, group or project, and another one that Talaia may write to.
        person: how the connector names the person as assignee and as author.
        talaia: how the connector names Talaia's account as author.
        pages: how the address of a ticket's page begins, if not as ``url``.
        statuses: what a person may set there; a contract about a status that is not here is not tried.
        deadlines: whether the system's interface has any; where it has not, they stay with Talaia and nothing is said about them.
    """

    says: str
    owners: tuple[str, str]
    person: str
    talaia: str
    statuses: frozenset[Status] = frozenset(Status)
    deadlines: bool = True
    pages: str | None = None

    def __init__(self, url: str, secret: Path, connect: Callable[[str, Path], Ticketing]) -> None:
        self.url, self.secret, self._connect = url, secret, connect
        secret.chmod(0o600)  # one that others can read is refused
        self.ticketing = self.another()

    def another(self) -> Ticketing:
        """A connector with nothing remembered, as after a restart."""
        return self._connect(self.url, self.secret)

    @abstractmethod
    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        """While it lasts, the connector asks for (or the system gives) lists in pages of this size."""

    @abstractmethod
    def set_status(self, ticket: str, status: Status) -> None:
        """A person sets the status that means this."""

    @abstractmethod
    def set_priority(self, ticket: str, priority: Priority) -> None:
        """A person sets the priority that means this."""

    @abstractmethod
    def set_assignee(self, ticket: str) -> None:
        """A person takes the ticket."""

    @abstractmethod
    def set_due(self, ticket: str, due: date) -> None:
        """A person sets the deadline."""

    @abstractmethod
    def comment(self, ticket: str, text: str) -> None:
        """A person writes an internal comment."""

    @abstractmethod
    def delete(self, ticket: str) -> None:
        """The system's administrator deletes the ticket, as that system deletes."""

    @abstractmethod
    def raw_text(self, ticket: str) -> str:
        """Subject and body as the system stores them."""

    @abstractmethod
    def count(self, external_id: str) -> int:
        """How many tickets have this external id, whatever their status."""


class Backend(Protocol):
    """What a module in ``tests/api/ticketing/backends`` offers."""

    def start(self, folder: Path) -> AbstractContextManager[Desk]:
        """The system runs while the context lasts. ``folder`` is empty and its own; other users may enter it."""

    def connect(self, url: str, secret: Path) -> Ticketing:
        """A connector to whatever is at ``url``, with the secret of that file; it never sleeps."""
