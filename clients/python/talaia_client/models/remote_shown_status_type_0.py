from enum import StrEnum


class RemoteShownStatusType0(StrEnum):
    CLOSED = "closed"
    NEW = "new"
    OPEN = "open"
    REJECTED = "rejected"
    RESOLVED = "resolved"
    WAITING = "waiting"

    def __str__(self) -> str:
        return str(self.value)
