from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rule_line_results import RuleLineResults


T = TypeVar("T", bound="RuleLine")


@_attrs_define
class RuleLine:
    """
    Attributes:
        base (float):
        enabled (bool):
        family (str):
        id (str):
        open_findings (int):
        results (RuleLineResults): last results by (asset, place, vantage)
        severity (str):
        title (str):
    """

    base: float
    enabled: bool
    family: str
    id: str
    open_findings: int
    results: RuleLineResults
    severity: str
    title: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        base = self.base

        enabled = self.enabled

        family = self.family

        id = self.id

        open_findings = self.open_findings

        results = self.results.to_dict()

        severity = self.severity

        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "base": base,
                "enabled": enabled,
                "family": family,
                "id": id,
                "open_findings": open_findings,
                "results": results,
                "severity": severity,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_line_results import RuleLineResults

        d = dict(src_dict)
        base = d.pop("base")

        enabled = d.pop("enabled")

        family = d.pop("family")

        id = d.pop("id")

        open_findings = d.pop("open_findings")

        results = RuleLineResults.from_dict(d.pop("results"))

        severity = d.pop("severity")

        title = d.pop("title")

        rule_line = cls(
            base=base,
            enabled=enabled,
            family=family,
            id=id,
            open_findings=open_findings,
            results=results,
            severity=severity,
            title=title,
        )

        rule_line.additional_properties = d
        return rule_line

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
