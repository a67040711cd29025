from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.scan_state import ScanState

if TYPE_CHECKING:
    from ..models.scan_progress import ScanProgress


T = TypeVar("T", bound="Scan")


@_attrs_define
class Scan:
    """
    Attributes:
        asked_by (str):
        created_at (datetime.datetime):
        detail (str):
        ended_at (datetime.datetime | None):
        id (str):
        progress (ScanProgress):
        schedule_id (None | str):
        started_at (datetime.datetime | None):
        state (ScanState):
        targets (list[str] | None):
        zone (str):
    """

    asked_by: str
    created_at: datetime.datetime
    detail: str
    ended_at: datetime.datetime | None
    id: str
    progress: ScanProgress
    schedule_id: None | str
    started_at: datetime.datetime | None
    state: ScanState
    targets: list[str] | None
    zone: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asked_by = self.asked_by

        created_at = self.created_at.isoformat()

        detail = self.detail

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        id = self.id

        progress = self.progress.to_dict()

        schedule_id: None | str
        schedule_id = self.schedule_id

        started_at: None | str
        if isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        state = self.state.value

        targets: list[str] | None
        if isinstance(self.targets, list):
            targets = self.targets

        else:
            targets = self.targets

        zone = self.zone

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asked_by": asked_by,
                "created_at": created_at,
                "detail": detail,
                "ended_at": ended_at,
                "id": id,
                "progress": progress,
                "schedule_id": schedule_id,
                "started_at": started_at,
                "state": state,
                "targets": targets,
                "zone": zone,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.scan_progress import ScanProgress

        d = dict(src_dict)
        asked_by = d.pop("asked_by")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        detail = d.pop("detail")

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        id = d.pop("id")

        progress = ScanProgress.from_dict(d.pop("progress"))

        def _parse_schedule_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        schedule_id = _parse_schedule_id(d.pop("schedule_id"))

        def _parse_started_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)

                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        started_at = _parse_started_at(d.pop("started_at"))

        state = ScanState(d.pop("state"))

        def _parse_targets(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                targets_type_0 = cast(list[str], data)

                return targets_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        targets = _parse_targets(d.pop("targets"))

        zone = d.pop("zone")

        scan = cls(
            asked_by=asked_by,
            created_at=created_at,
            detail=detail,
            ended_at=ended_at,
            id=id,
            progress=progress,
            schedule_id=schedule_id,
            started_at=started_at,
            state=state,
            targets=targets,
            zone=zone,
        )

        scan.additional_properties = d
        return scan

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
