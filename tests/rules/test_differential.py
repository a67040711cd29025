"""The rules judged by a second CEL implementation: what our engine says is what the language says.

Known and left out: the other library counts bytes in ``size`` of a text, which no rule uses.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Any

import cel
import pytest

from rules.compiling import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, ReadCheck, activation, ready, state_text, variables_of
from rules.examples import facts_of
from rules.judging import values_seen
from rules.parameters import literals, values_of
from rules.plan import state_of
from rules.verdict import Result
from rules.versions import version_below
from tests.rules.library import checks, examples, name_of

RESULTS = {NOT_APPLICABLE: Result.NOT_APPLICABLE, PASS: Result.PASS, FAIL: Result.FAIL, UNKNOWN: Result.UNKNOWN}
MIXES = 40  # of each check: with the examples, well over two thousand cases


def _cases(check: ReadCheck) -> Iterator[tuple[dict[str, Any], str]]:
    """The values of each example, then mixes of them in which some facts are missing."""
    shown = []
    for example in examples(check):
        facts, endpoint, asset = facts_of(example, check.check.judges)
        seen = values_seen(variables_of([check]), {"endpoint": endpoint, "asset": asset, check.check.judges: facts})
        shown.append(seen)
        yield seen, example.profile
    pool = {name: [seen.get(name) for seen in shown] for name in sorted(set().union(*shown))}
    chance = random.Random(name_of(check))
    for _ in range(MIXES):
        drawn = {name: chance.choice(values) for name, values in pool.items()}
        mix = {name: value for name, value in drawn.items() if value is not None}
        for name in check.expect.asked | check.when.asked | check.known.asked:
            mix[f"given.{name}"] = any(key == name or key.startswith(f"{name}.") for key in mix)
        yield mix, chance.choice(["modern", "ccn-807-strict"])


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """``{"tls.versions": …}`` as the other library takes it: ``{"tls": {"versions": …}}``."""
    roots: dict[str, Any] = {"given": {}, "endpoint": {}, "asset": {}}
    for name, value in values.items():
        place = roots
        *parents, last = name.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return roots


def _ours(check: ReadCheck, profile: str, values: Mapping[str, Any]) -> Result:
    checked = ready(check, values_of(check.rule, profile, {}))
    state = state_of(checked, activation(check.check.judges, values))
    return RESULTS[state] if isinstance(state, int) else Result.UNKNOWN


def _other(text: str, values: Mapping[str, Any], kind: str) -> Result:
    context = cel.Context(variables={kind: {}, **_nested(values)}, functions={"version_below": version_below})
    try:
        state = cel.compile(text).execute(context)
    except (KeyError, RuntimeError, ValueError, TypeError):
        return Result.UNKNOWN
    assert type(state) is int
    return RESULTS[state]


@pytest.mark.parametrize("check", checks(), ids=name_of)
def test_another_implementation_says_the_same(check: ReadCheck) -> None:
    kind = check.check.judges
    for values, profile in _cases(check):
        parameters = values_of(check.rule, profile, {})
        ours = _ours(check, profile, values)
        theirs = _other(state_text(check, literals(check.rule, parameters)), values, kind)
        assert ours is theirs, (profile, values)


def test_the_comparison_is_wide_enough() -> None:
    found = [_ours(check, profile, values) for check in checks() for values, profile in _cases(check)]
    assert len(found) > 2_000
    assert min(found.count(result) for result in Result) > 200
