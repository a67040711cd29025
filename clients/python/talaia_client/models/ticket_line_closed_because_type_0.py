from enum import StrEnum


class TicketLineClosedBecauseType0(StrEnum):
    DROPPED = "dropped"
    EXCEPTED = "excepted"
    MOVED = "moved"
    PROVED = "proved"

    def __str__(self) -> str:
        return str(self.value)
