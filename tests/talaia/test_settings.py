"""Settings that decide deadlines: read as written, wrong ones refused with their line."""

from pathlib import Path

import pytest

from collector.deadlines import DeadlinePolicy
from rules.verdict import Severity
from scanners.located_yaml import FileError
from talaia.settings import load_settings


def _load(folder: Path, text: str) -> DeadlinePolicy:
    path = folder / "talaia.yaml"
    path.write_text(text)
    return load_settings(path).deadlines.as_policy()


def test_the_default_is_the_policy_of_the_standard(tmp_path: Path) -> None:
    assert _load(tmp_path, "database: sqlite:///x.db\n") == DeadlinePolicy()


def test_deadlines_are_read_as_written(tmp_path: Path) -> None:
    policy = _load(tmp_path, "deadlines: {critical: 1d, high: 7d, medium: 30d, low: 90d, slower_for: [isolated]}\n")
    assert [policy.days_for(one, "internal") for one in ("critical", "high", "medium", "low", "info")] == [1, 7, 30, 90, None]
    assert policy.days_for(Severity.CRITICAL, "isolated") == 7


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{critical: 30d, high: 14d}", "more time"),
        ("{critical: null, high: 14d}", "more time"),
        ("{critical: 3}", "critical"),
        ("{critical: 3h}", "critical"),
        ("{urgent: 1d}", "urgent"),
        ("{slower_for: [moon]}", "slower_for"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        _load(tmp_path, f"deadlines: {written}\n")
