from enum import StrEnum


class AssetSort(StrEnum):
    NAME = "name"
    RISK = "risk"

    def __str__(self) -> str:
        return str(self.value)
