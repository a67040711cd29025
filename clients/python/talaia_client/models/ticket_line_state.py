from enum import StrEnum


class TicketLineState(StrEnum):
    CLOSED = "closed"
    DROPPED = "dropped"
    OPEN = "open"
    REVIEW = "review"
    TESTING = "testing"
    WANTED = "wanted"

    def __str__(self) -> str:
        return str(self.value)
