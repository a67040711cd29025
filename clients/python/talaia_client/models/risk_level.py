from enum import StrEnum


class RiskLevel(StrEnum):
    ASSET = "asset"
    CITY = "city"
    DEPARTMENT = "department"
    SERVICE = "service"

    def __str__(self) -> str:
        return str(self.value)
