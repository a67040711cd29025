"""Running a sweep."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import Any

from scanners.devices import ports_in_order
from scanners.discovery.child import ChildDied, RawProcess, RawRefused
from scanners.discovery.connects import Connects
from scanners.discovery.events import Finished, Opened, Phase, Progress, Saved, SweepEvent
from scanners.discovery.grant import Grant
from scanners.discovery.ledger import CheckpointError, Ledger, pack
from scanners.discovery.parts import Part
from scanners.discovery.plan import Plan, resumed
from scanners.discovery.scope import Interval, scope_of
from scanners.door import Door, Refusal, RefusedByScope
from scanners.ports import LISTEN_ONLY
from scanners.target import Address, Network, Transport
from scanners.zone import Intrusiveness, Zone

__all__ = ["CheckpointError", "sweep"]

_WATCH_SECONDS = 0.2
_SAVE_SECONDS = 5.0
_SILENCE_SECONDS = 60.0  # the raw process speaks twice a second; preparing a large part takes it some seconds
_RESTARTS = 3
NO_RAW = "ports were connected to instead, so a host that answers on none of them was not seen"


async def sweep(
    door: Door,
    zone: Zone,
    *,
    networks: Sequence[Network] | None = None,
    tcp_ports: frozenset[int] | None = None,
    udp_ports: frozenset[int] | None = None,
    expected: Iterable[Address] = (),
    checkpoint: bytes | None = None,
    share: float = 0.7,
    raw: bool | None = None,
) -> AsyncIterator[SweepEvent]:
    """Sweep ``networks`` (default: the zone's own) for hosts and open ports, as far as ``zone`` allows.

    ``tcp_ports`` and ``udp_ports`` default to the zone's; ``frozenset()`` asks none; UDP ports of controllers are
    asked only where the zone allows identifying them. ``expected`` are addresses where
    assets are known to live: each gets a :class:`HostSeen` even when it stays silent, and IPv6 networks wider than /112 are
    asked at these addresses and at neighbours found on the link only. ``share`` (above 0, to 1) is the part of the
    zone's pace that the sweep borrows. ``raw`` False never uses raw sockets, True insists on them, None uses them
    when the process may.

    The generator ends with :class:`Finished`, also when the stop button is pressed, the zone's window closes or the zone is
    withdrawn while it runs: then a :class:`Saved` comes before. A change of zones narrows a running sweep within a second;
    what is added is not swept before the next sweep. Closing the generator (``contextlib.aclosing``) ends the sweep.

    Raises :class:`~scanners.door.RefusedByScope` when the door is shut from the start or nothing of ``networks`` is in
    the zone, :class:`CheckpointError`, and ``PermissionError`` when ``raw`` is True and the right is missing.
    """
    known = tuple(expected)
    scope = scope_of(door, zone, networks, known)
    grant = Grant(door, zone, scope, share)
    _refuse_at_once(door, grant, zone)
    tcp = ports_in_order(zone.ports if tcp_ports is None else tcp_ports)
    unasked = frozenset() if zone.identify_industrial else LISTEN_ONLY.keys()
    udp = tuple(sorted((zone.udp_ports if udp_ports is None else udp_ports) - unasked))
    plan, ledger = Plan(tcp, udp, scope), None
    if checkpoint is not None:
        plan, ledger = resumed(checkpoint, plan)
    running = _Sweeping(door, grant, plan, frozenset(known))
    try:
        await running.start(raw)
        async for event in running.events(ledger):
            yield event
    finally:
        await running.end()


def _refuse_at_once(door: Door, grant: Grant, zone: Zone) -> None:
    refused = grant.refused()
    if refused:
        raise RefusedByScope(Refusal.STOPPED if door.stop.pressed else Refusal.NOT_NOW, refused)
    if not grant.scope.count and not grant.scope.links:
        raise RefusedByScope(Refusal.OUTSIDE, f"nothing of what was asked for is in zone {zone.id}")
    if not zone.intrusiveness.allows(Intrusiveness.GENTLE):
        raise RefusedByScope(Refusal.TOO_HARD, f"zone {zone.id} may only be listened to")


class _CutShort(Exception):
    """The door was shut while the sweep ran; the message says why."""


class _Sweeping:
    def __init__(self, door: Door, grant: Grant, plan: Plan, expected: frozenset[Address]) -> None:
        self._door, self._grant, self._plan, self._expected = door, grant, plan, expected
        self._child: RawProcess | None = None
        self._connects: Connects | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._cut_short = ""
        self._bounds: dict[int, dict[str, Sequence[Interval]]] = {}
        self._part: Part | None = None
        self._cut: bytearray | None = None
        self._before = 0
        self._detail = ""
        self._saved_at = asyncio.get_running_loop().time()

    async def start(self, raw: bool | None) -> None:
        """Start the raw process where it is allowed, and the watch over the scope."""
        if raw is not False:
            try:
                self._child = await RawProcess.start(self._door.stop)
            except RawRefused as refused:
                if raw:
                    raise
                self._detail = f"{refused}: {NO_RAW}"
            except ChildDied as died:
                reason = self._grant.refused()
                if reason:
                    raise RefusedByScope(Refusal.STOPPED, reason) from died
                if raw:
                    raise PermissionError(str(died)) from died
                self._detail = f"{died}: {NO_RAW}"
        else:
            self._detail = f"raw sockets were not wanted: {NO_RAW}"
        if self._child is None:
            self._connects = Connects(self._door, self._grant)
        else:
            self._grant.borrow()
        self._watcher = asyncio.create_task(self._watch())

    async def end(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):  # ours: it was cancelled a line above
                await self._watcher
        if self._child is not None:
            await self._child.end()
        self._grant.give_back()

    async def _watch(self) -> None:
        """Several times a second, whether or not anybody reads the events: is the door still open, as wide and as fast?

        However this watch ends, nothing is sent after it.
        """
        try:
            while not self._cut_short:
                await asyncio.sleep(_WATCH_SECONDS)
                self._cut_short = self._grant.refused()
                if self._child is not None and self._grant.borrow():
                    self._child.order({"do": "rate", "rate": self._grant.rate})
                if self._part is not None:
                    self._narrow(self._part)
        finally:
            self._cut_short = self._cut_short or "the watch over the scope ended"
            if self._child is not None:
                self._child.kill()
            if self._connects is not None:
                self._connects.cancel()

    def _narrow(self, part: Part) -> None:
        bounds = self._grant.bounds(part.version)
        if self._bounds.get(part.version) == bounds:
            return
        self._bounds[part.version] = bounds
        self._note_cut(part, bounds)
        if self._child is not None:
            self._child.order({"do": "allow", **bounds})

    def _note_cut(self, part: Part, bounds: dict[str, Sequence[Interval]]) -> None:
        """Mark the indices that may not be asked (any more): of them the sweep is not complete."""
        shut = part.outside(bounds["allowed"], bounds["excluded"])
        if self._cut is not None:
            shut = bytearray(left | right for left, right in zip(shut, self._cut, strict=True))
        self._cut = shut if any(shut) else self._cut

    async def events(self, ledger_data: dict[str, Any] | None) -> AsyncIterator[SweepEvent]:
        """Everything that is said, to the end."""
        plan, ledger = self._plan, None
        raw = self._child is not None
        try:
            if plan.found is None:
                plan.found = await self._look_around()
            plan.cut()
            for number in range(plan.part, len(plan.parts)):
                plan.part = number
                ledger = Ledger(plan.parts[number], plan.tcp, plan.udp)
                if ledger_data is not None:
                    ledger.restore(ledger_data)
                    ledger_data = None
                    for opened in ledger.opened():
                        yield opened
                async for event in self._sweep_part(ledger):
                    yield event
                for seen in self._seen(ledger, complete=True):
                    yield seen
                plan.position = None
                self._before += self._probes(ledger.part)
        except (_CutShort, ChildDied) as error:
            yield Saved(plan.checkpoint(ledger))
            if ledger is not None:
                for seen in self._seen(ledger, complete=False):
                    yield seen
            yield Finished(complete=False, raw_socket=raw, detail="; ".join(filter(None, (str(error), self._detail))))
            return
        yield Finished(complete=True, raw_socket=raw, detail=self._detail)

    def _seen(self, ledger: Ledger, *, complete: bool) -> Iterable[SweepEvent]:
        indices = [ledger.part.index(address) for address in self._expected]
        wanted = [index for index in indices if index is not None and not (self._cut is not None and self._cut[index])]
        cut = None if self._cut is None else bytes(self._cut)
        return ledger.hosts(wanted, complete=complete, raw=self._child is not None, cut=cut)

    async def _look_around(self) -> tuple[int, ...]:
        """Neighbours on links of wide IPv6 networks, as far as they are in scope."""
        if self._child is None or not self._grant.scope.links:
            return ()
        allowed = self._grant.bounds(6)
        retries, timeout = self._grant.zone.retries, self._grant.zone.connect_timeout_seconds
        order = {"do": "look_around", "rate": self._grant.rate, "retries": retries, "timeout": timeout}
        self._child.order({**order, **self._grant.link_bounds()})
        found: list[int] = []
        while (line := await self._line(self._child)).get("say") != "done":
            found.extend(int(address) for address in line.get("addresses", ()))
        inside = [address for address in found if any(first <= address <= last for first, last in allowed["allowed"])]
        links = [(int(net.network_address), int(net.broadcast_address)) for net in self._grant.scope.links]
        return tuple(sorted(address for address in inside if any(first <= address <= last for first, last in links)))

    async def _sweep_part(self, ledger: Ledger) -> AsyncIterator[SweepEvent]:
        part = ledger.part
        self._cut, self._bounds[part.version] = None, self._grant.bounds(part.version)
        self._note_cut(part, self._bounds[part.version])
        self._part = part
        try:
            events = self._by_connects(ledger) if self._child is None else self._by_raw_process(ledger)
            async for event in events:
                yield event
                if self._due():
                    yield Saved(await asyncio.to_thread(self._plan.checkpoint, ledger))
        finally:
            self._part = None

    def _due(self) -> bool:
        now = asyncio.get_running_loop().time()
        due = now - self._saved_at >= _SAVE_SECONDS
        self._saved_at = now if due else self._saved_at
        return due

    async def _by_raw_process(self, ledger: Ledger) -> AsyncIterator[SweepEvent]:
        """One job, given again to a new process when the process dies: what was answered is not asked again."""
        restarts = 0
        while True:
            child = self._child
            if child is None:
                raise ChildDied("the raw process is gone")
            child.order(self._job(ledger))
            try:
                while (line := await self._line(child)).get("say") != "done":
                    for event in self._heard(ledger, line):
                        yield event
                return
            except ChildDied:
                restarts += 1
                if restarts > _RESTARTS:
                    raise
            await child.end()
            self._child = await RawProcess.start(self._door.stop)

    async def _line(self, child: RawProcess) -> dict[str, Any]:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                line = await child.line()
        except (ChildDied, TimeoutError) as error:
            reason = self._cut_short or self._grant.refused()
            if reason:
                raise _CutShort(reason) from error
            child.kill()
            raise ChildDied(str(error) or f"the raw process was silent for {_SILENCE_SECONDS:g} s") from error
        if line.get("say") == "error":
            raise ChildDied(str(line.get("text")))
        return line

    def _heard(self, ledger: Ledger, line: dict[str, Any]) -> Iterable[SweepEvent]:
        if line.get("say") != "progress":
            return list(ledger.take(line))
        if isinstance(line["safe"], dict):
            self._plan.position = line["safe"]
        rest = sum(self._probes(part) for part in self._plan.parts[self._plan.part + 1 :])
        sent, total = self._before + int(line["sent"]), self._before + int(line["total"]) + rest
        return [self._progress(ledger, Phase(line["phase"]), sent, total, float(line["rate"]))]

    def _progress(self, ledger: Ledger, phase: Phase, sent: int, total: int, rate: float) -> Progress:
        return Progress(phase, sent, max(sent, total), rate, len(ledger.answered_by), ledger.open_ports)

    def _probes(self, part: Part) -> int:
        return part.count * (1 + len(self._plan.tcp) + len(self._plan.udp)) * (self._grant.zone.retries + 1)

    def _job(self, ledger: Ledger) -> dict[str, Any]:
        zone, version = self._grant.zone, ledger.part.version
        return {
            "do": "sweep",
            "version": version,
            "intervals": ledger.part.intervals,
            "tcp": self._plan.tcp,
            "udp": self._plan.udp,
            "rate": self._grant.rate,
            "retries": zone.retries,
            "timeout": zone.connect_timeout_seconds,
            "answered": pack(ledger.states[Transport.TCP]) if any(ledger.states[Transport.TCP]) else "",
            "position": self._plan.position,
            **self._bounds[version],
        }

    async def _by_connects(self, ledger: Ledger) -> AsyncIterator[SweepEvent]:
        if self._connects is None:
            return
        rest = sum(self._probes(part) for part in self._plan.parts[self._plan.part + 1 :])
        async for said in self._connects.run(ledger):
            if isinstance(said, Opened):
                yield said
            else:
                total = self._before + self._probes(ledger.part) + rest
                yield self._progress(ledger, said.phase, self._before + said.sent, total, said.rate)
        if self._cut_short or self._grant.refused():
            raise _CutShort(self._cut_short or self._grant.refused())
