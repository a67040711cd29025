from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.ticket_step_kind import TicketStepKind

T = TypeVar("T", bound="TicketStep")


@_attrs_define
class TicketStep:
    """Something that was or is to be done over there. ``next_at`` null and not done: it waits for a person (retry).

    Attributes:
        attempts (int):
        done_at (datetime.datetime | None):
        kind (TicketStepKind):
        made_at (datetime.datetime):
        next_at (datetime.datetime | None):
        text (str):
        trouble (None | str):
    """

    attempts: int
    done_at: datetime.datetime | None
    kind: TicketStepKind
    made_at: datetime.datetime
    next_at: datetime.datetime | None
    text: str
    trouble: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempts = self.attempts

        done_at: None | str
        if isinstance(self.done_at, datetime.datetime):
            done_at = self.done_at.isoformat()
        else:
            done_at = self.done_at

        kind = self.kind.value

        made_at = self.made_at.isoformat()

        next_at: None | str
        if isinstance(self.next_at, datetime.datetime):
            next_at = self.next_at.isoformat()
        else:
            next_at = self.next_at

        text = self.text

        trouble: None | str
        trouble = self.trouble

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempts": attempts,
                "done_at": done_at,
                "kind": kind,
                "made_at": made_at,
                "next_at": next_at,
                "text": text,
                "trouble": trouble,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        attempts = d.pop("attempts")

        def _parse_done_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                done_at_type_0 = datetime.datetime.fromisoformat(data)

                return done_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        done_at = _parse_done_at(d.pop("done_at"))

        kind = TicketStepKind(d.pop("kind"))

        made_at = datetime.datetime.fromisoformat(d.pop("made_at"))

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

        text = d.pop("text")

        def _parse_trouble(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        trouble = _parse_trouble(d.pop("trouble"))

        ticket_step = cls(
            attempts=attempts,
            done_at=done_at,
            kind=kind,
            made_at=made_at,
            next_at=next_at,
            text=text,
            trouble=trouble,
        )

        ticket_step.additional_properties = d
        return ticket_step

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
