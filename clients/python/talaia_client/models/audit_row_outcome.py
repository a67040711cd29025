from enum import StrEnum


class AuditRowOutcome(StrEnum):
    DENIED = "denied"
    DONE = "done"
    FAILED = "failed"

    def __str__(self) -> str:
        return str(self.value)
