from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_whole_band_type_0 import AssetWholeBandType0
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint import Endpoint
    from ..models.event import Event
    from ..models.finding_line import FindingLine
    from ..models.identifier import Identifier


T = TypeVar("T", bound="AssetWhole")


@_attrs_define
class AssetWhole:
    """
    Attributes:
        addresses (list[str]):
        changes (list[Event]):
        declared (bool):
        department_id (None | str):
        endpoints (list[Endpoint]):
        ens_category (None | str):
        exposure (None | str):
        findings (list[FindingLine]): the open ones that weigh most, at most 50
        first_seen (datetime.datetime | None):
        gone_since (datetime.datetime | None):
        id (str):
        identifiers (list[Identifier]):
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
        services (list[str]):
        worst (None | str):
        band (AssetWholeBandType0 | None | Unset):
    """

    addresses: list[str]
    changes: list[Event]
    declared: bool
    department_id: None | str
    endpoints: list[Endpoint]
    ens_category: None | str
    exposure: None | str
    findings: list[FindingLine]
    first_seen: datetime.datetime | None
    gone_since: datetime.datetime | None
    id: str
    identifiers: list[Identifier]
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
    services: list[str]
    worst: None | str
    band: AssetWholeBandType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        addresses = self.addresses

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        declared = self.declared

        department_id: None | str
        department_id = self.department_id

        endpoints = []
        for endpoints_item_data in self.endpoints:
            endpoints_item = endpoints_item_data.to_dict()
            endpoints.append(endpoints_item)

        ens_category: None | str
        ens_category = self.ens_category

        exposure: None | str
        exposure = self.exposure

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

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

        identifiers = []
        for identifiers_item_data in self.identifiers:
            identifiers_item = identifiers_item_data.to_dict()
            identifiers.append(identifiers_item)

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

        services = self.services

        worst: None | str
        worst = self.worst

        band: None | str | Unset
        if isinstance(self.band, Unset):
            band = UNSET
        elif isinstance(self.band, AssetWholeBandType0):
            band = self.band.value
        else:
            band = self.band

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "addresses": addresses,
                "changes": changes,
                "declared": declared,
                "department_id": department_id,
                "endpoints": endpoints,
                "ens_category": ens_category,
                "exposure": exposure,
                "findings": findings,
                "first_seen": first_seen,
                "gone_since": gone_since,
                "id": id,
                "identifiers": identifiers,
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
                "services": services,
                "worst": worst,
            }
        )
        if band is not UNSET:
            field_dict["band"] = band

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.endpoint import Endpoint
        from ..models.event import Event
        from ..models.finding_line import FindingLine
        from ..models.identifier import Identifier

        d = dict(src_dict)
        addresses = cast(list[str], d.pop("addresses"))

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = Event.from_dict(changes_item_data)

            changes.append(changes_item)

        declared = d.pop("declared")

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        endpoints = []
        _endpoints = d.pop("endpoints")
        for endpoints_item_data in _endpoints:
            endpoints_item = Endpoint.from_dict(endpoints_item_data)

            endpoints.append(endpoints_item)

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

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = FindingLine.from_dict(findings_item_data)

            findings.append(findings_item)

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

        identifiers = []
        _identifiers = d.pop("identifiers")
        for identifiers_item_data in _identifiers:
            identifiers_item = Identifier.from_dict(identifiers_item_data)

            identifiers.append(identifiers_item)

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

        services = cast(list[str], d.pop("services"))

        def _parse_worst(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        worst = _parse_worst(d.pop("worst"))

        def _parse_band(data: object) -> AssetWholeBandType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                band_type_0 = AssetWholeBandType0(data)

                return band_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssetWholeBandType0 | None | Unset, data)

        band = _parse_band(d.pop("band", UNSET))

        asset_whole = cls(
            addresses=addresses,
            changes=changes,
            declared=declared,
            department_id=department_id,
            endpoints=endpoints,
            ens_category=ens_category,
            exposure=exposure,
            findings=findings,
            first_seen=first_seen,
            gone_since=gone_since,
            id=id,
            identifiers=identifiers,
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
            services=services,
            worst=worst,
            band=band,
        )

        asset_whole.additional_properties = d
        return asset_whole

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
