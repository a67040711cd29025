from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.drift_line_what import DriftLineWhat

T = TypeVar("T", bound="DriftLine")


@_attrs_define
class DriftLine:
    """``here`` and ``there`` are what each system holds.

    Attributes:
        external_id (str):
        here (None | str):
        there (None | str):
        ticket_id (str):
        what (DriftLineWhat):
    """

    external_id: str
    here: None | str
    there: None | str
    ticket_id: str
    what: DriftLineWhat
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        external_id = self.external_id

        here: None | str
        here = self.here

        there: None | str
        there = self.there

        ticket_id = self.ticket_id

        what = self.what.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "external_id": external_id,
                "here": here,
                "there": there,
                "ticket_id": ticket_id,
                "what": what,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        external_id = d.pop("external_id")

        def _parse_here(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        here = _parse_here(d.pop("here"))

        def _parse_there(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        there = _parse_there(d.pop("there"))

        ticket_id = d.pop("ticket_id")

        what = DriftLineWhat(d.pop("what"))

        drift_line = cls(
            external_id=external_id,
            here=here,
            there=there,
            ticket_id=ticket_id,
            what=what,
        )

        drift_line.additional_properties = d
        return drift_line

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
