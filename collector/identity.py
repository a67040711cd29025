"""Which asset an observation speaks of, by scored identifiers and not by its address.

The asset that owns the address starts with the address's weight (little where addresses are leased); every identifier that
agrees adds its weight, every one that contradicts takes it away. Another asset takes over only with proof of its own: a network
card or host key that it alone has, while it is not also present elsewhere. What several machines share (a wildcard certificate,
the host key of a cloned virtual machine) gets weight 0 and proves nothing from then on.
"""

import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from collector.batch import Batch, IdentifierKey
from collector.events import Action
from collector.evidence import Identifying, Kind, is_random
from collector.merge import merge
from collector.records import AssetRecord, IdentifierRecord

_ASSETS = uuid.UUID("0b6fdd0a-63d9-5d7c-b7d4-2a4a5f3f0d55")

WEIGHT_MAC = 0.9
WEIGHT_MAC_RANDOM = 0.3
WEIGHT_HOST_KEY = 0.9
WEIGHT_CERTIFICATE = 0.3
WEIGHT_ADDRESS = 0.6
WEIGHT_ADDRESS_LEASED = 0.25
WEIGHT_DECLARED = 0.5  # more, where the catalogue gives the address to the asset
AGAINST_MAC = 0.9
AGAINST_HOST_KEY = 0.5
ENOUGH_TO_MOVE = 0.5
ADDRESSES_OF_ONE_MAC = 4  # more at once is a router that answers for others
ADDRESSES_KEPT = 16
NAMES_KEPT = 64


@dataclass(frozen=True)
class IdentityPolicy:
    """``leased`` tells whether an address of a namespace is given out by DHCP. ``present_for``: an asset seen at a fixed address
    so recently, and not found silent there since, is still there; ``present_for_leased`` the same for leased ones."""

    leased: Callable[[str, str], bool] = field(default=lambda namespace, address: False)
    present_for: timedelta = timedelta(days=8)
    present_for_leased: timedelta = timedelta(minutes=15)


class Identity:
    """Resolves observations within one batch, whose assets it creates, moves and merges."""

    def __init__(self, batch: Batch, policy: IdentityPolicy, adopt: Callable[[AssetRecord, str], None] | None = None) -> None:
        """``adopt`` gives a new asset, known by its address, the department and service of its network."""
        self._batch = batch
        self._policy = policy
        self._adopt = adopt

    def asset_of(self, seen: Identifying) -> AssetRecord | None:
        """The asset that ``seen`` speaks of; None when nothing answered at an address that nobody owns."""
        owner = self.owner_of(seen)
        if not seen.looked:
            return owner
        asset = self._best(seen, owner) or self._new(seen)
        self._take_address(asset, owner, seen)
        self._remember(asset, seen)
        return asset

    def owner_of(self, seen: Identifying) -> AssetRecord | None:
        """Whose the address is by what is stored."""
        return self._owner(seen.where)

    def silent(self, asset: AssetRecord, seen: Identifying) -> None:
        """A complete sweep got no answer at the address: the asset is not present there any more."""
        if seen.address in asset.addresses and len(asset.addresses) > 1:
            asset.addresses = [address for address in asset.addresses if address != seen.address]
            self._batch.change_asset(asset)
        row = self._batch.identifiers.get((seen.namespace, Kind.ADDRESS, seen.address))
        if row is not None and self._policy.leased(seen.namespace, seen.address):
            row.weight = min(row.weight, WEIGHT_ADDRESS_LEASED / 2)
            self._batch.change_identifier(row)
        elif row is not None and row.weight > WEIGHT_ADDRESS_LEASED:
            row.weight = WEIGHT_ADDRESS_LEASED  # whoever comes next needs less to take it over
            self._batch.change_identifier(row)

    # --- choosing --------------------------------------------------------------------------------------------------

    def _best(self, seen: Identifying, owner: AssetRecord | None) -> AssetRecord | None:
        if owner is not None and not seen.mac and not seen.host_keys:
            return owner  # an address alone contradicts nobody, and a certificate moves nobody
        proved = self._proved_elsewhere(seen, owner)
        if proved is not None:
            return proved
        return owner if owner is not None and self._stays(seen, owner) else None

    def _proved_elsewhere(self, seen: Identifying, owner: AssetRecord | None) -> AssetRecord | None:
        """An asset other than the owner that shows enough proof to have come here."""
        candidates = {row.asset_id for row in self._rows(seen) if row.weight > 0 and row.kind != Kind.ADDRESS}
        own = owner.id if owner is not None else None
        found: list[tuple[float, str]] = []
        for asset_id in sorted(candidates - {own}):
            score = self._agreement(seen, asset_id) - self._contradiction(seen, asset_id)
            if score < ENOUGH_TO_MOVE:
                continue
            other = self._batch.assets[asset_id]
            if self._present_elsewhere(seen, other):
                if self._lately(seen, other):
                    self._mark_shared(seen, asset_id)
            else:
                found.append((score, asset_id))
        if not found:
            return None
        score, asset_id = max(found)
        if owner is not None and score <= self._agreement(seen, owner.id) - self._contradiction(seen, owner.id):
            return None  # what the owner shows here is proof too
        return self._batch.assets[asset_id]

    def _stays(self, seen: Identifying, owner: AssetRecord) -> bool:
        row = self._batch.identifiers[seen.where]
        score = row.weight + self._agreement(seen, owner.id) - self._contradiction(seen, owner.id)
        if score > 0:
            return True
        # A new network card alone may be a repair: where a host key can still tell, wait for it.
        waits = bool(self._values(owner.id, seen.namespace, Kind.HOST_KEY)) and not seen.host_keys
        return waits and not self._policy.leased(seen.namespace, seen.address)

    def _agreement(self, seen: Identifying, asset_id: str) -> float:
        rows = [row for row in self._rows(seen) if row.asset_id == asset_id and row.kind != Kind.ADDRESS]
        best: dict[str, float] = {}
        for row in rows:
            best[row.kind] = max(best.get(row.kind, 0.0), row.weight)
        return sum(best.values())

    def _contradiction(self, seen: Identifying, asset_id: str) -> float:
        against = 0.0
        macs = self._values(asset_id, seen.namespace, Kind.MAC)
        mac = seen.mac or self._mac_at(seen, asset_id)
        if mac and macs and mac not in macs and not is_random(mac):
            against += AGAINST_MAC
        known = self._values(asset_id, seen.namespace, Kind.HOST_KEY)
        if seen.host_keys and known and not known & set(seen.host_keys) and _same_algorithm(known, seen.host_keys):
            against += AGAINST_HOST_KEY
        return against

    def _mac_at(self, seen: Identifying, asset_id: str) -> str | None:
        """The network card last seen at the address, when it is not yet counted as this asset's own."""
        owner = self._owner((seen.namespace, Kind.ADDRESS, seen.address))
        if owner is None:
            return None
        rows = [self._batch.identifiers[key] for key in self._batch.identifiers_of[owner.id] if key[1] == Kind.MAC]
        latest = max(rows, key=lambda row: row.last_seen, default=None)
        if latest is None or (owner.id == asset_id and latest.weight > WEIGHT_MAC_RANDOM):
            return None
        return latest.value

    def _present_elsewhere(self, seen: Identifying, asset: AssetRecord) -> bool:
        """Whether the asset answers at another address of the same family, so that this would be a second machine.

        One network card seen at two addresses is one machine; a host key at two addresses is not known to be.
        """
        mac_row = self._batch.identifiers.get((seen.namespace, Kind.MAC, seen.mac or ""))
        if mac_row is not None and mac_row.asset_id == asset.id and mac_row.weight >= WEIGHT_MAC:
            return len(asset.addresses) >= ADDRESSES_OF_ONE_MAC and seen.address not in asset.addresses
        version = ipaddress.ip_address(seen.address).version
        for address in asset.addresses:
            if address == seen.address or ipaddress.ip_address(address).version != version:
                continue
            row = self._batch.identifiers.get((seen.namespace, Kind.ADDRESS, address))
            if row is None or row.asset_id != asset.id:
                continue
            leased = self._policy.leased(seen.namespace, address)
            if not leased and row.weight <= WEIGHT_ADDRESS_LEASED:
                continue  # a complete sweep found nobody there since
            patience = self._policy.present_for_leased if leased else self._policy.present_for
            if abs(seen.at - row.last_seen) <= patience:
                return True
        return False

    def _lately(self, seen: Identifying, asset: AssetRecord) -> bool:
        """Whether it was seen about when this was. What was seen long before may have left: the sweep under way will tell."""
        return asset.last_seen is None or abs(seen.at - asset.last_seen) <= self._policy.present_for_leased

    def _mark_shared(self, seen: Identifying, asset_id: str) -> None:
        for row in self._rows(seen):
            if row.asset_id == asset_id and row.kind != Kind.ADDRESS:
                row.weight = 0.0
                self._batch.change_identifier(row)

    # --- remembering -----------------------------------------------------------------------------------------------

    def _new(self, seen: Identifying) -> AssetRecord:
        """A new asset. Its id follows from what it was first known by, so that the same look never makes two."""
        asset = AssetRecord(
            id=str(uuid.uuid5(_ASSETS, f"{seen.namespace}|{seen.address}|{seen.cause}")),
            name=seen.address,
            namespace=seen.namespace,
            first_seen=seen.at,
        )
        if self._adopt is not None and not seen.name_only:
            self._adopt(asset, seen.address)
        self._batch.change_asset(asset)
        self._batch.happened(Action.ASSET_NEW, seen.at, seen.cause, asset, detail={"address": seen.address})
        return asset

    def _take_address(self, asset: AssetRecord, owner: AssetRecord | None, seen: Identifying) -> None:
        if seen.name_only:
            return
        before = list(asset.addresses)
        if owner is not None and owner.id != asset.id:
            if self._is_the_same(owner, asset, seen):
                merge(self._batch, owner, asset, seen.at, seen.cause)
            else:
                owner.addresses = [address for address in owner.addresses if address != seen.address]
                self._batch.change_asset(owner)
                detail = {"address": seen.address, "to": asset.id}
                self._batch.happened(Action.ASSET_ADDRESS_LOST, seen.at, seen.cause, owner, detail=detail)
        if seen.address in before:
            return
        kept = [address for address in self._still_its_own(asset, seen) if address != seen.address]
        asset.addresses = [*kept, seen.address][-ADDRESSES_KEPT:]
        self._batch.change_asset(asset)
        if before:
            moved: dict[str, list[str]] = {"from": before, "to": list(asset.addresses)}
            self._batch.happened(Action.ASSET_MOVED, seen.at, seen.cause, asset, detail=moved)

    def _is_the_same(self, owner: AssetRecord, asset: AssetRecord, seen: Identifying) -> bool:
        """Whether the owner is only what was known of ``asset`` before it proved who it is: nothing speaks against it."""
        if owner.declared:
            return False
        strong = {Kind.MAC, Kind.HOST_KEY}
        rows = [self._batch.identifiers[key] for key in self._batch.identifiers_of[owner.id]]
        if any(row.kind in strong and row.weight > WEIGHT_MAC_RANDOM for row in rows):
            return False
        # A leased address has had other machines before: what was found on them is not this one's.
        since = seen.at - self._policy.present_for_leased if self._policy.leased(seen.namespace, seen.address) else None
        return since is None or (owner.first_seen is not None and owner.first_seen >= since)

    def _still_its_own(self, asset: AssetRecord, seen: Identifying) -> list[str]:
        """The addresses that it may still have besides a new one: of another family, or proved present by its network card."""
        version = ipaddress.ip_address(seen.address).version
        kept = []
        for address in asset.addresses:
            row = self._batch.identifiers.get((seen.namespace, Kind.ADDRESS, address))
            if row is None or row.asset_id != asset.id:
                continue
            recent = abs(seen.at - row.last_seen) <= self._policy.present_for_leased
            if ipaddress.ip_address(address).version != version or recent or asset.declared:
                kept.append(address)
        return kept

    def _remember(self, asset: AssetRecord, seen: Identifying) -> None:
        leased = not seen.name_only and self._policy.leased(seen.namespace, seen.address)
        declared = (seen.namespace, Kind.CATALOGUE, seen.address) in self._batch.identifiers_of[asset.id]
        weight = WEIGHT_ADDRESS_LEASED if leased else WEIGHT_ADDRESS + (WEIGHT_DECLARED if declared else 0.0)
        self._keep(seen.where, asset, weight, seen)
        if seen.mac:
            self._keep_mac(asset, seen, seen.mac)
        if seen.host_keys:
            self._keep_host_keys(asset, seen)
        if seen.certificate:
            key = (seen.namespace, Kind.CERTIFICATE, seen.certificate)
            row = self._batch.identifiers.get(key)
            shared = row is not None and row.asset_id != asset.id
            self._keep(key, asset, 0.0 if shared else WEIGHT_CERTIFICATE, seen)
        said = {*seen.heard, *((seen.name,) if seen.name else ())} - set(asset.names)
        if said:
            asset.names = sorted({*asset.names, *said})[:NAMES_KEPT]
            self._batch.change_asset(asset)

    def _keep_mac(self, asset: AssetRecord, seen: Identifying, mac: str) -> None:
        key = (seen.namespace, Kind.MAC, mac)
        others = self._values(asset.id, seen.namespace, Kind.MAC) - {mac}
        pending = bool(others) and key not in self._batch.identifiers_of[asset.id]
        row = self._batch.identifiers.get(key)
        if row is not None and row.asset_id != asset.id:
            self._keep(key, asset, 0.0, seen)
            return
        if row is not None:
            pending = row.weight <= WEIGHT_MAC_RANDOM and not is_random(mac) and bool(others)
        if pending and row is None:
            self._batch.happened(Action.ASSET_IDENTITY_CHANGED, seen.at, seen.cause, asset, detail={"mac": mac})
        self._keep(key, asset, WEIGHT_MAC_RANDOM if pending or is_random(mac) else WEIGHT_MAC, seen)

    def _keep_host_keys(self, asset: AssetRecord, seen: Identifying) -> None:
        known = self._values(asset.id, seen.namespace, Kind.HOST_KEY)
        if known and not known & set(seen.host_keys):
            detail = {"host_keys": list(seen.host_keys)}
            self._batch.happened(Action.ASSET_IDENTITY_CHANGED, seen.at, seen.cause, asset, detail=detail)
        for value in seen.host_keys:
            key = (seen.namespace, Kind.HOST_KEY, value)
            row = self._batch.identifiers.get(key)
            if row is not None and (row.asset_id != asset.id or row.weight == 0.0):
                if row.weight == 0.0 or self._lately(seen, self._batch.assets[row.asset_id]):
                    self._keep(key, self._batch.assets[row.asset_id], 0.0, seen)
            else:
                self._keep(key, asset, WEIGHT_HOST_KEY, seen)
        self._confirm_macs(asset, seen)

    def _confirm_macs(self, asset: AssetRecord, seen: Identifying) -> None:
        """The host key is the asset's own: a network card that was waiting for it is confirmed."""
        for key in sorted(self._batch.identifiers_of[asset.id]):
            row = self._batch.identifiers[key]
            if row.kind == Kind.MAC and 0 < row.weight <= WEIGHT_MAC_RANDOM and not is_random(row.value):
                row.weight = WEIGHT_MAC
                self._batch.change_identifier(row)

    def _keep(self, key: IdentifierKey, asset: AssetRecord, weight: float, seen: Identifying) -> None:
        row = self._batch.identifiers.get(key)
        if row is None:
            row = IdentifierRecord(
                namespace=key[0],
                kind=key[1],
                value=key[2],
                asset_id=asset.id,
                weight=weight,
                first_seen=seen.at,
                last_seen=seen.at,
            )
        elif row.asset_id != asset.id or row.weight != weight or row.last_seen < seen.at:
            taken = row.asset_id != asset.id and weight > 0
            row = IdentifierRecord(
                namespace=key[0],
                kind=key[1],
                value=key[2],
                asset_id=asset.id if taken else row.asset_id,
                weight=weight,
                first_seen=seen.at if taken else row.first_seen,
                last_seen=max(seen.at, row.last_seen),
            )
        else:
            return
        self._batch.change_identifier(row)

    # --- looking up ------------------------------------------------------------------------------------------------

    def _rows(self, seen: Identifying) -> list[IdentifierRecord]:
        return [row for key in seen.shown() if (row := self._batch.identifiers.get(key)) is not None]

    def _owner(self, key: IdentifierKey) -> AssetRecord | None:
        row = self._batch.identifiers.get(key)
        return self._batch.assets.get(row.asset_id) if row is not None else None

    def _values(self, asset_id: str, namespace: str, kind: str) -> set[str]:
        """The asset's own identifiers of a kind; a network card that still waits for confirmation is not."""
        found = set()
        for key in self._batch.identifiers_of[asset_id]:
            if key[0] == namespace and key[1] == kind:
                row = self._batch.identifiers[key]
                if row.weight > 0 and not (kind == Kind.MAC and row.weight <= WEIGHT_MAC_RANDOM):
                    found.add(key[2])
        return found


def _same_algorithm(known: set[str], shown: tuple[str, ...]) -> bool:
    return bool({value.split(" ")[0] for value in known} & {value.split(" ")[0] for value in shown})
