from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ZoneShown")


@_attrs_define
class ZoneShown:
    """
    Attributes:
        authorised_by (str):
        closed_because (None | str):
        connections_per_host (int):
        domains (list[str]):
        exclude (list[str]):
        id (str):
        intrusiveness (str):
        name (str):
        networks (list[str]):
        next_opening (datetime.datetime | None):
        open_now (bool):
        packets_per_second (int):
        ports (str):
        timezone (str):
        valid_from (str):
        valid_until (str):
        vantage (str):
    """

    authorised_by: str
    closed_because: None | str
    connections_per_host: int
    domains: list[str]
    exclude: list[str]
    id: str
    intrusiveness: str
    name: str
    networks: list[str]
    next_opening: datetime.datetime | None
    open_now: bool
    packets_per_second: int
    ports: str
    timezone: str
    valid_from: str
    valid_until: str
    vantage: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        authorised_by = self.authorised_by

        closed_because: None | str
        closed_because = self.closed_because

        connections_per_host = self.connections_per_host

        domains = self.domains

        exclude = self.exclude

        id = self.id

        intrusiveness = self.intrusiveness

        name = self.name

        networks = self.networks

        next_opening: None | str
        if isinstance(self.next_opening, datetime.datetime):
            next_opening = self.next_opening.isoformat()
        else:
            next_opening = self.next_opening

        open_now = self.open_now

        packets_per_second = self.packets_per_second

        ports = self.ports

        timezone = self.timezone

        valid_from = self.valid_from

        valid_until = self.valid_until

        vantage = self.vantage

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "authorised_by": authorised_by,
                "closed_because": closed_because,
                "connections_per_host": connections_per_host,
                "domains": domains,
                "exclude": exclude,
                "id": id,
                "intrusiveness": intrusiveness,
                "name": name,
                "networks": networks,
                "next_opening": next_opening,
                "open_now": open_now,
                "packets_per_second": packets_per_second,
                "ports": ports,
                "timezone": timezone,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "vantage": vantage,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        authorised_by = d.pop("authorised_by")

        def _parse_closed_because(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        closed_because = _parse_closed_because(d.pop("closed_because"))

        connections_per_host = d.pop("connections_per_host")

        domains = cast(list[str], d.pop("domains"))

        exclude = cast(list[str], d.pop("exclude"))

        id = d.pop("id")

        intrusiveness = d.pop("intrusiveness")

        name = d.pop("name")

        networks = cast(list[str], d.pop("networks"))

        def _parse_next_opening(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_opening_type_0 = datetime.datetime.fromisoformat(data)

                return next_opening_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_opening = _parse_next_opening(d.pop("next_opening"))

        open_now = d.pop("open_now")

        packets_per_second = d.pop("packets_per_second")

        ports = d.pop("ports")

        timezone = d.pop("timezone")

        valid_from = d.pop("valid_from")

        valid_until = d.pop("valid_until")

        vantage = d.pop("vantage")

        zone_shown = cls(
            authorised_by=authorised_by,
            closed_because=closed_because,
            connections_per_host=connections_per_host,
            domains=domains,
            exclude=exclude,
            id=id,
            intrusiveness=intrusiveness,
            name=name,
            networks=networks,
            next_opening=next_opening,
            open_now=open_now,
            packets_per_second=packets_per_second,
            ports=ports,
            timezone=timezone,
            valid_from=valid_from,
            valid_until=valid_until,
            vantage=vantage,
        )

        zone_shown.additional_properties = d
        return zone_shown

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
