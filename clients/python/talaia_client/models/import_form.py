from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from .. import types
from ..types import UNSET, Unset

T = TypeVar("T", bound="ImportForm")


@_attrs_define
class ImportForm:
    """
    Attributes:
        file (str): the file itself
        mapping (str | Unset): of an inventory: which column is what (YAML)
    """

    file: str
    mapping: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        file = self.file

        mapping = self.mapping

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "file": file,
            }
        )
        if mapping is not UNSET:
            field_dict["mapping"] = mapping

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("file", (None, str(self.file).encode(), "text/plain")))

        if not isinstance(self.mapping, Unset):
            files.append(("mapping", (None, str(self.mapping).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        file = d.pop("file")

        mapping = d.pop("mapping", UNSET)

        import_form = cls(
            file=file,
            mapping=mapping,
        )

        return import_form
