from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rule_coverage import RuleCoverage


T = TypeVar("T", bound="CoverageShown")


@_attrs_define
class CoverageShown:
    """``share`` is what was conclusive of what applies; None when nothing applies.

    ``never_judged`` are enabled rules without any verdict.

        Attributes:
            assets (int):
            assets_evaluated (int):
            items (list[RuleCoverage]):
            never_judged (list[str]):
            oldest_evaluation (datetime.datetime | None):
            share (float | None):
    """

    assets: int
    assets_evaluated: int
    items: list[RuleCoverage]
    never_judged: list[str]
    oldest_evaluation: datetime.datetime | None
    share: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assets = self.assets

        assets_evaluated = self.assets_evaluated

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        never_judged = self.never_judged

        oldest_evaluation: None | str
        if isinstance(self.oldest_evaluation, datetime.datetime):
            oldest_evaluation = self.oldest_evaluation.isoformat()
        else:
            oldest_evaluation = self.oldest_evaluation

        share: float | None
        share = self.share

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assets": assets,
                "assets_evaluated": assets_evaluated,
                "items": items,
                "never_judged": never_judged,
                "oldest_evaluation": oldest_evaluation,
                "share": share,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_coverage import RuleCoverage

        d = dict(src_dict)
        assets = d.pop("assets")

        assets_evaluated = d.pop("assets_evaluated")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = RuleCoverage.from_dict(items_item_data)

            items.append(items_item)

        never_judged = cast(list[str], d.pop("never_judged"))

        def _parse_oldest_evaluation(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                oldest_evaluation_type_0 = datetime.datetime.fromisoformat(data)

                return oldest_evaluation_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        oldest_evaluation = _parse_oldest_evaluation(d.pop("oldest_evaluation"))

        def _parse_share(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        share = _parse_share(d.pop("share"))

        coverage_shown = cls(
            assets=assets,
            assets_evaluated=assets_evaluated,
            items=items,
            never_judged=never_judged,
            oldest_evaluation=oldest_evaluation,
            share=share,
        )

        coverage_shown.additional_properties = d
        return coverage_shown

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
