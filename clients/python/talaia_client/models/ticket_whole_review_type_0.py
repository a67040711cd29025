from enum import StrEnum


class TicketWholeReviewType0(StrEnum):
    GONE = "gone"
    NOT_PROVED = "not_proved"
    REJECTED = "rejected"
    STILL_THERE = "still_there"

    def __str__(self) -> str:
        return str(self.value)
