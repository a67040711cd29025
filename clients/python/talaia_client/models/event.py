from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Event")


@_attrs_define
class Event:
    """
    Attributes:
        action (str):
        asset_id (None | str):
        at (datetime.datetime):
        detail (Any):
        finding_id (None | str):
        id (str):
    """

    action: str
    asset_id: None | str
    at: datetime.datetime
    detail: Any
    finding_id: None | str
    id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        asset_id: None | str
        asset_id = self.asset_id

        at = self.at.isoformat()

        detail = self.detail

        finding_id: None | str
        finding_id = self.finding_id

        id = self.id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "asset_id": asset_id,
                "at": at,
                "detail": detail,
                "finding_id": finding_id,
                "id": id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        action = d.pop("action")

        def _parse_asset_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        asset_id = _parse_asset_id(d.pop("asset_id"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        detail = d.pop("detail")

        def _parse_finding_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        finding_id = _parse_finding_id(d.pop("finding_id"))

        id = d.pop("id")

        event = cls(
            action=action,
            asset_id=asset_id,
            at=at,
            detail=detail,
            finding_id=finding_id,
            id=id,
        )

        event.additional_properties = d
        return event

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
