from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.verdict_result import VerdictResult
from ..models.verdict_state_type_0 import VerdictStateType0

T = TypeVar("T", bound="Verdict")


@_attrs_define
class Verdict:
    """
    Attributes:
        address (None | str):
        asset_id (str):
        asset_name (str):
        conclusive_at (datetime.datetime | None):
        evaluated_at (datetime.datetime):
        expected (Any):
        finding_id (None | str):
        last_conclusive (None | str):
        name (None | str):
        observed (Any):
        place (str):
        port (int | None):
        result (VerdictResult):
        rule (str):
        state (None | VerdictStateType0):
        transport (None | str):
        vantage (str):
    """

    address: None | str
    asset_id: str
    asset_name: str
    conclusive_at: datetime.datetime | None
    evaluated_at: datetime.datetime
    expected: Any
    finding_id: None | str
    last_conclusive: None | str
    name: None | str
    observed: Any
    place: str
    port: int | None
    result: VerdictResult
    rule: str
    state: None | VerdictStateType0
    transport: None | str
    vantage: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        address: None | str
        address = self.address

        asset_id = self.asset_id

        asset_name = self.asset_name

        conclusive_at: None | str
        if isinstance(self.conclusive_at, datetime.datetime):
            conclusive_at = self.conclusive_at.isoformat()
        else:
            conclusive_at = self.conclusive_at

        evaluated_at = self.evaluated_at.isoformat()

        expected = self.expected

        finding_id: None | str
        finding_id = self.finding_id

        last_conclusive: None | str
        last_conclusive = self.last_conclusive

        name: None | str
        name = self.name

        observed = self.observed

        place = self.place

        port: int | None
        port = self.port

        result = self.result.value

        rule = self.rule

        state: None | str
        if isinstance(self.state, VerdictStateType0):
            state = self.state.value
        else:
            state = self.state

        transport: None | str
        transport = self.transport

        vantage = self.vantage

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "address": address,
                "asset_id": asset_id,
                "asset_name": asset_name,
                "conclusive_at": conclusive_at,
                "evaluated_at": evaluated_at,
                "expected": expected,
                "finding_id": finding_id,
                "last_conclusive": last_conclusive,
                "name": name,
                "observed": observed,
                "place": place,
                "port": port,
                "result": result,
                "rule": rule,
                "state": state,
                "transport": transport,
                "vantage": vantage,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_address(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        address = _parse_address(d.pop("address"))

        asset_id = d.pop("asset_id")

        asset_name = d.pop("asset_name")

        def _parse_conclusive_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                conclusive_at_type_0 = datetime.datetime.fromisoformat(data)

                return conclusive_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        conclusive_at = _parse_conclusive_at(d.pop("conclusive_at"))

        evaluated_at = datetime.datetime.fromisoformat(d.pop("evaluated_at"))

        expected = d.pop("expected")

        def _parse_finding_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        finding_id = _parse_finding_id(d.pop("finding_id"))

        def _parse_last_conclusive(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_conclusive = _parse_last_conclusive(d.pop("last_conclusive"))

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

        result = VerdictResult(d.pop("result"))

        rule = d.pop("rule")

        def _parse_state(data: object) -> None | VerdictStateType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = VerdictStateType0(data)

                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | VerdictStateType0, data)

        state = _parse_state(d.pop("state"))

        def _parse_transport(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        transport = _parse_transport(d.pop("transport"))

        vantage = d.pop("vantage")

        verdict = cls(
            address=address,
            asset_id=asset_id,
            asset_name=asset_name,
            conclusive_at=conclusive_at,
            evaluated_at=evaluated_at,
            expected=expected,
            finding_id=finding_id,
            last_conclusive=last_conclusive,
            name=name,
            observed=observed,
            place=place,
            port=port,
            result=result,
            rule=rule,
            state=state,
            transport=transport,
            vantage=vantage,
        )

        verdict.additional_properties = d
        return verdict

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
