"""The examples of a rule: what they must cover, and whether they give what they say."""

import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from rules.cel_engine import plain
from rules.compiling import Place, ReadCheck, activation, ready, variables_of
from rules.context import AssetFacts, EndpointFacts
from rules.judging import judged, values_seen
from rules.parameters import ParameterError, values_of
from rules.plan import state_of
from rules.rule import PROFILES, Example, Rule
from rules.verdict import Result, Verdict
from rules.vocabulary import kinds, suggestion
from scanners.observation import Facts

# What an example's endpoint is unless it says otherwise. Address: RFC 5737.
ENDPOINT: Mapping[str, Any] = {
    "address": "192.0.2.10",
    "port": 443,
    "transport": "tcp",
    "vantage": "internal",
    "exposure": "internal",
    "observed_at": "2026-11-23T10:00:00Z",
}

F = TypeVar("F", bound=Facts)


class ExampleError(ValueError):
    """An example that cannot be read as facts. ``place`` is the path inside the example."""

    def __init__(self, place: Place, said: str) -> None:
        self.place = place
        super().__init__(said)


def facts_of(example: Example, kind: str) -> tuple[Facts, EndpointFacts, AssetFacts]:
    """The facts of an example. Raises :class:`ExampleError` for a fact that there is not, or of another type."""
    return (
        _converted(example.facts, kinds()[kind], ("facts",)),
        _converted({**ENDPOINT, **example.endpoint}, EndpointFacts, ("endpoint",)),
        _converted(example.asset, AssetFacts, ("asset",)),
    )


def judge_example(rule: Rule, check: ReadCheck, example: Example) -> Verdict:
    """The verdict of ``check`` on an example. Raises :class:`ExampleError`."""
    facts, endpoint, asset = facts_of(example, check.check.judges)
    try:
        parameters = values_of(rule, example.profile, example.parameters)
    except ParameterError as error:
        raise ExampleError(("parameters",), str(error)) from error
    kind = check.check.judges
    values = values_seen(variables_of([check]), {"endpoint": endpoint, "asset": asset, kind: facts})
    seen, ready_ = activation(kind, values), ready(check, parameters)
    return judged(ready_, state_of(ready_, seen), seen, values, {})


def example_problems(rule: Rule, checks: Sequence[ReadCheck]) -> list[tuple[Place, str]]:
    """What is wrong with the examples of ``rule``: facts, results, and results of which there is no example."""
    problems: list[tuple[Place, str]] = []
    shown: set[tuple[str, Result]] = set()
    for index, example in enumerate(rule.examples):
        check = _check_of(checks, example)
        place: Place = ("examples", index)
        if check is None or example.profile not in PROFILES:
            part = "judges" if check is None else "profile"
            problems.append(((*place, part), f"example {example.name!r}: {part} must name one of this rule's"))
            continue
        shown.add((check.check.judges, example.result))
        try:
            said = _difference(example, judge_example(rule, check, example))
        except ExampleError as error:
            problems.append(((*place, *error.place), f"example {example.name!r}: {error}"))
            continue
        if said:
            problems.append(((*place, "result"), f"example {example.name!r}: {said}"))
    return problems + _not_shown(checks, shown)


def _check_of(checks: Sequence[ReadCheck], example: Example) -> ReadCheck | None:
    if example.judges is None:
        return checks[0] if len(checks) == 1 else None
    return next((check for check in checks if check.check.judges == example.judges), None)


def _difference(example: Example, verdict: Verdict) -> str | None:
    if verdict.result is not example.result:
        why = f" (missing: {', '.join(verdict.missing)})" if verdict.missing else f" (observed: {verdict.observed})"
        return f"says {example.result} and gives {verdict.result}{why}"
    if example.base is not None and verdict.base != example.base:
        return f"says base {example.base:g} and gives {verdict.base:g}"
    if example.confidence is not None and verdict.confidence is not example.confidence:
        return f"says {example.confidence} and gives {verdict.confidence}"
    if example.observed is not None and verdict.observed != plain(dict(example.observed)):
        return f"says observed {dict(example.observed)} and gives {verdict.observed}"
    return None


def _not_shown(checks: Sequence[ReadCheck], shown: set[tuple[str, Result]]) -> list[tuple[Place, str]]:
    problems: list[tuple[Place, str]] = []
    for check in checks:
        needed = {Result.PASS, Result.FAIL}
        if check.when.text != "true":
            needed.add(Result.NOT_APPLICABLE)
        if check.needed or check.known.text != "true":
            needed.add(Result.UNKNOWN)
        for result in sorted(needed):
            if (check.check.judges, result) not in shown:
                problems.append((("examples",), f"examples: there is none that gives {result} on {check.check.judges} facts"))
    return problems


def _converted(given: Mapping[str, Any], facts_type: type[F], place: Place) -> F:
    _known_fields(given, facts_type, place)
    try:
        return msgspec.convert(dict(given), type=facts_type)
    except msgspec.ValidationError as error:
        raise ExampleError(place, f"{place[0]}: {error}") from error


def _known_fields(given: Any, struct: Any, place: Place) -> None:
    """msgspec passes over unknown fields; in an example they are mistakes."""
    hints = typing.get_type_hints(struct)
    for name, value in given.items():
        if name not in hints or name == "kind":
            raise ExampleError((*place, name), f"{place[0]} have no {name!r}{suggestion(str(name), hints)}")
        parts = [part for part in (hints[name], *typing.get_args(hints[name])) if part is not type(None)]
        inner = {item for part in parts for item in (part, *typing.get_args(part)) if isinstance(item, type)}
        for item in inner:
            if issubclass(item, msgspec.Struct):
                for index, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
                    if isinstance(one, Mapping):
                        _known_fields(one, item, (*place, name) if index is None else (*place, name, index))
