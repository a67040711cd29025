from enum import StrEnum


class Covers(StrEnum):
    ASSET = "asset"
    DEPARTMENT = "department"
    FINDING = "finding"
    SERVICE = "service"

    def __str__(self) -> str:
        return str(self.value)
