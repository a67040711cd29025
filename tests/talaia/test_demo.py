"""The demo city: what it plants is found, its twins stay clean, and it listens on loopback only."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from talaia.demo.servers import CITY, TOLERATED
from tests.processes import free_port, wait_for_port

TALAIA = (sys.executable, "-m", "talaia")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, object]], str]:
    """One run of ``talaia demo``, asked over its API once it serves; the findings, and what it printed."""
    port = free_port()
    log = tmp_path_factory.mktemp("demo") / "said.txt"
    with log.open("wb") as output:
        argv = [*TALAIA, "demo", "--port", str(port), "--language", "en"]
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_for_port("127.0.0.1", port, timeout_seconds=200)
            token = re.search(r"talaia_[A-Za-z0-9_-]{43}", log.read_text())
            assert token
            findings = _all_findings(port, token.group())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=300) == 0, log.read_text()
    return findings, log.read_text()


def _all_findings(port: int, token: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    cursor = ""
    while True:
        url = f"http://127.0.0.1:{port}/api/v1/findings?state=open&limit=200{cursor}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_every_planted_fault_is_found(served: tuple[list[dict[str, object]], str]) -> None:
    found = {(item["address"], item["port"], item["rule"]) for item in served[0]}
    found |= {(item["address"], None, item["rule"]) for item in served[0] if str(item["rule"]).startswith("INV")}
    planted = {
        (server.address, None if rule.startswith("INV") and rule != "INV-004" else server.port, rule)
        for server in CITY
        for rule in server.faults
    }
    assert not planted - found


def test_no_twin_is_accused(served: tuple[list[dict[str, object]], str]) -> None:
    faulty = {server.address for server in CITY if server.faults}
    accused = {
        (item["address"], item["port"], item["rule"])
        for item in served[0]
        if item["address"] not in faulty and item["rule"] not in TOLERATED
    }
    assert not accused


def test_it_says_what_to_fix_first_and_how(served: tuple[list[dict[str, object]], str]) -> None:
    said = served[1]
    assert "coverage" in said
    assert "10 worst of" in said
    assert "/enter/" in said


def test_every_server_is_on_loopback() -> None:
    assert all(server.address.startswith("127.77.") for server in CITY)


def test_nothing_is_left_behind(served: tuple[list[dict[str, object]], str]) -> None:
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in running if b"talaia-demo-" in line]
