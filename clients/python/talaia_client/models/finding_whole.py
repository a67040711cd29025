from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.finding_whole_band import FindingWholeBand
from ..models.finding_whole_severity import FindingWholeSeverity
from ..models.finding_whole_state import FindingWholeState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.deadline import Deadline
    from ..models.event import Event
    from ..models.factor import Factor
    from ..models.finding_whole_feeds import FindingWholeFeeds
    from ..models.vulnerability import Vulnerability


T = TypeVar("T", bound="FindingWhole")


@_attrs_define
class FindingWhole:
    """
    Attributes:
        address (None | str):
        asset_id (str):
        asset_name (str):
        band (FindingWholeBand):
        confidence (str):
        deadline (Deadline): Why a finding is due when it is: by the severity, or by a row of a table (BOD 26-04) for
            one of its CVEs.

            The answers are what the row was chosen by; those in ``assumed`` nobody said. ``days`` None: with the next
            upgrade.
        department_id (None | str):
        due (datetime.datetime | None):
        evidence_sha256 (None | str):
        expected (Any):
        exposure (str):
        factors (list[Factor]):
        feeds (FindingWholeFeeds): versions of the vulnerability feeds that its score stands on, by name
        first_seen (datetime.datetime):
        history (list[Event]):
        id (str):
        known_exploited (bool): a CVE that it shows is
        last_evaluated (datetime.datetime):
        last_result (str):
        last_seen (datetime.datetime):
        name (None | str):
        observed (Any):
        place (str):
        port (int | None):
        rationale (str):
        remediation (str):
        reopened (int):
        resolved_at (datetime.datetime | None):
        resolved_because (None | str):
        risk (float):
        rule (str):
        see_it_yourself (str): a command that shows the same from a machine at that vantage
        service_id (None | str):
        severity (FindingWholeSeverity):
        state (FindingWholeState):
        transport (None | str):
        vantage (str):
        vulnerabilities (list[Vulnerability]): those of its CVEs, the gravest first, at most 100
        zone (str):
        title (str | Unset):  Default: ''.
    """

    address: None | str
    asset_id: str
    asset_name: str
    band: FindingWholeBand
    confidence: str
    deadline: Deadline
    department_id: None | str
    due: datetime.datetime | None
    evidence_sha256: None | str
    expected: Any
    exposure: str
    factors: list[Factor]
    feeds: FindingWholeFeeds
    first_seen: datetime.datetime
    history: list[Event]
    id: str
    known_exploited: bool
    last_evaluated: datetime.datetime
    last_result: str
    last_seen: datetime.datetime
    name: None | str
    observed: Any
    place: str
    port: int | None
    rationale: str
    remediation: str
    reopened: int
    resolved_at: datetime.datetime | None
    resolved_because: None | str
    risk: float
    rule: str
    see_it_yourself: str
    service_id: None | str
    severity: FindingWholeSeverity
    state: FindingWholeState
    transport: None | str
    vantage: str
    vulnerabilities: list[Vulnerability]
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

        deadline = self.deadline.to_dict()

        department_id: None | str
        department_id = self.department_id

        due: None | str
        if isinstance(self.due, datetime.datetime):
            due = self.due.isoformat()
        else:
            due = self.due

        evidence_sha256: None | str
        evidence_sha256 = self.evidence_sha256

        expected = self.expected

        exposure = self.exposure

        factors = []
        for factors_item_data in self.factors:
            factors_item = factors_item_data.to_dict()
            factors.append(factors_item)

        feeds = self.feeds.to_dict()

        first_seen = self.first_seen.isoformat()

        history = []
        for history_item_data in self.history:
            history_item = history_item_data.to_dict()
            history.append(history_item)

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

        rationale = self.rationale

        remediation = self.remediation

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

        see_it_yourself = self.see_it_yourself

        service_id: None | str
        service_id = self.service_id

        severity = self.severity.value

        state = self.state.value

        transport: None | str
        transport = self.transport

        vantage = self.vantage

        vulnerabilities = []
        for vulnerabilities_item_data in self.vulnerabilities:
            vulnerabilities_item = vulnerabilities_item_data.to_dict()
            vulnerabilities.append(vulnerabilities_item)

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
                "deadline": deadline,
                "department_id": department_id,
                "due": due,
                "evidence_sha256": evidence_sha256,
                "expected": expected,
                "exposure": exposure,
                "factors": factors,
                "feeds": feeds,
                "first_seen": first_seen,
                "history": history,
                "id": id,
                "known_exploited": known_exploited,
                "last_evaluated": last_evaluated,
                "last_result": last_result,
                "last_seen": last_seen,
                "name": name,
                "observed": observed,
                "place": place,
                "port": port,
                "rationale": rationale,
                "remediation": remediation,
                "reopened": reopened,
                "resolved_at": resolved_at,
                "resolved_because": resolved_because,
                "risk": risk,
                "rule": rule,
                "see_it_yourself": see_it_yourself,
                "service_id": service_id,
                "severity": severity,
                "state": state,
                "transport": transport,
                "vantage": vantage,
                "vulnerabilities": vulnerabilities,
                "zone": zone,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.deadline import Deadline
        from ..models.event import Event
        from ..models.factor import Factor
        from ..models.finding_whole_feeds import FindingWholeFeeds
        from ..models.vulnerability import Vulnerability

        d = dict(src_dict)

        def _parse_address(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        address = _parse_address(d.pop("address"))

        asset_id = d.pop("asset_id")

        asset_name = d.pop("asset_name")

        band = FindingWholeBand(d.pop("band"))

        confidence = d.pop("confidence")

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

        def _parse_evidence_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        evidence_sha256 = _parse_evidence_sha256(d.pop("evidence_sha256"))

        expected = d.pop("expected")

        exposure = d.pop("exposure")

        factors = []
        _factors = d.pop("factors")
        for factors_item_data in _factors:
            factors_item = Factor.from_dict(factors_item_data)

            factors.append(factors_item)

        feeds = FindingWholeFeeds.from_dict(d.pop("feeds"))

        first_seen = datetime.datetime.fromisoformat(d.pop("first_seen"))

        history = []
        _history = d.pop("history")
        for history_item_data in _history:
            history_item = Event.from_dict(history_item_data)

            history.append(history_item)

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

        rationale = d.pop("rationale")

        remediation = d.pop("remediation")

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

        see_it_yourself = d.pop("see_it_yourself")

        def _parse_service_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service_id = _parse_service_id(d.pop("service_id"))

        severity = FindingWholeSeverity(d.pop("severity"))

        state = FindingWholeState(d.pop("state"))

        def _parse_transport(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        transport = _parse_transport(d.pop("transport"))

        vantage = d.pop("vantage")

        vulnerabilities = []
        _vulnerabilities = d.pop("vulnerabilities")
        for vulnerabilities_item_data in _vulnerabilities:
            vulnerabilities_item = Vulnerability.from_dict(vulnerabilities_item_data)

            vulnerabilities.append(vulnerabilities_item)

        zone = d.pop("zone")

        title = d.pop("title", UNSET)

        finding_whole = cls(
            address=address,
            asset_id=asset_id,
            asset_name=asset_name,
            band=band,
            confidence=confidence,
            deadline=deadline,
            department_id=department_id,
            due=due,
            evidence_sha256=evidence_sha256,
            expected=expected,
            exposure=exposure,
            factors=factors,
            feeds=feeds,
            first_seen=first_seen,
            history=history,
            id=id,
            known_exploited=known_exploited,
            last_evaluated=last_evaluated,
            last_result=last_result,
            last_seen=last_seen,
            name=name,
            observed=observed,
            place=place,
            port=port,
            rationale=rationale,
            remediation=remediation,
            reopened=reopened,
            resolved_at=resolved_at,
            resolved_because=resolved_because,
            risk=risk,
            rule=rule,
            see_it_yourself=see_it_yourself,
            service_id=service_id,
            severity=severity,
            state=state,
            transport=transport,
            vantage=vantage,
            vulnerabilities=vulnerabilities,
            zone=zone,
            title=title,
        )

        finding_whole.additional_properties = d
        return finding_whole

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
