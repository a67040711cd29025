from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.late_department import LateDepartment
    from ..models.late_finding import LateFinding


T = TypeVar("T", bound="Overdue")


@_attrs_define
class Overdue:
    """The counts are those of the departments added up.

    Attributes:
        departments (list[LateDepartment]):
        due_soon (int):
        items (list[LateFinding]):
        next_cursor (None | str):
        overdue (int):
        total (int):
        total_is_exact (bool):
        waived (int):
    """

    departments: list[LateDepartment]
    due_soon: int
    items: list[LateFinding]
    next_cursor: None | str
    overdue: int
    total: int
    total_is_exact: bool
    waived: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        departments = []
        for departments_item_data in self.departments:
            departments_item = departments_item_data.to_dict()
            departments.append(departments_item)

        due_soon = self.due_soon

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        next_cursor: None | str
        next_cursor = self.next_cursor

        overdue = self.overdue

        total = self.total

        total_is_exact = self.total_is_exact

        waived = self.waived

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "departments": departments,
                "due_soon": due_soon,
                "items": items,
                "next_cursor": next_cursor,
                "overdue": overdue,
                "total": total,
                "total_is_exact": total_is_exact,
                "waived": waived,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.late_department import LateDepartment
        from ..models.late_finding import LateFinding

        d = dict(src_dict)
        departments = []
        _departments = d.pop("departments")
        for departments_item_data in _departments:
            departments_item = LateDepartment.from_dict(departments_item_data)

            departments.append(departments_item)

        due_soon = d.pop("due_soon")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = LateFinding.from_dict(items_item_data)

            items.append(items_item)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))

        overdue = d.pop("overdue")

        total = d.pop("total")

        total_is_exact = d.pop("total_is_exact")

        waived = d.pop("waived")

        overdue = cls(
            departments=departments,
            due_soon=due_soon,
            items=items,
            next_cursor=next_cursor,
            overdue=overdue,
            total=total,
            total_is_exact=total_is_exact,
            waived=waived,
        )

        overdue.additional_properties = d
        return overdue

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
