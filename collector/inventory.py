"""What the inventory gives to ingesting, and what is judged of it without any look."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select

from collector import tables
from collector.batch import Batch
from collector.events import Action
from collector.occasion import Seen
from collector.records import AssetRecord, Changes
from scanners.observation import Vantage
from scanners.target import Network

if TYPE_CHECKING:
    from collector.intake import Intake

ASSETS_AT_ONCE = 500


@dataclass(frozen=True)
class NetworkDefault:
    """A network of the catalogue: whose the machines in it are by default, and whether addresses are leased there (DHCP)."""

    network: Network
    service: str
    namespace: str = ""
    dynamic: bool = False


@dataclass(frozen=True)
class ServiceDefaults:
    """What an asset takes over from its service."""

    id: str
    department_id: str
    ens_category: str | None
    exposure: str | None
    parameters: Mapping[str, Mapping[str, Any]]


def load_services(connection: Connection) -> dict[str, ServiceDefaults]:
    table = tables.service.c
    rows = connection.execute(select(table.id, table.department_id, table.ens_category, table.exposure, table.parameters))
    return {
        row.id: ServiceDefaults(row.id, row.department_id, row.ens_category, row.exposure, row.parameters or {}) for row in rows
    }


def network_of(networks: Sequence[NetworkDefault], namespace: str, address: str) -> NetworkDefault | None:
    """The smallest network of the namespace that holds the address."""
    ip = ipaddress.ip_address(address)
    holding = [
        found
        for found in networks
        if found.namespace == namespace and found.network.version == ip.version and ip in found.network
    ]
    return max(holding, key=lambda found: found.network.prefixlen, default=None)


def is_leased(networks: Sequence[NetworkDefault], namespace: str, address: str) -> bool:
    found = network_of(networks, namespace, address)
    return found is not None and found.dynamic


def presence(batch: Batch, asset: AssetRecord, seen: Seen) -> bool:
    """Note that the asset answered; returns whether its row changed."""
    changed = False
    if asset.first_seen is None or asset.first_seen > seen.at:
        asset.first_seen, changed = seen.at, True
    if asset.last_seen is None or asset.last_seen < seen.at:
        asset.last_seen, changed = seen.at, True
        asset.silent_rounds, asset.silent_in = 0, None
        if asset.gone_since is not None:
            asset.gone_since = None
            batch.happened(Action.ASSET_BACK, seen.at, seen.cause, asset, detail={"address": seen.address})
    return changed


def somebody_answered(connection: Connection, batch: Batch, asset: AssetRecord, at: datetime) -> bool:
    """Whether another asset of the namespace answered within a day: a scanner that sees nothing at all proves nothing."""
    since = at - timedelta(days=1)
    others = (other for other in batch.assets.values() if other.id != asset.id and other.namespace == asset.namespace)
    if any(other.last_seen is not None and other.last_seen >= since for other in others):
        return True
    table = tables.asset.c
    wanted = select(table.id).where(table.namespace == asset.namespace, table.id != asset.id, table.last_seen >= since).limit(1)
    return connection.execute(wanted).first() is not None


def present_assets(connection: Connection) -> Sequence[str]:
    """The ids of all assets that are not proved gone."""
    table = tables.asset.c
    return connection.execute(select(table.id).where(table.gone_since.is_(None)).order_by(table.id)).scalars().all()


def judge_inventory(intake: Intake, assets: Sequence[str]) -> Changes:
    """Judge these by what the inventory says of them now (INV-001 to 003); weigh what became overdue or has another deadline.

    Those proved gone, or merged into others, since their ids were read are left alone. ``days_unseen`` of one that was never
    seen is not determined.
    """
    cause = f"inventory {intake.now:%Y%m%dT%H%M%S.%fZ}"  # kept where the id of an observation is: no longer than one
    intake.batch.load(assets)
    present = [one for one in map(intake.batch.assets.get, assets) if one is not None and one.gone_since is None]
    intake.life.announce(one for asset in present for one in intake.batch.findings[asset.id].values())
    for asset in present:
        _weigh_by_time(intake, asset)
        days = None if asset.last_seen is None else max(0.0, (intake.now - asset.last_seen).total_seconds() / 86_400)
        seen = intake.inventory_seen(asset, intake.now, cause, "", Vantage.INTERNAL.value)
        intake.judge_asset(asset, seen, days)
    return intake.finish(ingested=0, skipped=0)


def _weigh_by_time(intake: Intake, asset: AssetRecord) -> None:
    for finding in list(intake.batch.findings[asset.id].values()):
        if finding.state != "resolved":
            intake.life.weigh_anew(intake.batch, asset, finding)


def prune(connection: Connection, before: datetime) -> None:
    """Forget the ids of observations taken in before that time: nobody repeats them that late."""
    connection.execute(delete(tables.ingested).where(tables.ingested.c.at < before))
