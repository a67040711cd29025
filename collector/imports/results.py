"""Weaknesses that scanners of other makers report, taken in as observations of theirs, beside our own looks and never over them.

A report says what was found. What it does not mention is gone only where the report itself proves that the same test was run
again there (:attr:`Report.silent`): all else that was reported before still stands.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from collector import tables
from collector.imports.scope import inside
from collector.ingest import Ingest
from collector.occasion import HOST
from scanners.observation import Observation, Outcome, Vantage
from scanners.reported import ReportedFacts, ReportedResult
from scanners.target import AddressError, Target, Transport, parse_address
from scanners.zone import Zone

LIMIT_RESULTS = 200_000
MOST_AT_ONE_PLACE = 500
SEVERITIES = ("critical", "high", "medium", "low")
_LOOKS = uuid.UUID("0a4f7c62-9a3e-5b0e-8a53-6a1c2f7d3b90")
_AT_ONCE = 1_000

Place = tuple[str, str]  # an address, and ``host`` or ``tcp/443``


@dataclass(frozen=True)
class Report:
    """What one report says.

    ``looked`` is when each address was looked at to the end, by address; ``found`` are the results by place. ``silent`` tells
    whether the report proves that an earlier result of a place is there no more. ``unplaced`` counts results without address.
    """

    tool: str
    version: str
    looked: Mapping[str, datetime]
    found: Mapping[Place, tuple[datetime, tuple[ReportedResult, ...]]]
    silent: Callable[[Place, ReportedResult], bool]
    unplaced: int = 0


@dataclass
class Gathering:
    """Results as a reader comes across them."""

    at: dict[Place, datetime] = field(default_factory=dict)
    results: dict[Place, dict[str, ReportedResult]] = field(default_factory=lambda: defaultdict(dict))
    number: int = 0

    def add(self, place: Place, at: datetime, result: ReportedResult | None) -> None:
        """``result`` None: the place was looked at. Raises ``ValueError`` when there are too many."""
        self.at[place] = max(at, self.at.get(place, at))
        if result is None:
            self.results[place]
            return
        known = self.results[place].get(result.id)
        self.results[place][result.id] = result if known is None else min(known, result, key=_weight)
        self.number += 1
        if self.number > LIMIT_RESULTS:
            raise ValueError(f"it has more than {LIMIT_RESULTS} results: give it in parts")

    def found(self) -> dict[Place, tuple[datetime, tuple[ReportedResult, ...]]]:
        return {place: (self.at[place], tuple(results.values())) for place, results in self.results.items()}


@dataclass(frozen=True)
class Taken:
    """What became of a report: results taken in, places looked at without one, places known already (or older than what is
    stored), results that are gone by its proof, and places outside the zone."""

    taken: int = 0
    clean: int = 0
    unchanged: int = 0
    gone: int = 0
    outside: int = 0


def address_of(text: str) -> str | None:
    """The canonical text of an address; None for what is none (a name is never looked up)."""
    try:
        return str(parse_address(text.strip().strip("[]")))
    except AddressError:
        return None


def severity_of_cvss(score: float) -> str | None:
    """The CVSS word (v3.1 and v4.0, section 5 and 6) of a score from 0 to 10; None where nothing is rated."""
    if score <= 0:
        return None
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


def take_results(
    ingest: Ingest, connection: Connection, report: Report, zones: tuple[Zone, Iterable[Zone]], vantage: Vantage
) -> Taken:
    """Take in what lies in the first of ``zones`` and in no exclusion of all of them, in the caller's transaction.

    The same report taken again changes nothing.
    """
    zone, others = zones
    is_inside = inside(zone, others)
    wanted = {place for place in report.found if is_inside(Target(address=place[0]).ip)}
    looked = {address for address in report.looked if is_inside(Target(address=address).ip)}
    addresses = {address for address, _ in wanted} | looked
    earlier = _earlier(connection, report.tool, zone.namespace, vantage, addresses)
    found = Taken(outside=len(report.found) - len(wanted))
    observations = []
    for place in sorted(wanted | {place for place in earlier if place[0] in looked}):
        made, gone = _observed(report, place, earlier.get(place, ()), zone, vantage)
        if made is None:
            continue
        observations.append(made)
        results = made.facts.results if isinstance(made.facts, ReportedFacts) else ()
        found = replace(found, taken=found.taken + len(results or ()), clean=found.clean + (not results), gone=found.gone + gone)
    for start in range(0, len(observations), _AT_ONCE):
        changes = ingest.take(observations[start : start + _AT_ONCE], connection)
        found = replace(found, unchanged=found.unchanged + changes.skipped)
    return found


def _observed(
    report: Report, place: Place, earlier: Iterable[ReportedResult], zone: Zone, vantage: Vantage
) -> tuple[Observation | None, int]:
    """The observation of a place and how many earlier results it proves gone; None where the report tells nothing new of it."""
    at, results = report.found.get(place, (report.looked.get(place[0]), ()))
    now = {result.id for result in results}
    missing = [result for result in earlier if result.id not in now]
    standing = [result for result in missing if not report.silent(place, result)]
    gone = len(missing) - len(standing)
    if at is None or (place not in report.found and not gone):
        return None, 0
    kept = tuple(sorted((*results, *standing), key=_weight)[:MOST_AT_ONE_PLACE])
    facts = ReportedFacts(results=kept)
    said = msgspec.json.encode((zone.id, vantage, place, at, report.tool, report.version, facts))
    made = Observation(
        id=uuid.uuid5(_LOOKS, said.decode()).hex,
        zone=zone.id,
        vantage=vantage,
        target=_target(place),
        scanner=report.tool,
        scanner_version=report.version,
        observed_at=at,
        outcome=Outcome.OBSERVED,
        facts=facts,
    )
    return made, gone


def _weight(result: ReportedResult) -> tuple[int, str]:
    return SEVERITIES.index(result.severity), result.id


def _target(place: Place) -> Target:
    address, where = place
    if where == HOST:
        return Target(address=address)
    transport, _, port = where.partition("/")
    return Target(address=address, port=int(port), transport=Transport(transport))


def _earlier(
    connection: Connection, tool: str, namespace: str, vantage: Vantage, addresses: Iterable[str]
) -> dict[Place, tuple[ReportedResult, ...]]:
    """What earlier reports of the same tool left standing at these addresses, by place."""
    identifier, observation = tables.identifier.c, tables.observation.c
    found: dict[Place, tuple[ReportedResult, ...]] = {}
    wanted = sorted(addresses)
    for start in range(0, len(wanted), _AT_ONCE):
        query = (
            select(identifier.value, observation.place, observation.facts)
            .join(tables.observation, observation.asset_id == identifier.asset_id)
            .where(
                identifier.namespace == namespace,
                identifier.kind == "address",
                identifier.value.in_(wanted[start : start + _AT_ONCE]),
            )
            .where(observation.scanner == tool, observation.vantage == str(vantage), observation.address == identifier.value)
        )
        for row in connection.execute(query):
            found[row.value, row.place] = tuple(_read(row.facts))
    return found


def _read(facts: Any) -> Iterator[ReportedResult]:
    yield from msgspec.convert(facts, ReportedFacts).results or ()
