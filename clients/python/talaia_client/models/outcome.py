from enum import StrEnum


class Outcome(StrEnum):
    OLDER = "older"
    SAME = "same"
    TAKEN = "taken"

    def __str__(self) -> str:
        return str(self.value)
