"""``python -m scanners``: what it prints, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scanners.__main__ import NOT_UNDERSTOOD, main
from scanners.observation import decode
from scanners.scanner import facts_types, scanners_by_name
from scanners.service_facts import HostFacts
from tests.processes import free_port
from tests.scanners import small_servers as servers
from tests.scanners.small_servers import HERE

ZONES = """zones:
  - id: prova
    networks: [127.0.0.0/8]
    exclude: [127.0.99.0/24]
    authorised_by: the test
    valid_from: 2020-01-01
    valid_until: 2099-12-31
"""


def command(*arguments: str) -> tuple[int, list[Any], str]:
    """Exit code, the JSON lines printed, and what was said on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "scanners", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_scanner_prints_one_observation(tmp_path: Path) -> None:
    with servers.redis(tmp_path) as (address, port):
        code, lines, said = command("redis", f"{address}:{port}", "--vantage", "internet")
    assert (code, said, len(lines)) == (0, "", 1)
    observation = decode(json.dumps(lines[0]), facts_types())
    assert (observation.scanner, observation.vantage, observation.target.port) == ("redis", "internet", port)
    assert lines[0]["facts"]["auth_required"] is False


def test_the_first_look(tmp_path: Path) -> None:
    with servers.redis(tmp_path) as (address, port):
        code, lines, _ = command("service", f"{address}:{port}")
    assert (code, lines[0]["facts"]["name"]) == (0, "redis")


def test_a_closed_port_is_a_result() -> None:
    code, lines, said = command("service", f"{HERE}:{free_port()}")
    assert (code, lines[0]["outcome"]) == (0, "closed")
    assert "the port is closed" in said


def test_hosts(tmp_path: Path) -> None:
    with servers.redis(tmp_path, address="127.0.67.1") as (_, port):
        code, lines, _ = command("host", "127.0.67.0/30", "--ports", str(port))
    facts = {line["target"]["address"]: decode(json.dumps(line), facts_types()).facts for line in lines}
    found = facts["127.0.67.1"]
    assert code == 0
    assert isinstance(found, HostFacts)
    assert found.tcp_open == (port,)


def test_the_list_names_every_scanner() -> None:
    done = subprocess.run([sys.executable, "-m", "scanners", "--list"], capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["host", "service", *scanners_by_name()]
    assert all(len(line.split()) > 3 for line in done.stdout.splitlines())


def test_with_a_zone_file_the_door_rules(tmp_path: Path) -> None:
    zones = tmp_path / "zones.yaml"
    zones.write_text(ZONES)
    port = free_port()
    assert command("service", f"127.0.99.1:{port}", "--zones", str(zones))[0] == 1
    code, lines, said = command("service", f"192.0.2.1:{port}", "--zones", str(zones))
    assert (code, lines) == (1, [])
    assert "192.0.2.1 is not in any zone. Nothing was sent." in said
    code, lines, _ = command("service", f"127.0.0.2:{port}", "--zones", str(zones))
    assert (code, lines[0]["zone"], lines[0]["outcome"]) == (0, "prova", "closed")


def test_what_cannot_be_understood(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "zones.yaml"
    broken.write_text("zones:\n  - id: prova\n    colour: red\n")
    sentences = {
        ("tls",): "name a scanner and a target",
        ("nothing", "127.0.0.1:1"): "no scanner is named 'nothing'",
        ("service", "127.0.0.1"): "has no port",
        ("service", "010.0.0.1:80"): "010.0.0.1",
        ("service", "0x7f000001:80"): "hexadecimal",
        ("service", "seu.example:443"): "is a name",
        ("host", "127.0.0.1/8"): "host bits",
        ("service", "127.0.0.1:99999"): "not a port number",
        ("service", "127.0.0.1:1", "--zones", str(broken)): "colour",
        ("service", "127.0.0.1:1", "--rate", "0"): "--rate",
    }
    for arguments, sentence in sentences.items():
        assert main(arguments) == NOT_UNDERSTOOD, arguments
        printed = capfd.readouterr()
        assert printed.out == ""
        assert sentence in printed.err
