from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_made_state import WebhookMadeState

T = TypeVar("T", bound="WebhookMade")


@_attrs_define
class WebhookMade:
    """
    Attributes:
        attempts (int): tries in a row that failed
        created_at (datetime.datetime):
        created_by (str):
        cursor (str): the place in the feed up to which it was told
        dead_letters (int): events that its receiver would not take
        delivered_at (datetime.datetime | None):
        departments (list[str] | None):
        failing_since (datetime.datetime | None):
        id (str):
        kinds (list[str] | None):
        last_error (None | str):
        next_at (datetime.datetime | None): it is not tried before then
        secret (str): shown this once: with it the receiver checks the signatures
        state (WebhookMadeState): disabled: its receiver failed for days, or is gone
        url (str):
    """

    attempts: int
    created_at: datetime.datetime
    created_by: str
    cursor: str
    dead_letters: int
    delivered_at: datetime.datetime | None
    departments: list[str] | None
    failing_since: datetime.datetime | None
    id: str
    kinds: list[str] | None
    last_error: None | str
    next_at: datetime.datetime | None
    secret: str
    state: WebhookMadeState
    url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempts = self.attempts

        created_at = self.created_at.isoformat()

        created_by = self.created_by

        cursor = self.cursor

        dead_letters = self.dead_letters

        delivered_at: None | str
        if isinstance(self.delivered_at, datetime.datetime):
            delivered_at = self.delivered_at.isoformat()
        else:
            delivered_at = self.delivered_at

        departments: list[str] | None
        if isinstance(self.departments, list):
            departments = self.departments

        else:
            departments = self.departments

        failing_since: None | str
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        id = self.id

        kinds: list[str] | None
        if isinstance(self.kinds, list):
            kinds = self.kinds

        else:
            kinds = self.kinds

        last_error: None | str
        last_error = self.last_error

        next_at: None | str
        if isinstance(self.next_at, datetime.datetime):
            next_at = self.next_at.isoformat()
        else:
            next_at = self.next_at

        secret = self.secret

        state = self.state.value

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempts": attempts,
                "created_at": created_at,
                "created_by": created_by,
                "cursor": cursor,
                "dead_letters": dead_letters,
                "delivered_at": delivered_at,
                "departments": departments,
                "failing_since": failing_since,
                "id": id,
                "kinds": kinds,
                "last_error": last_error,
                "next_at": next_at,
                "secret": secret,
                "state": state,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        attempts = d.pop("attempts")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        created_by = d.pop("created_by")

        cursor = d.pop("cursor")

        dead_letters = d.pop("dead_letters")

        def _parse_delivered_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                delivered_at_type_0 = datetime.datetime.fromisoformat(data)

                return delivered_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        delivered_at = _parse_delivered_at(d.pop("delivered_at"))

        def _parse_departments(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                departments_type_0 = cast(list[str], data)

                return departments_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        departments = _parse_departments(d.pop("departments"))

        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)

                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failing_since"))

        id = d.pop("id")

        def _parse_kinds(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                kinds_type_0 = cast(list[str], data)

                return kinds_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        kinds = _parse_kinds(d.pop("kinds"))

        def _parse_last_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_error = _parse_last_error(d.pop("last_error"))

        def _parse_next_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_at = _parse_next_at(d.pop("next_at"))

        secret = d.pop("secret")

        state = WebhookMadeState(d.pop("state"))

        url = d.pop("url")

        webhook_made = cls(
            attempts=attempts,
            created_at=created_at,
            created_by=created_by,
            cursor=cursor,
            dead_letters=dead_letters,
            delivered_at=delivered_at,
            departments=departments,
            failing_since=failing_since,
            id=id,
            kinds=kinds,
            last_error=last_error,
            next_at=next_at,
            secret=secret,
            state=state,
            url=url,
        )

        webhook_made.additional_properties = d
        return webhook_made

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
