from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.format_ import Format

if TYPE_CHECKING:
    from ..models.import_taken_counts import ImportTakenCounts
    from ..models.import_taken_named import ImportTakenNamed
    from ..models.refused_line import RefusedLine


T = TypeVar("T", bound="ImportTaken")


@_attrs_define
class ImportTaken:
    """What became of the file. ``named`` are some ids of each sort of assets; ``refused`` are lines that were left out.

    Attributes:
        counts (ImportTakenCounts): how many of what a format tells of (docs/integrations/imports.md)
        dry_run (bool):
        format_ (Format):
        named (ImportTakenNamed):
        refused (list[RefusedLine]):
    """

    counts: ImportTakenCounts
    dry_run: bool
    format_: Format
    named: ImportTakenNamed
    refused: list[RefusedLine]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        counts = self.counts.to_dict()

        dry_run = self.dry_run

        format_ = self.format_.value

        named = self.named.to_dict()

        refused = []
        for refused_item_data in self.refused:
            refused_item = refused_item_data.to_dict()
            refused.append(refused_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "dry_run": dry_run,
                "format": format_,
                "named": named,
                "refused": refused,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.import_taken_counts import ImportTakenCounts
        from ..models.import_taken_named import ImportTakenNamed
        from ..models.refused_line import RefusedLine

        d = dict(src_dict)
        counts = ImportTakenCounts.from_dict(d.pop("counts"))

        dry_run = d.pop("dry_run")

        format_ = Format(d.pop("format"))

        named = ImportTakenNamed.from_dict(d.pop("named"))

        refused = []
        _refused = d.pop("refused")
        for refused_item_data in _refused:
            refused_item = RefusedLine.from_dict(refused_item_data)

            refused.append(refused_item)

        import_taken = cls(
            counts=counts,
            dry_run=dry_run,
            format_=format_,
            named=named,
            refused=refused,
        )

        import_taken.additional_properties = d
        return import_taken

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
