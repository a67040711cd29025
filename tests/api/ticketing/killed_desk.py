"""A process that takes one turn of the desk and is killed at a named instant (``main`` is run by :mod:`tests.forking`)."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.ticketing.sending import Sender
from api.ticketing.writing import DeskPolicy
from collector.store import open_store
from tests.api.ticketing.backends import backend
from tests.api.world import rulebook

POLICY = DeskPolicy(city="vila", base_url="https://talaia.test.invalid", language="en")

rulebook()  # read once, before the copies are made


def main(url: str, system: str, address: str, secret: str, point: str = "") -> None:
    def passing(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    connector = backend(system).connect(address, Path(secret))
    clock = lambda: datetime.now(UTC)  # noqa: E731
    sender = Sender(open_store(url), connector, rulebook(), POLICY, clock=clock, point=passing, claim=timedelta(0))
    while sender.send():
        pass
