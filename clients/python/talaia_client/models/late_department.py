from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LateDepartment")


@_attrs_define
class LateDepartment:
    """``waived`` findings are past their day too, but an exception covers them: they are counted nowhere else here.

    Attributes:
        days_late (float | None): of the one that is latest
        department_id (None | str):
        due_soon (int):
        overdue (int):
        waived (int):
    """

    days_late: float | None
    department_id: None | str
    due_soon: int
    overdue: int
    waived: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        days_late: float | None
        days_late = self.days_late

        department_id: None | str
        department_id = self.department_id

        due_soon = self.due_soon

        overdue = self.overdue

        waived = self.waived

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "days_late": days_late,
                "department_id": department_id,
                "due_soon": due_soon,
                "overdue": overdue,
                "waived": waived,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_days_late(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        days_late = _parse_days_late(d.pop("days_late"))

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        due_soon = d.pop("due_soon")

        overdue = d.pop("overdue")

        waived = d.pop("waived")

        late_department = cls(
            days_late=days_late,
            department_id=department_id,
            due_soon=due_soon,
            overdue=overdue,
            waived=waived,
        )

        late_department.additional_properties = d
        return late_department

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
