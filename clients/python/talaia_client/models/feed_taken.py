from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.feed_name import FeedName
from ..models.outcome import Outcome

T = TypeVar("T", bound="FeedTaken")


@_attrs_define
class FeedTaken:
    """``entries`` are those in the store now, ``changed`` those that are others than before.

    Attributes:
        changed (int):
        entries (int):
        feed (FeedName): CISA's catalogue of known exploited vulnerabilities, FIRST's exploit prediction, CISA's
            decision points.
        outcome (Outcome):
    """

    changed: int
    entries: int
    feed: FeedName
    outcome: Outcome
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        changed = self.changed

        entries = self.entries

        feed = self.feed.value

        outcome = self.outcome.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "changed": changed,
                "entries": entries,
                "feed": feed,
                "outcome": outcome,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        changed = d.pop("changed")

        entries = d.pop("entries")

        feed = FeedName(d.pop("feed"))

        outcome = Outcome(d.pop("outcome"))

        feed_taken = cls(
            changed=changed,
            entries=entries,
            feed=feed,
            outcome=outcome,
        )

        feed_taken.additional_properties = d
        return feed_taken

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
