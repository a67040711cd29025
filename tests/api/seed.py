"""Rows of a small city, for tests and pictures."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from collector import tables, tally
from collector.score import Level, asset_risk, band, group_factors, group_interval, group_risk
from collector.store import Store
from tests.api.names import DEPARTMENTS, FAULTS, HOSTS, SERVICES

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class Seed:
    """Rows of a city of some twenty assets, with ninety days of scores."""

    def __init__(self, hostile: str | None = None) -> None:
        self.random = random.Random(7)
        self.hostile = hostile
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.finding_ids: list[str] = []
        self.asset_ids: list[str] = []
        self.risks: dict[str, dict[str, float]] = {"department": {}, "service": {}}
        self.scan_id = self._id("scan 1")

    def write(self, store: Store) -> None:
        self._units()
        for index, (service, names) in enumerate(HOSTS.items()):
            for number, name in enumerate(names):
                self._asset(service, name, f"192.0.2.{index * 10 + number + 1}", index * 10 + number)
        self._asset(None, "192.0.2.201", "192.0.2.201", 201)
        self._never_judged("impressora-planta3", "192.0.2.202")
        self._scores()
        self._scans()
        self.rows["event"].sort(key=lambda row: row["at"])
        with store.write() as connection:
            for name, rows in self.rows.items():
                connection.execute(insert(tables.metadata.tables[name]), rows)
            tally.rebuild(connection)

    def text(self, plain: str) -> str:
        return self.hostile if self.hostile is not None else plain

    def _id(self, of: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, of))

    def _add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def _units(self) -> None:
        for key, (ca, es, en) in DEPARTMENTS.items():
            self._add("department", id=key, names={"ca": ca, "es": es, "en": en}, inventory_size=8)
        for key, (department, category, ca, es, en) in SERVICES.items():
            self._add(
                "service",
                id=key,
                department_id=department,
                names={"ca": ca, "es": es, "en": en},
                audience="citizens",
                plan="crosscutting",
                strategic_line="digital_channels",
                project="PRTR-C11-02" if key == "e_office" else None,
                supplier=None,
                ens={"D": "medio", "A": "alto", "I": "alto", "C": "medio", "T": "alto"},
                ens_category=category,
                exposure=None,
                parameters={},
                inventory_size=4,
            )

    def _asset(self, service: str | None, name: str, address: str, number: int) -> None:
        asset_id = self._id(address)
        department = SERVICES[service][0] if service else None
        category = SERVICES[service][1] if service else None
        faults = sorted(self.random.sample(sorted(FAULTS), self.random.choice([0, 1, 1, 2, 3, 4]) if number % 7 else 0))
        exposure = "internet" if service in ("e_office", "city_web", "open_data", "museums") else "internal"
        risks = [self._finding(asset_id, name, address, rule, service, exposure, number) for rule in faults]
        self.asset_ids.append(asset_id)
        self._asset_row(asset_id, name, address, service, department, category, exposure, asset_risk(risks), len(faults))
        for rule in sorted(set(FAULTS) - set(faults)):
            self._covered(asset_id, rule, service, "unknown" if (number + len(rule)) % 9 == 0 else "pass")
        for rule in faults:
            self._covered(asset_id, rule, service, "fail")
        if service:
            self._add("asset_service", asset_id=asset_id, service_id=service)

    def _asset_row(
        self,
        asset_id: str,
        name: str,
        address: str,
        service: str | None,
        department: str | None,
        category: str | None,
        exposure: str,
        risk: float | None,
        findings: int,
    ) -> None:
        self._add(
            "asset",
            id=asset_id,
            name=self.text(name),
            namespace="",
            declared=service is not None,
            catalogue_id=None,
            department_id=department,
            service_id=service,
            owner=self.text("sistemes@vilamar.example") if service else None,
            ens_category=category,
            exposure=exposure,
            authorised_ports="22,80,443",
            addresses=[address],
            names=[self.text(f"{name}.vilamar.example")],
            os=self.text("Debian GNU/Linux 12"),
            first_seen=NOW - timedelta(days=160),
            last_seen=NOW - timedelta(hours=5),
            last_evaluated=NOW - timedelta(hours=5) if risk is not None else None,
            gone_since=None,
            risk=risk,
            risk_factors=None,
            open_findings=findings,
            worst=None,
            expected=8 if risk is not None else 0,
            conclusive=7 if risk is not None else 0,
        )
        self._add("asset_words", asset_id=asset_id, words=f"{self.text(name)} {address}".lower())
        for kind, value, weight in (
            ("ssh_host_key", f"SHA256:{self._id(name)}", 0.95),
            ("mac", "52:54:00:12:34:56", 0.9),
            ("address", address, 0.3),
        ):
            self._add(
                "identifier",
                namespace=f"{address}",
                kind=kind,
                value=self.text(value),
                asset_id=asset_id,
                weight=weight,
                first_seen=NOW - timedelta(days=160),
                last_seen=NOW - timedelta(hours=5),
            )
        for port, product in ((22, "OpenSSH"), (80, "nginx"), (443, "nginx")):
            self._add(
                "endpoint",
                asset_id=asset_id,
                place=f"tcp/{port}",
                address=address,
                port=port,
                transport="tcp",
                name=self.text(f"{name}.vilamar.example"),
                service={22: "ssh", 80: "http", 443: "https"}[port],
                product=self.text(product),
                version=self.text("9.2p1" if port == 22 else "1.22.1"),
                tls=port == 443,
                state="open",
                closed_looks=0,
                zone="dmz",
                vantage="internet",
                first_seen=NOW - timedelta(days=160),
                last_seen=NOW - timedelta(hours=5),
            )
        self._add(
            "event",
            id=self._id(f"new {asset_id}"),
            at=NOW - timedelta(days=160),
            action="asset-new",
            finding_id=None,
            asset_id=asset_id,
            department_id=department,
            detail={"address": self.text(address)},
        )

    def _never_judged(self, name: str, address: str) -> None:
        asset_id = self._id(address)
        self.asset_ids.append(asset_id)
        self._asset_row(asset_id, name, address, "workplace", "innovation", "MEDIA", "internal", None, 0)

    def _finding(
        self, asset_id: str, name: str, address: str, rule: str, service: str | None, exposure: str, number: int
    ) -> float:
        base, port, observed, expected = FAULTS[rule]
        reach, worth = (1.0, 0.9) if exposure == "internet" else (0.7, 0.8)
        if service and SERVICES[service][1] == "ALTA":
            worth = 1.0
        risk = base * reach * worth
        finding_id = self._id(f"{asset_id} {rule}")
        self.finding_ids.append(finding_id)
        age = timedelta(days=4 + (number * 7) % 60)
        due = None if base < 30 else NOW - age + timedelta(days=14 if base >= 55 else 60)
        factors = [
            {"name": "base", "value": base / 100, "source": "the rule's base score"},
            {"name": "threat", "value": 1.0, "source": "threat 1.00"},
            {"name": "exposure", "value": reach, "source": exposure},
            {"name": "ens_category", "value": worth, "source": SERVICES[service][1] if service else "unknown"},
            {"name": "confidence", "value": 1.0, "source": "confirmed"},
        ]
        department = SERVICES[service][0] if service else None
        self._add(
            "finding",
            id=finding_id,
            rule=rule,
            asset_id=asset_id,
            place=f"tcp/{port}",
            state="open",
            severity=_severity(base),
            confidence="confirmed",
            base=base,
            risk=risk,
            band=band(risk),
            factors=factors,
            observed={key: self.text(str(value)) if self.hostile else value for key, value in observed.items()},
            expected=expected,
            observation_id=None,
            asset_name=self.text(name),
            address=address,
            port=port,
            transport="tcp",
            name=self.text(f"{name}.vilamar.example"),
            vantage=exposure if exposure == "internet" else "internal",
            exposure=exposure,
            zone="dmz",
            department_id=department,
            service_id=service,
            first_seen=NOW - age,
            opened_at=NOW - age,
            last_seen=NOW - timedelta(hours=5),
            last_evaluated=NOW - timedelta(hours=5),
            last_result="fail",
            resolved_at=None,
            resolved_because=None,
            reopened=0,
            due=due,
        )
        for at, action in ((NOW - age, "finding-opened"), (NOW - age / 2, "finding-changed")):
            self._add(
                "event",
                id=self._id(f"{finding_id} {action}"),
                at=at,
                action=action,
                finding_id=finding_id,
                asset_id=asset_id,
                department_id=department,
                detail={"observed": self.text("TLSv1.1")} if action == "finding-changed" else {},
            )
        return risk

    def _covered(self, asset_id: str, rule: str, service: str | None, result: str) -> None:
        _, port, observed, expected = FAULTS[rule]
        self._add(
            "coverage",
            asset_id=asset_id,
            rule=rule,
            place=f"tcp/{port}",
            vantage="internet",
            scanner=rule.partition("-")[0].lower(),
            result=result,
            last_conclusive=result if result in ("pass", "fail") else None,
            evaluated_at=NOW - timedelta(hours=5),
            conclusive_at=NOW - timedelta(hours=5) if result != "unknown" else None,
            observation_id=None,
            department_id=SERVICES[service][0] if service else None,
            service_id=service,
            observed=expected if result == "pass" else observed,
            expected=expected,
        )

    def _scores(self) -> None:
        assets = self.rows["asset"]
        groups: list[tuple[Level, str, list[dict[str, Any]], int]] = [(Level.CITY, "", assets, 48)]
        groups += [(Level.DEPARTMENT, key, [one for one in assets if one["department_id"] == key], 8) for key in DEPARTMENTS]
        groups += [(Level.SERVICE, key, [one for one in assets if one["service_id"] == key], 4) for key in SERVICES]
        for level, key, members, size in groups:
            risks = [one["risk"] for one in members if one["risk"] is not None]
            unseen = len(members) - len(risks)
            worst, squares = max(risks, default=0.0), sum((risk / 100) ** 2 for risk in risks)
            value = group_risk(level, worst, squares, size)
            low, high = group_interval(
                level, worst, squares, size, unscanned=unseen + (2 if level is Level.CITY else 0), scanned_p75=50.0
            )
            parts = [
                {"name": one.name, "value": one.value, "source": one.source} for one in group_factors(level, worst, squares, size)
            ]
            self._history(level, key, (value, low, high), {"factors": parts, "inventory_size": size})

    def _history(self, level: Level, key: str, scores: tuple[float, float, float], factors: dict[str, Any]) -> None:
        value, low, high = scores
        drift = random.Random(f"{level}{key}")
        moved = 9.0
        for days in range(75, -1, -1):
            moved += drift.uniform(-0.5, 0.35) + (7.5 if days == 41 else -8.0 if days == 19 else 0.0)
            shift = 0.0 if days == 0 else moved * days / 75 + drift.uniform(-0.4, 0.4) + (6.0 if 19 < days <= 41 else 0.0)
            now = [min(100.0, max(0.0, one + shift)) for one in (value, low, high + days / 12)]
            self._add(
                "score_history",
                level=level.value,
                key=key,
                at=NOW - timedelta(days=days, hours=1),
                value=now[0],
                low=min(now[1], now[0]),
                high=max(now[2], now[0]),
                coverage=0.91 - days / 400,
                version=1,
                factors=factors,
            )

    def _scans(self) -> None:
        progress = {
            "phase": "looking",
            "hosts_done": 256,
            "hosts_total": 256,
            "hosts_alive": 24,
            "ports": 71,
            "checks_done": 118,
            "checks_total": 213,
            "units_done": 11,
            "units_total": 20,
            "units_failed": 0,
            "rate": 38.5,
            "seconds_left": 41.0,
            "notes": [self.text("without raw sockets: connects")],
        }
        states = (("running", 0, None), ("finished", 5, 5), ("finished", 29, 29), ("stopped", 53, 53))
        for number, (state, began, ended) in enumerate(states, 1):
            start = NOW - timedelta(hours=began, minutes=2)
            self._add(
                "scan",
                id=self._id(f"scan {number}"),
                zone="dmz",
                targets=None,
                asked_by="nightly" if number > 1 else "test administrator",
                schedule_id="nightly" if number > 1 else None,
                state=state,
                created_at=start,
                started_at=start,
                ended_at=start + timedelta(seconds=97) if ended is not None else None,
                progress=progress
                if state == "running"
                else {**progress, "phase": "done", "units_done": 20, "checks_done": 213, "notes": []},
                detail="",
            )
        self._add(
            "schedule",
            id="nightly",
            zone="dmz",
            cron="30 2 * * *",
            interval_seconds=None,
            timezone="Europe/Madrid",
            enabled=True,
            from_settings=True,
            created_at=NOW - timedelta(days=200),
        )
        self._add(
            "due_run",
            schedule_id="nightly",
            due_local="2026-11-23T02:30:00",
            scan_id=self._id("scan 2"),
            taken_at=NOW - timedelta(hours=5),
        )


def _severity(base: float) -> str:
    bounds = ((80, "critical"), (55, "high"), (30, "medium"), (10, "low"))
    return next((word for least, word in bounds if base >= least), "info")
