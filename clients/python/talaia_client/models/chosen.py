from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.finding_where import FindingWhere


T = TypeVar("T", bound="Chosen")


@_attrs_define
class Chosen:
    """Findings by ``ids``; or those of ``filter``, of which the caller saw ``expected``: if the list holds another number
    by now,
    nothing is done.

        Attributes:
            expected (int | None | Unset):
            filter_ (FindingWhere | None | Unset):
            ids (list[str] | None | Unset):
    """

    expected: int | None | Unset = UNSET
    filter_: FindingWhere | None | Unset = UNSET
    ids: list[str] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.finding_where import FindingWhere

        expected: int | None | Unset
        if isinstance(self.expected, Unset):
            expected = UNSET
        else:
            expected = self.expected

        filter_: dict[str, Any] | None | Unset
        if isinstance(self.filter_, Unset):
            filter_ = UNSET
        elif isinstance(self.filter_, FindingWhere):
            filter_ = self.filter_.to_dict()
        else:
            filter_ = self.filter_

        ids: list[str] | None | Unset
        if isinstance(self.ids, Unset):
            ids = UNSET
        elif isinstance(self.ids, list):
            ids = self.ids

        else:
            ids = self.ids

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if expected is not UNSET:
            field_dict["expected"] = expected
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if ids is not UNSET:
            field_dict["ids"] = ids

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.finding_where import FindingWhere

        d = dict(src_dict)

        def _parse_expected(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        expected = _parse_expected(d.pop("expected", UNSET))

        def _parse_filter_(data: object) -> FindingWhere | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filter_type_0 = FindingWhere.from_dict(data)

                return filter_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FindingWhere | None | Unset, data)

        filter_ = _parse_filter_(d.pop("filter", UNSET))

        def _parse_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                ids_type_0 = cast(list[str], data)

                return ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        ids = _parse_ids(d.pop("ids", UNSET))

        chosen = cls(
            expected=expected,
            filter_=filter_,
            ids=ids,
        )

        return chosen
