from enum import StrEnum


class ScanState(StrEnum):
    FAILED = "failed"
    FINISHED = "finished"
    RUNNING = "running"
    STOPPED = "stopped"
    WAITING = "waiting"

    def __str__(self) -> str:
        return str(self.value)
