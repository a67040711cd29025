from enum import StrEnum


class ZoneChangeShownState(StrEnum):
    APPROVED = "approved"
    PROPOSED = "proposed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(self.value)
