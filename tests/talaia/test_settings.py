"""Settings that decide deadlines: read as written, wrong ones refused with their line."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from collector.deadlines import DeadlinePolicy
from collector.remediation import bod_26_04
from rules.verdict import Severity
from scanners.located_yaml import FileError
from talaia.settings import load_settings
from tests.collector.test_deadlines import CSV


def _load(folder: Path, text: str) -> DeadlinePolicy:
    path = folder / "talaia.yaml"
    path.write_text(text)
    return load_settings(path).deadlines.as_policy(folder)


def test_a_password_in_a_file_that_everybody_can_read_is_refused_without_showing_it() -> None:
    """M8."""
    with TemporaryDirectory(prefix="talaia-settings-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "talaia.yaml"
        path.write_text("zones: zones.yaml\ndatabase: postgresql://talaia:s3cret@127.0.0.1/talaia\n")
        path.chmod(0o644)
        with pytest.raises(FileError, match=r"talaia.yaml:2: database: holds a password") as refused:
            load_settings(path)
        assert "s3cret" not in str(refused.value)
        path.chmod(0o640)
        assert load_settings(path).database_url.endswith("@127.0.0.1/talaia")


@pytest.mark.parametrize("database", ["postgresql://talaia:s3cret@127.0.0.1/talaia", "sqlite:///talaia.db"])
def test_the_password_of_the_database_is_written_once_and_where_one_is_needed(tmp_path: Path, database: str) -> None:
    with pytest.raises(FileError, match="password") as refused:
        _load(tmp_path, f"database: {database}\ndatabase_password_file: secret\n")
    assert "s3cret" not in str(refused.value)


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
        ("{vulnerabilities: {policy: 'cisa:BOD2201'}}", "policy"),
        ("{vulnerabilities: {policy: severity, table: own.csv}}", "not both"),
        ("{vulnerabilities: {exposed: [internal]}}", "internet, authenticated, partner, unknown is more exposed"),
        ("{vulnerabilities: {table: nowhere.csv}}", "nowhere.csv: cannot be read"),
        ("{vulnerabilities: {exposure: [internet]}}", "exposure"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        _load(tmp_path, f"deadlines: {written}\n")


def test_what_shows_cves_by_the_directive_by_ones_own_table_or_by_severity(tmp_path: Path) -> None:
    assert _load(tmp_path, "deadlines: {critical: 1d}\n").table == bod_26_04()
    assert _load(tmp_path, "deadlines: {vulnerabilities: {policy: severity}}\n").table is None
    (tmp_path / "own.csv").write_text(CSV.read_text().replace("3 days", "2 days"))
    policy = _load(tmp_path, "deadlines: {vulnerabilities: {table: own.csv, exposed: [internet]}}\n")
    assert policy.table is not None
    assert (policy.table.name, policy.exposed) == ("own.csv", {"internet"})
    assert {row.days for row in policy.table.rows.values()} == {None, 2, 14, 60}
