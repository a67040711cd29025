"""What of somebody else's report is taken in: what lies in the zone it is said to be of, and in no exclusion of any zone."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address

from scanners.zone import Zone


def inside(zone: Zone, zones: Iterable[Zone]) -> Callable[[IPv4Address | IPv6Address], bool]:
    """Whether an address is taken in; ``zones`` are all in force."""
    excluded = [network for each in zones for network in each.exclude]

    def is_inside(ip: IPv4Address | IPv6Address) -> bool:
        return zone.names_address(ip) and not any(ip.version == network.version and ip in network for network in excluded)

    return is_inside
