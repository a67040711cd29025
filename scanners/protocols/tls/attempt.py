"""One hello, one connection: how this scanner speaks to a server, and how much of it a server can cost."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from scanners.door import Door, RefusedByScope
from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.flight import Flight, Messages, read_flight
from scanners.protocols.tls.handshake13 import Share, decryptor
from scanners.protocols.tls.starttls import upgrade
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

SILENCES_LIMIT = 12
FAILURES_LIMIT = 4
_PAUSE_SECONDS = 0.3


class GivenUp(Exception):
    """The server, or the budget, does not allow going on: what is not known yet stays unknown."""


@dataclass(frozen=True)
class Budget:
    """What one look at one server may cost: connections in all, seconds in all, seconds a handshake."""

    connections: int = 600
    seconds: float = 90.0
    handshake_seconds: float = 5.0


class Attempts:
    """Makes hellos to one server through the door. ``starttls`` is the protocol through which TLS is reached, if any."""

    def __init__(
        self, door: Door, target: Target, *, zone_id: str | None = None, starttls: str | None = None, budget: Budget | None = None
    ) -> None:
        self.target = target
        self.starttls = starttls
        self.evidence = b""
        self.made = 0
        self._door = door
        self._zone_id = zone_id
        self._budget = budget or Budget()
        self._ends = time.monotonic() + self._budget.seconds
        self._silences = 0
        self._failures = 0
        self._answered_in: float | None = None

    @property
    def answer_seconds(self) -> float:
        """How long to wait for an answer that may never come: ten times the first handshake, within 0.3 and 1.5 seconds."""
        return min(max(10 * (self._answered_in or 1.0), 0.3), 1.5)

    @asynccontextmanager
    async def wire(self, needs: Intrusiveness = Intrusiveness.GENTLE) -> AsyncIterator[Wire]:
        """A connection on which the server waits for a ClientHello. Raises :class:`GivenUp` and all that the door raises."""
        self._check()
        self.made += 1
        limits = WireLimits(deadline_seconds=self._budget.handshake_seconds)
        async with self._door.open(self.target, zone_id=self._zone_id, needs=needs, limits=limits) as wire:
            if self.starttls:
                await upgrade(wire, self.starttls, self.target.name)
            yield wire

    async def ask(self, hello: tls.Hello, until: Callable[[Flight], bool], shares: Sequence[Share] = ()) -> Flight:
        """Send ``hello`` and read its answer until ``until`` is satisfied. What the server does is in the flight, never raised.

        With ``shares``, the keys behind its key_share, what TLS 1.3 encrypts is read as well. A connection that fails before
        the hello is tried once more. Raises :class:`GivenUp` when the server stays away, and
        :class:`~scanners.door.RefusedByScope`.
        """
        for last in (False, True):
            flight = Flight()
            try:
                return await self._ask_once(hello, flight, until, shares)
            except RefusedByScope:
                raise
            except (OSError, ProtocolError) as error:  # TimeoutError too: before the hello nothing else can be late
                if last:
                    self._fail(error)
                await asyncio.sleep(_PAUSE_SECONDS)
        raise GivenUp("not reached")

    async def _ask_once(
        self, hello: tls.Hello, flight: Flight, until: Callable[[Flight], bool], shares: Sequence[Share]
    ) -> Flight:
        asked = False
        try:
            async with self.wire() as wire:
                asked, began = True, time.monotonic()
                await _say(wire, hello, flight, until, shares)
                self.evidence = self.evidence or wire.evidence
                self._answered_in = self._answered_in or time.monotonic() - began
        except TimeoutError:
            if not asked:
                raise
            self._count_silence(flight)
        return flight

    def _count_silence(self, flight: Flight) -> None:
        flight.silent = True
        self._silences += 1

    def _check(self) -> None:
        if self.made >= self._budget.connections:
            raise GivenUp(f"{self.made} connections were made")
        if time.monotonic() > self._ends:
            raise GivenUp(f"{self._budget.seconds:g} s are over")
        if self._silences > SILENCES_LIMIT or self._failures > FAILURES_LIMIT:
            raise GivenUp("it no longer answers")

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        raise GivenUp(f"{error}" or type(error).__name__) from error


async def _say(wire: Wire, hello: tls.Hello, flight: Flight, until: Callable[[Flight], bool], shares: Sequence[Share]) -> None:
    messages = Messages(wire)
    try:
        await wire.write(hello.record())
        await read_flight(messages, flight, chose)
        if flight.hello is None or until(flight):
            return
        if flight.accepted(tls.TLS13):
            share = next((share for share in shares if share.group == flight.hello.group), None)
            if share is None or flight.hello.retry:
                return
            messages.decrypt = decryptor(share, flight.hello, hello.message() + flight.transcript)
        await read_flight(messages, flight, until)
    except RefusedByScope:
        raise
    except ConnectionError:
        flight.closed = True
    except ProtocolError:
        flight.nonsense = True


def chose(flight: Flight) -> bool:
    """Enough for the version and suite."""
    return flight.hello is not None


def exchanged(flight: Flight) -> bool:
    """Enough for the version, suite and key exchange; TLS 1.3 says it all in its hello."""
    return flight.hello is not None and (flight.hello.version >= tls.TLS13 or flight.key_exchange is not None)


def certified(flight: Flight) -> bool:
    """Enough for the certificate, wherever the version puts it. Up to TLS 1.2 the flight is read to its end."""
    return flight.done or (flight.accepted(tls.TLS13) and flight.certificates is not None)
