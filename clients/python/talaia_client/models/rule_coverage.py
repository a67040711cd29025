from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RuleCoverage")


@_attrs_define
class RuleCoverage:
    """
    Attributes:
        conclusive (int):
        failed (int):
        not_applicable (int):
        passed (int):
        rule (str):
        unknown (int):
    """

    conclusive: int
    failed: int
    not_applicable: int
    passed: int
    rule: str
    unknown: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conclusive = self.conclusive

        failed = self.failed

        not_applicable = self.not_applicable

        passed = self.passed

        rule = self.rule

        unknown = self.unknown

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conclusive": conclusive,
                "failed": failed,
                "not_applicable": not_applicable,
                "passed": passed,
                "rule": rule,
                "unknown": unknown,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        conclusive = d.pop("conclusive")

        failed = d.pop("failed")

        not_applicable = d.pop("not_applicable")

        passed = d.pop("passed")

        rule = d.pop("rule")

        unknown = d.pop("unknown")

        rule_coverage = cls(
            conclusive=conclusive,
            failed=failed,
            not_applicable=not_applicable,
            passed=passed,
            rule=rule,
            unknown=unknown,
        )

        rule_coverage.additional_properties = d
        return rule_coverage

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
