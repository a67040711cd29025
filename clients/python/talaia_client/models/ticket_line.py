from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.ticket_line_closed_because_type_0 import TicketLineClosedBecauseType0
from ..models.ticket_line_review_type_0 import TicketLineReviewType0
from ..models.ticket_line_state import TicketLineState

if TYPE_CHECKING:
    from ..models.remote_shown import RemoteShown


T = TypeVar("T", bound="TicketLine")


@_attrs_define
class TicketLine:
    """
    Attributes:
        closed_at (datetime.datetime | None):
        closed_because (None | TicketLineClosedBecauseType0):
        department_id (None | str):
        external_id (str): how both systems know it
        findings (int):
        id (str):
        open_findings (int):
        opened_at (datetime.datetime):
        opened_by (str):
        remote (None | RemoteShown): null until it was made over there
        reopened (int): how often Talaia opened it again: at most once
        review (None | TicketLineReviewType0): why a person has to look
        rule (str):
        service_id (None | str):
        state (TicketLineState):
        subject (str):
    """

    closed_at: datetime.datetime | None
    closed_because: None | TicketLineClosedBecauseType0
    department_id: None | str
    external_id: str
    findings: int
    id: str
    open_findings: int
    opened_at: datetime.datetime
    opened_by: str
    remote: None | RemoteShown
    reopened: int
    review: None | TicketLineReviewType0
    rule: str
    service_id: None | str
    state: TicketLineState
    subject: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.remote_shown import RemoteShown

        closed_at: None | str
        if isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        closed_because: None | str
        if isinstance(self.closed_because, TicketLineClosedBecauseType0):
            closed_because = self.closed_because.value
        else:
            closed_because = self.closed_because

        department_id: None | str
        department_id = self.department_id

        external_id = self.external_id

        findings = self.findings

        id = self.id

        open_findings = self.open_findings

        opened_at = self.opened_at.isoformat()

        opened_by = self.opened_by

        remote: dict[str, Any] | None
        if isinstance(self.remote, RemoteShown):
            remote = self.remote.to_dict()
        else:
            remote = self.remote

        reopened = self.reopened

        review: None | str
        if isinstance(self.review, TicketLineReviewType0):
            review = self.review.value
        else:
            review = self.review

        rule = self.rule

        service_id: None | str
        service_id = self.service_id

        state = self.state.value

        subject = self.subject

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "closed_at": closed_at,
                "closed_because": closed_because,
                "department_id": department_id,
                "external_id": external_id,
                "findings": findings,
                "id": id,
                "open_findings": open_findings,
                "opened_at": opened_at,
                "opened_by": opened_by,
                "remote": remote,
                "reopened": reopened,
                "review": review,
                "rule": rule,
                "service_id": service_id,
                "state": state,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.remote_shown import RemoteShown

        d = dict(src_dict)

        def _parse_closed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_at_type_0 = datetime.datetime.fromisoformat(data)

                return closed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closed_at = _parse_closed_at(d.pop("closed_at"))

        def _parse_closed_because(data: object) -> None | TicketLineClosedBecauseType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_because_type_0 = TicketLineClosedBecauseType0(data)

                return closed_because_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TicketLineClosedBecauseType0, data)

        closed_because = _parse_closed_because(d.pop("closed_because"))

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        external_id = d.pop("external_id")

        findings = d.pop("findings")

        id = d.pop("id")

        open_findings = d.pop("open_findings")

        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))

        opened_by = d.pop("opened_by")

        def _parse_remote(data: object) -> None | RemoteShown:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                remote_type_0 = RemoteShown.from_dict(data)

                return remote_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RemoteShown, data)

        remote = _parse_remote(d.pop("remote"))

        reopened = d.pop("reopened")

        def _parse_review(data: object) -> None | TicketLineReviewType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                review_type_0 = TicketLineReviewType0(data)

                return review_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TicketLineReviewType0, data)

        review = _parse_review(d.pop("review"))

        rule = d.pop("rule")

        def _parse_service_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service_id = _parse_service_id(d.pop("service_id"))

        state = TicketLineState(d.pop("state"))

        subject = d.pop("subject")

        ticket_line = cls(
            closed_at=closed_at,
            closed_because=closed_because,
            department_id=department_id,
            external_id=external_id,
            findings=findings,
            id=id,
            open_findings=open_findings,
            opened_at=opened_at,
            opened_by=opened_by,
            remote=remote,
            reopened=reopened,
            review=review,
            rule=rule,
            service_id=service_id,
            state=state,
            subject=subject,
        )

        ticket_line.additional_properties = d
        return ticket_line

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
