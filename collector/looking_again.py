"""Testing findings again: the shortest scan that can prove each of them fixed, or still there."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from collector.runs import ask_for
from collector.scan_targets import TargetRefused, known_endpoints
from collector.tables import finding
from scanners.plan import NO_ADDRESS, Endpoint, Unit, look_units, sweep_units
from scanners.target import Target, Transport, parse_network
from scanners.zone import Zone

FINDINGS_LIMIT = 1_000


def look_again(
    connection: Connection, zones: Mapping[str, Zone], findings: Sequence[str], *, asked_by: str, at: datetime
) -> dict[str, str]:
    """Ask for one scan in each zone of these findings (ids); the scans' ids by zone.

    A finding at a port is looked at there and nowhere else, one of a name is asked of the name, and only one of a whole host is
    swept for. Raises :class:`~collector.scan_targets.TargetRefused` when there is nothing to look at, or a zone is no longer in
    force, and :class:`~collector.stopping.StopIsPressed`.
    """
    wanted = list(dict.fromkeys(findings))[:FINDINGS_LIMIT]
    rows = connection.execute(select(finding).where(finding.c.id.in_(wanted))).all()
    by_zone: dict[str, list[Row[Any]]] = {}
    for row in rows:
        if row.address or row.name:
            by_zone.setdefault(row.zone, []).append(row)
    if not by_zone:
        raise TargetRefused("none of these findings has an address or a name to look at again")
    gone = sorted(by_zone.keys() - zones.keys())
    if gone:
        raise TargetRefused(f"zone {gone[0]} is no longer in force: nothing may be looked at there")
    return {name: _ask(connection, zones[name], here, asked_by, at) for name, here in sorted(by_zone.items())}


def _ask(connection: Connection, zone: Zone, rows: Sequence[Row[Any]], asked_by: str, at: datetime) -> str:
    places = {_place(row) for row in rows if row.port}
    domains = sorted({row.name for row in rows if row.name and not row.port})
    hosts = sorted({row.address for row in rows if not row.port and not row.name} - {None, NO_ADDRESS})
    known = known_endpoints(connection, zone.id)
    units = [*look_units(zone.id, _endpoints(places, known), domains), *sweeps_of(zone, hosts, known)]
    said = [*sorted(map(str, places)), *domains, *hosts]
    return ask_for(connection, zone, units, said, asked_by=asked_by, at=at)


def _place(row: Row[Any]) -> Target:
    return Target(address=row.address, port=row.port, transport=Transport(row.transport or Transport.TCP.value))


def _endpoints(places: Iterable[Target], known: Iterable[Endpoint]) -> list[Endpoint]:
    """The places with every name by which the inventory asks them: a finding may be one of a name alone."""
    by_place = {(item.address, item.port, item.transport): item for item in known}
    bare = (Endpoint(address=place.address, port=place.port or 0, transport=place.transport) for place in places)
    return [by_place.get((item.address, item.port, item.transport), item) for item in bare]


def sweeps_of(zone: Zone, hosts: Sequence[str], known: Iterable[Endpoint]) -> tuple[Unit, ...]:
    """Sweeps of single addresses, with what the inventory knows there. Empty for none."""
    if not hosts:
        return ()
    return sweep_units(zone, networks=[parse_network(host) for host in hosts], domains=(), expected=known)
