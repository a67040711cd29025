from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Endpoint")


@_attrs_define
class Endpoint:
    """
    Attributes:
        address (str):
        first_seen (datetime.datetime):
        last_seen (datetime.datetime):
        name (None | str):
        place (str):
        port (int | None):
        product (None | str):
        service (None | str):
        state (str):
        tls (bool | None):
        transport (None | str):
        vantage (str):
        version (None | str):
        zone (str):
    """

    address: str
    first_seen: datetime.datetime
    last_seen: datetime.datetime
    name: None | str
    place: str
    port: int | None
    product: None | str
    service: None | str
    state: str
    tls: bool | None
    transport: None | str
    vantage: str
    version: None | str
    zone: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        address = self.address

        first_seen = self.first_seen.isoformat()

        last_seen = self.last_seen.isoformat()

        name: None | str
        name = self.name

        place = self.place

        port: int | None
        port = self.port

        product: None | str
        product = self.product

        service: None | str
        service = self.service

        state = self.state

        tls: bool | None
        tls = self.tls

        transport: None | str
        transport = self.transport

        vantage = self.vantage

        version: None | str
        version = self.version

        zone = self.zone

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "address": address,
                "first_seen": first_seen,
                "last_seen": last_seen,
                "name": name,
                "place": place,
                "port": port,
                "product": product,
                "service": service,
                "state": state,
                "tls": tls,
                "transport": transport,
                "vantage": vantage,
                "version": version,
                "zone": zone,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        address = d.pop("address")

        first_seen = datetime.datetime.fromisoformat(d.pop("first_seen"))

        last_seen = datetime.datetime.fromisoformat(d.pop("last_seen"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        place = d.pop("place")

        def _parse_port(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        port = _parse_port(d.pop("port"))

        def _parse_product(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        product = _parse_product(d.pop("product"))

        def _parse_service(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service = _parse_service(d.pop("service"))

        state = d.pop("state")

        def _parse_tls(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        tls = _parse_tls(d.pop("tls"))

        def _parse_transport(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        transport = _parse_transport(d.pop("transport"))

        vantage = d.pop("vantage")

        def _parse_version(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        version = _parse_version(d.pop("version"))

        zone = d.pop("zone")

        endpoint = cls(
            address=address,
            first_seen=first_seen,
            last_seen=last_seen,
            name=name,
            place=place,
            port=port,
            product=product,
            service=service,
            state=state,
            tls=tls,
            transport=transport,
            vantage=vantage,
            version=version,
            zone=zone,
        )

        endpoint.additional_properties = d
        return endpoint

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
