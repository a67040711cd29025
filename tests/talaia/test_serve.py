"""``talaia serve`` in a process of its own: the API starts, watches and stops scans, and a changed zone file counts at once."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from talaia.demo.city import running_city
from talaia.demo.servers import CITY
from tests.processes import free_port, running

TALAIA = (sys.executable, "-m", "talaia")
HOSTS = [server for server in CITY if server.address in ("127.77.1.10", "127.77.2.11")]


class Served:
    """A running service and a token for it."""

    def __init__(self, folder: Path, port: int, token: str) -> None:
        self.folder, self.port, self.token = folder, port, token

    def ask(self, path: str, body: dict[str, Any] | None = None, *, token: str | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token or self.token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def scanned(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for a scan and wait for its end."""
        status, scan = self.ask("/scans", body)
        assert status in (200, 201, 202), scan
        deadline = time.monotonic() + 120
        while scan["state"] in ("waiting", "running"):
            assert time.monotonic() < deadline, scan
            time.sleep(0.2)
            _, scan = self.ask(f"/scans/{scan['id']}")
        return dict(scan)


def zones(*addresses: str) -> str:
    return (
        f"zones:\n  - id: own\n    networks: [{', '.join(addresses)}]\n    authorised_by: the tests\n    valid_from: 2026-01-01\n"
        "    valid_until: 2099-12-31\n    ports: '6379,8080,8443'\n    udp_ports: '161'\n"
        "    packets_per_second: 20000\n    vantage: internet\n"
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    (folder / "zones.yaml").write_text(zones("127.77.1.10"))
    (folder / "talaia.yaml").write_text(f"catalogue: null\nlisten: {{port: {port}}}\n")
    made = subprocess.run(
        [*TALAIA, "token", "desk", "--role", "administrator"], cwd=folder, capture_output=True, text=True, check=True, timeout=300
    )
    with (
        running_city(datetime.now(UTC), HOSTS),
        running([*TALAIA, "--config", str(folder / "talaia.yaml"), "serve"], listens=("127.0.0.1", port), log=folder / "log"),
    ):
        yield Served(folder, port, made.stdout.strip())
    assert "Traceback" not in (folder / "log").read_text()


def test_a_scan_is_started_and_watched_over_the_api(served: Served) -> None:
    scan = served.scanned({"zone": "own"})
    assert scan["state"] == "finished"
    _, verdicts = served.ask("/verdicts?rule=TLS-002")
    assert [item["result"] for item in verdicts["items"]] == ["pass"]
    _, risk = served.ask("/risk")
    assert risk["value"] is not None
    assert risk["coverage"] > 0.5


def test_a_changed_zone_file_is_in_force_within_a_moment(served: Served) -> None:
    status, problem = served.ask("/scans", {"targets": ["127.77.2.11:6379"]})
    assert (status >= 400, problem["code"]) == (True, "target-refused")
    (served.folder / "zones.yaml").write_text(zones("127.77.1.10", "127.77.2.11"))
    deadline = time.monotonic() + 10
    while "127.77.2.11/32" not in served.ask("/zones/own")[1]["networks"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert served.scanned({"targets": ["127.77.2.11:6379"]})["state"] == "finished"
    _, findings = served.ask("/findings?rule=DB-001")
    assert [item["address"] for item in findings["items"]] == ["127.77.2.11"]


def test_a_mistake_in_the_zone_file_changes_nothing(served: Served) -> None:
    before = served.ask("/zones")[1]
    good = (served.folder / "zones.yaml").read_text()
    (served.folder / "zones.yaml").write_text("zones: [{id: broken}]\n")
    time.sleep(1.5)
    assert served.ask("/zones")[1] == before
    (served.folder / "zones.yaml").write_text(good)


def test_the_stop_button_works_across_processes(served: Served) -> None:
    stopped = subprocess.run([*TALAIA, "stop", "network works"], cwd=served.folder, capture_output=True, text=True, check=True)
    assert "network works" in stopped.stderr
    status, problem = served.ask("/scans", {"zone": "own"})
    assert status >= 400
    assert problem["code"] == "stopped"
    subprocess.run([*TALAIA, "stop", "--release"], cwd=served.folder, check=True, capture_output=True)
    assert served.scanned({"targets": ["127.77.1.10:8443"]})["state"] == "finished"


def test_nothing_is_said_without_a_token(served: Served) -> None:
    assert served.ask("/findings", token="talaia_" + "x" * 43)[0] == 401
    with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/api/v1/health", timeout=60) as answer:
        assert answer.status == 200
