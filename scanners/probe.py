"""One pass of looking: discovery streams into services, services into every protocol scanner that applies."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from scanners.door import Door, Refusal, RefusedByScope
from scanners.looking import Bench, LookRun
from scanners.observation import Observation
from scanners.plan import Checkpoint, LookUnit, Progress, SweepItem, SweepUnit
from scanners.scanner import Scanner, scanners_by_name
from scanners.sweep_run import SweepRun
from scanners.zone import Zone, zone_of

Report = Callable[[Progress], None]
NMAP_AT_ONCE = 4  # they mostly wait; each is limited in processor time and memory


class Probe:
    """Carries out units. One probe serves any number of units at once, within ``workers`` looks in all, in one event loop.

    ``door`` is the only way to the network; its clock and stop button are obeyed. ``scanners`` are the protocol scanners
    by name (all of :mod:`scanners.protocols` when None). ``nmap`` allows asking nmap about what stays unknown.
    Closing a generator of :meth:`sweep` or :meth:`look` ends all that it had under way.
    """

    def __init__(
        self,
        door: Door,
        *,
        scanners: Mapping[str, Scanner] | None = None,
        workers: int = 256,
        nmap: bool = True,
    ) -> None:
        self.door = door
        self.nmap = nmap
        self._scanners = scanners_by_name() if scanners is None else scanners  # imported here, not while others wait
        self._bench = Bench(asyncio.Semaphore(workers), asyncio.Semaphore(NMAP_AT_ONCE))

    async def sweep(
        self, unit: SweepUnit, progress: Report | None = None, *, checkpoint: Checkpoint | None = None
    ) -> AsyncGenerator[SweepItem, None]:
        """Find hosts and open ports.

        Yields, as they come: ``Found`` (endpoints for :func:`scanners.plan.look_units`), ``Observation`` (scanner ``host``, one
        for each address that answered and for each expected one that did not) and ``Checkpoint``. ``progress`` is called in the
        event loop, about once a second and once at the end (phase ``done``). Ends early, without an error, when
        the stop button is pressed: only a sweep that reached phase ``done`` is complete. Raises
        :class:`~scanners.door.RefusedByScope` when the zone is unknown or closed (nothing was sent then) and
        :class:`~scanners.sweep_run.CheckpointInvalid`.
        """
        run = SweepRun(unit, self._zone(unit.zone_id), self.door, progress or _nobody)
        async with aclosing(run.items(checkpoint)) as items:
            async for item in items:
                yield item

    async def look(self, unit: LookUnit, progress: Report | None = None) -> AsyncGenerator[Observation, None]:
        """Ask every endpoint of the unit what it is.

        Yields one ``service`` observation for each endpoint (outcome closed, filtered or timeout when it is not open), one
        for each scanner that applies to it (http and tls also once per name), a second ``service`` observation where nmap
        could say more, and one of each scanner of domains (``names``, ``mail_domain``) for each domain. The target of these
        has no port, the domain as its name, and as its address :data:`scanners.plan.NO_ADDRESS`. Never raises for what a
        host does; ends within a second, with ``refused_by_scope`` for what is left, when stopped. Raises
        :class:`~scanners.door.RefusedByScope` when the zone is unknown.
        """
        zone = self._zone(unit.zone_id)
        report = progress or _nobody
        run = LookRun(unit, zone, self.door, scanners=self._scanners, bench=self._bench, report=report, nmap=self.nmap)
        async with aclosing(run.observations()) as observations:
            async for observation in observations:
                yield observation

    def _zone(self, zone_id: str) -> Zone:
        zone = zone_of(self.door.zones, zone_id)
        if zone is None:
            raise RefusedByScope(Refusal.OUTSIDE, f"no zone has the id {zone_id}")
        return zone


def _nobody(_: Progress) -> None:
    """Nobody wants to know how far it is."""
