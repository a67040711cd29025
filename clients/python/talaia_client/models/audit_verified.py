from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AuditVerified")


@_attrs_define
class AuditVerified:
    """``head`` is the digest of the last row: whoever writes it down elsewhere can tell later that nothing was cut off.

    Attributes:
        broken_at (int | None): the seq of the first row that does not follow from the one before; null: unbroken
        head (str):
        head_found (bool | None): whether the row with the head that was asked for is still there; null: none was
        rows (int):
    """

    broken_at: int | None
    head: str
    head_found: bool | None
    rows: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        broken_at: int | None
        broken_at = self.broken_at

        head = self.head

        head_found: bool | None
        head_found = self.head_found

        rows = self.rows

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "broken_at": broken_at,
                "head": head,
                "head_found": head_found,
                "rows": rows,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_broken_at(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        broken_at = _parse_broken_at(d.pop("broken_at"))

        head = d.pop("head")

        def _parse_head_found(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        head_found = _parse_head_found(d.pop("head_found"))

        rows = d.pop("rows")

        audit_verified = cls(
            broken_at=broken_at,
            head=head,
            head_found=head_found,
            rows=rows,
        )

        audit_verified.additional_properties = d
        return audit_verified

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
