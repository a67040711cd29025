"""The catalogue, put into the store: idempotent, and without losing a finding of what leaves the file."""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from collector import tables, tally
from collector.batch import Batch, IdentifierKey, Tables
from collector.catalogue_file import Catalogue, DeclaredAsset, catalogue_schema, load_catalogue
from collector.deadlines import DeadlinePolicy
from collector.events import Action
from collector.evidence import Kind
from collector.findings import LifeCycle
from collector.identity import WEIGHT_ADDRESS, WEIGHT_CERTIFICATE, WEIGHT_DECLARED, WEIGHT_HOST_KEY, WEIGHT_MAC
from collector.inventory_size import freeze_when_due
from collector.records import AssetRecord, IdentifierRecord
from collector.risk import score_asset
from scanners.ports import format_ports

__all__ = ["Catalogue", "apply_catalogue", "catalogue_schema", "load_catalogue"]

_ASSETS = uuid.UUID("d6f0f1b5-8f39-5a53-9b0e-3c5b5d3f7a10")
_RANK = {"ALTA": 3, "MEDIA": 2, "BASICA": 1, None: 0}


def apply_catalogue(
    connection: Connection, catalogue: Catalogue, clock: Callable[[], datetime], deadlines: DeadlinePolicy | None = None
) -> None:
    """Make the store say what the catalogue says. Applying it again changes nothing.

    A declared asset takes over what was already found at its addresses. One that left the file stays as an asset nobody declares,
    with its findings; one that was never seen is removed. The size of the inventory is frozen when a period (a year) starts.
    """
    now = clock()
    _departments(connection, catalogue)
    _services(connection, catalogue)
    work = _Applying(connection, catalogue, LifeCycle(now=now, deadlines=deadlines or DeadlinePolicy()))
    work.assets()
    work.retire()
    work.finish()
    _forget_unused(connection, catalogue)
    tally.rebuild(connection)
    freeze_when_due(connection, now)


class _Applying:
    def __init__(self, connection: Connection, catalogue: Catalogue, life: LifeCycle) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._now = life.now
        self._batch = Batch(connection, Tables(connection.dialect.name))
        self._life = life
        self._known = self._rows(tables.asset.c.catalogue_id.is_not(None))

    def _rows(self, condition: Any) -> dict[str, Any]:
        columns = (tables.asset.c.id, tables.asset.c.catalogue_id)
        return {row.catalogue_id: row.id for row in self._connection.execute(select(*columns).where(condition))}

    def assets(self) -> None:
        declared = self._catalogue.assets
        self._batch.load(self._known[asset.id] for asset in declared if asset.id in self._known)
        self._batch.load_by_identifiers(key for asset in declared for key in _identifiers(asset))
        for asset in declared:
            self._declare(asset)

    def _declare(self, declared: DeclaredAsset) -> None:
        asset = self._asset_for(declared)
        before = _compared(asset, self._batch.memberships[asset.id])
        self._fill(asset, declared)
        if before != _compared(asset, self._batch.memberships[asset.id]) or asset.id not in self._known.values():
            self._batch.change_asset(asset)
            self._pass_on(asset)
        self._identify(asset, declared)

    def _asset_for(self, declared: DeclaredAsset) -> AssetRecord:
        """The asset it already is, or what was found at its addresses before it was declared, or a new one."""
        known = self._known.get(declared.id)
        if known is not None:
            return self._batch.assets[known]
        for key in _identifiers(declared):
            row = self._batch.identifiers.get(key)
            if row is not None and row.weight > 0 and not self._batch.assets[row.asset_id].declared:
                return self._batch.assets[row.asset_id]
        return AssetRecord(
            id=str(uuid.uuid5(_ASSETS, declared.id)), name=declared.name or declared.id, namespace=declared.namespace
        )

    def _fill(self, asset: AssetRecord, declared: DeclaredAsset) -> None:
        services = [(key, self._catalogue.services[key]) for key in declared.services]
        main = max(services, key=lambda item: (_RANK[item[1].ens_category], item[0]), default=None)
        asset.declared = True
        asset.catalogue_id = declared.id
        asset.name = declared.name or declared.id
        asset.namespace = declared.namespace
        asset.service_id = main[0] if main else None
        asset.department_id = declared.department or (main[1].department if main else None)
        asset.owner = declared.owner
        asset.ens_category = main[1].ens_category if main else None
        asset.exposure = declared.exposure or (main[1].exposure if main else None)
        asset.authorised_ports = None if declared.authorised_ports is None else format_ports(declared.authorised_ports)
        asset.names = sorted({*asset.names, *declared.names})
        asset.addresses = [*asset.addresses, *(str(item) for item in declared.addresses if str(item) not in asset.addresses)]
        self._batch.memberships[asset.id] = set(declared.services)

    def _identify(self, asset: AssetRecord, declared: DeclaredAsset) -> None:
        wanted = _identifiers(declared)
        for key in list(self._batch.identifiers_of[asset.id]):
            if key[1] == Kind.CATALOGUE and key not in wanted:
                self._batch.drop_identifier(key)
        for key, weight in wanted.items():
            row = self._batch.identifiers.get(key)
            if row is not None and row.asset_id == asset.id and row.weight in {weight, 0.0}:
                continue
            if row is not None and row.asset_id != asset.id and self._batch.assets[row.asset_id].last_seen is not None:
                continue  # another machine was seen there: the next look tells whose it is
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

    def _pass_on(self, asset: AssetRecord) -> None:
        """Give findings and coverage the asset's department, service, category and exposure."""
        for finding in self._batch.findings[asset.id].values():
            self._life.weigh_again(self._batch, asset, finding)
        for pair in self._batch.coverage[asset.id].values():
            pair.department_id, pair.service_id = asset.department_id, asset.service_id
            self._batch.change_coverage(pair)

    def retire(self) -> None:
        """What left the file is nobody's declared asset any more; what was never seen and holds nothing is removed."""
        left = sorted(set(self._known) - {asset.id for asset in self._catalogue.assets})
        self._batch.load(self._known[key] for key in left)
        for key in left:
            asset = self._batch.assets[self._known[key]]
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

    def finish(self) -> None:
        for asset_id in sorted(self._batch.rescore):
            score_asset(self._batch.assets[asset_id], self._batch.findings[asset_id].values())
            self._batch.change_asset(self._batch.assets[asset_id])
        changed = sorted(self._batch.touched)
        link = tables.asset_service
        for start in range(0, len(changed), 500):
            self._connection.execute(delete(link).where(link.c.asset_id.in_(changed[start : start + 500])))
        self._batch.write()


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


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


def _departments(connection: Connection, catalogue: Catalogue) -> None:
    table = tables.department
    known = set(connection.execute(select(table.c.id)).scalars())
    for key, department in catalogue.departments.items():
        if key in known:
            connection.execute(update(table).where(table.c.id == key).values(names=department.names))
        else:
            connection.execute(table.insert().values(id=key, names=department.names, inventory_size=0))


def _services(connection: Connection, catalogue: Catalogue) -> None:
    table = tables.service
    known = set(connection.execute(select(table.c.id)).scalars())
    for key, service in catalogue.services.items():
        values = {
            "department_id": service.department,
            "names": service.names,
            "audience": service.audience,
            "plan": service.plan,
            "strategic_line": service.line,
            "project": service.project,
            "supplier": service.supplier,
            "ens": {dimension: level.value for dimension, level in service.ens.items()},
            "ens_category": service.ens_category,
            "exposure": service.exposure,
            "parameters": {rule: dict(given) for rule, given in service.parameters.items()},
        }
        if key in known:
            connection.execute(update(table).where(table.c.id == key).values(**values))
        else:
            connection.execute(table.insert().values(id=key, inventory_size=0, **values))


def _forget_unused(connection: Connection, catalogue: Catalogue) -> None:
    """Services and departments that left the file; their assets and findings stay, without them."""
    service, department, asset, link = tables.service, tables.department, tables.asset, tables.asset_service
    gone = sorted(set(connection.execute(select(service.c.id)).scalars()) - set(catalogue.services))
    if gone:
        connection.execute(delete(link).where(link.c.service_id.in_(gone)))
        for table in (asset, tables.finding, tables.coverage):
            connection.execute(update(table).where(table.c.service_id.in_(gone)).values(service_id=None))
        connection.execute(delete(service).where(service.c.id.in_(gone)))
    gone = sorted(set(connection.execute(select(department.c.id)).scalars()) - set(catalogue.departments))
    if gone:
        for table in (asset, tables.finding, tables.coverage):
            connection.execute(update(table).where(table.c.department_id.in_(gone)).values(department_id=None))
        connection.execute(delete(department).where(department.c.id.in_(gone)))
