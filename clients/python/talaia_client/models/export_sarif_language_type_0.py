from enum import StrEnum


class ExportSarifLanguageType0(StrEnum):
    CA = "ca"
    EN = "en"
    ES = "es"

    def __str__(self) -> str:
        return str(self.value)
