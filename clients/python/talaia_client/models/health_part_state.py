from enum import StrEnum


class HealthPartState(StrEnum):
    OK = "ok"
    TROUBLE = "trouble"
    WARNING = "warning"

    def __str__(self) -> str:
        return str(self.value)
