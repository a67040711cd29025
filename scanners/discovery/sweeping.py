"""Running a sweep."""

from collections.abc import AsyncIterator, Iterable, Sequence

from scanners.discovery.events import SweepEvent
from scanners.door import Door
from scanners.target import Address, Network
from scanners.zone import Zone


class CheckpointError(ValueError):
    """The bytes are no checkpoint, or one of a sweep with other ports."""


async def sweep(
    door: Door,
    zone: Zone,
    *,
    networks: Sequence[Network] | None = None,
    tcp_ports: frozenset[int] | None = None,
    udp_ports: frozenset[int] | None = None,
    expected: Iterable[Address] = (),
    checkpoint: bytes | None = None,
    share: float = 0.8,
    raw: bool | None = None,
) -> AsyncIterator[SweepEvent]:
    """Sweep ``networks`` (default: the zone's own) for hosts and open ports, as far as ``zone`` allows.

    ``tcp_ports`` and ``udp_ports`` default to the zone's; ``frozenset()`` asks none. ``expected`` are addresses where
    assets are known to live: each gets a :class:`HostSeen` even when it stays silent, and IPv6 networks wider than /112 are
    asked at these addresses and at neighbours found on the link only. ``share`` (above 0, to 1) is the part of the
    zone's pace that the sweep borrows. ``raw`` False never uses raw sockets, True insists on them, None uses them
    when the process may.

    The generator ends with :class:`Finished`, also when the stop button is pressed, the zone's window closes or the zone is
    withdrawn while it runs: then a :class:`Saved` comes before. A change of zones narrows a running sweep within a second;
    what is added is not swept before the next sweep. Closing the generator ends the sweep at once.

    Raises :class:`~scanners.door.RefusedByScope` when the door is shut from the start or nothing of ``networks`` is in
    the zone, :class:`CheckpointError`, and ``PermissionError`` when ``raw`` is True and the right is missing.
    """
    raise NotImplementedError
    yield  # type: ignore[unreachable]
