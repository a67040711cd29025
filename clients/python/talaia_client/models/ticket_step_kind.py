from enum import StrEnum


class TicketStepKind(StrEnum):
    COMMENT = "comment"
    CREATE = "create"
    REOPEN = "reopen"
    RESOLVE = "resolve"
    UPDATE = "update"

    def __str__(self) -> str:
        return str(self.value)
