from enum import StrEnum


class TicketFindingOutcomeType0(StrEnum):
    MOVED = "moved"
    RESOLVED = "resolved"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
