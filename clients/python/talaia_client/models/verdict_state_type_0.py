from enum import StrEnum


class VerdictStateType0(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
