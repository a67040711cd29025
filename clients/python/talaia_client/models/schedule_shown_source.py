from enum import StrEnum


class ScheduleShownSource(StrEnum):
    API = "api"
    SETTINGS = "settings"

    def __str__(self) -> str:
        return str(self.value)
