from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="NextRun")


@_attrs_define
class NextRun:
    """``begins`` is when looking can begin: a run that falls outside its zone's windows waits for the next one.

    Attributes:
        begins (datetime.datetime | None): null: the zone does not open again
        due (datetime.datetime):
    """

    begins: datetime.datetime | None
    due: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        begins: None | str
        if isinstance(self.begins, datetime.datetime):
            begins = self.begins.isoformat()
        else:
            begins = self.begins

        due = self.due.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "begins": begins,
                "due": due,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_begins(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                begins_type_0 = datetime.datetime.fromisoformat(data)

                return begins_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        begins = _parse_begins(d.pop("begins"))

        due = datetime.datetime.fromisoformat(d.pop("due"))

        next_run = cls(
            begins=begins,
            due=due,
        )

        next_run.additional_properties = d
        return next_run

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
