"""`ticketing` in the settings: mistakes by line, each system's connector, and the commands about tickets."""

import json
from pathlib import Path

import pytest

from api.ticketing.ticketing import Priority, Status
from scanners.located_yaml import FileError
from talaia.settings import load_settings
from talaia.ticket_systems import ticket_system
from tests.talaia.test_cli import talaia

SYSTEMS = {
    "request_tracker": "token_file: token, queue: Posture",
    "redmine": "key_file: token, project: posture, tracker: Bug",
    "glpi": "user_token_file: token",
    "glpi_v2": "user: talaia, password_file: token, client: talaia, client_secret_file: secret",
    "jira_cloud": "token_file: token, user: talaia@example.org, project: SEC",
    "jira_data_center": "token_file: token, project: SEC",
    "servicenow": "password_file: token, user: talaia",
    "znuny": "password_file: token, user: talaia, queue: Posture, customer: city",
    "webhook": "secret_file: token",
}


def written(folder: Path, to: str, more: str = "") -> Path:
    path = folder / "talaia.yaml"
    path.write_text(f"ticketing:\n  to: {{{to}}}\n{more}")
    return path


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_has_its_connector(tmp_path: Path, system: str) -> None:
    shared = "url: 'https://tickets.example.org', statuses: {done: resolved}, reopen_as: again, priorities: {critical: P0}"
    settings = load_settings(written(tmp_path, f"system: {system}, {shared}, {SYSTEMS[system]}"))
    assert settings.ticketing is not None
    made = ticket_system(settings.ticketing, settings.path)
    assert made.name == system.removesuffix("_cloud").removesuffix("_data_center")
    inner = vars(made)
    if system == "webhook":  # its contract has our own words
        return
    assert inner["_statuses"].read("done") is Status.RESOLVED
    assert inner["_statuses"].outward[Status.OPEN] == "again"
    assert system == "servicenow" or inner["_priorities"][Priority.CRITICAL] == "P0"


@pytest.mark.parametrize(
    ("to", "more", "line", "says"),
    [
        ("system: remedy, url: 'https://x'", "", 2, "remedy"),
        ("system: request_tracker, url: 'https://x', queue: a", "", 2, "token_file"),
        ("system: glpi, url: 'https://x', user_token_file: t", "  open_for: [urgent]\n", 3, "open_for"),
        ("system: glpi, url: 'https://x', user_token_file: t", "  poll_seconds: 1\n", 3, "poll_seconds"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, to: str, more: str, line: int, says: str) -> None:
    with pytest.raises(FileError) as told:
        load_settings(written(tmp_path, to, more))
    assert any(at == line and says in sentence for at, sentence in told.value.problems)


def test_the_commands_say_what_to_do(tmp_path: Path) -> None:
    talaia("init", cwd=tmp_path)
    assert "No ticket is followed" in talaia("tickets", cwd=tmp_path).stderr
    assert "agree" in talaia("tickets", "drift", cwd=tmp_path).stderr
    assert "no ticket system is set up" in talaia("tickets", "check", cwd=tmp_path, code=7).stderr
    talaia("tickets", "drop", "0000", cwd=tmp_path, code=7)
    talaia("tickets", "open", cwd=tmp_path, code=2)
    talaia("incident-report", "0000", cwd=tmp_path, code=7)
    assert talaia("tickets", "--json", cwd=tmp_path).stdout == ""
    with (tmp_path / "talaia.yaml").open("a") as settings:
        settings.write(
            "ticketing:\n  to: {system: glpi, url: 'http://10.0.0.1', user_token_file: token}\n  queues: {moon: Apollo}\n"
        )
    said = talaia("check", cwd=tmp_path, code=1).stderr
    assert "has to be https" in said
    assert "no department moon" in said
    text = (tmp_path / "talaia.yaml").read_text().replace("http://10.0.0.1", "http://127.0.0.1:9").replace("moon", "police")
    (tmp_path / "talaia.yaml").write_text(text)
    (tmp_path / "token").write_text("a-secret-of-the-desk")
    unreachable = talaia("tickets", "check", cwd=tmp_path, code=5)
    assert "a-secret-of-the-desk" not in json.dumps([unreachable.stdout, unreachable.stderr])
