from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.feed_name import FeedName

T = TypeVar("T", bound="Feed")


@_attrs_define
class Feed:
    """
    Attributes:
        entries (int):
        loaded_at (datetime.datetime):
        name (FeedName): CISA's catalogue of known exploited vulnerabilities, FIRST's exploit prediction, CISA's
            decision points.
        published (datetime.datetime):
        stale (bool): a newer one was published long ago, and nobody loaded it
        version (str):
    """

    entries: int
    loaded_at: datetime.datetime
    name: FeedName
    published: datetime.datetime
    stale: bool
    version: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        entries = self.entries

        loaded_at = self.loaded_at.isoformat()

        name = self.name.value

        published = self.published.isoformat()

        stale = self.stale

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "entries": entries,
                "loaded_at": loaded_at,
                "name": name,
                "published": published,
                "stale": stale,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        entries = d.pop("entries")

        loaded_at = datetime.datetime.fromisoformat(d.pop("loaded_at"))

        name = FeedName(d.pop("name"))

        published = datetime.datetime.fromisoformat(d.pop("published"))

        stale = d.pop("stale")

        version = d.pop("version")

        feed = cls(
            entries=entries,
            loaded_at=loaded_at,
            name=name,
            published=published,
            stale=stale,
            version=version,
        )

        feed.additional_properties = d
        return feed

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
