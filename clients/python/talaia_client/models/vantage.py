from enum import StrEnum


class Vantage(StrEnum):
    AUTHENTICATED = "authenticated"
    INDUSTRIAL = "industrial"
    INTERNAL = "internal"
    INTERNET = "internet"
    ISOLATED = "isolated"
    PARTNER = "partner"
    WORKPLACE = "workplace"

    def __str__(self) -> str:
        return str(self.value)
