"""A probe that finds what it is told to find, and a collector around it: runs without a network.

Every address of a sweep answers with port 22 open; a look says ``ssh``. What is looked at is counted in a file, so that a
process that was killed has still been counted.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from collector.ingest import Ingest, IngestSettings
from collector.runner import Patience, Runner
from collector.store import Store
from scanners.door import Door
from scanners.observation import Observation, Outcome, new_id
from scanners.plan import Checkpoint, Endpoint, Found, LookUnit, Progress, SweepItem, SweepUnit
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.stop import Stop
from scanners.target import Target
from scanners.zone import Zone
from tests.collector.watching import SmallJudge

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
STEP = 8  # addresses between two checkpoints

Report = Callable[[Progress], None] | None


def zone(name: str = "dmz", network: str = "192.0.2.0/26", **more: Any) -> Zone:
    dates = {"valid_from": date(2020, 1, 1), "valid_until": date(2099, 1, 1)}
    return Zone(**{"id": name, "networks": [network], "authorised_by": "The mayor", "ports": "22", **dates, **more})


class Pretend:
    """A probe. ``pause`` is between items; ``bad`` names addresses whose look fails, ``mute`` those whose look hangs."""

    def __init__(self, log: Path | None = None, *, pause: float = 0.0, bad: tuple[str, ...] = (), mute: tuple[str, ...] = ()):
        self.log = log
        self.pause = pause
        self.bad = set(bad)
        self.mute = set(mute)
        self.swept: list[str] = []
        self.looked: list[str] = []
        self.order: list[str] = []

    def _observation(self, zone_id: str, target: Target, scanner: str, facts: Any, outcome: Outcome) -> Observation:
        return Observation(
            id=new_id(),
            zone=zone_id,
            vantage=zone().vantage,
            target=target,
            scanner=scanner,
            scanner_version="1",
            observed_at=NOW,
            outcome=outcome,
            facts=facts,
        )

    def _write(self, kind: str, address: str) -> None:
        (self.swept if kind == "sweep" else self.looked).append(address)
        self.order.append(kind)
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{kind} {address}\n")

    async def sweep(
        self, unit: SweepUnit, progress: Report = None, *, checkpoint: Checkpoint | None = None
    ) -> AsyncIterator[SweepItem]:
        networks = [ipaddress.ip_network(text) for text in unit.networks]
        addresses = [str(address) for network in networks for address in network]
        done = checkpoint.state["done"] if checkpoint else 0
        for number in range(done, len(addresses)):
            address = addresses[number]
            await asyncio.sleep(self.pause)
            self._write("sweep", address)
            facts = HostFacts(alive=True, tcp_open=(22,), tcp_covered="22")
            yield self._observation(unit.zone_id, Target(address=address), "host", facts, Outcome.OBSERVED)
            yield Found(endpoints=(Endpoint(address=address, port=22),))
            if (number + 1) % STEP == 0:
                yield Checkpoint(state={"done": number + 1})
            if progress:
                progress(self._progress(unit.id, "discovery", number + 1, len(addresses)))
        if progress:
            progress(self._progress(unit.id, "done", len(addresses), len(addresses)))

    def _progress(self, unit_id: str, phase: str, done: int, total: int) -> Progress:
        return Progress(
            unit_id=unit_id,
            phase=phase,
            hosts_total=total,
            hosts_done=done,
            hosts_alive=done,
            ports_total=total,
            ports_done=done,
            rate=100.0,
        )

    async def look(self, unit: LookUnit, progress: Report = None) -> AsyncIterator[Observation]:
        for number, place in enumerate(unit.endpoints, 1):
            await asyncio.sleep(self.pause)
            self._write("look", place.address)
            if place.address in self.bad:
                raise RuntimeError(f"{place.address} broke the probe")
            if place.address in self.mute:
                await asyncio.sleep(3600)
            target = Target(address=place.address, port=place.port)
            yield self._observation(unit.zone_id, target, "service", ServiceFacts(name="ssh", tls=False), Outcome.OBSERVED)
            if progress:
                progress(Progress(unit_id=unit.id, phase="services", ports_total=len(unit.endpoints), ports_done=number))


def runner(store: Store, probe: Pretend, *zones: Zone, **more: Any) -> Runner:
    """A runner over real ingest. ``clock`` stands still at ``NOW`` unless another is given."""
    clock = more.pop("clock", lambda: NOW)
    door = Door(zones or (zone(),), clock=clock, stop=more.pop("stop", None) or Stop())
    ingest = Ingest(store, SmallJudge(), IngestSettings(clock=clock))
    patience = more.pop("patience", Patience(lease=2.0, hang=0.5))
    return Runner(store, ingest, door, probe=probe, clock=clock, patience=patience, **more)
