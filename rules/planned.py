"""The rules of the table (`mappings.md`) that no scanner can judge yet, and what they wait for."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rules.rule import Base, RuleId, Text
from rules.verdict import Severity
from scanners import located_yaml


class Planned(BaseModel):
    """A rule to come. Its id is taken: no other rule may use it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: RuleId
    title: Text
    severity: Severity
    base: Base
    waits_for: Text


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    planned: Annotated[tuple[Planned, ...], Field(min_length=1)]


def planned_rules() -> tuple[Planned, ...]:
    """All of them, in order of id. Raises :class:`~scanners.located_yaml.FileError`."""
    document = located_yaml.read(Path(__file__).parent / "planned.yaml")
    return tuple(sorted(located_yaml.validated(document, _Table).planned, key=lambda item: item.id))
