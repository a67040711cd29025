from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.audience import Audience

if TYPE_CHECKING:
    from ..models.filter_shown_query import FilterShownQuery


T = TypeVar("T", bound="FilterShown")


@_attrs_define
class FilterShown:
    """``query`` is kept as it was saved. When it can no longer be asked, ``valid`` is false and ``problem`` says why.

    Attributes:
        audience (Audience):
        changed_at (datetime.datetime):
        department (None | str):
        id (str):
        mine (bool):
        name (str):
        owner (str):
        problem (None | str):
        query (FilterShownQuery):
        valid (bool):
    """

    audience: Audience
    changed_at: datetime.datetime
    department: None | str
    id: str
    mine: bool
    name: str
    owner: str
    problem: None | str
    query: FilterShownQuery
    valid: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audience = self.audience.value

        changed_at = self.changed_at.isoformat()

        department: None | str
        department = self.department

        id = self.id

        mine = self.mine

        name = self.name

        owner = self.owner

        problem: None | str
        problem = self.problem

        query = self.query.to_dict()

        valid = self.valid

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audience": audience,
                "changed_at": changed_at,
                "department": department,
                "id": id,
                "mine": mine,
                "name": name,
                "owner": owner,
                "problem": problem,
                "query": query,
                "valid": valid,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.filter_shown_query import FilterShownQuery

        d = dict(src_dict)
        audience = Audience(d.pop("audience"))

        changed_at = datetime.datetime.fromisoformat(d.pop("changed_at"))

        def _parse_department(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department = _parse_department(d.pop("department"))

        id = d.pop("id")

        mine = d.pop("mine")

        name = d.pop("name")

        owner = d.pop("owner")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        query = FilterShownQuery.from_dict(d.pop("query"))

        valid = d.pop("valid")

        filter_shown = cls(
            audience=audience,
            changed_at=changed_at,
            department=department,
            id=id,
            mine=mine,
            name=name,
            owner=owner,
            problem=problem,
            query=query,
            valid=valid,
        )

        filter_shown.additional_properties = d
        return filter_shown

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
