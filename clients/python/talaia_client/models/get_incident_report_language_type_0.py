from enum import StrEnum


class GetIncidentReportLanguageType0(StrEnum):
    CA = "ca"
    EN = "en"
    ES = "es"

    def __str__(self) -> str:
        return str(self.value)
