"""What a sweep may touch, as intervals of addresses."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanners.door import Door
from scanners.target import Address, Network
from scanners.zone import SPECIAL_BLOCKS, Zone

LARGEST_SWEPT_IPV6_PREFIX = 112  # a wider IPv6 network is not asked address by address (RFC 7707 section 3)

Interval = tuple[int, int]  # first and last address, both included


@dataclass(frozen=True)
class Scope:
    """``ipv4`` and ``ipv6`` are sorted intervals that do not touch; ``links`` are IPv6 networks too wide to be swept.

    Of ``links`` only neighbours that make themselves known and the ``expected`` addresses (already in ``ipv6``) are asked.
    """

    ipv4: tuple[Interval, ...] = ()
    ipv6: tuple[Interval, ...] = ()
    links: tuple[ipaddress.IPv6Network, ...] = ()

    @property
    def count(self) -> int:
        """How many addresses are asked one by one."""
        return sum(last - first + 1 for first, last in (*self.ipv4, *self.ipv6))


def scope_of(door: Door, zone: Zone, networks: Sequence[Network] | None = None, expected: Iterable[Address] = ()) -> Scope:
    """What of ``networks`` (default: all of the zone's) and ``expected`` the door lets through.

    Left out: what is not in the zone, the exclusions of *any* zone in force, special addresses that the zone does not
    name, and this machine's own unless named. No clock is read: whether the zone is open now is the door's to say.
    """
    wanted = zone.networks if networks is None else tuple(networks)
    inside = [part for network in wanted for part in _common(network, zone.networks)]
    inside += [ipaddress.ip_network(str(ip)) for ip in expected if zone.names_address(ip)]
    wide = [part for part in inside if isinstance(part, ipaddress.IPv6Network) and part.prefixlen < LARGEST_SWEPT_IPV6_PREFIX]
    swept = [part for part in inside if part not in wide]
    by_version = {
        version: tuple(
            subtract(merge(interval(part) for part in swept if part.version == version), refused_intervals(door, zone, version))
        )
        for version in (4, 6)
    }
    return Scope(ipv4=by_version[4], ipv6=by_version[6], links=tuple(dict.fromkeys(wide)))


def allowed_intervals(door: Door, zone: Zone, version: int) -> tuple[Interval, ...]:
    """All addresses of that IP version that the door lets through for ``zone``: what the raw process checks against."""
    named = merge(interval(network) for network in zone.networks if network.version == version)
    return tuple(subtract(named, refused_intervals(door, zone, version)))


def refused_intervals(door: Door, zone: Zone, version: int) -> list[Interval]:
    """What of that IP version no sweep of ``zone`` may touch: exclusions, unnamed special addresses, our own."""
    refused = [interval(net) for other in (*door.zones, zone) for net in other.exclude if net.version == version]
    for block in SPECIAL_BLOCKS:
        if block.version == version:
            named = [interval(net) for net in zone.networks if _inside(net, block)]
            refused += subtract([interval(block)], merge(named))
    for own in door.own_addresses:
        exact = ipaddress.ip_network(str(own))
        if own.version == version and not zone.allow_own_host and exact not in zone.networks:
            refused.append(interval(exact))
    return merge(refused)


def _inside(network: Network, block: Network) -> bool:
    first, last = interval(network)
    low, high = interval(block)
    return network.version == block.version and low <= first and last <= high


def _common(network: Network, allowed: Iterable[Network]) -> Iterator[Network]:
    """The parts of ``network`` that lie in ``allowed``; of two networks that overlap one lies inside the other."""
    for other in allowed:
        if _inside(network, other):
            yield network
            return
        if _inside(other, network):
            yield other


def interval(network: Network) -> Interval:
    """The first and the last address of ``network``, as integers."""
    return int(network.network_address), int(network.broadcast_address)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, with what overlaps or touches joined."""
    joined: list[Interval] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def subtract(intervals: Iterable[Interval], holes: Sequence[Interval]) -> list[Interval]:
    """``intervals`` without ``holes``; both sorted and without overlaps."""
    left: list[Interval] = []
    for first, last in intervals:
        start = first
        for low, high in holes:
            if high < start or low > last:
                continue
            if low > start:
                left.append((start, low - 1))
            start = high + 1
        if start <= last:
            left.append((start, last))
    return left
