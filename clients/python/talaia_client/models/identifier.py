from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Identifier")


@_attrs_define
class Identifier:
    """Why it is held to be the same machine: ``weight`` is how much this counts.

    Attributes:
        first_seen (datetime.datetime):
        kind (str):
        last_seen (datetime.datetime):
        value (str):
        weight (float):
    """

    first_seen: datetime.datetime
    kind: str
    last_seen: datetime.datetime
    value: str
    weight: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        first_seen = self.first_seen.isoformat()

        kind = self.kind

        last_seen = self.last_seen.isoformat()

        value = self.value

        weight = self.weight

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "first_seen": first_seen,
                "kind": kind,
                "last_seen": last_seen,
                "value": value,
                "weight": weight,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        first_seen = datetime.datetime.fromisoformat(d.pop("first_seen"))

        kind = d.pop("kind")

        last_seen = datetime.datetime.fromisoformat(d.pop("last_seen"))

        value = d.pop("value")

        weight = d.pop("weight")

        identifier = cls(
            first_seen=first_seen,
            kind=kind,
            last_seen=last_seen,
            value=value,
            weight=weight,
        )

        identifier.additional_properties = d
        return identifier

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
