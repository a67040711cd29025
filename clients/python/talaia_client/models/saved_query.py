from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.finding_sort import FindingSort
from ..models.saved_query_band_item import SavedQueryBandItem
from ..models.saved_query_severity_item import SavedQuerySeverityItem
from ..models.saved_query_state_item import SavedQueryStateItem
from ..types import UNSET, Unset

T = TypeVar("T", bound="SavedQuery")


@_attrs_define
class SavedQuery:
    """What the list of findings is narrowed to and how it is sorted.

    Attributes:
        address (None | str | Unset):
        asset (None | str | Unset):
        band (list[SavedQueryBandItem] | Unset):
        department (None | str | Unset): an id, or none
        due_within_days (int | None | Unset): open, not overdue yet, and due within so many days
        known_exploited (bool | Unset): only what shows a CVE that is known to be exploited Default: False.
        overdue (bool | Unset):  Default: False.
        q (None | str | Unset): a rule's id, or a part of an asset's name or addresses
        rule (list[str] | Unset):
        service (None | str | Unset): an id, or none
        severity (list[SavedQuerySeverityItem] | Unset):
        sort (FindingSort | Unset): By risk (highest first), by the day it is due (soonest first, undated last), or by
            when it was last seen (latest first).
        state (list[SavedQueryStateItem] | Unset):
        vantage (None | str | Unset):
        zone (None | str | Unset):
    """

    address: None | str | Unset = UNSET
    asset: None | str | Unset = UNSET
    band: list[SavedQueryBandItem] | Unset = UNSET
    department: None | str | Unset = UNSET
    due_within_days: int | None | Unset = UNSET
    known_exploited: bool | Unset = False
    overdue: bool | Unset = False
    q: None | str | Unset = UNSET
    rule: list[str] | Unset = UNSET
    service: None | str | Unset = UNSET
    severity: list[SavedQuerySeverityItem] | Unset = UNSET
    sort: FindingSort | Unset = UNSET
    state: list[SavedQueryStateItem] | Unset = UNSET
    vantage: None | str | Unset = UNSET
    zone: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        address: None | str | Unset
        if isinstance(self.address, Unset):
            address = UNSET
        else:
            address = self.address

        asset: None | str | Unset
        if isinstance(self.asset, Unset):
            asset = UNSET
        else:
            asset = self.asset

        band: list[str] | Unset = UNSET
        if not isinstance(self.band, Unset):
            band = []
            for band_item_data in self.band:
                band_item = band_item_data.value
                band.append(band_item)

        department: None | str | Unset
        if isinstance(self.department, Unset):
            department = UNSET
        else:
            department = self.department

        due_within_days: int | None | Unset
        if isinstance(self.due_within_days, Unset):
            due_within_days = UNSET
        else:
            due_within_days = self.due_within_days

        known_exploited = self.known_exploited

        overdue = self.overdue

        q: None | str | Unset
        if isinstance(self.q, Unset):
            q = UNSET
        else:
            q = self.q

        rule: list[str] | Unset = UNSET
        if not isinstance(self.rule, Unset):
            rule = self.rule

        service: None | str | Unset
        if isinstance(self.service, Unset):
            service = UNSET
        else:
            service = self.service

        severity: list[str] | Unset = UNSET
        if not isinstance(self.severity, Unset):
            severity = []
            for severity_item_data in self.severity:
                severity_item = severity_item_data.value
                severity.append(severity_item)

        sort: str | Unset = UNSET
        if not isinstance(self.sort, Unset):
            sort = self.sort.value

        state: list[str] | Unset = UNSET
        if not isinstance(self.state, Unset):
            state = []
            for state_item_data in self.state:
                state_item = state_item_data.value
                state.append(state_item)

        vantage: None | str | Unset
        if isinstance(self.vantage, Unset):
            vantage = UNSET
        else:
            vantage = self.vantage

        zone: None | str | Unset
        if isinstance(self.zone, Unset):
            zone = UNSET
        else:
            zone = self.zone

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if address is not UNSET:
            field_dict["address"] = address
        if asset is not UNSET:
            field_dict["asset"] = asset
        if band is not UNSET:
            field_dict["band"] = band
        if department is not UNSET:
            field_dict["department"] = department
        if due_within_days is not UNSET:
            field_dict["due_within_days"] = due_within_days
        if known_exploited is not UNSET:
            field_dict["known_exploited"] = known_exploited
        if overdue is not UNSET:
            field_dict["overdue"] = overdue
        if q is not UNSET:
            field_dict["q"] = q
        if rule is not UNSET:
            field_dict["rule"] = rule
        if service is not UNSET:
            field_dict["service"] = service
        if severity is not UNSET:
            field_dict["severity"] = severity
        if sort is not UNSET:
            field_dict["sort"] = sort
        if state is not UNSET:
            field_dict["state"] = state
        if vantage is not UNSET:
            field_dict["vantage"] = vantage
        if zone is not UNSET:
            field_dict["zone"] = zone

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_address(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        address = _parse_address(d.pop("address", UNSET))

        def _parse_asset(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        asset = _parse_asset(d.pop("asset", UNSET))

        _band = d.pop("band", UNSET)
        band: list[SavedQueryBandItem] | Unset = UNSET
        if _band is not UNSET:
            band = []
            for band_item_data in _band:
                band_item = SavedQueryBandItem(band_item_data)

                band.append(band_item)

        def _parse_department(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        department = _parse_department(d.pop("department", UNSET))

        def _parse_due_within_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        due_within_days = _parse_due_within_days(d.pop("due_within_days", UNSET))

        known_exploited = d.pop("known_exploited", UNSET)

        overdue = d.pop("overdue", UNSET)

        def _parse_q(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        q = _parse_q(d.pop("q", UNSET))

        rule = cast(list[str], d.pop("rule", UNSET))

        def _parse_service(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        service = _parse_service(d.pop("service", UNSET))

        _severity = d.pop("severity", UNSET)
        severity: list[SavedQuerySeverityItem] | Unset = UNSET
        if _severity is not UNSET:
            severity = []
            for severity_item_data in _severity:
                severity_item = SavedQuerySeverityItem(severity_item_data)

                severity.append(severity_item)

        _sort = d.pop("sort", UNSET)
        sort: FindingSort | Unset
        if isinstance(_sort, Unset):
            sort = UNSET
        else:
            sort = FindingSort(_sort)

        _state = d.pop("state", UNSET)
        state: list[SavedQueryStateItem] | Unset = UNSET
        if _state is not UNSET:
            state = []
            for state_item_data in _state:
                state_item = SavedQueryStateItem(state_item_data)

                state.append(state_item)

        def _parse_vantage(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        vantage = _parse_vantage(d.pop("vantage", UNSET))

        def _parse_zone(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        zone = _parse_zone(d.pop("zone", UNSET))

        saved_query = cls(
            address=address,
            asset=asset,
            band=band,
            department=department,
            due_within_days=due_within_days,
            known_exploited=known_exploited,
            overdue=overdue,
            q=q,
            rule=rule,
            service=service,
            severity=severity,
            sort=sort,
            state=state,
            vantage=vantage,
            zone=zone,
        )

        return saved_query
