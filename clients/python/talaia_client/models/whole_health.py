from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.whole_health_state import WholeHealthState

if TYPE_CHECKING:
    from ..models.health_part import HealthPart


T = TypeVar("T", bound="WholeHealth")


@_attrs_define
class WholeHealth:
    """
    Attributes:
        items (list[HealthPart]):
        state (WholeHealthState): that of the worst part
        time (datetime.datetime):
        version (str):
    """

    items: list[HealthPart]
    state: WholeHealthState
    time: datetime.datetime
    version: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        state = self.state.value

        time = self.time.isoformat()

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "state": state,
                "time": time,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.health_part import HealthPart

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = HealthPart.from_dict(items_item_data)

            items.append(items_item)

        state = WholeHealthState(d.pop("state"))

        time = datetime.datetime.fromisoformat(d.pop("time"))

        version = d.pop("version")

        whole_health = cls(
            items=items,
            state=state,
            time=time,
            version=version,
        )

        whole_health.additional_properties = d
        return whole_health

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
