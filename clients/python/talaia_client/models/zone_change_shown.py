from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.zone_change_shown_state import ZoneChangeShownState

if TYPE_CHECKING:
    from ..models.zone_difference import ZoneDifference


T = TypeVar("T", bound="ZoneChangeShown")


@_attrs_define
class ZoneChangeShown:
    """
    Attributes:
        decided_at (datetime.datetime | None):
        decided_by (None | str):
        differences (list[ZoneDifference]):
        id (str):
        proposed_at (datetime.datetime):
        proposed_by (str):
        reason (str):
        state (ZoneChangeShownState):
    """

    decided_at: datetime.datetime | None
    decided_by: None | str
    differences: list[ZoneDifference]
    id: str
    proposed_at: datetime.datetime
    proposed_by: str
    reason: str
    state: ZoneChangeShownState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        decided_at: None | str
        if isinstance(self.decided_at, datetime.datetime):
            decided_at = self.decided_at.isoformat()
        else:
            decided_at = self.decided_at

        decided_by: None | str
        decided_by = self.decided_by

        differences = []
        for differences_item_data in self.differences:
            differences_item = differences_item_data.to_dict()
            differences.append(differences_item)

        id = self.id

        proposed_at = self.proposed_at.isoformat()

        proposed_by = self.proposed_by

        reason = self.reason

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "decided_at": decided_at,
                "decided_by": decided_by,
                "differences": differences,
                "id": id,
                "proposed_at": proposed_at,
                "proposed_by": proposed_by,
                "reason": reason,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.zone_difference import ZoneDifference

        d = dict(src_dict)

        def _parse_decided_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                decided_at_type_0 = datetime.datetime.fromisoformat(data)

                return decided_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        decided_at = _parse_decided_at(d.pop("decided_at"))

        def _parse_decided_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        decided_by = _parse_decided_by(d.pop("decided_by"))

        differences = []
        _differences = d.pop("differences")
        for differences_item_data in _differences:
            differences_item = ZoneDifference.from_dict(differences_item_data)

            differences.append(differences_item)

        id = d.pop("id")

        proposed_at = datetime.datetime.fromisoformat(d.pop("proposed_at"))

        proposed_by = d.pop("proposed_by")

        reason = d.pop("reason")

        state = ZoneChangeShownState(d.pop("state"))

        zone_change_shown = cls(
            decided_at=decided_at,
            decided_by=decided_by,
            differences=differences,
            id=id,
            proposed_at=proposed_at,
            proposed_by=proposed_by,
            reason=reason,
            state=state,
        )

        zone_change_shown.additional_properties = d
        return zone_change_shown

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
