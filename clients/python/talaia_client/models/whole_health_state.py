from enum import StrEnum


class WholeHealthState(StrEnum):
    OK = "ok"
    TROUBLE = "trouble"
    WARNING = "warning"

    def __str__(self) -> str:
        return str(self.value)
