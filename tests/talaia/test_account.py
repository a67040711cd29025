"""``talaia account`` as its users meet it, and the key that second steps are sealed with."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest

from collector import accounts, second_step
from collector.audit import latest, verify
from collector.sealing import Seal
from collector.store import Store
from scanners.located_yaml import FileError
from talaia.parts import Parts
from talaia.service import check_seal
from talaia.settings import load_settings
from tests.talaia.test_cli import talaia

KEY = base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def city(tmp_path: Path) -> Path:
    talaia("init", cwd=tmp_path)
    return tmp_path


def test_a_person_is_made_given_taken_disabled_and_all_is_written_down(city: Path) -> None:
    link = talaia("account", "create", "marta", "--role", "administrator", "--display-name", "Marta S.", cwd=city).stdout.strip()
    assert "/welcome/" in link
    talaia("account", "create", "marta", cwd=city, code=2)
    talaia("account", "create", "not a login", cwd=city, code=2)
    talaia("account", "grant", "nobody", cwd=city, code=7)
    talaia("account", "grant", cwd=city, code=2)
    talaia("account", "grant", "marta", "--role", "viewer", "--department", "nowhere", cwd=city, code=2)
    talaia("account", "grant", "marta", "--role", "auditor", cwd=city)
    talaia("account", "take", "marta", "--role", "administrator", cwd=city)
    listed = json.loads(talaia("account", "--json", cwd=city).stdout)
    assert (listed["name"], listed["display_name"], listed["grants"]) == ("marta", "Marta S.", ["auditor:city"])
    talaia("account", "disable", "marta", cwd=city)
    assert json.loads(talaia("account", "--json", cwd=city).stdout)["disabled_at"]
    talaia("account", "enable", "marta", cwd=city)
    other = talaia("account", "reset", "marta", cwd=city).stdout.strip()
    assert other != link
    assert "marta" in talaia("account", cwd=city).stdout
    store = Store(f"sqlite:///{city / 'talaia.db'}")
    with store.read() as connection:
        rows = latest(connection)
        assert verify(connection).broken_at is None
    store.close()
    wanted = ["create", "grant", "take", "disable", "enable", "reset"]
    assert [row.action for row in reversed(rows)] == [f"{word}_account" for word in wanted]
    assert not any(secret.rpartition("/")[2] in str(rows) for secret in (link, other))


def test_a_lost_device_is_forgotten(city: Path) -> None:
    talaia("account", "create", "marta", cwd=city)
    now, seal = datetime.now(UTC), Seal(lambda: KEY)
    store = Store(f"sqlite:///{city / 'talaia.db'}")
    with store.write() as connection:
        account = accounts.find_account(connection, "marta")
        assert account
        made = second_step.begin(connection, account, seal, "Talaia")
        assert second_step.confirm(connection, account, seal, pyotp.TOTP(made.secret).at(now), now)
    talaia("account", "forget-second-step", "marta", cwd=city)
    with store.read() as connection:
        found = accounts.find_account(connection, "marta")
    assert found
    assert not found.has_second_step
    store.close()


def settings(folder: Path, sign_in: str) -> Parts:
    (folder / "talaia.yaml").write_text(f"sign_in: {sign_in}\n")
    return Parts(load_settings(folder / "talaia.yaml"))


@pytest.mark.parametrize("content", [None, "", "too short\n"])
def test_a_key_that_cannot_be_used_is_told_before_anything_starts(tmp_path: Path, content: str | None) -> None:
    parts = settings(tmp_path, "{key_file: key}")
    if content is not None:
        (tmp_path / "key").write_text(content)
    with pytest.raises(FileError, match="key_file"):
        check_seal(parts)
    (tmp_path / "key").write_text(KEY)
    check_seal(parts)


def test_check_and_serve_name_the_key(city: Path) -> None:
    with (city / "talaia.yaml").open("a") as written:
        written.write("sign_in: {key_file: 'env:TALAIA_NO_SUCH_KEY'}\n")
    for command in ("check", "serve"):
        assert "TALAIA_NO_SUCH_KEY" in talaia(command, cwd=city, code=1).stderr


def test_the_key_may_come_from_the_environment_or_from_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALAIA_TEST_KEY", KEY)
    check_seal(settings(tmp_path, "{key_file: 'env:TALAIA_TEST_KEY'}"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "key").write_text(KEY)
    check_seal(settings(tmp_path, "{key_file: 'credential:key'}"))


def test_a_second_step_for_everybody_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="key_file"):
        settings(tmp_path, "{local: {totp: required}}")
