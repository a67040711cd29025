from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.risk_band_type_0 import RiskBandType0
from ..models.risk_level import RiskLevel

if TYPE_CHECKING:
    from ..models.contributor import Contributor
    from ..models.factor import Factor
    from ..models.point import Point


T = TypeVar("T", bound="Risk")


@_attrs_define
class Risk:
    """``value`` is None when nothing was evaluated yet; it lies between ``low`` and ``high`` whatever was not looked at.

    Attributes:
        band (None | RiskBandType0):
        computed_at (datetime.datetime | None):
        coverage (float):
        factors (list[Factor]):
        high (float | None):
        history (list[Point]):
        key (str):
        level (RiskLevel):
        low (float | None):
        name (str):
        top_contributors (list[Contributor]):
        value (float | None):
        version (int):
    """

    band: None | RiskBandType0
    computed_at: datetime.datetime | None
    coverage: float
    factors: list[Factor]
    high: float | None
    history: list[Point]
    key: str
    level: RiskLevel
    low: float | None
    name: str
    top_contributors: list[Contributor]
    value: float | None
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        band: None | str
        if isinstance(self.band, RiskBandType0):
            band = self.band.value
        else:
            band = self.band

        computed_at: None | str
        if isinstance(self.computed_at, datetime.datetime):
            computed_at = self.computed_at.isoformat()
        else:
            computed_at = self.computed_at

        coverage = self.coverage

        factors = []
        for factors_item_data in self.factors:
            factors_item = factors_item_data.to_dict()
            factors.append(factors_item)

        high: float | None
        high = self.high

        history = []
        for history_item_data in self.history:
            history_item = history_item_data.to_dict()
            history.append(history_item)

        key = self.key

        level = self.level.value

        low: float | None
        low = self.low

        name = self.name

        top_contributors = []
        for top_contributors_item_data in self.top_contributors:
            top_contributors_item = top_contributors_item_data.to_dict()
            top_contributors.append(top_contributors_item)

        value: float | None
        value = self.value

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "band": band,
                "computed_at": computed_at,
                "coverage": coverage,
                "factors": factors,
                "high": high,
                "history": history,
                "key": key,
                "level": level,
                "low": low,
                "name": name,
                "top_contributors": top_contributors,
                "value": value,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.contributor import Contributor
        from ..models.factor import Factor
        from ..models.point import Point

        d = dict(src_dict)

        def _parse_band(data: object) -> None | RiskBandType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                band_type_0 = RiskBandType0(data)

                return band_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RiskBandType0, data)

        band = _parse_band(d.pop("band"))

        def _parse_computed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                computed_at_type_0 = datetime.datetime.fromisoformat(data)

                return computed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        computed_at = _parse_computed_at(d.pop("computed_at"))

        coverage = d.pop("coverage")

        factors = []
        _factors = d.pop("factors")
        for factors_item_data in _factors:
            factors_item = Factor.from_dict(factors_item_data)

            factors.append(factors_item)

        def _parse_high(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        high = _parse_high(d.pop("high"))

        history = []
        _history = d.pop("history")
        for history_item_data in _history:
            history_item = Point.from_dict(history_item_data)

            history.append(history_item)

        key = d.pop("key")

        level = RiskLevel(d.pop("level"))

        def _parse_low(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        low = _parse_low(d.pop("low"))

        name = d.pop("name")

        top_contributors = []
        _top_contributors = d.pop("top_contributors")
        for top_contributors_item_data in _top_contributors:
            top_contributors_item = Contributor.from_dict(top_contributors_item_data)

            top_contributors.append(top_contributors_item)

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        version = d.pop("version")

        risk = cls(
            band=band,
            computed_at=computed_at,
            coverage=coverage,
            factors=factors,
            high=high,
            history=history,
            key=key,
            level=level,
            low=low,
            name=name,
            top_contributors=top_contributors,
            value=value,
            version=version,
        )

        risk.additional_properties = d
        return risk

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
