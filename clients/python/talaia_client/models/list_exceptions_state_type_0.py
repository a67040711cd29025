from enum import StrEnum


class ListExceptionsStateType0(StrEnum):
    APPROVED = "approved"
    ENDED = "ended"
    EXPIRED = "expired"
    REFUSED = "refused"
    REQUESTED = "requested"
    VOID = "void"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(self.value)
