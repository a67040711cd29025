"""Rescans planned by risk: what is in danger is looked at again soon, what was clean later, what never answered rarely.

Every host with open ports is looked at again once its interval is over, by the worst of its open findings. So whoever fixes a
finding sees it proved without asking, and a host that worsens is noticed before the next whole scan of its zone. Nothing is
asked for while a zone's window is shut, nor while its last rescan still runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, and_, cast, func, or_, select

from collector.looking_again import sweeps_of
from collector.runs import ENDED, ask_for
from collector.scan_targets import known_endpoints
from collector.tables import asset, endpoint, finding, observation, scan
from rules.verdict import Severity
from scanners.plan import Unit, look_units, sweep_units
from scanners.zone import Zone

ASKED_BY = "rescan"
HOSTS_AT_ONCE = 2_000  # a scan; those left over are due at the next turn
_PATIENCE = 4  # a host whose look left nothing behind is asked again after a quarter of its interval, not at every turn
_SERVICE, _HOST, _NAMES = "service", "host", "names"  # the scanners whose looks count as having looked


class RescanPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long a host may go unlooked at, by the worst severity of its open findings.

    ``critical`` holds for what is exploited in the wild too, whose findings are critical. ``clean``: no open finding worse than
    low; every host is also swept for new ports that often. ``dark``: a zone is swept whole, for what never answered. The
    defaults follow CISA's Cyber Hygiene scanning, where low findings wait as long as none.
    """

    critical: timedelta = timedelta(hours=12)
    high: timedelta = timedelta(hours=24)
    medium: timedelta = timedelta(days=4)
    clean: timedelta = timedelta(days=7)
    dark: timedelta = timedelta(days=90)

    def interval(self, worst: str | None) -> timedelta:
        """The interval of a host whose worst open finding has this severity (None: it has none)."""
        by_severity = {Severity.CRITICAL: self.critical, Severity.HIGH: self.high, Severity.MEDIUM: self.medium}
        return by_severity.get(Severity(worst), self.clean) if worst else self.clean


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One host (``place`` is its address) or domain that is due. ``sweep``: the host's ports as well, not only its open ones."""

    place: str
    worst: str | None
    last_look: datetime
    interval: timedelta
    sweep: bool = False
    domain: bool = False


@dataclass(frozen=True)
class Wanted:
    """One scan to ask for. ``targets`` are what people read of it; None for a whole zone."""

    zone: Zone
    units: tuple[Unit, ...]
    targets: list[str] | None
    why: str


class Rescans:
    """Asks for rescans. One a process, called by the scheduler that leads; what it remembers may be lost at any time."""

    def __init__(self, policy: RescanPolicy) -> None:
        self.policy = policy
        self._asked: dict[tuple[str, str], datetime] = {}

    def plan(self, connection: Connection, zones: Mapping[str, Zone], *, at: datetime) -> list[Wanted]:
        """What is due in every zone that is open now. Only reads: it may take long, and must not hold writers up."""
        wanted = []
        for zone in zones.values():
            if zone.closed_because(at) is None and not _running(connection, zone.id):
                one = self._dark(connection, zone, at) or self._hosts(connection, zone, at)
                wanted += [one] if one else []
        return wanted

    def ask(self, connection: Connection, wanted: Iterable[Wanted], *, at: datetime) -> list[str]:
        """Ask for what was planned, in the caller's transaction; the scans' ids.

        Raises :class:`~collector.stopping.StopIsPressed`.
        """
        scans = []
        for one in wanted:
            scans.append(ask_for(connection, one.zone, one.units, one.targets, asked_by=one.why, at=at))
            for place in one.targets or ():
                self._asked[one.zone.id, place] = at
        return scans

    def _hosts(self, connection: Connection, zone: Zone, at: datetime) -> Wanted | None:
        due = [item for item in due_places(connection, zone.id, self.policy, at) if self._may_ask(zone.id, item, at)]
        due = due[:HOSTS_AT_ONCE]
        if not due:
            return None
        return Wanted(zone, _units(connection, zone, due), [item.place for item in due], _why(due))

    def _may_ask(self, zone_id: str, item: Due, at: datetime) -> bool:
        asked = self._asked.get((zone_id, item.place))
        return asked is None or at - asked >= item.interval / _PATIENCE

    def _dark(self, connection: Connection, zone: Zone, at: datetime) -> Wanted | None:
        """A whole scan, when the last is that long ago. The first is a person's or a schedule's to ask for."""
        no_targets = or_(scan.c.targets.is_(None), cast(scan.c.targets, Text) == "null")  # SQL's null, or JSON's
        whole = select(func.max(scan.c.created_at)).where(scan.c.zone == zone.id, no_targets)
        last = connection.execute(whole).scalar_one()
        if last is None or at - last < self.policy.dark:
            return None
        units = sweep_units(zone, expected=known_endpoints(connection, zone.id))
        return Wanted(zone, units, None, f"{ASKED_BY}: whole zone")


def due_places(connection: Connection, zone_id: str, policy: RescanPolicy, at: datetime) -> list[Due]:
    """The hosts and domains of a zone whose interval is over: the worst first, and of those the longest unlooked at."""
    worst = _worst(connection, zone_id)
    swept: dict[str, datetime] = {row[0]: row[1] for row in connection.execute(_last_looks(zone_id, _HOST))}
    found = []
    for address, looked in connection.execute(_last_looks(zone_id, _SERVICE)):
        interval = policy.interval(worst.get(address))
        sweep = at - swept.get(address, looked) >= policy.clean
        if sweep or at - looked >= interval:
            found.append(Due(place=address, worst=worst.get(address), last_look=looked, sweep=sweep, interval=interval))
    for domain, looked in connection.execute(_domain_looks(zone_id)):
        interval = policy.interval(worst.get(domain))
        if at - looked >= interval:
            found.append(Due(place=domain, worst=worst.get(domain), last_look=looked, interval=interval, domain=True))
    return sorted(found, key=lambda item: (item.interval, item.last_look, item.place))


def _domain_looks(zone_id: str) -> Any:
    """Domain and last look; what is seen of a domain belongs to an asset of that name, which has no address."""
    return (
        select(asset.c.name, func.max(observation.c.observed_at))
        .join(observation, observation.c.asset_id == asset.c.id)
        .where(observation.c.scanner == _NAMES, observation.c.zone == zone_id, observation.c.address == "")
        .group_by(asset.c.name)
    )


def _last_looks(zone_id: str, scanner: str) -> Any:
    """Address and last look of each host of the zone that has open ports. A host is as old as its oldest endpoint."""
    seen = observation.alias()
    at_place = and_(seen.c.asset_id == endpoint.c.asset_id, seen.c.vantage == endpoint.c.vantage, seen.c.scanner == scanner)
    if scanner == _SERVICE:
        at_place = and_(at_place, seen.c.place == endpoint.c.place)
    return (
        select(endpoint.c.address, func.min(seen.c.observed_at))
        .join(seen, at_place)
        .join(asset, asset.c.id == endpoint.c.asset_id)
        .where(endpoint.c.zone == zone_id, endpoint.c.state == "open", endpoint.c.port.is_not(None), endpoint.c.name.is_(None))
        .where(asset.c.gone_since.is_(None))
        .group_by(endpoint.c.address)
    )


def _worst(connection: Connection, zone_id: str) -> dict[str, str]:
    """The worst severity of the open findings of each address, and of each domain."""
    order = [severity.value for severity in Severity]
    columns = (finding.c.address, finding.c.name, finding.c.severity)
    open_here = select(*columns).where(finding.c.zone == zone_id, finding.c.state == "open").distinct()
    found: dict[str, str] = {}
    for address, name, severity in connection.execute(open_here).all():
        place = address or name
        if place and order.index(severity) >= order.index(found.get(place, order[0])):
            found[place] = severity
    return found


def _units(connection: Connection, zone: Zone, due: Sequence[Due]) -> tuple[Unit, ...]:
    domains = sorted(item.place for item in due if item.domain)
    swept = sorted(item.place for item in due if item.sweep)
    looked = {item.place for item in due if not item.sweep and not item.domain}
    known = known_endpoints(connection, zone.id)
    return (*look_units(zone.id, [item for item in known if item.address in looked], domains), *sweeps_of(zone, swept, known))


def _why(due: list[Due]) -> str:
    """``rescan: 3 critical, 1 clean``: what people read in the list of scans."""
    words = [item.worst if item.worst in ("critical", "high", "medium") else "clean" for item in due]
    counted = ((word, words.count(word)) for word in ("critical", "high", "medium", "clean"))
    return f"{ASKED_BY}: " + ", ".join(f"{count} {word}" for word, count in counted if count)


def _running(connection: Connection, zone_id: str) -> bool:
    """Whether a rescan of the zone has been asked for and has not ended."""
    mine = (
        scan.c.zone == zone_id,
        scan.c.asked_by.startswith(f"{ASKED_BY}: "),
        scan.c.state.not_in([state.value for state in ENDED]),
    )
    return connection.execute(select(scan.c.id).where(*mine).limit(1)).one_or_none() is not None
