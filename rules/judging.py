"""One check judged on one observation."""

from collections.abc import Mapping
from typing import Any

from rules.cel_engine import Failed, evaluated, plain
from rules.compiling import FAIL, NOT_APPLICABLE, PASS, Explanation, ReadyCheck
from rules.rule import severity_of
from rules.verdict import Result, Verdict
from rules.vocabulary import Variable, is_given, value_of
from scanners.clean_text import clean_text

_RESULTS = {PASS: Result.PASS, FAIL: Result.FAIL}


def values_seen(sources: tuple[tuple[Variable, ...], tuple[str, ...]], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The determined facts by name, and ``given.*`` for those asked of. ``facts`` are the objects by kind."""
    variables, asked = sources
    values: dict[str, Any] = {}
    for variable in variables:
        value = value_of(variable, facts)
        if value is not None:
            values[variable.name] = value
    for name in asked:
        values[f"given.{name}"] = is_given(name, facts)
    return values


def judged(check: ReadyCheck, state: Any, seen: Any, values: Mapping[str, Any], shown: dict[str, Any]) -> Verdict:
    """The verdict of one check, whose ``state`` was evaluated. ``seen`` are ``values`` in the runtime's form.

    ``shown`` collects what facts look like in a verdict, for the other checks of the same look. Never raises: what fails is
    *unknown*.
    """
    if state.__class__ is not int:
        missing = _missing(check, values)
        return unknown(check, {} if missing else {"error": clean_text(str(state), 300)}, missing)
    rule = check.rule
    if state == NOT_APPLICABLE:
        return Verdict(rule=rule.id, result=Result.NOT_APPLICABLE, base=rule.base, severity=rule.severity)
    observed = _explained(check.observed, seen, values, shown)
    result = _RESULTS.get(state)
    if result is None:
        return unknown(check, observed, _missing(check, values))
    base, severity = rule.base, rule.severity
    if check.escalate and result is Result.FAIL:
        base = next((step for when, step in check.escalate if _holds(when, seen)), base)
        severity = severity if base == rule.base else severity_of(base)
    return Verdict(
        rule=rule.id,
        result=result,
        observed=observed,
        expected=_explained(check.expected, seen, values, shown),
        base=base,
        severity=severity,
        confidence=next((less for when, less in check.doubts if _holds(when, seen)), rule.confidence),
    )


def _missing(check: ReadyCheck, values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in check.needed if name not in values)


def unknown(check: ReadyCheck, observed: dict[str, Any], missing: tuple[str, ...] = ()) -> Verdict:
    """The verdict when it cannot be told; ``missing`` are the facts that were not determined."""
    rule = check.rule
    return Verdict(
        rule=rule.id,
        result=Result.UNKNOWN,
        observed=observed,
        missing=missing,
        base=rule.base,
        severity=rule.severity,
        confidence=rule.confidence,
    )


def _explained(
    explanations: tuple[Explanation, ...], seen: Any, values: Mapping[str, Any], shown: dict[str, Any]
) -> dict[str, Any]:
    explained: dict[str, Any] = {}
    for item in explanations:
        if item.program is not None:
            try:
                explained[item.name] = evaluated(item.program, seen)
            except Failed:
                continue  # an explanation that cannot be given is left out: the verdict does not hang on it
        elif item.fact is not None:
            fact = item.fact
            if fact in shown:
                explained[item.name] = shown[fact]
            elif fact in values:
                explained[item.name] = shown[fact] = plain(values[fact])
        else:
            explained[item.name] = item.constant
    return explained


def _holds(when: Any, seen: Any) -> bool:
    try:
        return evaluated(when, seen) is True
    except Failed:
        return False
