from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.new_account_language_type_0 import NewAccountLanguageType0
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.grant_sent import GrantSent


T = TypeVar("T", bound="NewAccount")


@_attrs_define
class NewAccount:
    """
    Attributes:
        display_name (str):
        name (str): the login: a-z, 0-9, dot, dash, underscore and @
        email (None | str | Unset):
        grants (list[GrantSent] | Unset):
        language (NewAccountLanguageType0 | None | Unset):
    """

    display_name: str
    name: str
    email: None | str | Unset = UNSET
    grants: list[GrantSent] | Unset = UNSET
    language: NewAccountLanguageType0 | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        display_name = self.display_name

        name = self.name

        email: None | str | Unset
        if isinstance(self.email, Unset):
            email = UNSET
        else:
            email = self.email

        grants: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.grants, Unset):
            grants = []
            for grants_item_data in self.grants:
                grants_item = grants_item_data.to_dict()
                grants.append(grants_item)

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        elif isinstance(self.language, NewAccountLanguageType0):
            language = self.language.value
        else:
            language = self.language

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "display_name": display_name,
                "name": name,
            }
        )
        if email is not UNSET:
            field_dict["email"] = email
        if grants is not UNSET:
            field_dict["grants"] = grants
        if language is not UNSET:
            field_dict["language"] = language

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.grant_sent import GrantSent

        d = dict(src_dict)
        display_name = d.pop("display_name")

        name = d.pop("name")

        def _parse_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        email = _parse_email(d.pop("email", UNSET))

        _grants = d.pop("grants", UNSET)
        grants: list[GrantSent] | Unset = UNSET
        if _grants is not UNSET:
            grants = []
            for grants_item_data in _grants:
                grants_item = GrantSent.from_dict(grants_item_data)

                grants.append(grants_item)

        def _parse_language(data: object) -> NewAccountLanguageType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                language_type_0 = NewAccountLanguageType0(data)

                return language_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NewAccountLanguageType0 | None | Unset, data)

        language = _parse_language(d.pop("language", UNSET))

        new_account = cls(
            display_name=display_name,
            name=name,
            email=email,
            grants=grants,
            language=language,
        )

        return new_account
