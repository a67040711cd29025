"""Carrying out one :class:`~scanners.plan.LookUnit`: every endpoint beside every other, each within its own deadline."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from scanners.devices import DeviceClass, class_of_answer, class_of_ports, named_class
from scanners.door import Door, RefusedByScope
from scanners.nmap import NmapMissing, NmapProduct, ask_nmap, may_say_more, merged
from scanners.observation import Observation, Outcome, new_id
from scanners.pace import Turnstile
from scanners.patience import HostPatience, NmapPatience
from scanners.plan import NO_ADDRESS, Endpoint, LookUnit, Progress
from scanners.ports import LISTEN_ONLY
from scanners.scanner import Occasion, OfDomains, OfSomeTargets, Scanner, allowed_in, observe
from scanners.service_facts import ServiceFacts
from scanners.services import SERVICE
from scanners.services.heard import LIMIT_BYTES
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

PER_NAME = frozenset({"http", "tls"})
"""Scanners that see something else at each name of a host: asked at the bare address and once per name."""

REPORT_SECONDS = 0.25
SETTLE_SECONDS = 3.0  # how long a host's protocols wait for the first looks at its other ports
NMAP_RUN_SECONDS, NMAP_HOST_SECONDS, NMAP_UNIT_SECONDS, NMAP_SILENT_SECONDS = (
    10,
    20,
    40,
    20,
)  # of wall clock: what it may at most add to a scan
NMAP_RESTS = "nmap learned nothing from a row of silent ports: for ten minutes no more of them are shown to it"
NMAP_SILENT_AT_ONCE = 2  # of ports that keep silent, which nmap waits for longest: they have a queue of their own
NMAP_BESIDE_WIDTH = 4  # with fewer connections a host, nmap waits until the protocol scanners have had theirs


@dataclass
class Bench:
    """What all units of one probe share: the room for looks, and the queues before hosts and before nmap."""

    workers: asyncio.Semaphore
    nmap_runs: asyncio.Semaphore
    hosts: Turnstile = field(default_factory=Turnstile)
    nmap_silent: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(NMAP_SILENT_AT_ONCE))
    nmap_patience: NmapPatience = field(default_factory=NmapPatience)


class LookRun:
    """One unit being carried out. Use :meth:`observations` once."""

    def __init__(
        self,
        unit: LookUnit,
        zone: Zone,
        door: Door,
        *,
        scanners: Mapping[str, Scanner],
        bench: Bench,
        report: Callable[[Progress], None],
        nmap: bool,
    ) -> None:
        self.unit, self.zone, self.door, self.scanners, self.bench = unit, zone, door, scanners, bench
        self._report, self._nmap = report, nmap and zone.intrusiveness.allows(Intrusiveness.NORMAL)
        self._out: asyncio.Queue[Observation | None] = asyncio.Queue()
        self._answered: set[Endpoint] = set()
        self._hosts = {item.address: 0 for item in unit.endpoints}
        self._checks_total = self._checks_done = self._open = 0
        self._phase = "services"
        self._notes: dict[str, None] = {}
        self._tiring: set[Endpoint] = set()  # what floods is not shown to nmap
        self._slow: set[Endpoint] = set()  # what took long and said nothing: asked last, and in a queue of its own
        self._patience = {item.address: HostPatience() for item in unit.endpoints}
        self._nmap_until: dict[bool, float] = {}
        self._started = time.monotonic()
        self._reported = 0.0

    async def observations(self) -> AsyncGenerator[Observation, None]:
        """What :meth:`scanners.probe.Probe.look` yields."""
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(self._work())
        work.add_done_callback(lambda _: self._out.put_nowait(None))

        def stopped() -> None:
            loop.call_soon_threadsafe(work.cancel)

        forget = self.door.stop.listen(stopped)
        try:
            while (observation := await self._out.get()) is not None:
                self._tell()
                yield observation
            if work.cancelled():
                for observation in self._left_over():
                    yield observation
            else:
                work.result()
                self._phase = "done"
            self._tell(at_once=True)
        finally:
            forget()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _work(self) -> None:
        by_host: dict[str, list[Endpoint]] = {}
        for item in self.unit.endpoints:
            by_host.setdefault(item.address, []).append(item)
        async with asyncio.TaskGroup() as group:
            for domain in self.unit.domains:
                group.create_task(self._domain(domain))
            for endpoints in by_host.values():
                group.create_task(self._host(endpoints, group))

    async def _host(self, endpoints: list[Endpoint], group: asyncio.TaskGroup) -> None:
        address = endpoints[0].address
        self._spare(address, _device_of(endpoints))
        settled = asyncio.Event()
        firsts = [group.create_task(self._first(item, settled, group)) for item in endpoints]
        await asyncio.wait(firsts, timeout=SETTLE_SECONDS)
        settled.set()
        seen = [(item, *await first) for item, first in zip(endpoints, firsts, strict=True)]
        self._hosts[address] = 1
        if all(self._hosts.values()):
            self._phase = "protocols"
        if not self._nmap or not self._zone_for(address).intrusiveness.allows(Intrusiveness.NORMAL):
            return
        asked = [(item, facts) for item, facts, _ in seen if facts is not None and may_say_more(facts, self.zone)]
        asked = [(item, facts) for item, facts in asked if item.transport is Transport.TCP and item not in self._tiring]
        asked = [(item, facts) for item, facts in asked if item.port not in LISTEN_ONLY]  # its probes are a stranger's bytes
        if self._patience[address].is_tarpit:
            asked = [(item, facts) for item, facts in asked if item not in self._slow]
        asked.sort(key=lambda each: (each[0] in self._slow, each[1].name is None))  # who said nothing to us comes last
        if asked and self.zone.connections_per_host < NMAP_BESIDE_WIDTH:
            await asyncio.gather(*(check for _, _, checks in seen for check in checks))
        spent = 0.0
        for item, facts in asked:
            spent += await self._ask_nmap(item, facts, NMAP_HOST_SECONDS - spent, group)

    async def _first(
        self, item: Endpoint, settled: asyncio.Event, group: asyncio.TaskGroup
    ) -> tuple[ServiceFacts | None, list[asyncio.Task[None]]]:
        target = Target(address=item.address, port=item.port, transport=item.transport)
        observation = self._recognised(await self._look(SERVICE, target, None))
        self._out.put_nowait(observation)
        self._answered.add(item)
        facts = observation.facts if isinstance(observation.facts, ServiceFacts) else None
        if facts is None:
            return None, []
        if len(observation.evidence) >= LIMIT_BYTES:
            self._tiring.add(item)
        self._open += 1
        # What the other ports of the host say may make it a fragile device: nothing harder than this look begins before.
        checks = group.create_task(self._ask_all_once(settled, item, facts, group))
        return facts, [checks]

    async def _ask_all_once(self, settled: asyncio.Event, item: Endpoint, facts: ServiceFacts, group: asyncio.TaskGroup) -> None:
        await settled.wait()
        await asyncio.gather(*self._ask_all(item, facts, self.scanners.values(), group))

    def _recognised(self, observation: Observation) -> Observation:
        """The observation of a first look, saying so where its host is, or by this look turned out to be, a fragile device."""
        facts, address = observation.facts, observation.target.address
        if not isinstance(facts, ServiceFacts):
            return observation
        device = self.door.device_at(address) or class_of_answer(facts, observation.evidence)
        if device is None:
            return observation
        self._spare(address, device)
        return msgspec.structs.replace(observation, facts=msgspec.structs.replace(facts, device_class=device.value))

    def _spare(self, address: str, device: DeviceClass | None) -> None:
        if device is not None:
            self.door.spare(address, device)

    def _zone_for(self, address: str) -> Zone:
        """The zone as it is for this host now."""
        return self.zone.as_for(self.door.device_at(address))

    def _ask_all(
        self, item: Endpoint, facts: ServiceFacts, scanners: Iterable[Scanner], group: asyncio.TaskGroup
    ) -> list[asyncio.Task[None]]:
        tasks = []
        zone = self._zone_for(item.address)
        for scanner in scanners:
            if not scanner.applies(facts) or not allowed_in(scanner, zone):
                continue
            for name in (None, *item.names) if scanner.name in PER_NAME else (None,):
                target = Target(address=item.address, port=item.port, transport=item.transport, name=name)
                if isinstance(scanner, OfSomeTargets) and not scanner.wanted_at(target, self.zone):
                    continue
                self._checks_total += 1
                tasks.append(group.create_task(self._check(scanner, target, facts)))
        return tasks

    async def _check(self, scanner: Scanner, target: Target, facts: ServiceFacts) -> None:
        self._out.put_nowait(await self._look(scanner, target, facts))
        self._checks_done += 1

    async def _look(self, scanner: Scanner, target: Target, facts: ServiceFacts | None) -> Observation:
        """One look. One that was under way when its host turned out to be a fragile device is made again, gently."""
        while True:
            zone = self._zone_for(target.address)
            known = self.door.device_at(target.address)
            device = None if known in zone.not_spared else known
            async with self.bench.hosts.through(target.address, zone.connections_per_host), self.bench.workers:
                if zone is not self._zone_for(target.address):
                    continue
                patience = self._patience_of(target)
                if (over := patience.over_because(first=scanner is SERVICE)) is not None:
                    return self._of(target, Outcome.TIMEOUT, over, scanner)
                occasion, began = (
                    Occasion(door=self.door, zone=zone, service=facts, device=device, patience=patience),
                    time.monotonic(),
                )
                observation = await observe(scanner, target, occasion)
            if zone is self._zone_for(target.address):
                self._count(observation, time.monotonic() - began)
                return observation

    def _patience_of(self, target: Target) -> HostPatience:
        return self._patience.setdefault(target.address, HostPatience())

    def _count(self, observation: Observation, seconds: float) -> None:
        """What a look says of its host: a tarpit is asked less and less."""
        target, patience = observation.target, self._patience_of(observation.target)
        if observation.scanner != SERVICE.name:
            patience.timeouts += observation.outcome is Outcome.TIMEOUT
            return
        named = isinstance(observation.facts, ServiceFacts) and observation.facts.name not in (None, "unknown")
        if observation.facts is not None and patience.first_look(seconds, len(observation.evidence), named=named):
            self._slow |= {item for item in self.unit.endpoints if _place(item) == target}

    async def _domain(self, domain: str) -> None:
        scanners = [each for each in self.scanners.values() if isinstance(each, OfDomains) and allowed_in(each, self.zone)]
        scanners = [each for each in scanners if each.applies_to_domain(domain, self.zone)]
        self._checks_total += len(scanners)
        target = Target(address=NO_ADDRESS, name=domain)  # a domain stays who it is, whichever host its name leads to today
        for scanner in scanners:
            async with self.bench.workers:
                self._out.put_nowait(await observe(scanner, target, Occasion(door=self.door, zone=self.zone)))
            self._checks_done += 1

    async def _ask_nmap(self, item: Endpoint, facts: ServiceFacts, left: float, group: asyncio.TaskGroup) -> float:
        """One endpoint a run, one run a host: one that floods or stalls nmap costs nobody else's result.

        ``left`` are the seconds that remain to the host; those that were used are returned. The unit has its own.
        """
        slow = item in self._slow
        async with self.bench.nmap_silent if slow else self.bench.nmap_runs:
            began = time.monotonic()
            until = self._nmap_until.setdefault(slow, began + (NMAP_SILENT_SECONDS if slow else NMAP_UNIT_SECONDS))
            seconds = int(min(left, NMAP_RUN_SECONDS, until - began))
            if slow and self.bench.nmap_patience.spent():
                self._notes[NMAP_RESTS] = None
            elif seconds > 0 and self._nmap:
                told = await self._nmap_says(item, facts, seconds, group)
                if slow:
                    self.bench.nmap_patience.note(told=told)
            return time.monotonic() - began

    async def _nmap_says(self, item: Endpoint, facts: ServiceFacts, seconds: int, group: asyncio.TaskGroup) -> bool:
        """Whether it told anything new."""
        started = self.door.clock()
        try:
            named = facts.name not in (None, "unknown")
            said = await ask_nmap(self.door, self.zone, item.address, [item.port], seconds=seconds, named=named)
        except NmapMissing as error:
            self._notes[str(error)] = None
            self._nmap = False
            return False
        except RefusedByScope as error:
            self._notes[f"nmap could not look at {item.address}:{item.port}: {error}"] = None
            return False
        except (OSError, TimeoutError, ProtocolError):
            return False  # nothing is lost but a version: our own look stands
        more = merged(facts, said.get(item.port, NmapProduct()))
        if more == facts:
            return False
        told = self._of(_place(item), Outcome.OBSERVED, "")
        self._out.put_nowait(msgspec.structs.replace(told, facts=more, observed_at=started))
        new = [scanner for scanner in self.scanners.values() if not scanner.applies(facts)]
        self._ask_all(item, more, new, group)
        return True

    def _of(self, target: Target, outcome: Outcome, detail: str, scanner: Scanner = SERVICE) -> Observation:
        """An observation that no look of ours made."""
        return Observation(
            id=new_id(),
            zone=self.zone.id,
            vantage=self.zone.vantage,
            target=target,
            scanner=scanner.name,
            scanner_version=scanner.version,
            observed_at=self.door.clock(),
            outcome=outcome,
            detail=detail,
        )

    def _left_over(self) -> Iterable[Observation]:
        """One observation for each endpoint whose first look did not happen, saying why."""
        try:
            self.door.admit(self.unit.endpoints[0].address if self.unit.endpoints else NO_ADDRESS, zone_id=self.zone.id)
            reason = "looking was cut short"
        except RefusedByScope as refusal:
            reason = str(refusal)
        for item in self.unit.endpoints:
            if item not in self._answered:
                yield self._of(_place(item), Outcome.REFUSED_BY_SCOPE, reason)

    def _tell(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        done = len(self._answered) + self._checks_done
        self._report(
            Progress(
                unit_id=self.unit.id,
                phase=self._phase,
                hosts_total=len(self._hosts),
                hosts_done=sum(self._hosts.values()),
                hosts_alive=sum(self._hosts.values()),
                ports_total=len(self.unit.endpoints),
                ports_done=len(self._answered),
                ports_open=self._open,
                checks_total=self._checks_total,
                checks_done=self._checks_done,
                rate=done / max(now - self._started, 0.001),
                notes=tuple(self._notes),
            )
        )


def _place(item: Endpoint) -> Target:
    return Target(address=item.address, port=item.port, transport=item.transport)


def _device_of(endpoints: Iterable[Endpoint]) -> DeviceClass | None:
    """What fragile device the endpoints of one host are of: as the sweep recognised it, or by the ports alone."""
    known = next((device for item in endpoints if (device := named_class(item.device)) is not None), None)
    tcp = [item.port for item in endpoints if item.transport is Transport.TCP]
    udp = [item.port for item in endpoints if item.transport is Transport.UDP]
    return known or class_of_ports(tcp, udp)
