from enum import StrEnum


class FindingWhereStateItem(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
