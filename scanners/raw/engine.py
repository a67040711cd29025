"""The loop: sends when the rate allows it, and in between hears answers and orders."""

import select
import socket
import time
from collections.abc import Callable
from typing import Any

from scanners.raw.lines import Lines
from scanners.raw.order import Metronome

_LOOK_SECONDS = 0.02  # how often orders and answers are looked at when sending at full speed


class Ended(Exception):
    """Standard input ended: whoever wanted the sweep is gone."""


class Engine:
    """``order`` is called with each object that comes in while a job runs; ``flush`` about twenty times a second."""

    def __init__(self, lines: Lines, rate: float, order: Callable[[dict[str, Any]], None], flush: Callable[[], None]) -> None:
        self.clock = time.monotonic
        self.sent = 0
        self._lines, self._order, self._flush = lines, order, flush
        self._metronome = Metronome(rate, self.clock)
        self._readers: dict[socket.socket, Callable[[], None]] = {}
        self._looked = self._flushed = self.clock()

    def set_rate(self, rate: float) -> None:
        self._metronome.set_rate(rate)

    def hear(self, sock: socket.socket, reader: Callable[[], None]) -> None:
        """Call ``reader`` whenever ``sock`` has something."""
        self._readers[sock] = reader

    def turn(self) -> int:
        """Wait until at least one packet may leave; how many may."""
        while True:
            ready = self._metronome.ready()
            if ready and self.clock() - self._looked < _LOOK_SECONDS:
                return ready
            self.pump(0 if ready else self._metronome.wait_seconds())
            ready = self._metronome.ready()
            if ready:
                return ready

    def spend(self, packets: int) -> None:
        """Book packets as sent."""
        self.sent += packets
        self._metronome.spend(packets)

    def charge(self, packets: int) -> None:
        """Book packets that the kernel sends for us (it resets what answered a SYN)."""
        self._metronome.spend(packets)

    def rest(self, seconds: float) -> None:
        """Only listen, for so long."""
        until = self.clock() + seconds
        while (left := until - self.clock()) > 0:
            self.pump(min(left, 0.05))

    def pump(self, wait_seconds: float) -> None:
        """Hear what there is to hear, waiting at most that long for it. Raises :class:`Ended`."""
        watched: list[Any] = [self._lines.into, *self._readers]
        for ready in select.select(watched, (), (), wait_seconds)[0]:
            if ready == self._lines.into:
                for order in self._lines.read():
                    self._order(order)
                if self._lines.ended:
                    raise Ended
            else:
                self._readers[ready]()
        self._looked = self.clock()
        if self._looked - self._flushed > 0.05:
            self._flushed = self._looked
            self._flush()
