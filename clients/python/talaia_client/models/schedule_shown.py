from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.schedule_shown_source import ScheduleShownSource

if TYPE_CHECKING:
    from ..models.next_run import NextRun


T = TypeVar("T", bound="ScheduleShown")


@_attrs_define
class ScheduleShown:
    """
    Attributes:
        coming (list[NextRun]): the next runs, and when looking can begin
        cron (None | str):
        enabled (bool):
        id (str):
        interval_seconds (int | None):
        last_run (datetime.datetime | None):
        last_scan (None | str):
        next_runs (list[datetime.datetime]):
        source (ScheduleShownSource): settings: of the settings file, which alone changes it
        timezone (str):
        zone (str):
    """

    coming: list[NextRun]
    cron: None | str
    enabled: bool
    id: str
    interval_seconds: int | None
    last_run: datetime.datetime | None
    last_scan: None | str
    next_runs: list[datetime.datetime]
    source: ScheduleShownSource
    timezone: str
    zone: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        coming = []
        for coming_item_data in self.coming:
            coming_item = coming_item_data.to_dict()
            coming.append(coming_item)

        cron: None | str
        cron = self.cron

        enabled = self.enabled

        id = self.id

        interval_seconds: int | None
        interval_seconds = self.interval_seconds

        last_run: None | str
        if isinstance(self.last_run, datetime.datetime):
            last_run = self.last_run.isoformat()
        else:
            last_run = self.last_run

        last_scan: None | str
        last_scan = self.last_scan

        next_runs = []
        for next_runs_item_data in self.next_runs:
            next_runs_item = next_runs_item_data.isoformat()
            next_runs.append(next_runs_item)

        source = self.source.value

        timezone = self.timezone

        zone = self.zone

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "coming": coming,
                "cron": cron,
                "enabled": enabled,
                "id": id,
                "interval_seconds": interval_seconds,
                "last_run": last_run,
                "last_scan": last_scan,
                "next_runs": next_runs,
                "source": source,
                "timezone": timezone,
                "zone": zone,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.next_run import NextRun

        d = dict(src_dict)
        coming = []
        _coming = d.pop("coming")
        for coming_item_data in _coming:
            coming_item = NextRun.from_dict(coming_item_data)

            coming.append(coming_item)

        def _parse_cron(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        cron = _parse_cron(d.pop("cron"))

        enabled = d.pop("enabled")

        id = d.pop("id")

        def _parse_interval_seconds(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        interval_seconds = _parse_interval_seconds(d.pop("interval_seconds"))

        def _parse_last_run(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_run_type_0 = datetime.datetime.fromisoformat(data)

                return last_run_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_run = _parse_last_run(d.pop("last_run"))

        def _parse_last_scan(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_scan = _parse_last_scan(d.pop("last_scan"))

        next_runs = []
        _next_runs = d.pop("next_runs")
        for next_runs_item_data in _next_runs:
            next_runs_item = datetime.datetime.fromisoformat(next_runs_item_data)

            next_runs.append(next_runs_item)

        source = ScheduleShownSource(d.pop("source"))

        timezone = d.pop("timezone")

        zone = d.pop("zone")

        schedule_shown = cls(
            coming=coming,
            cron=cron,
            enabled=enabled,
            id=id,
            interval_seconds=interval_seconds,
            last_run=last_run,
            last_scan=last_scan,
            next_runs=next_runs,
            source=source,
            timezone=timezone,
            zone=zone,
        )

        schedule_shown.additional_properties = d
        return schedule_shown

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
