"""What was heard of each host, gathered within bounds, and told as observations."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from scanners.devices import class_of_mac, class_of_ports, maker_of
from scanners.observation import Observation, Outcome, new_id
from scanners.passive.facts import NAME, VERSION, PassiveFacts
from scanners.passive.hints import Hint
from scanners.target import AddressError, Target, Transport, parse_address
from scanners.zone import Zone, special_block

HOSTS_LIMIT = 65_536
MACS_LIMIT = 16_384  # of hosts whose address was not heard yet
NAMES_LIMIT, PORTS_LIMIT, PORT_NAMES_LIMIT = 32, 256, 16


@dataclass
class Tally:
    """What was heard in all. Of addresses ``outside`` every zone nothing was kept; ``forgotten`` is beyond the limit."""

    frames: int = 0
    malformed: int = 0
    dropped: int = 0
    hosts: int = 0
    forgotten: int = 0
    outside: set[str] = field(default_factory=set)


@dataclass
class _Port:
    service: str | None = None
    banner: str | None = None
    tls: bool | None = None
    names: dict[str, None] = field(default_factory=dict)
    by: dict[str, None] = field(default_factory=dict)
    at: datetime | None = None
    changed: bool = True


@dataclass
class _Host:
    zone: Zone
    mac: str | None = None
    names: dict[str, None] = field(default_factory=dict)
    vendor_class: str | None = None
    system: str | None = None
    by: dict[str, None] = field(default_factory=dict)
    ports: dict[tuple[str, int], _Port] = field(default_factory=dict)
    at: datetime | None = None
    changed: bool = True


class Hosts:
    """What was heard of each host, within bounds whatever comes."""

    def __init__(self, zones: Sequence[Zone], clock: Callable[[], datetime], tally: Tally) -> None:
        self._zones, self._clock, self._tally = tuple(zones), clock, tally
        self._hosts: dict[str, _Host] = {}
        self._without_address: OrderedDict[str, list[Hint]] = OrderedDict()
        self._address_of: OrderedDict[str, str] = OrderedDict()

    def take(self, hint: Hint, at: datetime | None = None) -> None:
        """``at``: when it was said, for a capture; now when None."""
        at = at or self._clock()
        if hint.address is None:
            self._take_without_address(hint, at)
            return
        host = self._host(hint.address)
        if host is None:
            return
        self._note(host, hint, at)
        if hint.mac:
            self._address_of[hint.mac] = hint.address
            _shorten(self._address_of)
            for waiting in self._without_address.pop(hint.mac, ()):
                self._note(host, waiting, at)

    def _take_without_address(self, hint: Hint, at: datetime) -> None:
        if hint.mac is None:
            return
        address = self._address_of.get(hint.mac)
        host = self._host(address) if address else None
        if host is not None:
            self._note(host, hint, at)
            return
        waiting = self._without_address.setdefault(hint.mac, [])
        if len(waiting) < NAMES_LIMIT and hint not in waiting:
            waiting.append(hint)
        _shorten(self._without_address)

    def _host(self, address: str) -> _Host | None:
        known = self._hosts.get(address)
        if known is not None:
            return known
        zone = self._zone_of(address)
        if zone is None:
            if len(self._tally.outside) < HOSTS_LIMIT:
                self._tally.outside.add(address)
            return None
        if len(self._hosts) >= HOSTS_LIMIT:
            self._tally.forgotten += 1
            return None
        self._hosts[address] = _Host(zone)
        self._tally.hosts += 1
        return self._hosts[address]

    def _zone_of(self, address: str) -> Zone | None:
        """The zone that authorises knowing of this address today; windows and blackouts are about sending, and do not count."""
        try:
            ip = parse_address(address)
        except AddressError:
            return None
        if any(ip.version == network.version and ip in network for zone in self._zones for network in zone.exclude):
            return None
        special = special_block(ip) is not None
        for zone in self._zones:
            today = self._clock().astimezone(ZoneInfo(zone.timezone)).date()
            authorised = zone.names_address(ip) and zone.valid_from <= today <= zone.valid_until
            if authorised and (not special or zone.names_specially(ip)):
                return zone
        return None

    def _note(self, host: _Host, hint: Hint, at: datetime) -> None:
        host.at, host.changed = max(host.at or at, at), True
        host.by[hint.by] = None
        host.mac = hint.mac or host.mac
        host.vendor_class = hint.vendor_class or host.vendor_class
        host.system = hint.system or host.system
        if hint.port is None:
            _add(host.names, hint.names, NAMES_LIMIT)
            return
        key = (hint.transport, hint.port)
        if key not in host.ports and len(host.ports) >= PORTS_LIMIT:
            return
        port = host.ports.setdefault(key, _Port())
        port.at, port.changed = max(port.at or at, at), True
        port.by[hint.by] = None
        port.service, port.banner = hint.service or port.service, hint.banner or port.banner
        port.tls = hint.tls if hint.tls is not None else port.tls
        _add(port.names, hint.names, PORT_NAMES_LIMIT)

    def observations(self) -> Iterator[Observation]:
        """What is new since the last call: one for each host, and one for each port that was heard speaking."""
        for address, host in self._hosts.items():
            if not host.changed:
                continue
            host.changed = False
            yield self._of(host.zone, Target(address=address), self._host_facts(host), host.at)
            for (transport, number), port in host.ports.items():
                if not port.changed:
                    continue
                port.changed = False
                facts = PassiveFacts(
                    heard_by=tuple(sorted(port.by)),
                    names=tuple(port.names) or None,
                    service=port.service,
                    banner=port.banner,
                    tls=port.tls,
                )
                for name in (None, *(name for name in port.names if host.zone.names_domain(name))):
                    target = Target(address=address, port=number, transport=Transport(transport), name=name)
                    yield self._of(host.zone, target, facts, port.at)

    def _host_facts(self, host: _Host) -> PassiveFacts:
        tcp = [number for transport, number in host.ports if transport == "tcp"]
        device = class_of_ports(tcp, [number for transport, number in host.ports if transport == "udp"]) or class_of_mac(host.mac)
        return PassiveFacts(
            heard_by=tuple(sorted(host.by)),
            mac=host.mac,
            maker=maker_of(host.mac),
            device_class=device.value if device else None,
            names=tuple(host.names) or None,
            vendor_class=host.vendor_class,
            system=host.system,
            ports=tuple(f"{transport}/{number}" for transport, number in sorted(host.ports)) or None,
        )

    def _of(self, zone: Zone, target: Target, facts: PassiveFacts, at: datetime | None) -> Observation:
        return Observation(
            id=new_id(),
            zone=zone.id,
            vantage=zone.vantage,
            target=target,
            scanner=NAME,
            scanner_version=VERSION,
            observed_at=at or self._clock(),
            outcome=Outcome.OBSERVED,
            facts=facts,
        )


def _add(known: dict[str, None], new: Sequence[str], limit: int) -> None:
    for each in new:
        if len(known) < limit:
            known[each] = None


def _shorten(known: "OrderedDict[str, Any]") -> None:
    while len(known) > MACS_LIMIT:
        known.popitem(last=False)
