from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.incident_report_shown_fields import IncidentReportShownFields


T = TypeVar("T", bound="IncidentReportShown")


@_attrs_define
class IncidentReportShown:
    """``fields`` by name, in the order of the form; those in ``to_complete`` are for a person to write. ``text`` is the
    whole.

        Attributes:
            fields (IncidentReportShownFields):
            text (str):
            to_complete (list[str]):
    """

    fields: IncidentReportShownFields
    text: str
    to_complete: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        fields = self.fields.to_dict()

        text = self.text

        to_complete = self.to_complete

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "fields": fields,
                "text": text,
                "to_complete": to_complete,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.incident_report_shown_fields import IncidentReportShownFields

        d = dict(src_dict)
        fields = IncidentReportShownFields.from_dict(d.pop("fields"))

        text = d.pop("text")

        to_complete = cast(list[str], d.pop("to_complete"))

        incident_report_shown = cls(
            fields=fields,
            text=text,
            to_complete=to_complete,
        )

        incident_report_shown.additional_properties = d
        return incident_report_shown

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
