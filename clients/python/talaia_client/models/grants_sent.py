from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.grant_sent import GrantSent


T = TypeVar("T", bound="GrantsSent")


@_attrs_define
class GrantsSent:
    """All that the person may do from now on: what is not named is taken.

    Attributes:
        grants (list[GrantSent]):
    """

    grants: list[GrantSent]

    def to_dict(self) -> dict[str, Any]:
        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "grants": grants,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.grant_sent import GrantSent

        d = dict(src_dict)
        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = GrantSent.from_dict(grants_item_data)

            grants.append(grants_item)

        grants_sent = cls(
            grants=grants,
        )

        return grants_sent
