"""What one pass over a zone consists of: units that can be stored, repeated and resumed.

A pass has two kinds of unit. A *sweep* finds the hosts and open ports of some networks; what it finds is cut into
*looks*, each a handful of hosts whose open endpoints are asked what they are. Units are frozen and can be kept as JSON
(`msgspec.to_builtins`, `msgspec.convert`, or :func:`to_json` and :func:`from_json`); a unit that was interrupted is run again,
a sweep from its last :class:`Checkpoint`.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from scanners.observation import Observation
from scanners.ports import format_ports
from scanners.target import Network, Transport, parse_address, parse_network
from scanners.zone import Zone

NO_ADDRESS = "0.0.0.0"
"""The address of a target that is only a name: no address of a zone is known for it (RFC 1122, 3.2.1.3)."""

HOSTS_PER_SWEEP = 4096  # a /20: at a zone's usual rate, minutes and not hours
HOSTS_PER_LOOK = 16
ENDPOINTS_PER_LOOK = 64


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A port that is open, or that the inventory knows. ``names`` are the DNS names by which the host is asked.

    ``device`` is the class of fragile device (:class:`~scanners.devices.DeviceClass`) that its host is known to be.
    """

    address: str
    port: int
    transport: Transport = Transport.TCP
    names: tuple[str, ...] = ()
    device: str | None = None


class SweepUnit(msgspec.Struct, frozen=True, kw_only=True, tag="sweep"):
    """Find what answers in ``networks``.

    ``ports`` and ``udp_ports`` are port sets as text (``scanners.ports``). ``domains`` are names to resolve first: the
    addresses they have inside the zone are swept as well, and their endpoints carry the name. ``expected`` are endpoints
    that the inventory knows inside these networks: they are handed on to be looked at even if the sweep does not find
    them open, so that what is gone is *proved* gone.
    """

    id: str
    zone_id: str
    networks: tuple[str, ...]
    ports: str
    udp_ports: str = ""
    domains: tuple[str, ...] = ()
    expected: tuple[Endpoint, ...] = ()


class LookUnit(msgspec.Struct, frozen=True, kw_only=True, tag="look"):
    """Ask these endpoints what they are, and everything the scanners know to ask of what they turn out to be.

    ``domains`` are names whose own observations (scanner ``names``) belong to this unit.
    """

    id: str
    zone_id: str
    endpoints: tuple[Endpoint, ...] = ()
    domains: tuple[str, ...] = ()


Unit = SweepUnit | LookUnit


class Found(msgspec.Struct, frozen=True, kw_only=True, tag="found"):
    """Endpoints to look at next, handed on while the sweep still runs. No endpoint is handed on twice in one sweep."""

    endpoints: tuple[Endpoint, ...]
    domains: tuple[str, ...] = ()


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, tag="checkpoint"):
    """How far a sweep has come. ``state`` is JSON; handing it back resumes the sweep without asking again what is done.

    Everything found before a checkpoint was handed on before it: store what came, then the checkpoint.
    """

    state: dict[str, Any]


SweepItem = Found | Observation | Checkpoint


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far one unit has come.

    ``phase`` is ``names``, ``discovery``, ``services``, ``protocols`` or ``done``. ``ports_total`` counts (host, port) pairs to
    ask, ``checks_total`` looks of protocol scanners: both may grow while running. ``rate`` is packets a second in discovery
    and looks a second after it. ``notes`` are sentences for people, each said once (no raw sockets, nmap missing).
    """

    unit_id: str
    phase: str
    hosts_total: int = 0
    hosts_done: int = 0
    hosts_alive: int = 0
    ports_total: int = 0
    ports_done: int = 0
    ports_open: int = 0
    checks_total: int = 0
    checks_done: int = 0
    rate: float = 0.0
    notes: tuple[str, ...] = ()


def to_json(unit: Unit) -> dict[str, Any]:
    """The unit as plain JSON values; its ``type`` says which kind it is."""
    plain: dict[str, Any] = msgspec.to_builtins(unit)
    return plain


def from_json(plain: Any) -> Unit:
    """Read what :func:`to_json` wrote. Raises ``msgspec.ValidationError``."""
    unit: Unit = msgspec.convert(plain, Unit)  # a union type is no type[T] to mypy
    return unit


def sweep_units(
    zone: Zone,
    *,
    networks: Sequence[Network] | None = None,
    domains: Sequence[str] | None = None,
    ports: frozenset[int] | None = None,
    expected: Iterable[Endpoint] = (),
) -> tuple[SweepUnit, ...]:
    """Cut a zone, or the given part of it, into sweeps of at most a /20 (IPv4) or one network (IPv6) each.

    ``networks``, ``domains`` and ``ports`` default to the zone's own. The door still rules: what the zone does not allow is
    refused when it is swept. Domains go with the first unit; a zone of domains only gives one unit without networks.
    """
    wanted = zone.networks if networks is None else tuple(networks)
    names = zone.domains if domains is None else tuple(domains)
    known = tuple(expected)
    pieces = [piece for network in wanted for piece in _pieces(network)]
    groups: list[list[Network]] = [[]]
    for piece in pieces:
        if groups[-1] and sum(item.num_addresses for item in groups[-1]) + piece.num_addresses > HOSTS_PER_SWEEP:
            groups.append([])
        groups[-1].append(piece)
    units = []
    for number, group in enumerate(groups):
        if not group and not (number == 0 and names):
            continue
        units.append(
            SweepUnit(
                id=str(uuid.uuid4()),
                zone_id=zone.id,
                networks=tuple(str(network) for network in group),
                ports=format_ports(zone.ports if ports is None else ports),
                udp_ports=format_ports(zone.udp_ports if ports is None else zone.udp_ports & ports),
                domains=names if number == 0 else (),
                expected=tuple(item for item in known if _inside(item.address, group)),
            )
        )
    return tuple(units)


def _pieces(network: Network) -> Iterator[Network]:
    if network.version == 4 and network.num_addresses > HOSTS_PER_SWEEP:
        yield from network.subnets(new_prefix=20)
    else:
        yield network


def _inside(address: str, networks: Sequence[Network]) -> bool:
    ip = parse_address(address)
    return any(ip.version == network.version and ip in network for network in networks)


def look_units(zone_id: str, found: Iterable[Endpoint], domains: Sequence[str] = ()) -> tuple[LookUnit, ...]:
    """Group endpoints into looks of a few hosts each, a host's endpoints together; ``domains`` go with the first."""
    hosts: dict[str, dict[tuple[int, Transport], Endpoint]] = {}
    for item in found:
        places = hosts.setdefault(item.address, {})
        old = places.get((item.port, item.transport))
        names = tuple(dict.fromkeys((*old.names, *item.names))) if old else item.names
        device = item.device or (old.device if old else None)
        places[item.port, item.transport] = msgspec.structs.replace(item, names=names, device=device)
    groups: list[list[Endpoint]] = [[]]
    count = 0
    for places in hosts.values():
        if groups[-1] and (count >= HOSTS_PER_LOOK or len(groups[-1]) + len(places) > ENDPOINTS_PER_LOOK):
            groups.append([])
            count = 0
        groups[-1].extend(places.values())
        count += 1
    return tuple(
        LookUnit(id=str(uuid.uuid4()), zone_id=zone_id, endpoints=tuple(group), domains=tuple(domains) if number == 0 else ())
        for number, group in enumerate(groups)
        if group or (number == 0 and domains)
    )


def networks_of(unit: SweepUnit) -> tuple[Network, ...]:
    """The unit's networks, parsed. Raises :class:`~scanners.target.AddressError`."""
    return tuple(parse_network(text) for text in unit.networks)
