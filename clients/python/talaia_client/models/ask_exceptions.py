from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.chosen import Chosen
    from ..models.why import Why


T = TypeVar("T", bound="AskExceptions")


@_attrs_define
class AskExceptions:
    """An exception for each of the findings ``of``, all for the same reason and until the same day.

    Attributes:
        of (Chosen): Findings by ``ids``; or those of ``filter``, of which the caller saw ``expected``: if the list
            holds another number by now,
            nothing is done.
        why (Why): ``strength`` is how much of the risk the compensating ``control`` takes away (k of the score), over 0
            only with one.
    """

    of: Chosen
    why: Why

    def to_dict(self) -> dict[str, Any]:
        of = self.of.to_dict()

        why = self.why.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "of": of,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.chosen import Chosen
        from ..models.why import Why

        d = dict(src_dict)
        of = Chosen.from_dict(d.pop("of"))

        why = Why.from_dict(d.pop("why"))

        ask_exceptions = cls(
            of=of,
            why=why,
        )

        return ask_exceptions
