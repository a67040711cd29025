from enum import StrEnum


class FindingSort(StrEnum):
    DUE = "due"
    RISK = "risk"
    SEEN = "seen"

    def __str__(self) -> str:
        return str(self.value)
