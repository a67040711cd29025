from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ProposeChange")


@_attrs_define
class ProposeChange:
    """The whole zone file as it would be (YAML), and why.

    Attributes:
        reason (str):
        text (str):
    """

    reason: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        text = self.text

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reason": reason,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        reason = d.pop("reason")

        text = d.pop("text")

        propose_change = cls(
            reason=reason,
            text=text,
        )

        return propose_change
