"""One transaction's work on a batch of observations: each is placed on its asset, put down, judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection

from collector import coverage, exceptions, risk
from collector.batch import Batch, Tables
from collector.endpoints import Endpoints
from collector.evidence import Identifying, identifying
from collector.exposure import exposure_of, most_exposed
from collector.findings import LifeCycle
from collector.identity import Identity, IdentityPolicy
from collector.inventory import ServiceDefaults, is_leased, load_services, network_of, presence, somebody_answered
from collector.occasion import HOST, Seen, matched_to_names, seen_by
from collector.records import AssetRecord, Changes, Evaluation, IngestedRecord, LookRecord
from collector.threats import Threats
from rules.context import AssetFacts, EndpointFacts
from rules.flaws import cves_in
from rules.verdict import Verdict
from scanners.observation import Observation, Outcome
from scanners.passive.facts import PassiveFacts
from scanners.ports import parse_ports
from scanners.reported import REPORTERS, ReportedFacts
from scanners.service_facts import IMPORTED_BY_NMAP, HostFacts, ServiceFacts

if TYPE_CHECKING:
    from collector.ingest import IngestSettings, Judge

ASSET_SCANNER = "asset"
ANSWERED = frozenset({Outcome.OBSERVED, Outcome.PROTOCOL_ERROR})


class Intake:
    """Everything one transaction needs. ``now`` is its time."""

    def __init__(self, connection: Connection, bulk: Tables, rulebook: Judge, settings: IngestSettings, now: datetime) -> None:
        self.connection = connection
        self.settings = settings
        self.now = now
        self.batch = Batch(connection, bulk)
        self.threats = Threats(connection, rulebook)
        self.life = LifeCycle(now=now, deadlines=settings.deadlines, threats=self.threats)
        self.services: Mapping[str, ServiceDefaults] = load_services(connection)
        self.endpoints = Endpoints(self.batch, self.life, settings.applies)
        # Nothing here leads back to this object: it and its batch go with the transaction, not when garbage is looked for.
        self.identity = Identity(self.batch, _with_networks(settings), partial(_adopt, self.batch, settings, self.services))
        self._rulebook = rulebook
        self._asset_facts: dict[str, AssetFacts] = {}
        self._last_seen: dict[str, Seen] = {}
        self._ports: dict[str, tuple[int, ...]] = {}

    def take(self, observations: Sequence[Observation], scan_id: str | None) -> Changes:
        """Work through the observations, oldest first, and write what changed."""
        exceptions.lapse(self.batch, self.life)
        ids = [observation.id for observation in observations]
        known = {row.id for row in self.batch.bulk.ingested.select(self.connection, "id", ids)}
        fresh = {observation.id: observation for observation in observations if observation.id not in known}
        placed = [self._placed(observation, scan_id) for observation in fresh.values()]
        placed.sort(key=lambda item: (item[1].at, item[1].cause))
        self.batch.load_by_identifiers(key for _, _, evidence in placed for key in evidence.shown())
        self.threats.announce(cve for observation in fresh.values() for cve in _reported_cves(observation))
        skipped = len(observations) - len(fresh)
        for observation, seen, evidence in placed:
            skipped += 0 if self._one(observation, seen, evidence) else 1
        self._judge_assets()
        # A time in the future is taken as now, so that its age does not tell when it comes again: its id is kept until then.
        marks = [IngestedRecord(id=key, at=max(self.now, fresh[key].observed_at)) for key in sorted(fresh)]
        self.batch.bulk.ingested.add(self.connection, marks)
        return self.finish(ingested=len(observations) - skipped, skipped=skipped)

    def finish(self, *, ingested: int, skipped: int) -> Changes:
        """Score, write, and tell what changed."""
        batch = self.batch
        self._weigh_merged()
        moved = risk.rescore(batch)
        scores = risk.write_history(self.connection, [risk.asset_score(asset, self.now) for asset in moved])
        again = batch.again()
        batch.write()
        exceptions.settle(batch, self.now)
        return Changes(
            ingested=ingested,
            skipped=skipped,
            assets={key: batch.assets[key] for key in sorted(batch.touched)},
            evaluations=tuple(batch.evaluations),
            findings=batch.changed_findings(),
            events=tuple(batch.events),
            scores=scores,
            again=again,
        )

    def _weigh_merged(self) -> None:
        """What came from another asset is as critical and exposed as the one it is on now."""
        for asset in [self.batch.assets[key] for key in sorted(self.batch.moved)]:
            for finding in [found for found in self.batch.findings[asset.id].values() if found.state != "resolved"]:
                self.life.weigh_again(self.batch, asset, finding)

    # --- one observation -------------------------------------------------------------------------------------------

    def _placed(self, observation: Observation, scan_id: str | None) -> tuple[Observation, Seen, Identifying]:
        at = min(observation.observed_at, self.now)
        round_ = scan_id or f"{at:%Y-%m-%dT%H}"
        zone = self.settings.zones.get(observation.zone)
        namespace = zone.namespace if zone is not None else ""
        return observation, seen_by(observation, at, round_), identifying(observation, namespace, at, round_)

    def _one(self, observation: Observation, seen: Seen, evidence: Identifying) -> bool:
        """Returns False when the observation is older than what is stored of the same look."""
        owner = self.identity.owner_of(evidence)
        if owner is not None and self._is_stale(owner, seen):
            return False
        asset = self.identity.asset_of(evidence)
        if asset is None:
            return True  # nothing answered at an address that nobody owns: there is nothing to say it of
        self._keep_look(asset, observation, seen)
        if observation.scanner == IMPORTED_BY_NMAP:
            self.endpoints.reported(asset, seen, observation.facts)
            return True
        if observation.scanner in REPORTERS:
            if observation.target.port is not None and isinstance(observation.facts, ReportedFacts) and observation.facts.results:
                self.endpoints.reported(asset, seen, None)
            self._judge(asset, observation, seen)
            return True
        if evidence.looked:
            self._present(asset, seen)
        if observation.target.port is None:
            self._host(asset, observation, seen, evidence)
        else:
            self._endpoint(asset, observation, seen)
        self._judge(asset, observation, seen)
        return True

    def _is_stale(self, asset: AssetRecord, seen: Seen) -> bool:
        mark = self.batch.looks[asset.id].get((seen.place, seen.scanner, seen.vantage))
        return mark is not None and mark.address == seen.address and (mark.observed_at, mark.id) >= (seen.at, seen.cause)

    def _keep_look(self, asset: AssetRecord, observation: Observation, seen: Seen) -> None:
        mark = self.batch.looks[asset.id].get((seen.place, seen.scanner, seen.vantage))
        if mark is not None and (mark.observed_at, mark.id) > (seen.at, seen.cause):
            return  # a look at another of its addresses is newer
        self.batch.keep_look(
            LookRecord(
                asset_id=asset.id,
                place=seen.place,
                scanner=seen.scanner,
                vantage=seen.vantage,
                id=observation.id,
                zone=observation.zone,
                observed_at=seen.at,
                address=seen.address,
                outcome=observation.outcome.value,
                detail=observation.detail[:400],
                scanner_version=observation.scanner_version[:32],
                facts=observation.facts,
                evidence=observation.evidence or None,
                evidence_sha256=observation.evidence_sha256,
            )
        )

    def _present(self, asset: AssetRecord, seen: Seen) -> None:
        if presence(self.batch, asset, seen):
            self.batch.change_asset(asset)
        self._last_seen[asset.id] = seen

    def _host(self, asset: AssetRecord, observation: Observation, seen: Seen, evidence: Identifying) -> None:
        facts = observation.facts
        if not isinstance(facts, HostFacts) or observation.outcome is not Outcome.OBSERVED:
            return
        if facts.alive is not False:
            self.endpoints.sweep(asset, seen, facts)
            return
        self.identity.silent(asset, evidence)
        self._silent(asset, seen)

    def _silent(self, asset: AssetRecord, seen: Seen) -> None:
        """Count complete sweeps without an answer; silence alone proves nothing, long silence that others break does."""
        if asset.silent_in == seen.round_ or (asset.last_seen is not None and asset.last_seen >= seen.at):
            return
        asset.silent_rounds += 1
        asset.silent_in = seen.round_
        self.batch.change_asset(asset)
        last = asset.last_seen
        long = last is not None and seen.at - last >= self.settings.gone_after
        if not long or asset.silent_rounds < 2 or asset.gone_since is not None or len(asset.addresses) > 1:
            return
        if somebody_answered(self.connection, self.batch, asset, seen.at):
            self.endpoints.asset_gone(asset, seen)

    def _endpoint(self, asset: AssetRecord, observation: Observation, seen: Seen) -> None:
        if observation.outcome is Outcome.CLOSED:
            self.endpoints.see_closed(asset, seen)
        elif observation.outcome in ANSWERED:
            self.endpoints.see_open(asset, seen)
            if isinstance(observation.facts, ServiceFacts):
                self.endpoints.describe(asset, seen, observation.facts)
            elif isinstance(observation.facts, PassiveFacts):
                self.endpoints.hear(asset, seen, observation.facts)

    # --- judging ---------------------------------------------------------------------------------------------------

    def _judge(self, asset: AssetRecord, observation: Observation, seen: Seen) -> None:
        facts = observation.facts
        if observation.outcome is Outcome.OBSERVED and facts is not None:
            if isinstance(facts, HostFacts) and facts.alive is False:
                return
            endpoint, parameters = self._endpoint_facts(asset, seen), self._parameters(asset, seen.zone)
            facts = matched_to_names(facts, endpoint.names or ())
            found = self._rulebook.judge(facts, endpoint, self._facts_of(asset), parameters)
            if asset.last_evaluated is None or asset.last_evaluated < seen.at:
                asset.last_evaluated = seen.at
                self.batch.change_asset(asset)
        elif self._is_gone(asset, seen):
            return
        else:
            found = self._rulebook.unjudged(observation.scanner, observation.outcome.value)
        self.put_down(asset, seen, found)

    def _is_gone(self, asset: AssetRecord, seen: Seen) -> bool:
        """A look at a place that is proved closed, or never answered, leaves nothing open to be judged."""
        if seen.port is None:
            return False
        row = self.batch.endpoints[asset.id].get((seen.place, seen.vantage))
        return row is None or row.state != "open"

    def put_down(self, asset: AssetRecord, seen: Seen, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            coverage.put_down(self.batch, asset, seen, verdict)
            finding = self.life.apply(self.batch, asset, seen, verdict)
            self.batch.evaluations.append(
                Evaluation(asset, seen.place, seen.vantage, seen.at, verdict, seen.observation, finding)
            )

    def judge_asset(self, asset: AssetRecord, seen: Seen, days_unseen: float | None) -> None:
        """Judge what the inventory says of the asset; the place is the host, the vantage the most exposed that sees it."""
        facts = msgspec.structs.replace(self._facts_of(asset), days_unseen=days_unseen)
        endpoint = self._endpoint_facts(asset, seen)
        found = self._rulebook.judge(facts, endpoint, facts, self._parameters(asset, seen.zone))
        for verdict in found:
            for key, row in list(self.batch.coverage[asset.id].items()):
                if key[0] == HOST and key[2] == ASSET_SCANNER and key[3] == verdict.rule and key[1] != seen.vantage:
                    self.batch.drop_coverage(row)  # the same question, asked of another vantage before
        self.put_down(asset, seen, found)

    def inventory_seen(self, asset: AssetRecord, at: datetime, cause: str, zone: str, fallback: str) -> Seen:
        """Where the inventory's own rules are put down."""
        vantages = {row.vantage for row in self.batch.endpoints[asset.id].values() if row.state == "open"} or {fallback}
        address = asset.addresses[-1] if asset.addresses else ""
        vantage, _ = most_exposed(vantages, asset.exposure)
        return Seen(
            place=HOST, vantage=vantage, scanner=ASSET_SCANNER, zone=zone, address=address, at=at, cause=cause, round_=cause
        )

    def _judge_assets(self) -> None:
        for asset_id, last in sorted(self._last_seen.items()):
            asset = self.batch.assets.get(asset_id)
            if asset is not None:
                seen = self.inventory_seen(asset, last.at, last.cause, last.zone, last.vantage)
                self.judge_asset(asset, seen, 0.0)

    def _endpoint_facts(self, asset: AssetRecord, seen: Seen) -> EndpointFacts:
        names = tuple(asset.names) if seen.name is None or seen.name in asset.names else (*asset.names, seen.name)
        return EndpointFacts(
            address=seen.address or None,
            port=seen.port,
            transport=seen.transport,
            name=seen.name,
            names=names,
            vantage=seen.vantage,
            exposure=exposure_of(seen.vantage, asset.exposure),
            observed_at=seen.at,
        )

    def _facts_of(self, asset: AssetRecord) -> AssetFacts:
        """The inventory *knows* that nobody is named: that is an empty text, not an undetermined fact."""
        facts = self._asset_facts.get(asset.id)
        if facts is None:
            facts = self._asset_facts[asset.id] = AssetFacts(
                in_inventory=asset.declared,
                department=asset.department_id or "",
                service=asset.service_id or "",
                owner=asset.owner or "",
                ens_category=asset.ens_category or "",
                authorised_ports=self._authorised(asset.authorised_ports),
                days_unseen=0.0,
            )
        return facts

    def _authorised(self, text: str | None) -> tuple[int, ...] | None:
        if text is None:
            return None
        if text not in self._ports:
            self._ports[text] = tuple(sorted(parse_ports(text))) if text else ()
        return self._ports[text]

    def _parameters(self, asset: AssetRecord, zone_id: str) -> Mapping[str, Mapping[str, Any]]:
        """The parameters of the zone and of the asset's services: a service's count more, the most critical one's most."""
        members = self.batch.memberships.get(asset.id) or set()
        keys = [*sorted(members - {asset.service_id}), asset.service_id or ""]
        zone = self.settings.zones.get(zone_id)
        sources: list[Mapping[str, Mapping[str, Any]]] = [zone.parameters if zone is not None else {}]
        sources += [service.parameters for service in map(self.services.get, keys) if service is not None]
        given = [source for source in sources if source]
        if len(given) < 2:
            return given[0] if given else {}
        merged: dict[str, Mapping[str, Any]] = {}
        for source in given:
            for rule, values in source.items():
                merged[rule] = {**merged.get(rule, {}), **values}
        return merged


def _reported_cves(observation: Observation) -> Iterator[str]:
    if isinstance(observation.facts, ReportedFacts):
        for result in observation.facts.results or ():
            yield from cves_in(result.cves)


def _with_networks(settings: IngestSettings) -> IdentityPolicy:
    given = settings.identity
    if not any(network.dynamic for network in settings.networks):
        return given
    return IdentityPolicy(
        leased=lambda namespace, address: given.leased(namespace, address) or is_leased(settings.networks, namespace, address),
        present_for=given.present_for,
        present_for_leased=given.present_for_leased,
    )


def _adopt(
    batch: Batch, settings: IngestSettings, services: Mapping[str, ServiceDefaults], asset: AssetRecord, address: str
) -> None:
    """Give an asset that the catalogue does not name the service of its network."""
    network = network_of(settings.networks, asset.namespace, address)
    service = services.get(network.service) if network is not None else None
    if service is None:
        return
    asset.service_id, asset.department_id = service.id, service.department_id
    asset.ens_category, asset.exposure = service.ens_category, service.exposure
    batch.memberships[asset.id].add(service.id)
