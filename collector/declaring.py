"""Assets that somebody declares: the catalogue file, or an inventory taken in from elsewhere, each the master of its own only."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from collector import tables
from collector.batch import Batch, IdentifierKey, Tables
from collector.catalogue_file import DeclaredAsset
from collector.events import Action, new_event
from collector.evidence import Kind
from collector.exceptions import Covers, settle
from collector.findings import LifeCycle, State
from collector.identity import WEIGHT_ADDRESS, WEIGHT_CERTIFICATE, WEIGHT_DECLARED, WEIGHT_HOST_KEY, WEIGHT_MAC
from collector.inventory import NetworkDefault, load_services, network_of
from collector.records import AssetRecord, Changes, FindingRecord, IdentifierRecord
from collector.risk import score_asset
from collector.waiving import still_covers
from scanners.ports import format_ports

_ASSETS = uuid.UUID("d6f0f1b5-8f39-5a53-9b0e-3c5b5d3f7a10")
_RANK = {"ALTA": 3, "MEDIA": 2, "BASICA": 1, None: 0}
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass
class Done:
    """What declaring did, by the ids that the source gives. ``elsewhere``: another source declares that machine already."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


class Declaring:
    """Makes the store say what one source declares. ``source`` is "" for the catalogue file, which is stronger than every import.

    An imported asset's ``catalogue_id`` is ``source:id``; no id of the file holds a colon. ``networks`` give the service of
    an asset that is declared without one.
    """

    def __init__(
        self,
        connection: Connection,
        declared: Sequence[DeclaredAsset],
        life: LifeCycle,
        source: str = "",
        networks: Sequence[NetworkDefault] = (),
    ) -> None:
        self.done = Done()
        self._connection = connection
        self._declared = declared
        self._networks = networks
        self._prefix = f"{source}:" if source else ""
        self._services = load_services(connection)
        self._now = life.now
        self._batch = Batch(connection, Tables(connection.dialect.name))
        self._life = life
        self._known = self._own_rows()
        self._wanted = {self._prefix + asset.id for asset in declared}

    def _own_rows(self) -> dict[str, str]:
        table = tables.asset.c
        rows = self._connection.execute(select(table.id, table.catalogue_id).where(table.catalogue_id.is_not(None)))
        return {row.catalogue_id: row.id for row in rows if self._is_own(row.catalogue_id)}

    def _is_own(self, catalogue_id: str) -> bool:
        return catalogue_id.startswith(self._prefix) if self._prefix else ":" not in catalogue_id

    def leaving(self) -> list[str]:
        """After :meth:`declare`: the ids of this source that it declares no longer, not even under another id."""
        left = sorted(set(self._known) - self._wanted)
        self._batch.load(self._known[key] for key in left)
        return [key for key in left if self._batch.assets[self._known[key]].catalogue_id == key]

    @property
    def had(self) -> int:
        """How many assets of this source there were before."""
        return len(self._known)

    def declare(self) -> None:
        self._batch.load(self._known[key] for key in self._wanted if key in self._known)
        self._batch.load_by_identifiers(key for asset in self._declared for key in _identifiers(asset))
        for asset in self._declared:
            self._declare(asset)

    def _declare(self, declared: DeclaredAsset) -> None:
        known = self._known.get(self._prefix + declared.id)
        asset = self._batch.assets[known] if known is not None else self._asset_for(declared)
        if asset is None:
            self.done.elsewhere.append(declared.id)
            return
        before = _compared(asset, self._batch.memberships[asset.id])
        self._fill(asset, declared)
        changed = known is None or before != _compared(asset, self._batch.memberships[asset.id])
        if changed:
            self._batch.change_asset(asset)
            self._pass_on(asset)
        changed = self._identify(asset, declared) or changed
        (self.done.added if known is None else self.done.changed if changed else self.done.unchanged).append(declared.id)

    def _asset_for(self, declared: DeclaredAsset) -> AssetRecord | None:
        """What was found at its addresses before it was declared, or a new one; None when another source declares it."""
        elsewhere = False
        for key in _identifiers(declared):
            row = self._batch.identifiers.get(key)
            if row is None or row.weight <= 0:
                continue
            if self._may_take(self._batch.assets[row.asset_id]):
                return self._batch.assets[row.asset_id]
            elsewhere = elsewhere or not self._is_own(self._batch.assets[row.asset_id].catalogue_id or "")
        if elsewhere and self._prefix:
            return None
        asset_id = str(uuid.uuid5(_ASSETS, self._prefix + declared.id))
        return AssetRecord(id=asset_id, name=declared.name or declared.id, namespace=declared.namespace)

    def _may_take(self, asset: AssetRecord) -> bool:
        """Whether it is nobody's, this source's under an id that it gives no longer, or an import's that the file declares."""
        if not asset.declared or asset.catalogue_id is None:
            return True
        if self._is_own(asset.catalogue_id):
            return asset.catalogue_id not in self._wanted
        return not self._prefix

    def _fill(self, asset: AssetRecord, declared: DeclaredAsset) -> None:
        members = declared.services or self._by_network(declared)
        services = [self._services[key] for key in members]
        main = max(services, key=lambda item: (_RANK[item.ens_category], item.id), default=None)
        categories = (declared.ens_category, main.ens_category if main else None)
        asset.declared = True
        asset.catalogue_id = self._prefix + declared.id
        asset.name = declared.name or declared.id
        asset.namespace = declared.namespace
        asset.service_id = main.id if main else None
        asset.department_id = declared.department or (main.department_id if main else None)
        asset.owner = declared.owner
        asset.ens_category = max(categories, key=lambda category: _RANK[category])
        asset.exposure = declared.exposure or (main.exposure if main else None)
        asset.authorised_ports = None if declared.authorised_ports is None else format_ports(declared.authorised_ports)
        asset.names = sorted({*asset.names, *declared.names})
        asset.addresses = [*asset.addresses, *(str(item) for item in declared.addresses if str(item) not in asset.addresses)]
        self._batch.memberships[asset.id] = set(members)

    def _by_network(self, declared: DeclaredAsset) -> tuple[str, ...]:
        if declared.department is not None:
            return ()
        found = (network_of(self._networks, declared.namespace, str(address)) for address in declared.addresses)
        return next(((network.service,) for network in found if network is not None and network.service in self._services), ())

    def _identify(self, asset: AssetRecord, declared: DeclaredAsset) -> bool:
        """Give the asset its identifiers; returns whether any is another now."""
        changed = False
        wanted = _identifiers(declared)
        for key in list(self._batch.identifiers_of[asset.id]):
            if key[1] == Kind.CATALOGUE and key not in wanted:
                self._batch.drop_identifier(key)
                changed = True
        for key, weight in wanted.items():
            row = self._batch.identifiers.get(key)
            if row is not None and row.asset_id == asset.id and row.weight in {weight, 0.0}:
                continue
            if row is not None and row.asset_id != asset.id and self._keeps(self._batch.assets[row.asset_id]):
                continue
            namespace, kind, value = key
            self._batch.change_identifier(
                IdentifierRecord(
                    namespace=namespace,
                    kind=kind,
                    value=value,
                    asset_id=asset.id,
                    weight=weight,
                    first_seen=row.first_seen if row else self._now,
                    last_seen=row.last_seen if row else asset.last_seen or _NEVER,
                )
            )
            self._batch.change_asset(asset)
            changed = True
        return changed

    def _keeps(self, other: AssetRecord) -> bool:
        """Another machine was seen there: the next look tells whose it is. Nor does an import take what another source gives."""
        return other.last_seen is not None or bool(self._prefix and other.declared and not self._is_own(other.catalogue_id or ""))

    def _pass_on(self, asset: AssetRecord) -> None:
        """Give findings, coverage and exceptions the asset's department, and what it has of category and exposure."""
        batch, cause = self._batch, f"declared at {self._now.isoformat()}"
        batch.moved.add(asset.id)
        for finding in batch.findings[asset.id].values():
            before = finding.department_id
            self._life.weigh_again(batch, asset, finding)
            if finding.waiver is not None and not still_covers(self._connection, finding):
                self._life.unwaive(batch, asset, finding, "void", cause)
            if before != asset.department_id and finding.state != State.RESOLVED:
                self._hand_over(asset, finding, before, cause)
        things = ((Covers.ASSET, [asset.id]), (Covers.FINDING, [one.id for one in batch.findings[asset.id].values()]))
        for kind, keys in things:
            own = (tables.exception.c.kind == kind.value, tables.exception.c.key.in_(keys))
            self._connection.execute(update(tables.exception).where(*own).values(department_id=asset.department_id))
        for pair in self._batch.coverage[asset.id].values():
            pair.department_id, pair.service_id = asset.department_id, asset.service_id
            self._batch.change_coverage(pair)

    def _hand_over(self, asset: AssetRecord, finding: FindingRecord, before: str | None, cause: str) -> None:
        """Both departments are told."""
        about = {"asset_id": asset.id, "finding_id": finding.id}
        detail = {"rule": finding.rule}
        left = new_event(Action.FINDING_HANDED_OVER, self._now, cause, department_id=before, detail=detail, **about)
        self._batch.events.append(left)
        detail = {"rule": finding.rule, "state": finding.state}
        self._batch.happened(Action.FINDING_TAKEN_OVER, self._now, cause, asset, finding_id=finding.id, detail=detail)

    def retire(self) -> None:
        """What left the source is nobody's declared asset any more; what was never seen and holds nothing is removed."""
        for key in self.leaving():
            asset = self._batch.assets[self._known[key]]
            self.done.retired.append(key.removeprefix(self._prefix))
            cause = f"catalogue without {key} at {self._now.isoformat()}"
            for row in [self._batch.identifiers[item] for item in list(self._batch.identifiers_of[asset.id])]:
                if row.kind == Kind.CATALOGUE:
                    self._batch.drop_identifier((row.namespace, row.kind, row.value))
            if asset.last_seen is None and not self._batch.findings[asset.id]:
                for pair in list(self._batch.coverage[asset.id].values()):
                    self._batch.drop_coverage(pair)
                self._batch.drop_asset(asset)
                continue
            asset.declared, asset.catalogue_id = False, None
            self._batch.change_asset(asset)
            self._batch.happened(Action.ASSET_RETIRED, self._now, cause, asset, detail={"catalogue_id": key})

    def follow_services(self) -> None:
        """What nobody declares is where its service is, and as critical and exposed."""
        own, its = tables.asset.c, tables.service.c
        another = or_(*(own[name].is_distinct_from(its[name]) for name in ("department_id", "ens_category", "exposure")))
        behind = select(own.id).join(tables.service, its.id == own.service_id).where(own.declared.is_(False), another)
        self._batch.load(self._connection.execute(behind).scalars())
        for asset in [asset for asset in self._batch.assets.values() if not asset.declared]:
            service = self._services.get(asset.service_id or "")
            if service is None:
                continue
            wanted = (service.department_id, service.ens_category, service.exposure)
            if wanted != (asset.department_id, asset.ens_category, asset.exposure):
                asset.department_id, asset.ens_category, asset.exposure = wanted
                self._batch.change_asset(asset)
                self._pass_on(asset)

    def release(self, services: frozenset[str], departments: frozenset[str]) -> None:
        """These are no more: their assets stay, without them."""
        own = tables.asset.c
        held = select(own.id).where(own.service_id.in_(sorted(services)) | own.department_id.in_(sorted(departments)))
        self._batch.load(self._connection.execute(held).scalars())
        for asset in list(self._batch.assets.values()):
            self._batch.memberships[asset.id] -= services
            if asset.service_id not in services and asset.department_id not in departments:
                continue
            asset.service_id = None if asset.service_id in services else asset.service_id
            asset.department_id = None if asset.department_id in departments else asset.department_id
            self._batch.change_asset(asset)
            self._pass_on(asset)

    def finish(self) -> Changes:
        """Score and write; returns what has to leave."""
        batch = self._batch
        for asset_id in sorted(batch.rescore):
            score_asset(batch.assets[asset_id], batch.findings[asset_id].values())
            batch.change_asset(batch.assets[asset_id])
        changed = sorted(batch.touched)
        link = tables.asset_service
        for start in range(0, len(changed), 500):
            self._connection.execute(delete(link).where(link.c.asset_id.in_(changed[start : start + 500])))
        again = batch.again()
        batch.write()
        settle(batch, self._now)
        return Changes(
            ingested=0,
            skipped=0,
            assets={key: batch.assets[key] for key in changed},
            evaluations=(),
            findings=batch.changed_findings(),
            events=tuple(batch.events),
            again=again,
        )


def _identifiers(declared: DeclaredAsset) -> dict[IdentifierKey, float]:
    found: list[tuple[str, Iterable[Any], float]] = [
        (Kind.ADDRESS, declared.addresses, WEIGHT_ADDRESS + WEIGHT_DECLARED),
        (Kind.NAME, declared.names, WEIGHT_ADDRESS),
        (Kind.MAC, declared.macs, WEIGHT_MAC),
        (Kind.HOST_KEY, declared.ssh_host_keys, WEIGHT_HOST_KEY),
        (Kind.CERTIFICATE, declared.certificates, WEIGHT_CERTIFICATE),
        (Kind.CATALOGUE, declared.addresses, WEIGHT_DECLARED),
    ]
    return {(declared.namespace, kind, str(value)): weight for kind, values, weight in found for value in values}


def _compared(asset: AssetRecord, services: set[str]) -> tuple[object, ...]:
    return (
        asset.declared,
        asset.catalogue_id,
        asset.name,
        asset.namespace,
        asset.service_id,
        asset.department_id,
        asset.owner,
        asset.ens_category,
        asset.exposure,
        asset.authorised_ports,
        tuple(asset.names),
        tuple(asset.addresses),
        tuple(sorted(services)),
    )
