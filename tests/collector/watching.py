"""Observations and a judge for the collector's tests: small facts, rules that look at one field."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from collector import tables
from collector.ingest import Ingest, IngestSettings
from collector.records import Changes
from collector.store import Store
from rules.context import AssetFacts, EndpointFacts
from rules.flaws import ShownCves
from rules.verdict import Confidence, Result, Severity, Verdict
from scanners.observation import Facts, Observation, Outcome, Vantage
from scanners.protocols.ftp import FtpFacts
from scanners.protocols.redis import RedisFacts
from scanners.protocols.ssh import HostKeyFacts, SshFacts
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.target import Target

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class SmallJudge:
    """Four rules. ``DB-901`` fails when Redis needs no password, ``NET-901`` on anonymous FTP, ``SSH-901`` on protocol 1 and
    ``INV-901`` on an asset that nobody declared. None gives unknown; the texts ``no rule`` give not applicable."""

    flawed: Collection[str] = ()
    cves: Collection[str] = ()

    def shown_cves(self, rule: str, observed: Any, expected: Any) -> ShownCves | None:
        return None

    def judge(
        self,
        facts: Facts,
        endpoint: EndpointFacts,
        asset: AssetFacts,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Sequence[Verdict]:
        if isinstance(facts, RedisFacts):
            if facts.version == "no rule":
                return [Verdict(rule="DB-901", result=Result.NOT_APPLICABLE)]
            return [_verdict("DB-901", facts.auth_required, 90.0, Severity.CRITICAL)]
        if isinstance(facts, FtpFacts):
            fine = None if facts.anonymous is None else not facts.anonymous
            return [_verdict("NET-901", fine, 60.0, Severity.HIGH)]
        if isinstance(facts, SshFacts):
            return [_verdict("SSH-901", None if facts.protocol is None else facts.protocol == "2.0", 40.0, Severity.MEDIUM)]
        if isinstance(facts, AssetFacts):
            return [_verdict("INV-901", facts.in_inventory, 60.0, Severity.HIGH)]
        return []

    def unjudged(self, kind: str, reason: str) -> Sequence[Verdict]:
        rule = {"redis": "DB-901", "ftp": "NET-901", "ssh": "SSH-901", "asset": "INV-901"}.get(kind)
        return [Verdict(rule=rule, result=Result.UNKNOWN, observed={"outcome": reason})] if rule else []


def _verdict(rule: str, fine: bool | None, base: float, severity: Severity) -> Verdict:
    result = Result.UNKNOWN if fine is None else Result.PASS if fine else Result.FAIL
    return Verdict(
        rule=rule,
        result=result,
        observed={"fine": fine},
        expected={"fine": True},
        base=base,
        severity=severity,
        confidence=Confidence.CONFIRMED,
    )


def _applies(scanner: str, service: ServiceFacts) -> bool:
    return scanner not in {"redis", "ftp", "ssh"} or scanner == service.name


class Watch:
    """A collector under test, its clock, and shorthand for what scanners say."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.store = store
        self.now = START
        self.delivered: list[Changes] = []
        self._ids = itertools.count(1)
        chosen = IngestSettings(**{"clock": lambda: self.now, "applies": _applies, **settings})
        self.ingest = Ingest(store, SmallJudge(), chosen, lambda _, changes: self.delivered.append(changes))

    def later(self, **spent: float) -> None:
        self.now += timedelta(**spent)

    def take(self, *observations: Observation, scan: str | None = None) -> Changes:
        return self.ingest.take(observations, scan_id=scan)

    def seen(
        self,
        scanner: str,
        address: str = "192.0.2.10",
        port: int | None = None,
        facts: Facts | None = None,
        outcome: Outcome | None = None,
        *,
        vantage: Vantage = Vantage.INTERNAL,
        name: str | None = None,
        at: datetime | None = None,
        zone: str = "dmz",
    ) -> Observation:
        return Observation(
            id=f"{next(self._ids):032x}",
            zone=zone,
            vantage=vantage,
            target=Target(address=address, port=port, name=name),
            scanner=scanner,
            scanner_version="1",
            observed_at=at or self.now,
            outcome=outcome or (Outcome.OBSERVED if facts is not None else Outcome.TIMEOUT),
            facts=facts,
        )

    def redis(self, fine: bool | None = False, address: str = "192.0.2.10", **more: Any) -> Observation:
        return self.seen("redis", address, 6379, RedisFacts(auth_required=fine), **more)

    def failed(self, outcome: Outcome, address: str = "192.0.2.10", scanner: str = "redis", **more: Any) -> Observation:
        return self.seen(scanner, address, more.pop("port", 6379), None, outcome, **more)

    def host(self, address: str = "192.0.2.10", *, open_: tuple[int, ...] = (6379,), **more: Any) -> Observation:
        closed = more.pop("closed", "")
        facts = HostFacts(alive=True, tcp_open=open_, tcp_closed=closed, tcp_covered="1-65535", mac=more.pop("mac", None))
        return self.seen("host", address, None, facts, **more)

    def silence(self, address: str = "192.0.2.10", **more: Any) -> Observation:
        return self.seen("host", address, None, HostFacts(alive=False, tcp_open=(), tcp_covered="1-65535"), **more)

    def service(self, name: str, address: str = "192.0.2.10", port: int = 6379, **more: Any) -> Observation:
        return self.seen("service", address, port, ServiceFacts(name=name, tls=False), **more)

    def ssh(self, address: str, *keys: str, protocol: str = "2.0", **more: Any) -> Observation:
        found = tuple(HostKeyFacts(algorithm="ssh-ed25519", bits=256, sha256=f"SHA256:{key}") for key in keys)
        return self.seen("ssh", address, 22, SshFacts(protocol=protocol, host_keys=found or None), **more)

    # --- what is stored --------------------------------------------------------------------------------------------

    def rows(self, table: Any, *conditions: Any) -> list[Any]:
        with self.store.read() as connection:
            return list(connection.execute(select(table).where(*conditions).order_by(*table.primary_key.columns)).all())

    def finding(self, rule: str = "DB-901") -> Any:
        """The only finding of the rule."""
        found = self.rows(tables.finding, tables.finding.c.rule == rule)
        assert len(found) == 1, found
        return found[0]

    def actions(self) -> list[str]:
        return [row.action for row in self.rows(tables.event)]

    def asset_at(self, address: str) -> Any:
        """The asset that owns the address."""
        identifier = tables.identifier.c
        (row,) = self.rows(tables.identifier, identifier.kind == "address", identifier.value == address)
        (asset,) = self.rows(tables.asset, tables.asset.c.id == row.asset_id)
        return asset

    def check(self) -> None:
        """What must hold after every transaction."""
        with self.store.read() as connection:
            check_invariants(connection)


def check_invariants(connection: Connection) -> None:
    """The states add up; a finding stands while and only while the coverage holds a failure; assets count rightly."""
    finding, pair, asset = tables.finding.c, tables.coverage.c, tables.asset.c
    keys = (func.coalesce(finding.department_id, ""), func.coalesce(finding.service_id, ""))
    groups = (*keys, finding.rule, finding.state, finding.band)
    counted = {tuple(row[:-1]): row[-1] for row in connection.execute(select(*groups, func.count()).group_by(*groups))}
    assert {tuple(row[:-1]): row[-1] for row in connection.execute(select(tables.tally))} == counted
    groups = (func.coalesce(pair.department_id, ""), func.coalesce(pair.service_id, ""), pair.rule, pair.result)
    counted = {tuple(row[:-1]): row[-1] for row in connection.execute(select(*groups, func.count()).group_by(*groups))}
    assert {tuple(row[:-1]): row[-1] for row in connection.execute(select(tables.coverage_tally))} == counted
    standing = {
        tuple(row)
        for row in connection.execute(select(finding.rule, finding.asset_id, finding.place).where(finding.state != "resolved"))
    }
    failing = select(pair.rule, pair.asset_id, pair.place).where(pair.last_conclusive == "fail").distinct()
    assert standing == {tuple(row) for row in connection.execute(failing)}
    said = {row.asset_id: row.words for row in connection.execute(select(tables.asset_words))}
    assert said.keys() == set(connection.execute(select(asset.id)).scalars())
    for row in connection.execute(select(tables.asset)):
        assert all(word.lower() in said[row.id] for word in (row.name, *row.addresses))
        results = list(connection.execute(select(pair.result).where(pair.asset_id == row.id)).scalars())
        assert row.expected == sum(result != "not_applicable" for result in results)
        assert row.conclusive == sum(result in {"pass", "fail"} for result in results)
        opened = select(func.count()).where(finding.asset_id == row.id, finding.state == "open")
        assert row.open_findings == connection.execute(opened).scalar_one()
        assert row.risk is None or 0 <= row.risk <= 100
    known = set(connection.execute(select(asset.id)).scalars())
    for owner in (finding.asset_id, pair.asset_id, tables.observation.c.asset_id, tables.endpoint.c.asset_id):
        assert set(connection.execute(select(owner)).scalars()) <= known
