"""What an export is made from: some findings, seen at one moment, and the words to tell them in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from api.parts import Rules
from api.texts import rule_of, rule_text
from api.views import shown_value
from collector.exceptions import get_exception
from collector.queries.findings import FindingFilter, FindingSort, each_finding
from rules.rule import Rule
from scanners.clean_text import clean_text

_EXCEPTIONS_KEPT = 1_000


@dataclass(frozen=True)
class Publisher:
    """Who publishes: the city's name by language, the address at which people open Talaia, and Talaia's version."""

    city_names: Mapping[str, str]
    url: str
    version: str


@dataclass(frozen=True)
class Extract:
    """The findings of ``wanted`` as ``connection`` (one transaction from ``store.read()``) sees them ``at`` this time (aware)."""

    connection: Connection
    wanted: FindingFilter
    rules: Rules
    language: str
    at: datetime
    publisher: Publisher
    sort: FindingSort = FindingSort.RISK
    _texts: dict[tuple[str, str], str] = field(default_factory=dict)
    _exceptions: dict[str, Row[Any] | None] = field(default_factory=dict)

    def findings(self) -> Iterator[Row[Any]]:
        """Every one, once, in the order of the list."""
        return each_finding(self.connection, self.wanted, self.sort)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule; None when it is no longer known."""
        return rule_of(self.rules, rule_id)

    def text(self, rule_id: str, part: str) -> str:
        """``title``, ``rationale`` or ``remediation`` of a rule."""
        found = self._texts.get((rule_id, part))
        if found is None:
            found = self._texts[rule_id, part] = rule_text(self.rules, rule_id, part, self.language)
        return found

    def exception(self, exception_id: str | None) -> Row[Any] | None:
        """The exception that waives a finding: its row; None when there is none."""
        if exception_id is None:
            return None
        if exception_id not in self._exceptions:
            if len(self._exceptions) >= _EXCEPTIONS_KEPT:
                self._exceptions.clear()
            self._exceptions[exception_id] = get_exception(self.connection, exception_id)
        return self._exceptions[exception_id]

    @property
    def city(self) -> str:
        names = self.publisher.city_names
        return names.get(self.language) or next(iter(names.values()), "")

    def page(self, kind: str, key: str) -> str:
        """The address of a finding's (``findings``) or rule's (``rules``) page."""
        return f"{self.publisher.url}/{kind}/{key}"


def shown_values(values: Any) -> str:
    """What was observed or expected, as a person reads it: ``versions = SSLv3, TLSv1.2; …``."""
    if not isinstance(values, Mapping):
        return shown_value(values)
    return "; ".join(f"{name} = {shown_value(value)}" for name, value in values.items())


def place_of(row: Row[Any]) -> str:
    """``seu.vilamar.example:443`` as a person reads it: the asset's name, and the port where there is one."""
    name = clean_text(row.name or row.asset_name, 253)
    return name if row.port is None else f"{name}:{row.port}/{row.transport}"
