from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.event_shown_detail import EventShownDetail


T = TypeVar("T", bound="EventShown")


@_attrs_define
class EventShown:
    """``id`` is the same however often the event is read or sent.

    Attributes:
        asset_id (None | str):
        at (datetime.datetime):
        department_id (None | str): null: of the whole city, or of nobody
        detail (EventShownDetail): what else there is to say; depends on the kind, and fields may be added
        finding_id (None | str):
        id (str):
        kind (str): one of those that `kind` of the request may be; new ones may be added
    """

    asset_id: None | str
    at: datetime.datetime
    department_id: None | str
    detail: EventShownDetail
    finding_id: None | str
    id: str
    kind: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id: None | str
        asset_id = self.asset_id

        at = self.at.isoformat()

        department_id: None | str
        department_id = self.department_id

        detail = self.detail.to_dict()

        finding_id: None | str
        finding_id = self.finding_id

        id = self.id

        kind = self.kind

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "at": at,
                "department_id": department_id,
                "detail": detail,
                "finding_id": finding_id,
                "id": id,
                "kind": kind,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.event_shown_detail import EventShownDetail

        d = dict(src_dict)

        def _parse_asset_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        asset_id = _parse_asset_id(d.pop("asset_id"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        detail = EventShownDetail.from_dict(d.pop("detail"))

        def _parse_finding_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        finding_id = _parse_finding_id(d.pop("finding_id"))

        id = d.pop("id")

        kind = d.pop("kind")

        event_shown = cls(
            asset_id=asset_id,
            at=at,
            department_id=department_id,
            detail=detail,
            finding_id=finding_id,
            id=id,
            kind=kind,
        )

        event_shown.additional_properties = d
        return event_shown

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
