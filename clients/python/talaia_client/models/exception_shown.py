from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.covers import Covers
from ..models.exception_shown_state import ExceptionShownState

T = TypeVar("T", bound="ExceptionShown")


@_attrs_define
class ExceptionShown:
    """
    Attributes:
        closed_at (datetime.datetime | None):
        closed_by (None | str): null while it stands, and when the clock or what is observed ended it
        control (str):
        covers (Covers):
        decided_at (datetime.datetime | None):
        decided_by (None | str):
        department_id (None | str):
        id (str):
        key (str):
        reason (str):
        requested_at (datetime.datetime):
        requested_by (str):
        rule (str):
        state (ExceptionShownState):
        strength (float):
        until (datetime.datetime):
    """

    closed_at: datetime.datetime | None
    closed_by: None | str
    control: str
    covers: Covers
    decided_at: datetime.datetime | None
    decided_by: None | str
    department_id: None | str
    id: str
    key: str
    reason: str
    requested_at: datetime.datetime
    requested_by: str
    rule: str
    state: ExceptionShownState
    strength: float
    until: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        closed_at: None | str
        if isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        closed_by: None | str
        closed_by = self.closed_by

        control = self.control

        covers = self.covers.value

        decided_at: None | str
        if isinstance(self.decided_at, datetime.datetime):
            decided_at = self.decided_at.isoformat()
        else:
            decided_at = self.decided_at

        decided_by: None | str
        decided_by = self.decided_by

        department_id: None | str
        department_id = self.department_id

        id = self.id

        key = self.key

        reason = self.reason

        requested_at = self.requested_at.isoformat()

        requested_by = self.requested_by

        rule = self.rule

        state = self.state.value

        strength = self.strength

        until = self.until.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "closed_at": closed_at,
                "closed_by": closed_by,
                "control": control,
                "covers": covers,
                "decided_at": decided_at,
                "decided_by": decided_by,
                "department_id": department_id,
                "id": id,
                "key": key,
                "reason": reason,
                "requested_at": requested_at,
                "requested_by": requested_by,
                "rule": rule,
                "state": state,
                "strength": strength,
                "until": until,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_closed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_at_type_0 = datetime.datetime.fromisoformat(data)

                return closed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closed_at = _parse_closed_at(d.pop("closed_at"))

        def _parse_closed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        closed_by = _parse_closed_by(d.pop("closed_by"))

        control = d.pop("control")

        covers = Covers(d.pop("covers"))

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

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        id = d.pop("id")

        key = d.pop("key")

        reason = d.pop("reason")

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))

        requested_by = d.pop("requested_by")

        rule = d.pop("rule")

        state = ExceptionShownState(d.pop("state"))

        strength = d.pop("strength")

        until = datetime.datetime.fromisoformat(d.pop("until"))

        exception_shown = cls(
            closed_at=closed_at,
            closed_by=closed_by,
            control=control,
            covers=covers,
            decided_at=decided_at,
            decided_by=decided_by,
            department_id=department_id,
            id=id,
            key=key,
            reason=reason,
            requested_at=requested_at,
            requested_by=requested_by,
            rule=rule,
            state=state,
            strength=strength,
            until=until,
        )

        exception_shown.additional_properties = d
        return exception_shown

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
