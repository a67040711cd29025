from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.ticket_whole_closed_because_type_0 import TicketWholeClosedBecauseType0
from ..models.ticket_whole_review_type_0 import TicketWholeReviewType0
from ..models.ticket_whole_state import TicketWholeState

if TYPE_CHECKING:
    from ..models.remote_shown import RemoteShown
    from ..models.ticket_finding import TicketFinding
    from ..models.ticket_remark import TicketRemark
    from ..models.ticket_step import TicketStep


T = TypeVar("T", bound="TicketWhole")


@_attrs_define
class TicketWhole:
    """
    Attributes:
        about (list[TicketFinding]): the riskiest first, at most 10,000
        closed_at (datetime.datetime | None):
        closed_because (None | TicketWholeClosedBecauseType0):
        department_id (None | str):
        external_id (str): how both systems know it
        findings (int):
        id (str):
        open_findings (int):
        opened_at (datetime.datetime):
        opened_by (str):
        remarks (list[TicketRemark]): what people wrote over there, latest first
        remote (None | RemoteShown): null until it was made over there
        reopened (int): how often Talaia opened it again: at most once
        review (None | TicketWholeReviewType0): why a person has to look
        rule (str):
        service_id (None | str):
        state (TicketWholeState):
        steps (list[TicketStep]): latest first
        subject (str):
    """

    about: list[TicketFinding]
    closed_at: datetime.datetime | None
    closed_because: None | TicketWholeClosedBecauseType0
    department_id: None | str
    external_id: str
    findings: int
    id: str
    open_findings: int
    opened_at: datetime.datetime
    opened_by: str
    remarks: list[TicketRemark]
    remote: None | RemoteShown
    reopened: int
    review: None | TicketWholeReviewType0
    rule: str
    service_id: None | str
    state: TicketWholeState
    steps: list[TicketStep]
    subject: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.remote_shown import RemoteShown

        about = []
        for about_item_data in self.about:
            about_item = about_item_data.to_dict()
            about.append(about_item)

        closed_at: None | str
        if isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        closed_because: None | str
        if isinstance(self.closed_because, TicketWholeClosedBecauseType0):
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

        remarks = []
        for remarks_item_data in self.remarks:
            remarks_item = remarks_item_data.to_dict()
            remarks.append(remarks_item)

        remote: dict[str, Any] | None
        if isinstance(self.remote, RemoteShown):
            remote = self.remote.to_dict()
        else:
            remote = self.remote

        reopened = self.reopened

        review: None | str
        if isinstance(self.review, TicketWholeReviewType0):
            review = self.review.value
        else:
            review = self.review

        rule = self.rule

        service_id: None | str
        service_id = self.service_id

        state = self.state.value

        steps = []
        for steps_item_data in self.steps:
            steps_item = steps_item_data.to_dict()
            steps.append(steps_item)

        subject = self.subject

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "about": about,
                "closed_at": closed_at,
                "closed_because": closed_because,
                "department_id": department_id,
                "external_id": external_id,
                "findings": findings,
                "id": id,
                "open_findings": open_findings,
                "opened_at": opened_at,
                "opened_by": opened_by,
                "remarks": remarks,
                "remote": remote,
                "reopened": reopened,
                "review": review,
                "rule": rule,
                "service_id": service_id,
                "state": state,
                "steps": steps,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.remote_shown import RemoteShown
        from ..models.ticket_finding import TicketFinding
        from ..models.ticket_remark import TicketRemark
        from ..models.ticket_step import TicketStep

        d = dict(src_dict)
        about = []
        _about = d.pop("about")
        for about_item_data in _about:
            about_item = TicketFinding.from_dict(about_item_data)

            about.append(about_item)

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

        def _parse_closed_because(data: object) -> None | TicketWholeClosedBecauseType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_because_type_0 = TicketWholeClosedBecauseType0(data)

                return closed_because_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TicketWholeClosedBecauseType0, data)

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

        remarks = []
        _remarks = d.pop("remarks")
        for remarks_item_data in _remarks:
            remarks_item = TicketRemark.from_dict(remarks_item_data)

            remarks.append(remarks_item)

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

        def _parse_review(data: object) -> None | TicketWholeReviewType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                review_type_0 = TicketWholeReviewType0(data)

                return review_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TicketWholeReviewType0, data)

        review = _parse_review(d.pop("review"))

        rule = d.pop("rule")

        def _parse_service_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service_id = _parse_service_id(d.pop("service_id"))

        state = TicketWholeState(d.pop("state"))

        steps = []
        _steps = d.pop("steps")
        for steps_item_data in _steps:
            steps_item = TicketStep.from_dict(steps_item_data)

            steps.append(steps_item)

        subject = d.pop("subject")

        ticket_whole = cls(
            about=about,
            closed_at=closed_at,
            closed_because=closed_because,
            department_id=department_id,
            external_id=external_id,
            findings=findings,
            id=id,
            open_findings=open_findings,
            opened_at=opened_at,
            opened_by=opened_by,
            remarks=remarks,
            remote=remote,
            reopened=reopened,
            review=review,
            rule=rule,
            service_id=service_id,
            state=state,
            steps=steps,
            subject=subject,
        )

        ticket_whole.additional_properties = d
        return ticket_whole

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
