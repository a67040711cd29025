"""The one error of the ticket connectors."""

from typing import Literal

Kind = Literal["temporary", "refused", "conflict"]


class TicketingError(Exception):
    """``kind`` says what to do. *temporary*: the same again later, not before ``retry_after`` seconds if given. *refused*:
    a person has to change something first. *conflict*: the ticket changed meanwhile, read it and decide anew.
    The message holds no secret. ``found_nothing`` is true when the ticket itself is gone (404, 410)."""

    def __init__(self, kind: Kind, message: str, *, retry_after: float | None = None, found_nothing: bool = False) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.retry_after = retry_after
        self.found_nothing = found_nothing
