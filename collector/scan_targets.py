"""From what a person asks to have looked at to the first units of a scan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from collector.tables import endpoint
from scanners.devices import class_of_ports
from scanners.plan import Endpoint, Unit, look_units, sweep_units
from scanners.target import AddressError, Network, Transport, parse_address, parse_endpoint, parse_network
from scanners.zone import Zone

TARGETS_LIMIT = 10_000


class TargetRefused(ValueError):
    """A target is not text that can be read, or lies in no zone. Nothing was asked for."""


@dataclass(frozen=True)
class Wanted:
    """Targets read and sorted by what has to be done for them."""

    networks: list[Network] = field(default_factory=list)
    endpoints: list[tuple[str, int]] = field(default_factory=list)
    names: list[tuple[str, int | None]] = field(default_factory=list)


def read_targets(zone: Zone, targets: Sequence[str]) -> Wanted:
    """Read and check every target against ``zone``. Raises :class:`TargetRefused`."""
    if len(targets) > TARGETS_LIMIT:
        raise TargetRefused(f"{len(targets)} targets are more than {TARGETS_LIMIT}: ask for networks instead")
    wanted = Wanted()
    for text in dict.fromkeys(targets):
        try:
            _sort(zone, text.strip(), wanted)
        except AddressError as error:
            raise TargetRefused(str(error)) from error
    if not (wanted.networks or wanted.endpoints or wanted.names):
        raise TargetRefused("name at least one target")
    return wanted


def _sort(zone: Zone, text: str, wanted: Wanted) -> None:
    if "/" in text:
        network = parse_network(text)
        inside = any(own.version == network.version and network.subnet_of(own) for own in zone.networks)  # type: ignore[arg-type]
        if not inside:
            raise TargetRefused(f"{text} does not lie in zone {zone.id}")
        wanted.networks.append(network)
        return
    host, port = parse_endpoint(text)
    try:
        address = parse_address(host)
    except AddressError:
        if not zone.names_domain(host):
            raise TargetRefused(f"{host} is not a domain of zone {zone.id}") from None
        wanted.names.append((host, port))
        return
    if not zone.names_address(address):
        excluded = any(own.version == address.version and address in own for own in zone.exclude)
        raise TargetRefused(f"{address} is excluded by zone {zone.id}" if excluded else f"{address} is not in zone {zone.id}")
    if port is None:
        wanted.networks.append(parse_network(str(address)))
    else:
        wanted.endpoints.append((str(address), port))


def first_units(connection: Connection, zone: Zone, targets: Sequence[str] | None) -> tuple[Unit, ...]:
    """The units with which a scan begins; sweeps add looks as they find things. Raises :class:`TargetRefused`."""
    if targets is None:
        return sweep_units(zone, expected=known_endpoints(connection, zone.id))
    wanted = read_targets(zone, targets)
    known = known_endpoints(connection, zone.id)
    units: list[Unit] = []
    if wanted.networks:
        units += sweep_units(zone, networks=wanted.networks, domains=(), expected=known)
    at_once = [_known_as(known, address, port) for address, port in wanted.endpoints]
    for name, port in wanted.names:
        here = [item for item in known if name in item.names and port in (None, item.port)]
        at_once += here
        if zone.resolver is not None:
            units += sweep_units(zone, networks=(), domains=(name,), ports=None if port is None else frozenset({port}))
        elif not here:
            raise TargetRefused(f"zone {zone.id} has no resolver, and the inventory knows no address of {name}")
    return (*units, *look_units(zone.id, at_once))


def _known_as(known: Iterable[Endpoint], address: str, port: int) -> Endpoint:
    for item in known:
        if (item.address, item.port, item.transport) == (address, port, Transport.TCP):
            return item
    return Endpoint(address=address, port=port)


def known_endpoints(connection: Connection, zone_id: str) -> tuple[Endpoint, ...]:
    """The open endpoints that the inventory knows in a zone, with the names by which they are asked."""
    columns = (endpoint.c.address, endpoint.c.port, endpoint.c.transport, endpoint.c.name)
    rows = connection.execute(
        select(*columns).where(endpoint.c.zone == zone_id, endpoint.c.state == "open", endpoint.c.port.is_not(None))
    )
    names: dict[tuple[str, int, str], list[str]] = {}
    for row in rows:
        found = names.setdefault((row.address, row.port, row.transport or Transport.TCP.value), [])
        if row.name and row.name not in found:
            found.append(row.name)
    devices = _devices(names)
    return tuple(
        Endpoint(address=address, port=port, transport=Transport(transport), names=tuple(found), device=devices.get(address))
        for (address, port, transport), found in sorted(names.items())
    )


def _devices(places: Iterable[tuple[str, int, str]]) -> dict[str, str]:
    """The addresses whose known ports are those of a fragile device: one port alone, tested again, must not forget the others."""
    open_at: dict[str, dict[str, set[int]]] = {}
    for address, port, transport in places:
        open_at.setdefault(address, {}).setdefault(transport, set()).add(port)
    found = {
        address: class_of_ports(ports.get(Transport.TCP.value, set()), ports.get(Transport.UDP.value, set()))
        for address, ports in open_at.items()
    }
    return {address: device.value for address, device in found.items() if device is not None}
