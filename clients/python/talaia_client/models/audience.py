from enum import StrEnum


class Audience(StrEnum):
    CITY = "city"
    DEPARTMENT = "department"
    ME = "me"

    def __str__(self) -> str:
        return str(self.value)
