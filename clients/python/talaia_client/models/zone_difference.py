from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.zone_difference_what import ZoneDifferenceWhat

if TYPE_CHECKING:
    from ..models.field_change import FieldChange


T = TypeVar("T", bound="ZoneDifference")


@_attrs_define
class ZoneDifference:
    """
    Attributes:
        fields (list[FieldChange]):
        what (ZoneDifferenceWhat):
        zone (str):
    """

    fields: list[FieldChange]
    what: ZoneDifferenceWhat
    zone: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        fields = []
        for fields_item_data in self.fields:
            fields_item = fields_item_data.to_dict()
            fields.append(fields_item)

        what = self.what.value

        zone = self.zone

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "fields": fields,
                "what": what,
                "zone": zone,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.field_change import FieldChange

        d = dict(src_dict)
        fields = []
        _fields = d.pop("fields")
        for fields_item_data in _fields:
            fields_item = FieldChange.from_dict(fields_item_data)

            fields.append(fields_item)

        what = ZoneDifferenceWhat(d.pop("what"))

        zone = d.pop("zone")

        zone_difference = cls(
            fields=fields,
            what=what,
            zone=zone,
        )

        zone_difference.additional_properties = d
        return zone_difference

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
