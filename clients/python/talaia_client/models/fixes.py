from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.fixes_level import FixesLevel

if TYPE_CHECKING:
    from ..models.contributor import Contributor


T = TypeVar("T", bound="Fixes")


@_attrs_define
class Fixes:
    """The fewest fixes found that lower a score most, in order: each is the best once those before it are done.

    ``reached`` says whether they bring the score to ``below``; None when no score was asked for.

        Attributes:
            below (float | None):
            items (list[Contributor]):
            key (str):
            level (FixesLevel):
            reached (bool | None):
            value (float | None):
    """

    below: float | None
    items: list[Contributor]
    key: str
    level: FixesLevel
    reached: bool | None
    value: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        below: float | None
        below = self.below

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        key = self.key

        level = self.level.value

        reached: bool | None
        reached = self.reached

        value: float | None
        value = self.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "below": below,
                "items": items,
                "key": key,
                "level": level,
                "reached": reached,
                "value": value,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.contributor import Contributor

        d = dict(src_dict)

        def _parse_below(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        below = _parse_below(d.pop("below"))

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = Contributor.from_dict(items_item_data)

            items.append(items_item)

        key = d.pop("key")

        level = FixesLevel(d.pop("level"))

        def _parse_reached(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        reached = _parse_reached(d.pop("reached"))

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        fixes = cls(
            below=below,
            items=items,
            key=key,
            level=level,
            reached=reached,
            value=value,
        )

        fixes.additional_properties = d
        return fixes

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
