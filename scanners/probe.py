"""One pass of looking: discovery streams into services, services into every protocol scanner that applies."""

from collections.abc import AsyncIterator, Callable, Mapping

from scanners.door import Door
from scanners.observation import Observation
from scanners.plan import Checkpoint, LookUnit, Progress, SweepItem, SweepUnit
from scanners.scanner import Scanner

Report = Callable[[Progress], None]


class Probe:
    """Carries out units. One probe serves any number of units at once, within ``workers`` looks in all.

    ``door`` is the only way to the network; its clock and stop button are obeyed. ``scanners`` are the protocol scanners
    by name (all of :mod:`scanners.protocols` when None). ``nmap`` allows asking nmap about what stays unknown.
    """

    def __init__(
        self,
        door: Door,
        *,
        scanners: Mapping[str, Scanner] | None = None,
        workers: int = 64,
        nmap: bool = True,
    ) -> None:
        self.door = door
        self.workers = workers
        self.nmap = nmap
        self._scanners = scanners

    def sweep(
        self, unit: SweepUnit, progress: Report | None = None, *, checkpoint: Checkpoint | None = None
    ) -> AsyncIterator[SweepItem]:
        """Find hosts and open ports.

        Yields, as they come: ``Found`` (endpoints for :func:`scanners.plan.look_units`), ``Observation`` (scanner ``host``, one
        for each address that answered and for each expected one that did not) and ``Checkpoint``. ``progress`` is called in the
        event loop, at most a few times a second and once at the end (phase ``done``). Ends early, without an error, when
        the stop button is pressed: only a sweep that reached phase ``done`` is complete. Raises
        :class:`~scanners.door.RefusedByScope` when the zone is unknown or closed; nothing was sent then.
        """
        raise NotImplementedError

    def look(self, unit: LookUnit, progress: Report | None = None) -> AsyncIterator[Observation]:
        """Ask every endpoint of the unit what it is.

        Yields one ``service`` observation for each endpoint (outcome closed, filtered or timeout when it is not open), one
        for each scanner that applies to it (http and tls also once per name), a second ``service`` observation where nmap
        could say more, and one ``names`` observation for each domain. The target of a ``names`` observation has no port, the
        domain as its name, and as its address the first one inside a zone, or :data:`scanners.plan.NO_ADDRESS`. Never
        raises for what a host does; ends early, with ``refused_by_scope`` for what is left, when stopped or out of hours.
        """
        raise NotImplementedError
