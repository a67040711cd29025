"""What a person or a program was made: a role, for one department or for the whole city."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What each may do is the frozen matrix of :mod:`api.rights`."""

    VIEWER = "viewer"
    DEPARTMENT = "department"
    ANALYST = "analyst"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    PROBE = "probe"
    AUDITOR = "auditor"


@dataclass(frozen=True, order=True)
class Grant:
    """A role, in one department (its id) or, when ``department`` is None, in the whole city."""

    role: Role
    department: str | None = None

    def __str__(self) -> str:
        """As lists and the audit log say it."""
        return f"{self.role}:{self.department or 'city'}"


@dataclass(frozen=True)
class Person:
    """Who does something: ``id`` (``token:…``, ``account:…``) tells people apart, ``name`` is shown."""

    id: str
    name: str


def reaches(within: frozenset[str] | None, department: str | None) -> bool:
    """Whether what belongs to ``department`` exists for who is confined to ``within``.

    ``within`` None is the whole city; ``department`` None belongs to nobody, and only the whole city sees it.
    """
    return within is None or department in within
