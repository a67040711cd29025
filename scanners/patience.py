"""How much of our time one host may take: a tarpit is told by what it did, and then asked less."""

import time
from dataclasses import dataclass, field

SLOW_SECONDS = 4.0  # a first look that took as long and could not name anything
DRIP_BYTES = 8  # who says so little, and is nothing that we know
TARPIT_SLOW = 2  # ports so slow that nmap, which waits longer still, is not asked about any of them
GUESSES_LIMIT = 4  # ports without a word on which every question is tried; the others get the usual ones
SLOW_LIMIT = 16  # ports so slow that the others are not asked
TIMEOUTS_LIMIT = 4  # looks without an answer after which no scanner is sent there again


@dataclass
class HostPatience:
    """What one host has cost so far. ``slow`` first looks named nothing for long, ``timeouts`` looks ended without an answer."""

    slow: int = 0
    timeouts: int = 0
    guessed: int = 0

    @property
    def is_tarpit(self) -> bool:
        return self.slow >= TARPIT_SLOW

    def first_look(self, seconds: float, said: int, *, named: bool) -> bool:
        """Count a first look that was told ``said`` bytes; whether it was one of a port that lets us wait, or drips."""
        slow = not named and (seconds >= SLOW_SECONDS or 0 < said <= DRIP_BYTES)
        self.slow += slow
        return slow

    def may_guess(self) -> bool:
        """Whether one more port that said nothing to the usual questions is asked all the others; counted when it is."""
        self.guessed += 1
        return self.guessed <= GUESSES_LIMIT

    def over_because(self, *, first: bool) -> str | None:
        """Why this host is not asked any more; None when it is."""
        if first and self.slow >= SLOW_LIMIT:
            return f"not asked: {self.slow} other ports of this host took the connection and never said what they are"
        if not first and self.timeouts >= TIMEOUTS_LIMIT:
            return f"not asked: {self.timeouts} looks at this host before ended without an answer"
        return None


@dataclass
class NmapPatience:
    """Whether nmap is still shown ports that say nothing: after a row of such runs that told nothing, for a while it is not."""

    fruitless_limit: int = 12
    rest_seconds: float = 600.0
    _fruitless: int = 0
    _since: float = field(default=0.0)

    def spent(self) -> bool:
        if self._fruitless < self.fruitless_limit:
            return False
        if time.monotonic() - self._since < self.rest_seconds:
            return True
        self._fruitless = 0
        return False

    def note(self, *, told: bool) -> None:
        self._fruitless = 0 if told else self._fruitless + 1
        self._since = time.monotonic()
