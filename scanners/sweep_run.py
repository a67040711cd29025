"""Carrying out one :class:`~scanners.plan.SweepUnit`: names first, then what answers, handed on while it is found."""

import asyncio
import base64
import binascii
import ipaddress
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any, cast

import msgspec

from scanners import discovery, resolver
from scanners.devices import device_class, maker_of
from scanners.discovery import Finished, HostSeen, Opened, Saved, sweep
from scanners.door import Door, RefusedByScope
from scanners.observation import Observation, Outcome, new_id
from scanners.plan import Checkpoint, Endpoint, Found, Progress, SweepItem, SweepUnit, networks_of
from scanners.ports import format_ports, parse_ports
from scanners.service_facts import HostFacts
from scanners.target import Address, Network, Target, Transport, parse_address
from scanners.wire import ProtocolError
from scanners.zone import Zone

HOST_SCANNER, HOST_VERSION = "host", "1"
HAND_ON_SECONDS = 0.5
HAND_ON_ENDPOINTS = 32
NAMES_AT_ONCE = 16


class CheckpointInvalid(ValueError):
    """The checkpoint is not one of this unit: begin the sweep anew."""


class SweepRun:
    """One unit being carried out. Use :meth:`items` once."""

    def __init__(self, unit: SweepUnit, zone: Zone, door: Door, report: Callable[[Progress], None]) -> None:
        self.unit, self.zone, self.door, self._report = unit, zone, door, report
        self._names: dict[str, tuple[str, ...]] = {}
        self._handed: set[tuple[str, int, Transport]] = set()
        self._pending: list[Endpoint] = []
        self._pending_since = 0.0
        self._open: dict[str, tuple[set[int], set[int]]] = {}
        self._devices: dict[str, str] = {}
        self._notes: dict[str, None] = {}
        self._alive: set[str] = set()
        self._progress = Progress(unit_id=unit.id, phase="names")

    async def items(self, checkpoint: Checkpoint | None = None) -> AsyncGenerator[SweepItem, None]:
        """What :meth:`scanners.probe.Probe.sweep` yields."""
        resume = self._resumed(checkpoint)
        networks = networks_of(self.unit)
        self._tell()
        await self._resolve_all()
        if resume is None:
            for known in self.unit.expected:
                self._recognise(known.address, known.port, known.transport, None)
                self._hand_on(known)
            if self._pending or self.unit.domains:
                yield Found(endpoints=self._take(), domains=self.unit.domains)
        networks += tuple(self._beside(networks))
        if not networks:
            self._tell(phase="done")
            return
        events = sweep(
            self.door,
            self.zone,
            networks=networks,
            tcp_ports=_ports(self.unit.ports),
            udp_ports=_ports(self.unit.udp_ports),
            expected=[*dict.fromkeys(parse_address(item.address) for item in self.unit.expected)],
            checkpoint=resume,
        )
        async with aclosing(cast(AsyncGenerator[discovery.SweepEvent, None], events)) as said:
            async for event in said:
                for item in self._items_of(event):
                    yield item

    def _items_of(self, event: discovery.SweepEvent) -> Iterator[SweepItem]:
        match event:
            case Opened(address, port, transport, mac):
                self._recognise(address, port, transport, mac)
                self._hand_on(Endpoint(address=address, port=port, transport=transport))
            case HostSeen(address, facts):
                if facts.alive is not False:
                    self._alive.add(address)
                yield self._observation(address, _with_maker(facts))
            case discovery.Progress():
                self._tell(
                    phase="discovery",
                    hosts_alive=event.hosts,
                    ports_total=event.total,
                    ports_done=event.sent,
                    ports_open=event.open_ports,
                    rate=event.rate,
                )
        if self._due() or (self._pending and isinstance(event, Saved | Finished)):
            yield Found(endpoints=self._take())
        if isinstance(event, Saved):
            yield Checkpoint(state=self._state(event.checkpoint))
        if isinstance(event, Finished):
            if event.detail:
                self._notes[event.detail] = None
            self._tell(phase="done" if event.complete else "discovery", hosts_alive=len(self._alive))

    def _hand_on(self, item: Endpoint) -> None:
        key = (item.address, item.port, item.transport)
        if key in self._handed:
            return
        self._handed.add(key)
        names = tuple(dict.fromkeys((*item.names, *self._names.get(item.address, ()))))
        self._pending_since = self._pending_since if self._pending else time.monotonic()
        self._pending.append(msgspec.structs.replace(item, names=names))

    def _recognise(self, address: str, port: int, transport: Transport, mac: str | None) -> None:
        """Whether this port makes the host a fragile device: who looks at it must know before it looks."""
        tcp, udp = self._open.setdefault(address, (set(), set()))
        (udp if transport is Transport.UDP else tcp).add(port)
        device = device_class(mac, tcp, udp)
        if device is not None:
            self._devices[address] = device.value

    def _due(self) -> bool:
        waited = time.monotonic() - self._pending_since
        return bool(self._pending) and (len(self._pending) >= HAND_ON_ENDPOINTS or waited >= HAND_ON_SECONDS)

    def _take(self) -> tuple[Endpoint, ...]:
        taken, self._pending = self._pending, []
        return tuple(msgspec.structs.replace(item, device=self._devices.get(item.address) or item.device) for item in taken)

    async def _resolve_all(self) -> None:
        gate = asyncio.Semaphore(NAMES_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(self._resolve(name, gate)) for name in self.unit.domains}
        for name, task in tasks.items():
            for address in task.result():
                self._names[str(address)] = (*self._names.get(str(address), ()), name)

    async def _resolve(self, name: str, gate: asyncio.Semaphore) -> tuple[Address, ...]:
        async with gate:
            try:
                return await resolver.resolve(self.door, name, self.zone)
            except (RefusedByScope, LookupError, OSError, ProtocolError, ValueError) as error:
                self._notes[f"{name}: {error}"] = None
                return ()

    def _beside(self, networks: tuple[Network, ...]) -> Iterator[Network]:
        """The addresses of names that no network of the unit holds, and that the zone names."""
        for text in self._names:
            ip = parse_address(text)
            inside = any(ip.version == network.version and ip in network for network in networks)
            if not inside and self.zone.names_address(ip):
                yield ipaddress.ip_network(text)

    def _observation(self, address: str, facts: Any) -> Observation:
        return Observation(
            id=new_id(),
            zone=self.zone.id,
            vantage=self.zone.vantage,
            target=Target(address=address),
            scanner=HOST_SCANNER,
            scanner_version=HOST_VERSION,
            observed_at=self.door.clock(),
            outcome=Outcome.OBSERVED,
            facts=facts,
        )

    def _state(self, raw: bytes) -> dict[str, Any]:
        handed: dict[str, dict[str, set[int]]] = {}
        for address, port, transport in self._handed:
            handed.setdefault(transport.value, {}).setdefault(address, set()).add(port)
        return {
            "unit": self.unit.id,
            "sweep": base64.b64encode(raw).decode("ascii"),
            "handed": {kind: {ip: format_ports(ports) for ip, ports in hosts.items()} for kind, hosts in handed.items()},
        }

    def _resumed(self, checkpoint: Checkpoint | None) -> bytes | None:
        """The sweep's own bytes, after taking up what was handed on. Raises :class:`CheckpointInvalid`."""
        if checkpoint is None:
            return None
        state = checkpoint.state
        try:
            if state["unit"] != self.unit.id:
                raise CheckpointInvalid(f"the checkpoint belongs to unit {state['unit']}, not to {self.unit.id}")
            for kind, hosts in state["handed"].items():
                for address, ports in hosts.items():
                    self._handed |= {(address, port, Transport(kind)) for port in parse_ports(ports)}
            return base64.b64decode(state["sweep"], validate=True)
        except (KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise CheckpointInvalid(f"the checkpoint of unit {self.unit.id} cannot be read: {error}") from error

    def _tell(self, **changed: Any) -> None:
        self._progress = msgspec.structs.replace(self._progress, notes=tuple(self._notes), **changed)
        self._report(self._progress)


def _with_maker(facts: HostFacts) -> HostFacts:
    device = device_class(facts.mac, facts.tcp_open or (), facts.udp_open or ())
    return msgspec.structs.replace(facts, maker=maker_of(facts.mac), device_class=device.value if device else None)


def _ports(text: str) -> frozenset[int]:
    return parse_ports(text) if text else frozenset()
