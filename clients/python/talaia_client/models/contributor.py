from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Contributor")


@_attrs_define
class Contributor:
    """What would help: ``gain`` is by how much the score falls when this one is fixed after those before it.

    Attributes:
        asset (str):
        asset_name (str):
        finding (str):
        gain (float):
        rule (str):
        score_after (float):
        title (str):
    """

    asset: str
    asset_name: str
    finding: str
    gain: float
    rule: str
    score_after: float
    title: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset = self.asset

        asset_name = self.asset_name

        finding = self.finding

        gain = self.gain

        rule = self.rule

        score_after = self.score_after

        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset": asset,
                "asset_name": asset_name,
                "finding": finding,
                "gain": gain,
                "rule": rule,
                "score_after": score_after,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        asset = d.pop("asset")

        asset_name = d.pop("asset_name")

        finding = d.pop("finding")

        gain = d.pop("gain")

        rule = d.pop("rule")

        score_after = d.pop("score_after")

        title = d.pop("title")

        contributor = cls(
            asset=asset,
            asset_name=asset_name,
            finding=finding,
            gain=gain,
            rule=rule,
            score_after=score_after,
            title=title,
        )

        contributor.additional_properties = d
        return contributor

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
