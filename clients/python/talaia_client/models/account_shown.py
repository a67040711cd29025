from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.grant_shown import GrantShown


T = TypeVar("T", bound="AccountShown")


@_attrs_define
class AccountShown:
    """
    Attributes:
        created_at (datetime.datetime):
        disabled_at (datetime.datetime | None):
        display_name (str):
        email (None | str):
        grants (list[GrantShown]):
        has_password (bool):
        has_second_step (bool):
        id (str):
        language (None | str):
        name (str):
    """

    created_at: datetime.datetime
    disabled_at: datetime.datetime | None
    display_name: str
    email: None | str
    grants: list[GrantShown]
    has_password: bool
    has_second_step: bool
    id: str
    language: None | str
    name: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        disabled_at: None | str
        if isinstance(self.disabled_at, datetime.datetime):
            disabled_at = self.disabled_at.isoformat()
        else:
            disabled_at = self.disabled_at

        display_name = self.display_name

        email: None | str
        email = self.email

        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        has_password = self.has_password

        has_second_step = self.has_second_step

        id = self.id

        language: None | str
        language = self.language

        name = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "disabled_at": disabled_at,
                "display_name": display_name,
                "email": email,
                "grants": grants,
                "has_password": has_password,
                "has_second_step": has_second_step,
                "id": id,
                "language": language,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.grant_shown import GrantShown

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_disabled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_at_type_0 = datetime.datetime.fromisoformat(data)

                return disabled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        disabled_at = _parse_disabled_at(d.pop("disabled_at"))

        display_name = d.pop("display_name")

        def _parse_email(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        email = _parse_email(d.pop("email"))

        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = GrantShown.from_dict(grants_item_data)

            grants.append(grants_item)

        has_password = d.pop("has_password")

        has_second_step = d.pop("has_second_step")

        id = d.pop("id")

        def _parse_language(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        language = _parse_language(d.pop("language"))

        name = d.pop("name")

        account_shown = cls(
            created_at=created_at,
            disabled_at=disabled_at,
            display_name=display_name,
            email=email,
            grants=grants,
            has_password=has_password,
            has_second_step=has_second_step,
            id=id,
            language=language,
            name=name,
        )

        account_shown.additional_properties = d
        return account_shown

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
