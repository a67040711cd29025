from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rule_whole_mappings import RuleWholeMappings
    from ..models.rule_whole_parameters import RuleWholeParameters
    from ..models.rule_whole_results import RuleWholeResults


T = TypeVar("T", bound="RuleWhole")


@_attrs_define
class RuleWhole:
    """
    Attributes:
        base (float):
        confidence (str):
        enabled (bool):
        family (str):
        id (str):
        judges (list[str]):
        mappings (RuleWholeMappings):
        open_findings (int):
        parameters (RuleWholeParameters):
        rationale (str):
        remediation (str):
        results (RuleWholeResults): last results by (asset, place, vantage)
        severity (str):
        title (str):
    """

    base: float
    confidence: str
    enabled: bool
    family: str
    id: str
    judges: list[str]
    mappings: RuleWholeMappings
    open_findings: int
    parameters: RuleWholeParameters
    rationale: str
    remediation: str
    results: RuleWholeResults
    severity: str
    title: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        base = self.base

        confidence = self.confidence

        enabled = self.enabled

        family = self.family

        id = self.id

        judges = self.judges

        mappings = self.mappings.to_dict()

        open_findings = self.open_findings

        parameters = self.parameters.to_dict()

        rationale = self.rationale

        remediation = self.remediation

        results = self.results.to_dict()

        severity = self.severity

        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "base": base,
                "confidence": confidence,
                "enabled": enabled,
                "family": family,
                "id": id,
                "judges": judges,
                "mappings": mappings,
                "open_findings": open_findings,
                "parameters": parameters,
                "rationale": rationale,
                "remediation": remediation,
                "results": results,
                "severity": severity,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_whole_mappings import RuleWholeMappings
        from ..models.rule_whole_parameters import RuleWholeParameters
        from ..models.rule_whole_results import RuleWholeResults

        d = dict(src_dict)
        base = d.pop("base")

        confidence = d.pop("confidence")

        enabled = d.pop("enabled")

        family = d.pop("family")

        id = d.pop("id")

        judges = cast(list[str], d.pop("judges"))

        mappings = RuleWholeMappings.from_dict(d.pop("mappings"))

        open_findings = d.pop("open_findings")

        parameters = RuleWholeParameters.from_dict(d.pop("parameters"))

        rationale = d.pop("rationale")

        remediation = d.pop("remediation")

        results = RuleWholeResults.from_dict(d.pop("results"))

        severity = d.pop("severity")

        title = d.pop("title")

        rule_whole = cls(
            base=base,
            confidence=confidence,
            enabled=enabled,
            family=family,
            id=id,
            judges=judges,
            mappings=mappings,
            open_findings=open_findings,
            parameters=parameters,
            rationale=rationale,
            remediation=remediation,
            results=results,
            severity=severity,
            title=title,
        )

        rule_whole.additional_properties = d
        return rule_whole

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
