from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.audit_row_outcome import AuditRowOutcome

if TYPE_CHECKING:
    from ..models.audit_row_detail import AuditRowDetail


T = TypeVar("T", bound="AuditRow")


@_attrs_define
class AuditRow:
    """``digest`` is SHA-256 over this row and ``previous``, the digest of the row before it.

    Attributes:
        action (str):
        actor (str):
        actor_id (str):
        address (str):
        at (datetime.datetime):
        department_id (None | str):
        detail (AuditRowDetail):
        digest (str):
        id (str):
        outcome (AuditRowOutcome):
        previous (str):
        seq (int):
        subject (str):
        subject_id (str):
    """

    action: str
    actor: str
    actor_id: str
    address: str
    at: datetime.datetime
    department_id: None | str
    detail: AuditRowDetail
    digest: str
    id: str
    outcome: AuditRowOutcome
    previous: str
    seq: int
    subject: str
    subject_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        actor = self.actor

        actor_id = self.actor_id

        address = self.address

        at = self.at.isoformat()

        department_id: None | str
        department_id = self.department_id

        detail = self.detail.to_dict()

        digest = self.digest

        id = self.id

        outcome = self.outcome.value

        previous = self.previous

        seq = self.seq

        subject = self.subject

        subject_id = self.subject_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "actor": actor,
                "actor_id": actor_id,
                "address": address,
                "at": at,
                "department_id": department_id,
                "detail": detail,
                "digest": digest,
                "id": id,
                "outcome": outcome,
                "previous": previous,
                "seq": seq,
                "subject": subject,
                "subject_id": subject_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.audit_row_detail import AuditRowDetail

        d = dict(src_dict)
        action = d.pop("action")

        actor = d.pop("actor")

        actor_id = d.pop("actor_id")

        address = d.pop("address")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_department_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department_id = _parse_department_id(d.pop("department_id"))

        detail = AuditRowDetail.from_dict(d.pop("detail"))

        digest = d.pop("digest")

        id = d.pop("id")

        outcome = AuditRowOutcome(d.pop("outcome"))

        previous = d.pop("previous")

        seq = d.pop("seq")

        subject = d.pop("subject")

        subject_id = d.pop("subject_id")

        audit_row = cls(
            action=action,
            actor=actor,
            actor_id=actor_id,
            address=address,
            at=at,
            department_id=department_id,
            detail=detail,
            digest=digest,
            id=id,
            outcome=outcome,
            previous=previous,
            seq=seq,
            subject=subject,
            subject_id=subject_id,
        )

        audit_row.additional_properties = d
        return audit_row

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
