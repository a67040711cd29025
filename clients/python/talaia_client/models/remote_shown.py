from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.remote_shown_status_type_0 import RemoteShownStatusType0

T = TypeVar("T", bound="RemoteShown")


@_attrs_define
class RemoteShown:
    """The ticket in the ticket system, as it was read last.

    Attributes:
        assignee (None | str):
        due (datetime.date | None):
        id (str):
        owner (None | str):
        priority (None | str): in the words of that system
        raw_status (None | str):
        status (None | RemoteShownStatusType0): null until it was read
        updated_at (datetime.datetime | None):
        url (None | str):
    """

    assignee: None | str
    due: datetime.date | None
    id: str
    owner: None | str
    priority: None | str
    raw_status: None | str
    status: None | RemoteShownStatusType0
    updated_at: datetime.datetime | None
    url: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assignee: None | str
        assignee = self.assignee

        due: None | str
        if isinstance(self.due, datetime.date):
            due = self.due.isoformat()
        else:
            due = self.due

        id = self.id

        owner: None | str
        owner = self.owner

        priority: None | str
        priority = self.priority

        raw_status: None | str
        raw_status = self.raw_status

        status: None | str
        if isinstance(self.status, RemoteShownStatusType0):
            status = self.status.value
        else:
            status = self.status

        updated_at: None | str
        if isinstance(self.updated_at, datetime.datetime):
            updated_at = self.updated_at.isoformat()
        else:
            updated_at = self.updated_at

        url: None | str
        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assignee": assignee,
                "due": due,
                "id": id,
                "owner": owner,
                "priority": priority,
                "raw_status": raw_status,
                "status": status,
                "updated_at": updated_at,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_assignee(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        assignee = _parse_assignee(d.pop("assignee"))

        def _parse_due(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_type_0 = datetime.date.fromisoformat(data)

                return due_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        due = _parse_due(d.pop("due"))

        id = d.pop("id")

        def _parse_owner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner"))

        def _parse_priority(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        priority = _parse_priority(d.pop("priority"))

        def _parse_raw_status(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        raw_status = _parse_raw_status(d.pop("raw_status"))

        def _parse_status(data: object) -> None | RemoteShownStatusType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = RemoteShownStatusType0(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RemoteShownStatusType0, data)

        status = _parse_status(d.pop("status"))

        def _parse_updated_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                updated_at_type_0 = datetime.datetime.fromisoformat(data)

                return updated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        updated_at = _parse_updated_at(d.pop("updated_at"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        remote_shown = cls(
            assignee=assignee,
            due=due,
            id=id,
            owner=owner,
            priority=priority,
            raw_status=raw_status,
            status=status,
            updated_at=updated_at,
            url=url,
        )

        remote_shown.additional_properties = d
        return remote_shown

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
