"""The values that a rule leaves open: their types, and how they stand in an expression."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rules.cel_engine import BOOL, DOUBLE, INT, STRING, TABLE, TIMESTAMP, list_of
from rules.rule import Parameter, ParameterType, Rule

ITEMS_LIMIT = 500
TEXT_LIMIT = 500


class ParameterError(ValueError):
    """A parameter that no rule has, or a value of another type."""


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _is_number(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_LIMIT and all(character >= " " for character in value)


def _is_time(value: Any) -> bool:
    return _time(value) is not None


def _is_list(item: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and len(value) <= ITEMS_LIMIT and all(item(one) for one in value)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and _is_list(_is_text)([*value.keys(), *value.values()])


_TESTS: Mapping[ParameterType, Callable[[Any], bool]] = {
    ParameterType.BOOL: lambda value: isinstance(value, bool),
    ParameterType.INT: _is_int,
    ParameterType.NUMBER: _is_number,
    ParameterType.TEXT: _is_text,
    ParameterType.TIME: _is_time,
    ParameterType.TEXTS: _is_list(_is_text),
    ParameterType.INTS: _is_list(_is_int),
    ParameterType.TABLE: _is_table,
}
_SAID: Mapping[ParameterType, str] = {
    ParameterType.BOOL: "true or false",
    ParameterType.INT: "a whole number",
    ParameterType.NUMBER: "a number",
    ParameterType.TEXT: f"a text of at most {TEXT_LIMIT} characters on one line",
    ParameterType.TIME: "a time with its zone, as in 2026-03-15T00:00:00Z",
    ParameterType.TEXTS: "a list of texts",
    ParameterType.INTS: "a list of whole numbers",
    ParameterType.TABLE: "a table of texts",
}


def declared_type(parameter: Parameter) -> Any:
    """The CEL type of ``param.<name>``."""
    return {
        ParameterType.BOOL: BOOL,
        ParameterType.INT: INT,
        ParameterType.NUMBER: DOUBLE,
        ParameterType.TEXT: STRING,
        ParameterType.TIME: TIMESTAMP,
        ParameterType.TEXTS: list_of(STRING),
        ParameterType.INTS: list_of(INT),
        ParameterType.TABLE: TABLE,
    }[parameter.type]


def check_value(rule: Rule, name: str, value: Any) -> None:
    """Raise :class:`ParameterError` when ``rule`` has no parameter ``name`` or ``value`` is not of its type."""
    parameter = rule.parameters.get(name)
    if parameter is None:
        has = ", ".join(rule.parameters) or "none"
        raise ParameterError(f"{rule.id} has no parameter {name!r} (it has: {has})")
    if not _TESTS[parameter.type](value):
        raise ParameterError(f"{rule.id}: the parameter {name} must be {_SAID[parameter.type]}, not {value!r:.80}")


def values_of(rule: Rule, profile: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's parameters: its defaults, then the profile's, then ``overrides`` (checked: :class:`ParameterError`)."""
    for name, value in overrides.items():
        check_value(rule, name, value)
    setting = rule.profiles.get(profile)
    defaults = {name: parameter.default for name, parameter in rule.parameters.items()}
    return defaults | dict(setting.parameters if setting else {}) | dict(overrides)


def literals(rule: Rule, values: Mapping[str, Any]) -> dict[str, str]:
    """Each parameter as CEL text, by ``param.<name>``."""
    return {f"param.{name}": _literal(rule.parameters[name].type, value) for name, value in values.items()}


def _literal(type_: ParameterType, value: Any) -> str:
    if type_ is ParameterType.TIME:
        moment = _time(value)
        return f'timestamp("{moment.isoformat() if moment else value}")'
    if type_ is ParameterType.TABLE:
        return "{" + ", ".join(f"{_quoted(key)}: {_quoted(item)}" for key, item in value.items()) + "}"
    if type_ is ParameterType.NUMBER:
        return f"({float(value)!r})"
    if type_ in (ParameterType.TEXTS, ParameterType.INTS):
        return "[" + ", ".join(_quoted(item) for item in value) + "]"
    return f"({value})" if type_ is ParameterType.INT else _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _time(value: Any) -> datetime | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
