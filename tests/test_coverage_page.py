"""docs/coverage.md says what is so: every kind that is judged is there, and each server stands in the test that starts it."""

from pathlib import Path

import pytest

from rules.vocabulary import kinds
from tests.coverage_page import PAGE, ROOT, SORTS, all_rules, evidence, written

SAID = evidence()
CLAIMS = sorted(
    {
        (name, path)
        for part in SAID.values()
        for sorts in part.values()
        for found in sorts.values()
        for name, path in (found or {}).items()
    }
)


def test_every_kind_that_is_judged_says_what_it_was_tested_against() -> None:
    judged = {kind for rule in all_rules().values() for kind in rule.kinds}
    assert judged <= SAID["kinds"].keys()
    assert SAID["kinds"].keys() <= kinds().keys()
    assert SAID["rules"].keys() <= all_rules().keys()
    assert {sort for part in SAID.values() for sorts in part.values() for sort in sorts} <= set(SORTS)


@pytest.mark.parametrize(("name", "path"), CLAIMS, ids=[f"{name}-{Path(path).stem}" for name, path in CLAIMS])
def test_each_server_stands_in_the_test_that_is_named(name: str, path: str) -> None:
    text = (ROOT / path).read_text("utf-8").casefold()
    words = [word for word in name.casefold().replace(",", " ").split() if word not in ("a", "and", "the", "of")]
    assert all(word in text for word in words)


def test_the_page_is_fresh() -> None:
    """Run ``python -m tests.coverage_page`` after changing a rule, the city or the evidence."""
    assert PAGE.read_text("utf-8") == written()
