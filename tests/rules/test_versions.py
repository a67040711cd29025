import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.versions import numbers, version_below


@pytest.mark.parametrize(
    ("version", "read"),
    [("3.4.1", (3, 4, 1)), ("v1.2", (1, 2)), ("9.2p1", (9, 2)), ("3.4.1-rc2", (3, 4, 1)), ("2022.83", (2022, 83)), (" 8 ", (8,))],
)
def test_the_leading_numbers_are_read(version: str, read: tuple[int, ...]) -> None:
    assert numbers(version) == read


@pytest.mark.parametrize("version", ["", "git", ".5", "latest", "v", "²"])
def test_what_begins_with_no_number_is_no_version(version: str) -> None:
    with pytest.raises(ValueError, match="not a version number"):
        numbers(version)


@pytest.mark.parametrize(
    ("version", "floor", "below"),
    [("3.9", "3.10", True), ("3.10", "3.9", False), ("3.5", "3.5.0", False), ("3.5.0", "3.5", False), ("10", "9.9.9", False)],
)
def test_versions_are_compared_number_by_number(version: str, floor: str, below: bool) -> None:
    assert version_below(version, floor) is below


_PARTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=5)


@given(_PARTS, _PARTS)
def test_the_order_is_total(one: list[int], other: list[int]) -> None:
    first, second = (".".join(map(str, parts)) for parts in (one, other))
    same = not version_below(first, second) and not version_below(second, first)
    assert [version_below(first, second), version_below(second, first), same].count(True) == 1
