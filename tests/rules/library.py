"""The rules that come with Talaia, read once for all tests, and their examples one by one."""

from collections.abc import Iterator
from functools import cache

from rules.compiling import ReadCheck
from rules.loading import read_rules
from rules.rule import Example
from rules.rulebook import Rulebook, load_rules, our_rules


@cache
def checks() -> tuple[ReadCheck, ...]:
    """Every check of every rule, those of the strict profile included."""
    return tuple(read_rules([our_rules()], "ccn-807-strict")[0])


@cache
def rulebook(profile: str = "modern") -> Rulebook:
    return load_rules([our_rules()], profile=profile)


def examples(check: ReadCheck) -> Iterator[Example]:
    """The examples that are about this check."""
    for example in check.rule.examples:
        if example.judges in (None, check.check.judges):
            yield example


def name_of(check: ReadCheck) -> str:
    return f"{check.rule.id}-{check.check.judges}"
