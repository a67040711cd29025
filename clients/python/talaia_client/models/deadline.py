from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Deadline")


@_attrs_define
class Deadline:
    """Why a finding is due when it is: by the severity, or by a row of a table (BOD 26-04) for one of its CVEs.

    The answers are what the row was chosen by; those in ``assumed`` nobody said. ``days`` None: with the next upgrade.

        Attributes:
            assumed (list[str] | Unset):
            automatable (bool | None | Unset):
            cve (None | str | Unset):
            days (int | None | Unset):
            exposed (bool | None | Unset):
            forensic (bool | Unset): forensic triage is asked for Default: False.
            in_kev (bool | None | Unset):
            policy (str | Unset):  Default: 'severity'.
            row (int | None | Unset):
            since (datetime.datetime | None | Unset): start of its clock: listed as exploited, or seen, whichever was
                earlier
            text (str | Unset): the same for people Default: ''.
            total_impact (bool | None | Unset):
    """

    assumed: list[str] | Unset = UNSET
    automatable: bool | None | Unset = UNSET
    cve: None | str | Unset = UNSET
    days: int | None | Unset = UNSET
    exposed: bool | None | Unset = UNSET
    forensic: bool | Unset = False
    in_kev: bool | None | Unset = UNSET
    policy: str | Unset = "severity"
    row: int | None | Unset = UNSET
    since: datetime.datetime | None | Unset = UNSET
    text: str | Unset = ""
    total_impact: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assumed: list[str] | Unset = UNSET
        if not isinstance(self.assumed, Unset):
            assumed = self.assumed

        automatable: bool | None | Unset
        if isinstance(self.automatable, Unset):
            automatable = UNSET
        else:
            automatable = self.automatable

        cve: None | str | Unset
        if isinstance(self.cve, Unset):
            cve = UNSET
        else:
            cve = self.cve

        days: int | None | Unset
        if isinstance(self.days, Unset):
            days = UNSET
        else:
            days = self.days

        exposed: bool | None | Unset
        if isinstance(self.exposed, Unset):
            exposed = UNSET
        else:
            exposed = self.exposed

        forensic = self.forensic

        in_kev: bool | None | Unset
        if isinstance(self.in_kev, Unset):
            in_kev = UNSET
        else:
            in_kev = self.in_kev

        policy = self.policy

        row: int | None | Unset
        if isinstance(self.row, Unset):
            row = UNSET
        else:
            row = self.row

        since: None | str | Unset
        if isinstance(self.since, Unset):
            since = UNSET
        elif isinstance(self.since, datetime.datetime):
            since = self.since.isoformat()
        else:
            since = self.since

        text = self.text

        total_impact: bool | None | Unset
        if isinstance(self.total_impact, Unset):
            total_impact = UNSET
        else:
            total_impact = self.total_impact

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if assumed is not UNSET:
            field_dict["assumed"] = assumed
        if automatable is not UNSET:
            field_dict["automatable"] = automatable
        if cve is not UNSET:
            field_dict["cve"] = cve
        if days is not UNSET:
            field_dict["days"] = days
        if exposed is not UNSET:
            field_dict["exposed"] = exposed
        if forensic is not UNSET:
            field_dict["forensic"] = forensic
        if in_kev is not UNSET:
            field_dict["in_kev"] = in_kev
        if policy is not UNSET:
            field_dict["policy"] = policy
        if row is not UNSET:
            field_dict["row"] = row
        if since is not UNSET:
            field_dict["since"] = since
        if text is not UNSET:
            field_dict["text"] = text
        if total_impact is not UNSET:
            field_dict["total_impact"] = total_impact

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        assumed = cast(list[str], d.pop("assumed", UNSET))

        def _parse_automatable(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        automatable = _parse_automatable(d.pop("automatable", UNSET))

        def _parse_cve(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        cve = _parse_cve(d.pop("cve", UNSET))

        def _parse_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        days = _parse_days(d.pop("days", UNSET))

        def _parse_exposed(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        exposed = _parse_exposed(d.pop("exposed", UNSET))

        forensic = d.pop("forensic", UNSET)

        def _parse_in_kev(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        in_kev = _parse_in_kev(d.pop("in_kev", UNSET))

        policy = d.pop("policy", UNSET)

        def _parse_row(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        row = _parse_row(d.pop("row", UNSET))

        def _parse_since(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = datetime.datetime.fromisoformat(data)

                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        since = _parse_since(d.pop("since", UNSET))

        text = d.pop("text", UNSET)

        def _parse_total_impact(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        total_impact = _parse_total_impact(d.pop("total_impact", UNSET))

        deadline = cls(
            assumed=assumed,
            automatable=automatable,
            cve=cve,
            days=days,
            exposed=exposed,
            forensic=forensic,
            in_kev=in_kev,
            policy=policy,
            row=row,
            since=since,
            text=text,
            total_impact=total_impact,
        )

        deadline.additional_properties = d
        return deadline

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
