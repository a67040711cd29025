from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.late_finding_band import LateFindingBand
from ..models.late_finding_severity import LateFindingSeverity
from ..models.late_finding_state import LateFindingState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.deadline import Deadline


T = TypeVar("T", bound="LateFinding")


@_attrs_define
class LateFinding:
    """
    Attributes:
        address (None | str):
        asset_id (str):
        asset_name (str):
        band (LateFindingBand):
        confidence (str):
        days_late (float): below 0: so many days are left
        deadline (Deadline): Why a finding is due when it is: by the severity, or by a row of a table (BOD 26-04) for
            one of its CVEs.

            The answers are what the row was chosen by; those in ``assumed`` nobody said. ``days`` None: with the next
            upgrade.
        department_id (None | str):
        due (datetime.datetime | None):
        expected (Any):
        exposure (str):
        first_seen (datetime.datetime):
        id (str):
        known_exploited (bool): a CVE that it shows is
        last_evaluated (datetime.datetime):
        last_result (str):
        last_seen (datetime.datetime):
        name (None | str):
        observed (Any):
        place (str):
        port (int | None):
        reopened (int):
        resolved_at (datetime.datetime | None):
        resolved_because (None | str):
        risk (float):
        rule (str):
        service_id (None | str):
        severity (LateFindingSeverity):
        state (LateFindingState):
        transport (None | str):
        vantage (str):
        zone (str):
        title (str | Unset):  Default: ''.
    """

    address: None | str
    asset_id: str
    asset_name: str
    band: LateFindingBand
    confidence: str
    days_late: float
    deadline: Deadline
    department_id: None | str
    due: datetime.datetime | None
    expected: Any
    exposure: str
    first_seen: datetime.datetime
    id: str
    known_exploited: bool
    last_evaluated: datetime.datetime
    last_result: str
    last_seen: datetime.datetime
    name: None | str
    observed: Any
    place: str
    port: int | None
    reopened: int
    resolved_at: datetime.datetime | None
    resolved_because: None | str
    risk: float
    rule: str
    service_id: None | str
    severity: LateFindingSeverity
    state: LateFindingState
    transport: None | str
    vantage: str
    zone: str
    title: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        address: None | str
        address = self.address

        asset_id = self.asset_id

        asset_name = self.asset_name

        band = self.band.value

        confidence = self.confidence

        days_late = self.days_late

        deadline = self.deadline.to_dict()

        department_id: None | str
        department_id = self.department_id

        due: None | str
        if isinstance(self.due, datetime.datetime):
            due = self.due.isoformat()
        else:
            due = self.due

        expected = self.expected

        exposure = self.exposure

        first_seen = self.first_seen.isoformat()

        id = self.id

        known_exploited = self.known_exploited

        last_evaluated = self.last_evaluated.isoformat()

        last_result = self.last_result

        last_seen = self.last_seen.isoformat()

        name: None | str
        name = self.name

        observed = self.observed

        place = self.place

        port: int | None
        port = self.port

        reopened = self.reopened

        resolved_at: None | str
        if isinstance(self.resolved_at, datetime.datetime):
            resolved_at = self.resolved_at.isoformat()
        else:
            resolved_at = self.resolved_at

        resolved_because: None | str
        resolved_because = self.resolved_because

        risk = self.risk

        rule = self.rule

        service_id: None | str
        service_id = self.service_id

        severity = self.severity.value

        state = self.state.value

        transport: None | str
        transport = self.transport

        vantage = self.vantage

        zone = self.zone

        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "address": address,
                "asset_id": asset_id,
                "asset_name": asset_name,
                "band": band,
                "confidence": confidence,
                "days_late": days_late,
                "deadline": deadline,
                "department_id": department_id,
                "due": due,
                "expected": expected,
                "exposure": exposure,
                "first_seen": first_seen,
                "id": id,
                "known_exploited": known_exploited,
                "last_evaluated": last_evaluated,
                "last_result": last_result,
                "last_seen": last_seen,
                "name": name,
                "observed": observed,
                "place": place,
                "port": port,
                "reopened": reopened,
                "resolved_at": resolved_at,
                "resolved_because": resolved_because,
                "risk": risk,
                "rule": rule,
                "service_id": service_id,
                "severity": severity,
                "state": state,
                "transport": transport,
                "vantage": vantage,
                "zone": zone,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.deadline import Deadline

        d = dict(src_dict)

        def _parse_address(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        address = _parse_address(d.pop("address"))

        asset_id = d.pop("asset_id")

        asset_name = d.pop("asset_name")

        band = LateFindingBand(d.pop("band"))

        confidence = d.pop("confidence")

        days_late = d.pop("days_late")

        deadline = Deadline.from_dict(d.pop("deadline"))

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        def _parse_due(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_type_0 = datetime.datetime.fromisoformat(data)

                return due_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        due = _parse_due(d.pop("due"))

        expected = d.pop("expected")

        exposure = d.pop("exposure")

        first_seen = datetime.datetime.fromisoformat(d.pop("first_seen"))

        id = d.pop("id")

        known_exploited = d.pop("known_exploited")

        last_evaluated = datetime.datetime.fromisoformat(d.pop("last_evaluated"))

        last_result = d.pop("last_result")

        last_seen = datetime.datetime.fromisoformat(d.pop("last_seen"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        observed = d.pop("observed")

        place = d.pop("place")

        def _parse_port(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        port = _parse_port(d.pop("port"))

        reopened = d.pop("reopened")

        def _parse_resolved_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resolved_at_type_0 = datetime.datetime.fromisoformat(data)

                return resolved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        resolved_at = _parse_resolved_at(d.pop("resolved_at"))

        def _parse_resolved_because(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        resolved_because = _parse_resolved_because(d.pop("resolved_because"))

        risk = d.pop("risk")

        rule = d.pop("rule")

        def _parse_service_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service_id = _parse_service_id(d.pop("service_id"))

        severity = LateFindingSeverity(d.pop("severity"))

        state = LateFindingState(d.pop("state"))

        def _parse_transport(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        transport = _parse_transport(d.pop("transport"))

        vantage = d.pop("vantage")

        zone = d.pop("zone")

        title = d.pop("title", UNSET)

        late_finding = cls(
            address=address,
            asset_id=asset_id,
            asset_name=asset_name,
            band=band,
            confidence=confidence,
            days_late=days_late,
            deadline=deadline,
            department_id=department_id,
            due=due,
            expected=expected,
            exposure=exposure,
            first_seen=first_seen,
            id=id,
            known_exploited=known_exploited,
            last_evaluated=last_evaluated,
            last_result=last_result,
            last_seen=last_seen,
            name=name,
            observed=observed,
            place=place,
            port=port,
            reopened=reopened,
            resolved_at=resolved_at,
            resolved_because=resolved_because,
            risk=risk,
            rule=rule,
            service_id=service_id,
            severity=severity,
            state=state,
            transport=transport,
            vantage=vantage,
            zone=zone,
            title=title,
        )

        late_finding.additional_properties = d
        return late_finding

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
