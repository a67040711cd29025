"""A process that sends webhooks and kills itself at a point, as ``kill -9`` would (``main`` is run by :mod:`tests.forking`)."""

import os
import signal

from collector.store import open_store
from tests.collector.webhooks.desk import Desk


def main(url: str, point: str, occurrence: str) -> None:
    left = int(occurrence)

    def passing(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    desk = Desk(open_store(url))
    desk.send(desk.sender(point=passing))
