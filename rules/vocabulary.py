"""The words a rule may use: every fact as a typed CEL variable, and how its value is taken from what was seen."""

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from rules.cel_engine import BOOL, DOUBLE, INT, STRING, STRUCT, TIMESTAMP, list_of
from rules.context import AssetFacts, EndpointFacts
from scanners.observation import Facts
from scanners.scanner import facts_types

LIST_LIMIT = 4_096  # a longer list is a flood, not a fact: it counts as not determined

CONTEXT: tuple[type[Facts], ...] = (EndpointFacts, AssetFacts)


@dataclass(frozen=True)
class Variable:
    """One fact. ``path`` leads from the facts object of ``root`` (the first part of ``name``) to the value."""

    name: str
    root: str
    path: tuple[str, ...]
    type_name: str
    is_list: bool = False
    members: Mapping[str, str] | None = None  # of the Structs of a list: member -> type name

    @property
    def cel_type(self) -> Any:
        if self.members is not None:
            return list_of(STRUCT)
        plain = cel_type(self.type_name)
        return list_of(plain) if self.is_list else plain


def cel_type(name: str) -> Any:
    """``string``, ``int``, ``double``, ``bool`` or ``timestamp`` as the engine's type."""
    return {"string": STRING, "int": INT, "double": DOUBLE, "bool": BOOL, "timestamp": TIMESTAMP}[name]


@cache
def vocabulary(kind: str) -> Mapping[str, Variable]:
    """All variables that a rule over ``kind`` may name: its own facts, ``endpoint.*`` and ``asset.*``.

    Raises ``KeyError`` when no scanner states facts of this kind.
    """
    found: dict[str, Variable] = {}
    for facts_type in (kinds()[kind], *CONTEXT):
        for variable in _variables(facts_type, facts_type.kind, facts_type.kind, ()):
            found[variable.name] = variable
    return found


@cache
def kinds() -> Mapping[str, type[Facts]]:
    """The kinds of facts that can be judged, by ``kind``: those of every scanner, and what the inventory says of an asset."""
    found: dict[str, type[Facts]] = {facts_type.kind: facts_type for facts_type in facts_types().values()}
    found[AssetFacts.kind] = AssetFacts
    return dict(sorted(found.items()))


def suggestion(name: str, known: Mapping[str, Any]) -> str:
    """``; did you mean …?`` for a name that is nearly one of ``known``, else an empty text."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _variables(struct: type[msgspec.Struct], prefix: str, root: str, path: tuple[str, ...]) -> list[Variable]:
    hints = typing.get_type_hints(struct)
    found: list[Variable] = []
    for name in struct.__struct_fields__:
        plain = _without_none(hints[name])
        if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            found += _variables(plain, f"{prefix}.{name}", root, (*path, name))
        else:
            found.append(_variable(f"{prefix}.{name}", root, (*path, name), plain))
    return found


def _variable(name: str, root: str, path: tuple[str, ...], hint: Any) -> Variable:
    if typing.get_origin(hint) in (tuple, list):
        item = _without_none(typing.get_args(hint)[0])
        if isinstance(item, type) and issubclass(item, msgspec.Struct):
            hints = typing.get_type_hints(item)
            members = {field: _type_name(_without_none(hints[field])) for field in item.__struct_fields__}
            return Variable(name, root, path, "struct", True, members)
        return Variable(name, root, path, _type_name(item), True)
    return Variable(name, root, path, _type_name(hint))


def _type_name(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "string"
    return {str: "string", int: "int", float: "double", bool: "bool", datetime: "timestamp"}[hint]


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(part for part in typing.get_args(hint) if part is not type(None))
    return hint


def value_of(variable: Variable, facts: Mapping[str, Any]) -> Any:
    """The value of ``variable`` as CEL takes it, or None when it was not determined. ``facts`` are the objects by root."""
    value = facts.get(variable.root)
    for name in variable.path:
        if value is None:
            return None
        value = getattr(value, name)
    if variable.is_list and value is not None:
        return _listed(variable, value)
    return float(value) if variable.type_name == "double" and value is not None else value


def _listed(variable: Variable, value: Any) -> list[Any] | None:
    if len(value) > LIST_LIMIT:
        return None
    return list(value) if variable.members is None else [msgspec.structs.asdict(item) for item in value]


def is_given(name: str, facts: Mapping[str, Any]) -> bool:
    """Whether the fact, or the group of facts, of this dotted name was determined."""
    root, *path = name.split(".")
    value = facts.get(root)
    for part in path:
        if value is None:
            return False
        value = getattr(value, part)
    return value is not None
