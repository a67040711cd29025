from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.audience import Audience
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.saved_query import SavedQuery


T = TypeVar("T", bound="SaveFilter")


@_attrs_define
class SaveFilter:
    """``department`` says with which one it is shared, when the audience is a department.

    Attributes:
        name (str):
        query (SavedQuery): What the list of findings is narrowed to and how it is sorted.
        audience (Audience | Unset):
        department (None | str | Unset):
    """

    name: str
    query: SavedQuery
    audience: Audience | Unset = UNSET
    department: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        query = self.query.to_dict()

        audience: str | Unset = UNSET
        if not isinstance(self.audience, Unset):
            audience = self.audience.value

        department: None | str | Unset
        if isinstance(self.department, Unset):
            department = UNSET
        else:
            department = self.department

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "query": query,
            }
        )
        if audience is not UNSET:
            field_dict["audience"] = audience
        if department is not UNSET:
            field_dict["department"] = department

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.saved_query import SavedQuery

        d = dict(src_dict)
        name = d.pop("name")

        query = SavedQuery.from_dict(d.pop("query"))

        _audience = d.pop("audience", UNSET)
        audience: Audience | Unset
        if isinstance(_audience, Unset):
            audience = UNSET
        else:
            audience = Audience(_audience)

        def _parse_department(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        department = _parse_department(d.pop("department", UNSET))

        save_filter = cls(
            name=name,
            query=query,
            audience=audience,
            department=department,
        )

        return save_filter
