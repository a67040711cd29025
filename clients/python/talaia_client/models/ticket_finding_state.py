from enum import StrEnum


class TicketFindingState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
