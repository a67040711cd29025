from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.department_band_type_0 import DepartmentBandType0

if TYPE_CHECKING:
    from ..models.department_names import DepartmentNames


T = TypeVar("T", bound="Department")


@_attrs_define
class Department:
    """
    Attributes:
        assets (int):
        band (DepartmentBandType0 | None):
        coverage (float):
        id (str):
        names (DepartmentNames):
        open_findings (int):
        overdue (int):
        risk (float | None):
    """

    assets: int
    band: DepartmentBandType0 | None
    coverage: float
    id: str
    names: DepartmentNames
    open_findings: int
    overdue: int
    risk: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assets = self.assets

        band: None | str
        if isinstance(self.band, DepartmentBandType0):
            band = self.band.value
        else:
            band = self.band

        coverage = self.coverage

        id = self.id

        names = self.names.to_dict()

        open_findings = self.open_findings

        overdue = self.overdue

        risk: float | None
        risk = self.risk

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assets": assets,
                "band": band,
                "coverage": coverage,
                "id": id,
                "names": names,
                "open_findings": open_findings,
                "overdue": overdue,
                "risk": risk,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.department_names import DepartmentNames

        d = dict(src_dict)
        assets = d.pop("assets")

        def _parse_band(data: object) -> DepartmentBandType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                band_type_0 = DepartmentBandType0(data)

                return band_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DepartmentBandType0 | None, data)

        band = _parse_band(d.pop("band"))

        coverage = d.pop("coverage")

        id = d.pop("id")

        names = DepartmentNames.from_dict(d.pop("names"))

        open_findings = d.pop("open_findings")

        overdue = d.pop("overdue")

        def _parse_risk(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        risk = _parse_risk(d.pop("risk"))

        department = cls(
            assets=assets,
            band=band,
            coverage=coverage,
            id=id,
            names=names,
            open_findings=open_findings,
            overdue=overdue,
            risk=risk,
        )

        department.additional_properties = d
        return department

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
