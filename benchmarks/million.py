"""The rows of a large city, written straight into the tables: 50,000 assets, 1,000,000 findings and what goes with them.

Findings are spread over the rules of the library with what their own examples observe, so that lists, pages and exports carry
texts of real sizes. Whatever is random is the same each time. ``at`` is the city's present (aware).
"""

import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import text

from benchmarks.filling import fill, without_indexes
from collector import tables, tally
from collector.migrations import migrate
from collector.score import band
from collector.store import Store, to_json
from rules.examples import judge_example
from rules.loading import read_rules
from rules.rule import Rule
from rules.rulebook import our_rules
from rules.verdict import Result, Verdict

DEPARTMENTS = [f"department-{number}" for number in range(9)]
SERVICES = [f"service-{number}" for number in range(18)]
ZONES = [f"zone-{number}" for number in range(12)]
_STATES = ["open"] * 67 + ["waived"] * 3 + ["resolved"] * 30
_VANTAGES = ["internal"] * 17 + ["internet"] * 2 + ["industrial"]
_MOVED = {"open": "finding-changed", "waived": "finding-waived", "resolved": "finding-resolved"}
_PORTS = (443, 22, 25, 80)


@dataclass(frozen=True)
class Size:
    assets: int = 50_000
    findings: int = 1_000_000


@dataclass(frozen=True)
class Fault:
    """What a rule says of a machine that breaks it."""

    rule: str
    severity: str
    confidence: str
    base: float
    observed: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True)
class City:
    """The rows, table by table."""

    size: Size
    at: datetime

    @cached_property
    def faults(self) -> list[Fault]:
        """One for each rule: of those that show a CVE first, so that every export has something to say."""
        checks, _ = read_rules([our_rules()], "modern")
        found: dict[str, tuple[Rule, Fault]] = {}
        for check in checks:
            rule = check.rule
            if rule.id not in found and (verdict := _first_failure(rule, check)) is not None:
                said = (rule.id, verdict.severity.value, verdict.confidence.value, verdict.base)
                found[rule.id] = (rule, Fault(*said, verdict.observed, verdict.expected))
        return [fault for _, fault in sorted(found.values(), key=lambda one: (not one[0].flaws, one[0].id))]

    def asset_id(self, number: int) -> str:
        return str(uuid.UUID(int=random.Random(number).getrandbits(128)))

    @cached_property
    def asset_ids(self) -> list[str]:
        return [self.asset_id(number) for number in range(self.size.assets)]

    def finding_id(self, number: int) -> str:
        return str(uuid.UUID(int=random.Random(-1 - number).getrandbits(128)))

    def state(self, number: int) -> str:
        return _STATES[number * 37 % 100]

    def fault(self, number: int) -> Fault:
        which, turn = number % self.size.assets, number // self.size.assets
        return self.faults[(which * 7 + turn) % len(self.faults)]

    def units(self) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        each = self.size.assets
        yield tables.department, [{"id": key, "names": _named(key), "inventory_size": each // 9} for key in DEPARTMENTS]
        shared = {"ens": {"D": "medio"}, "parameters": {}, "inventory_size": each // 18}
        owners = {key: DEPARTMENTS[number // 2] for number, key in enumerate(SERVICES)}
        yield tables.service, [{"id": key, "department_id": owners[key], "names": _named(key), **shared} for key in SERVICES]

    def assets(self) -> Iterator[dict[str, Any]]:
        dice = random.Random(1)
        for number, key in enumerate(self.asset_ids):
            weights = [{"name": "finding", "value": 0.09876543210123456, "source": key}] * 5
            yield {
                "id": key,
                "name": _name(number),
                "declared": number % 20 != 0,
                **_owner(number),
                "ens_category": "MEDIA",
                "addresses": [_address(number)],
                "names": [_name(number)],
                "os": "Debian GNU/Linux 12",
                "first_seen": self.at - timedelta(days=300),
                "last_seen": self.at - timedelta(hours=5),
                "last_evaluated": self.at - timedelta(hours=5),
                "risk": 100 * dice.random() ** 3,
                "risk_factors": {"version": 1, "factors": weights},
                "open_findings": 14,
                "expected": 50,
                "conclusive": 45,
            }

    def findings(self) -> Iterator[dict[str, Any]]:
        dice = random.Random(2)
        factors = [
            {"name": name, "value": 0.7, "source": f"what the {name} is worth here"}
            for name in ("base", "threat", "exposure", "ens_category", "confidence")
        ]
        for number in range(self.size.findings):
            which = number % self.size.assets
            fault, state = self.fault(number), self.state(number)
            risk = 100 * dice.random() ** 2
            ended = {"resolved_at": self.at - timedelta(days=3), "resolved_because": "passed"}
            yield {
                "id": self.finding_id(number),
                "rule": fault.rule,
                "asset_id": self.asset_ids[which],
                "place": self.place(number),
                "state": state,
                "severity": fault.severity,
                "confidence": fault.confidence,
                "base": fault.base,
                "risk": risk,
                "band": band(risk),
                "factors": factors,
                "observed": fault.observed,
                "expected": fault.expected,
                "observation_id": self.observation_id(which),
                "asset_name": _name(which),
                "address": _address(which),
                "port": _PORTS[which % 4],
                "transport": "tcp",
                "name": _name(which),
                "vantage": dice.choice(_VANTAGES),
                "exposure": "internal",
                "zone": ZONES[which % 12],
                **_owner(which),
                "first_seen": self.at - timedelta(days=60),
                "opened_at": self.at - timedelta(days=60),
                "last_seen": self.at - timedelta(seconds=dice.randrange(500_000)),
                "last_evaluated": self.at - timedelta(hours=5),
                "last_result": "pass" if state == "resolved" else "fail",
                **(ended if state == "resolved" else {"resolved_at": None, "resolved_because": None}),
                "due": None if number % 5 == 0 else self.at + timedelta(seconds=dice.randrange(-2_000_000, 5_000_000)),
                "exception_id": self.exception_id(number) if state == "waived" else None,
            }

    def place(self, number: int) -> str:
        which, turn = number % self.size.assets, number // self.size.assets // len(self.faults)
        return f"tcp/{_PORTS[which % 4] + turn}"

    def exception_id(self, number: int) -> str:
        """Of the exception for this finding's rule and department (benchmarks.million_desk writes them)."""
        owner = _owner(number % self.size.assets)["department_id"]
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"exception {self.fault(number).rule} {owner}"))

    def observation_id(self, which: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"observation {which}"))

    def coverage(self) -> Iterator[dict[str, Any]]:
        """Every finding was judged, and for every second one something else passed or could not be told."""
        for number in range(self.size.findings * 3 // 2):
            which, extra = number % self.size.assets, number >= self.size.findings
            fault = self.fault(number)
            result = ("pass", "unknown")[number % 2] if extra else "pass" if self.state(number) == "resolved" else "fail"
            yield {
                "asset_id": self.asset_ids[which],
                "place": self.place(number),
                "vantage": "internet" if extra else "internal",
                "scanner": "tls",
                "rule": fault.rule,
                "address": _address(which),
                "result": result,
                "last_conclusive": None if result == "unknown" else result,
                "evaluated_at": self.at - timedelta(hours=5),
                "conclusive_at": self.at - timedelta(hours=5),
                "observation_id": self.observation_id(which),
                **_owner(which),
                "observed": fault.observed,
                "expected": fault.expected,
            }

    def endpoints(self) -> Iterator[dict[str, Any]]:
        for which, key in enumerate(self.asset_ids):
            for port in (_PORTS[which % 4], 111, 8080):
                yield {
                    "asset_id": key,
                    "place": f"tcp/{port}",
                    "vantage": "internal",
                    "address": _address(which),
                    "port": port,
                    "transport": "tcp",
                    "name": _name(which),
                    "service": "https",
                    "product": "nginx",
                    "version": "1.22.1",
                    "tls": True,
                    "state": "open",
                    "zone": ZONES[which % 12],
                    "first_seen": self.at - timedelta(days=300),
                    "last_seen": self.at - timedelta(hours=5),
                }

    def identifiers(self) -> Iterator[dict[str, Any]]:
        for which, key in enumerate(self.asset_ids):
            for kind, value, weight in (("name", _name(which), 0.5), ("address", _address(which), 0.2)):
                seen = {"first_seen": self.at - timedelta(days=300), "last_seen": self.at - timedelta(hours=5)}
                yield {"namespace": "", "kind": kind, "value": value, "asset_id": key, "weight": weight, **seen}

    def observations(self) -> Iterator[dict[str, Any]]:
        for which, key in enumerate(self.asset_ids):
            yield {
                "asset_id": key,
                "place": f"tcp/{_PORTS[which % 4]}",
                "scanner": "tls",
                "vantage": "internal",
                "id": self.observation_id(which),
                "zone": ZONES[which % 12],
                "observed_at": self.at - timedelta(hours=5),
                "address": _address(which),
                "outcome": "observed",
                "scanner_version": "1",
                "facts": {"versions": ["TLSv1.0", "TLSv1.2"]},
                "evidence": None,
                "evidence_sha256": "0" * 64,
            }

    def events(self) -> Iterator[dict[str, Any]]:
        """Two for each finding, the oldest first."""
        total = self.size.findings * 2
        for number in range(total):
            which = number % self.size.findings
            later = number >= self.size.findings
            yield {
                "id": str(uuid.UUID(int=random.Random(10**9 + number).getrandbits(128))),
                "at": self.at - timedelta(days=60) * (1 - number / total),
                "action": ("finding-changed" if self.state(which) == "open" else "finding-resolved")
                if later
                else "finding-opened",
                "finding_id": self.finding_id(which),
                "asset_id": self.asset_ids[which % self.size.assets],
                "department_id": _owner(which % self.size.assets)["department_id"],
                "detail": {"rule": self.fault(which).rule, "from": "fail", "to": "fail"},
            }

    def history(self) -> Iterator[dict[str, Any]]:
        keys = [("city", ""), *(("department", key) for key in DEPARTMENTS), *(("service", key) for key in SERVICES)]
        for level, key in keys:
            for hours in range(90 * 24, 0, -1):
                yield {
                    "level": level,
                    "key": key,
                    "at": self.at - timedelta(hours=hours),
                    "value": 55.0,
                    "low": 55.0,
                    "high": 61.0,
                    "coverage": 0.9,
                    "version": 1,
                    "factors": {"factors": [], "inventory_size": self.size.assets},
                }


def seed_city(store: Store, city: City) -> None:
    """Make the tables of an empty database and fill those of the city."""
    migrate(store)
    for table, rows in city.units():
        fill(store, table, rows)
    fill(store, tables.asset, city.assets())
    fill(store, tables.asset_words, ({"asset_id": row["id"], "words": _words(row)} for row in city.assets()))
    links = ({"asset_id": key, "service_id": SERVICES[number % 18]} for number, key in enumerate(city.asset_ids))
    fill(store, tables.asset_service, links)
    fill(store, tables.endpoint, city.endpoints())
    fill(store, tables.identifier, city.identifiers())
    fill(store, tables.observation, city.observations())
    without_indexes(store, tables.finding, city.findings())
    without_indexes(store, tables.coverage, city.coverage())
    without_indexes(store, tables.event, city.events())
    fill(store, tables.score_history, city.history())


def settle(store: Store) -> None:
    """Count what was written, and let the database know its tables, as time and its own housekeeping do in a city."""
    with store.write() as connection:
        tally.rebuild(connection)
    if store.dialect == "sqlite":
        with store.write() as connection:
            connection.execute(text("ANALYZE"))
        return
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _first_failure(rule: Rule, check: Any) -> Verdict | None:
    for example in rule.examples:
        if example.result is Result.FAIL and example.judges in (None, check.check.judges):
            return judge_example(rule, check, example)
    return None


def _named(key: str) -> dict[str, str]:
    return {language: key.replace("-", " ").capitalize() for language in ("ca", "es", "en")}


def _name(which: int) -> str:
    return f"host-{which:06}.vilamar.example"


def _address(which: int) -> str:
    return f"10.{which >> 16}.{which >> 8 & 255}.{which & 255}"


def _owner(which: int) -> dict[str, str]:
    return {"department_id": DEPARTMENTS[which % 18 // 2], "service_id": SERVICES[which % 18]}


def _words(row: Mapping[str, Any]) -> str:
    return f"{row['name']} {to_json(row['addresses'])}"
