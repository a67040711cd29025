"""The sweep without raw sockets: ordinary connections and datagrams through the door."""

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from scanners.devices import TELLING_PORTS
from scanners.discovery.events import Opened, Phase
from scanners.discovery.grant import Grant
from scanners.discovery.ledger import CLOSED, FILTERED, OPEN, Ledger
from scanners.door import Door, Refusal, RefusedByScope
from scanners.raw.order import Spread
from scanners.raw.payloads import payload
from scanners.service_facts import Answered
from scanners.target import Target, Transport
from scanners.wire import WireLimits

AT_ONCE = 256
_TELL_SECONDS = 0.5
_OUT_OF_SOCKETS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})


@dataclass(frozen=True)
class Tally:
    """How far it is: targets asked so far, and targets a second."""

    phase: Phase
    sent: int
    rate: float


class Connects:
    """Asks every (address, port) by connecting, a few hundred at a time, shuffled, silent ones again."""

    def __init__(self, door: Door, grant: Grant) -> None:
        self._door, self._grant = door, grant
        self._sent = 0
        self._phase = Phase.TCP
        self._cancelled = False
        self._workers: set[asyncio.Task[None]] = set()

    def cancel(self) -> None:
        """End at once."""
        self._cancelled = True
        for worker in self._workers:
            worker.cancel()

    async def run(self, ledger: Ledger) -> AsyncIterator[Opened | Tally]:
        """Every port of every address of the ledger's part that is silent so far."""
        self._sent = 0
        for _ in range(self._grant.zone.retries + 1):
            for transport, phase in ((Transport.TCP, Phase.TCP), (Transport.UDP, Phase.UDP)):
                self._phase = phase
                async for said in self._pass(ledger, transport):
                    yield said

    async def _pass(self, ledger: Ledger, transport: Transport) -> AsyncIterator[Opened | Tally]:
        found: asyncio.Queue[Opened] = asyncio.Queue()
        silent = _silent(ledger, transport)
        self._workers = {asyncio.create_task(self._work(ledger, transport, silent, found)) for _ in range(AT_ONCE)}
        loop = asyncio.get_running_loop()
        told, before = loop.time(), self._sent
        try:
            pending = set(self._workers)
            while pending and not self._cancelled:
                _, pending = await asyncio.wait(pending, timeout=_TELL_SECONDS / 5, return_when=asyncio.ALL_COMPLETED)
                while not found.empty():
                    yield found.get_nowait()
                now = loop.time()
                if now - told >= _TELL_SECONDS:
                    yield Tally(self._phase, self._sent, (self._sent - before) / (now - told))
                    told, before = now, self._sent
        finally:
            for worker in self._workers:
                worker.cancel()
            ended = await asyncio.gather(*self._workers, return_exceptions=True)
            self._workers = set()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _work(self, ledger: Ledger, transport: Transport, silent: Iterator[int], found: "asyncio.Queue[Opened]") -> None:
        for number in silent:
            index, place = divmod(number, len(ledger.ports[transport]))
            address, port = str(ledger.part.address(index)), ledger.ports[transport][place]
            target = Target(address=address, port=port, transport=transport)
            self._sent += 1
            state = await (self._connect(target) if transport is Transport.TCP else self._ask(target))
            if state in (OPEN, CLOSED):
                ledger.heard(index, Answered.TCP if transport is Transport.TCP else Answered.UDP)
            opened = ledger.note(transport, number, state) if state else None
            if opened is not None:
                found.put_nowait(opened)

    async def _connect(self, target: Target) -> int:
        limits = WireLimits(deadline_seconds=self._grant.zone.connect_timeout_seconds + 1)
        for _ in range(10):
            try:
                async with self._door.open(target, zone_id=self._grant.zone.id, limits=limits):
                    return OPEN
            except (OSError, RefusedByScope) as error:
                state = _state_of(error)
            if state is not None:
                return state
            await asyncio.sleep(0.2)
        return 0

    async def _ask(self, target: Target) -> int:
        seconds = self._grant.zone.connect_timeout_seconds
        data, zone_id = payload(target.port or 0), self._grant.zone.id
        any_port = target.port == 69  # TFTP answers from a port of its own (RFC 1350, section 4)
        try:
            answers = await self._door.datagram(target, data, zone_id=zone_id, timeout_seconds=seconds, any_port=any_port)
        except (OSError, RefusedByScope) as error:
            return _state_of(error) or 0
        return OPEN if answers else 0


def _state_of(error: OSError | RefusedByScope) -> int | None:
    """What a failed connection says of the port: 0 is silence, None that we have run out of sockets ourselves."""
    if isinstance(error, RefusedByScope):
        if error.reason in (Refusal.STOPPED, Refusal.NOT_NOW):
            raise asyncio.CancelledError
        return 0
    if isinstance(error, ConnectionRefusedError):
        return CLOSED
    if error.errno in _OUT_OF_SOCKETS:
        return None
    return FILTERED if error.errno in _FORBIDDEN else 0


def _silent(ledger: Ledger, transport: Transport) -> Iterator[int]:
    """What was not answered yet, shuffled; ports that tell a fragile device from a server come before the others."""
    states, ports = ledger.states[transport], ledger.ports[transport]
    spread = Spread(len(states)) if states else None
    for telling in (True, False):
        for place in range(len(states)):
            number = spread.at(place) if spread else 0
            if not states[number] and (ports[number % len(ports)] in TELLING_PORTS) is telling:
                yield number
