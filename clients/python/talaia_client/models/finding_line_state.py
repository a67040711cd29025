from enum import StrEnum


class FindingLineState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
