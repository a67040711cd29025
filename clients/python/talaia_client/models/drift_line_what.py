from enum import StrEnum


class DriftLineWhat(StrEnum):
    DUE = "due"
    GONE = "gone"
    OWNER = "owner"
    PRIORITY = "priority"
    STATUS = "status"
    UNSENT = "unsent"

    def __str__(self) -> str:
        return str(self.value)
