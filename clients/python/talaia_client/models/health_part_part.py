from enum import StrEnum


class HealthPartPart(StrEnum):
    CLOCK = "clock"
    DELIVERY = "delivery"
    DISK = "disk"
    FEEDS = "feeds"
    SCHEDULER = "scheduler"
    SCHEMA = "schema"
    STOP = "stop"
    STORE = "store"
    WORKERS = "workers"
    ZONE = "zone"

    def __str__(self) -> str:
        return str(self.value)
