from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.ticket_finding_outcome_type_0 import TicketFindingOutcomeType0
from ..models.ticket_finding_state import TicketFindingState

T = TypeVar("T", bound="TicketFinding")


@_attrs_define
class TicketFinding:
    """
    Attributes:
        address (None | str):
        asset_name (str):
        id (str):
        joined_at (datetime.datetime):
        outcome (None | TicketFindingOutcomeType0): how it left the ticket; null while it is open
        port (int | None):
        state (TicketFindingState):
    """

    address: None | str
    asset_name: str
    id: str
    joined_at: datetime.datetime
    outcome: None | TicketFindingOutcomeType0
    port: int | None
    state: TicketFindingState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        address: None | str
        address = self.address

        asset_name = self.asset_name

        id = self.id

        joined_at = self.joined_at.isoformat()

        outcome: None | str
        if isinstance(self.outcome, TicketFindingOutcomeType0):
            outcome = self.outcome.value
        else:
            outcome = self.outcome

        port: int | None
        port = self.port

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "address": address,
                "asset_name": asset_name,
                "id": id,
                "joined_at": joined_at,
                "outcome": outcome,
                "port": port,
                "state": state,
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

        asset_name = d.pop("asset_name")

        id = d.pop("id")

        joined_at = datetime.datetime.fromisoformat(d.pop("joined_at"))

        def _parse_outcome(data: object) -> None | TicketFindingOutcomeType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_0 = TicketFindingOutcomeType0(data)

                return outcome_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TicketFindingOutcomeType0, data)

        outcome = _parse_outcome(d.pop("outcome"))

        def _parse_port(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        port = _parse_port(d.pop("port"))

        state = TicketFindingState(d.pop("state"))

        ticket_finding = cls(
            address=address,
            asset_name=asset_name,
            id=id,
            joined_at=joined_at,
            outcome=outcome,
            port=port,
            state=state,
        )

        ticket_finding.additional_properties = d
        return ticket_finding

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
