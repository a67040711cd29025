"""What the door lets a running sweep do, asked again several times a second."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from scanners.discovery.scope import Interval, Scope, allowed_intervals, merge, refused_intervals
from scanners.door import Door
from scanners.pace import Pace
from scanners.zone import Zone, zone_of


class Grant:
    """The leave of one zone to sweep ``scope``, with the ``share`` of its pace that is borrowed."""

    def __init__(self, door: Door, zone: Zone, scope: Scope, share: float) -> None:
        self._door, self._zone, self.scope, self._share = door, zone, scope, share
        self._lease = ExitStack()
        self._pace: Pace | None = None
        self._whole = 0.0
        self.rate = 0.0

    @property
    def zone(self) -> Zone:
        """The zone as it is in force now, or as it was last."""
        current = zone_of(self._door.zones, self._zone.id)
        if current is not None:
            self._zone = current
        return self._zone

    def refused(self) -> str:
        """Why nothing may be sent now; empty when it may."""
        if self._door.stop.pressed:
            return f"looking was stopped: {self._door.stop.reason}"
        if zone_of(self._door.zones, self._zone.id) is None:
            return f"zone {self._zone.id} is no longer in force"
        return self.zone.closed_because(self._door.clock()) or ""

    def bounds(self, version: int) -> dict[str, Sequence[Interval]]:
        """``allowed`` and ``excluded``, worked out anew, as the raw process checks them."""
        return {
            "allowed": allowed_intervals(self._door, self.zone, version),
            "excluded": refused_intervals(self._door, self.zone, version),
        }

    def link_bounds(self) -> dict[str, Any]:
        """The same for looking around on wide IPv6 links: only what people excluded counts there."""
        links = merge((int(net.network_address), int(net.broadcast_address)) for net in self.scope.links)
        excluded = merge(
            (int(net.network_address), int(net.broadcast_address))
            for zone in (*self._door.zones, self.zone)
            for net in zone.exclude
            if net.version == 6
        )
        return {"links": links, "allowed": links, "excluded": excluded}

    def borrow(self) -> bool:
        """Borrow from the zone's pace as it is now; whether :attr:`rate` changed."""
        pace = self._door.pace(self.zone)
        if pace is self._pace and pace.rate == self._whole:
            return False
        self._lease.close()
        self._pace, self._whole = pace, pace.rate
        self.rate = self._lease.enter_context(pace.lend(self._share))
        return True

    def give_back(self) -> None:
        self._lease.close()
        self._pace = None
