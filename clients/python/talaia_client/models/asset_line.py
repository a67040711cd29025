from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_line_band_type_0 import AssetLineBandType0
from ..types import UNSET, Unset

T = TypeVar("T", bound="AssetLine")


@_attrs_define
class AssetLine:
    """
    Attributes:
        addresses (list[str]):
        declared (bool):
        department_id (None | str):
        ens_category (None | str):
        exposure (None | str):
        first_seen (datetime.datetime | None):
        gone_since (datetime.datetime | None):
        id (str):
        last_evaluated (datetime.datetime | None):
        last_seen (datetime.datetime | None):
        name (str):
        names (list[str]):
        namespace (str):
        open_findings (int):
        os (None | str):
        owner (None | str):
        risk (float | None):
        service_id (None | str):
        worst (None | str):
        band (AssetLineBandType0 | None | Unset):
    """

    addresses: list[str]
    declared: bool
    department_id: None | str
    ens_category: None | str
    exposure: None | str
    first_seen: datetime.datetime | None
    gone_since: datetime.datetime | None
    id: str
    last_evaluated: datetime.datetime | None
    last_seen: datetime.datetime | None
    name: str
    names: list[str]
    namespace: str
    open_findings: int
    os: None | str
    owner: None | str
    risk: float | None
    service_id: None | str
    worst: None | str
    band: AssetLineBandType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        addresses = self.addresses

        declared = self.declared

        department_id: None | str
        department_id = self.department_id

        ens_category: None | str
        ens_category = self.ens_category

        exposure: None | str
        exposure = self.exposure

        first_seen: None | str
        if isinstance(self.first_seen, datetime.datetime):
            first_seen = self.first_seen.isoformat()
        else:
            first_seen = self.first_seen

        gone_since: None | str
        if isinstance(self.gone_since, datetime.datetime):
            gone_since = self.gone_since.isoformat()
        else:
            gone_since = self.gone_since

        id = self.id

        last_evaluated: None | str
        if isinstance(self.last_evaluated, datetime.datetime):
            last_evaluated = self.last_evaluated.isoformat()
        else:
            last_evaluated = self.last_evaluated

        last_seen: None | str
        if isinstance(self.last_seen, datetime.datetime):
            last_seen = self.last_seen.isoformat()
        else:
            last_seen = self.last_seen

        name = self.name

        names = self.names

        namespace = self.namespace

        open_findings = self.open_findings

        os: None | str
        os = self.os

        owner: None | str
        owner = self.owner

        risk: float | None
        risk = self.risk

        service_id: None | str
        service_id = self.service_id

        worst: None | str
        worst = self.worst

        band: None | str | Unset
        if isinstance(self.band, Unset):
            band = UNSET
        elif isinstance(self.band, AssetLineBandType0):
            band = self.band.value
        else:
            band = self.band

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "addresses": addresses,
                "declared": declared,
                "department_id": department_id,
                "ens_category": ens_category,
                "exposure": exposure,
                "first_seen": first_seen,
                "gone_since": gone_since,
                "id": id,
                "last_evaluated": last_evaluated,
                "last_seen": last_seen,
                "name": name,
                "names": names,
                "namespace": namespace,
                "open_findings": open_findings,
                "os": os,
                "owner": owner,
                "risk": risk,
                "service_id": service_id,
                "worst": worst,
            }
        )
        if band is not UNSET:
            field_dict["band"] = band

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        addresses = cast(list[str], d.pop("addresses"))

        declared = d.pop("declared")

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        def _parse_ens_category(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ens_category = _parse_ens_category(d.pop("ens_category"))

        def _parse_exposure(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        exposure = _parse_exposure(d.pop("exposure"))

        def _parse_first_seen(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                first_seen_type_0 = datetime.datetime.fromisoformat(data)

                return first_seen_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        first_seen = _parse_first_seen(d.pop("first_seen"))

        def _parse_gone_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                gone_since_type_0 = datetime.datetime.fromisoformat(data)

                return gone_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        gone_since = _parse_gone_since(d.pop("gone_since"))

        id = d.pop("id")

        def _parse_last_evaluated(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_evaluated_type_0 = datetime.datetime.fromisoformat(data)

                return last_evaluated_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_evaluated = _parse_last_evaluated(d.pop("last_evaluated"))

        def _parse_last_seen(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_seen = _parse_last_seen(d.pop("last_seen"))

        name = d.pop("name")

        names = cast(list[str], d.pop("names"))

        namespace = d.pop("namespace")

        open_findings = d.pop("open_findings")

        def _parse_os(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        os = _parse_os(d.pop("os"))

        def _parse_owner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner"))

        def _parse_risk(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        risk = _parse_risk(d.pop("risk"))

        def _parse_service_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service_id = _parse_service_id(d.pop("service_id"))

        def _parse_worst(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        worst = _parse_worst(d.pop("worst"))

        def _parse_band(data: object) -> AssetLineBandType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                band_type_0 = AssetLineBandType0(data)

                return band_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssetLineBandType0 | None | Unset, data)

        band = _parse_band(d.pop("band", UNSET))

        asset_line = cls(
            addresses=addresses,
            declared=declared,
            department_id=department_id,
            ens_category=ens_category,
            exposure=exposure,
            first_seen=first_seen,
            gone_since=gone_since,
            id=id,
            last_evaluated=last_evaluated,
            last_seen=last_seen,
            name=name,
            names=names,
            namespace=namespace,
            open_findings=open_findings,
            os=os,
            owner=owner,
            risk=risk,
            service_id=service_id,
            worst=worst,
            band=band,
        )

        asset_line.additional_properties = d
        return asset_line

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
