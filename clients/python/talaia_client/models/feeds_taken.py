from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.feed_taken import FeedTaken


T = TypeVar("T", bound="FeedsTaken")


@_attrs_define
class FeedsTaken:
    """
    Attributes:
        items (list[FeedTaken]):
        weighed (int | None): findings that weigh otherwise now, or have another deadline; null: none was weighed
    """

    items: list[FeedTaken]
    weighed: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        weighed: int | None
        weighed = self.weighed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "weighed": weighed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.feed_taken import FeedTaken

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = FeedTaken.from_dict(items_item_data)

            items.append(items_item)

        def _parse_weighed(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        weighed = _parse_weighed(d.pop("weighed"))

        feeds_taken = cls(
            items=items,
            weighed=weighed,
        )

        feeds_taken.additional_properties = d
        return feeds_taken

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
