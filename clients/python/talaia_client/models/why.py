from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Why")


@_attrs_define
class Why:
    """``strength`` is how much of the risk the compensating ``control`` takes away (k of the score), over 0 only with one.

    Attributes:
        reason (str):
        until (datetime.datetime): within a year
        control (Literal[''] | str | Unset):  Default: ''.
        strength (float | Unset):  Default: 0.0.
    """

    reason: str
    until: datetime.datetime
    control: Literal[""] | str | Unset = ""
    strength: float | Unset = 0.0

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        until = self.until.isoformat()

        control: Literal[""] | str | Unset
        if isinstance(self.control, Unset):
            control = UNSET
        else:
            control = self.control

        strength = self.strength

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reason": reason,
                "until": until,
            }
        )
        if control is not UNSET:
            field_dict["control"] = control
        if strength is not UNSET:
            field_dict["strength"] = strength

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        reason = d.pop("reason")

        until = datetime.datetime.fromisoformat(d.pop("until"))

        def _parse_control(data: object) -> Literal[""] | str | Unset:
            if isinstance(data, Unset):
                return data
            control_type_1 = cast(Literal[""], data)
            if control_type_1 != "":
                raise ValueError(f"control_type_1 must match const '', got '{control_type_1}'")
            return control_type_1
            return cast(Literal[""] | str | Unset, data)

        control = _parse_control(d.pop("control", UNSET))

        strength = d.pop("strength", UNSET)

        why = cls(
            reason=reason,
            until=until,
            control=control,
            strength=strength,
        )

        return why
