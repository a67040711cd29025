from enum import StrEnum


class ExportOcsfStateItem(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
