from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.service_band_type_0 import ServiceBandType0

if TYPE_CHECKING:
    from ..models.service_ens import ServiceEns
    from ..models.service_names import ServiceNames


T = TypeVar("T", bound="Service")


@_attrs_define
class Service:
    """
    Attributes:
        assets (int):
        audience (None | str):
        band (None | ServiceBandType0):
        coverage (float):
        department_id (str):
        ens (ServiceEns):
        ens_category (None | str):
        id (str):
        names (ServiceNames):
        open_findings (int):
        overdue (int):
        project (None | str):
        risk (float | None):
        strategic_line (None | str):
        supplier (None | str):
    """

    assets: int
    audience: None | str
    band: None | ServiceBandType0
    coverage: float
    department_id: str
    ens: ServiceEns
    ens_category: None | str
    id: str
    names: ServiceNames
    open_findings: int
    overdue: int
    project: None | str
    risk: float | None
    strategic_line: None | str
    supplier: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assets = self.assets

        audience: None | str
        audience = self.audience

        band: None | str
        if isinstance(self.band, ServiceBandType0):
            band = self.band.value
        else:
            band = self.band

        coverage = self.coverage

        department_id = self.department_id

        ens = self.ens.to_dict()

        ens_category: None | str
        ens_category = self.ens_category

        id = self.id

        names = self.names.to_dict()

        open_findings = self.open_findings

        overdue = self.overdue

        project: None | str
        project = self.project

        risk: float | None
        risk = self.risk

        strategic_line: None | str
        strategic_line = self.strategic_line

        supplier: None | str
        supplier = self.supplier

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assets": assets,
                "audience": audience,
                "band": band,
                "coverage": coverage,
                "department_id": department_id,
                "ens": ens,
                "ens_category": ens_category,
                "id": id,
                "names": names,
                "open_findings": open_findings,
                "overdue": overdue,
                "project": project,
                "risk": risk,
                "strategic_line": strategic_line,
                "supplier": supplier,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.service_ens import ServiceEns
        from ..models.service_names import ServiceNames

        d = dict(src_dict)
        assets = d.pop("assets")

        def _parse_audience(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        audience = _parse_audience(d.pop("audience"))

        def _parse_band(data: object) -> None | ServiceBandType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                band_type_0 = ServiceBandType0(data)

                return band_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ServiceBandType0, data)

        band = _parse_band(d.pop("band"))

        coverage = d.pop("coverage")

        department_id = d.pop("department_id")

        ens = ServiceEns.from_dict(d.pop("ens"))

        def _parse_ens_category(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ens_category = _parse_ens_category(d.pop("ens_category"))

        id = d.pop("id")

        names = ServiceNames.from_dict(d.pop("names"))

        open_findings = d.pop("open_findings")

        overdue = d.pop("overdue")

        def _parse_project(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        project = _parse_project(d.pop("project"))

        def _parse_risk(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        risk = _parse_risk(d.pop("risk"))

        def _parse_strategic_line(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        strategic_line = _parse_strategic_line(d.pop("strategic_line"))

        def _parse_supplier(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        supplier = _parse_supplier(d.pop("supplier"))

        service = cls(
            assets=assets,
            audience=audience,
            band=band,
            coverage=coverage,
            department_id=department_id,
            ens=ens,
            ens_category=ens_category,
            id=id,
            names=names,
            open_findings=open_findings,
            overdue=overdue,
            project=project,
            risk=risk,
            strategic_line=strategic_line,
            supplier=supplier,
        )

        service.additional_properties = d
        return service

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
