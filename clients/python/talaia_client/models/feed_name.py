from enum import StrEnum


class FeedName(StrEnum):
    EPSS = "epss"
    KEV = "kev"
    SSVC = "ssvc"

    def __str__(self) -> str:
        return str(self.value)
