"""What follows for a ticket from how its findings stand here and how it stands over there. Pure: no clock, no network.

Three laws: a ticket is closed by proof only; it is opened again once and never twice; and what was already decided over there
by a person is left to people.
"""

from enum import StrEnum

import msgspec

from api.ticketing.ticketing import ENDED, Status
from collector.tickets import Review, TicketState

TRIES = 3  # looks that could not tell, before a person has to


class Tested(StrEnum):
    """What the test of the findings that are open still has shown."""

    NOT_YET = "not_yet"  # not asked for since the ticket was ended over there
    RUNNING = "running"
    STILL_THERE = "still_there"
    UNKNOWN = "unknown"  # no look could tell


class Move(StrEnum):
    NOTHING = "nothing"
    RESOLVE = "resolve"  # nothing is open any more: say what proved it, and propose the resolution
    CLOSE = "close"  # nothing is open any more, and it was ended over there already: say what proved it
    TEST = "test"
    REOPEN = "reopen"
    FOLLOW = "follow"  # people opened it again over there
    REVIEW = "review"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is the ticket's over there, None when it is gone; ``open`` how many of its findings are."""

    state: TicketState
    open: int
    status: Status | None
    review: Review | None = None
    reopened: int = 0
    tested: Tested = Tested.NOT_YET
    tries: int = 0


def decide(at: Standing) -> tuple[Move, Review | None]:
    """What to do, and with :attr:`Move.REVIEW` why a person has to look."""
    if at.state not in (TicketState.OPEN, TicketState.TESTING, TicketState.REVIEW):
        return Move.NOTHING, None
    if at.open == 0:
        return (Move.CLOSE if at.status is None or at.status in ENDED else Move.RESOLVE), None
    if at.status is None:
        return _review(at, Review.GONE)
    if at.status not in ENDED:
        return (Move.NOTHING if at.state is TicketState.OPEN else Move.FOLLOW), None
    if at.status is Status.REJECTED:
        return _review(at, Review.REJECTED)
    if at.state is TicketState.TESTING:
        return _after_test(at)
    settled = at.state is TicketState.REVIEW and at.review in (Review.STILL_THERE, Review.NOT_PROVED)
    return (Move.NOTHING if settled else Move.TEST), None


def _after_test(at: Standing) -> tuple[Move, Review | None]:
    if at.tested is Tested.RUNNING:
        return Move.NOTHING, None
    if at.tested is Tested.STILL_THERE:
        return (Move.REOPEN, None) if at.reopened == 0 else (Move.REVIEW, Review.STILL_THERE)
    return (Move.TEST, None) if at.tries < TRIES else (Move.REVIEW, Review.NOT_PROVED)


def _review(at: Standing, why: Review) -> tuple[Move, Review | None]:
    same = at.state is TicketState.REVIEW and at.review is why
    return (Move.NOTHING, None) if same else (Move.REVIEW, why)
