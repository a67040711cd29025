from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="OpenTicket")


@_attrs_define
class OpenTicket:
    """The ticket is about all that is open of the finding's rule, department and service.

    Attributes:
        finding (str):
    """

    finding: str

    def to_dict(self) -> dict[str, Any]:
        finding = self.finding

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "finding": finding,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        finding = d.pop("finding")

        open_ticket = cls(
            finding=finding,
        )

        return open_ticket
