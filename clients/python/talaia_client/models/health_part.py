from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.health_part_part import HealthPartPart
from ..models.health_part_state import HealthPartState

if TYPE_CHECKING:
    from ..models.health_part_facts import HealthPartFacts


T = TypeVar("T", bound="HealthPart")


@_attrs_define
class HealthPart:
    """One part: ``code`` is stable, ``facts`` are the numbers and times in ``found``; ``to_do`` is empty when well.

    Attributes:
        code (str):
        facts (HealthPartFacts):
        found (str):
        part (HealthPartPart):
        state (HealthPartState):
        to_do (str):
    """

    code: str
    facts: HealthPartFacts
    found: str
    part: HealthPartPart
    state: HealthPartState
    to_do: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        facts = self.facts.to_dict()

        found = self.found

        part = self.part.value

        state = self.state.value

        to_do = self.to_do

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "facts": facts,
                "found": found,
                "part": part,
                "state": state,
                "to_do": to_do,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.health_part_facts import HealthPartFacts

        d = dict(src_dict)
        code = d.pop("code")

        facts = HealthPartFacts.from_dict(d.pop("facts"))

        found = d.pop("found")

        part = HealthPartPart(d.pop("part"))

        state = HealthPartState(d.pop("state"))

        to_do = d.pop("to_do")

        health_part = cls(
            code=code,
            facts=facts,
            found=found,
            part=part,
            state=state,
            to_do=to_do,
        )

        health_part.additional_properties = d
        return health_part

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
