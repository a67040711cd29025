"""``docs/integrations/ticket-desk.md`` is walked through, against a served city whose faults are real."""

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.api.integrations.small_desk import SmallDesk
from tests.api.integrations.walking import Shell, Walk, pieces_of, write_program
from tests.api.ticketing.doubles.server import Asked, Double, Reply, serving
from tests.processes import free_port, running

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "integrations" / "ticket-desk.md"
PORT = 6379
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PLACES = {"10.20.1.11": "127.78.1.11", "10.20.1.12": "127.78.1.12", "10.20.1.13": "127.78.1.13", "10.20.2.11": "127.78.2.11"}
CUA, MEMORIA, SIGNATURA, POLICE = PLACES.values()
TALAIA = (sys.executable, "-m", "talaia")
ZONES = f"""zones:
  - id: own
    networks: [{", ".join(PLACES.values())}]
    authorised_by: Responsable de la Seguretat
    valid_from: 2026-01-01
    valid_until: 2099-12-31
    ports: '{PORT}'
    udp_ports: '161'
    packets_per_second: 20000
    vantage: internet
"""
CATALOGUE = f"""city:
  name: {{ca: Ajuntament de Vilamar, es: Ayuntamiento de Vilamar, en: Vilamar City Council}}
  dir3: L01099999
  timezone: Europe/Madrid
departments:
  citizens: {{ca: Atenció Ciutadana, es: Atención Ciudadana, en: Citizen Services}}
  safety: {{ca: Seguretat i Prevenció, es: Seguridad y Prevención, en: Safety and Prevention}}
services:
  e_office:
    {{department: citizens, audience: citizens, ens: {{D: medio, A: alto, I: alto, C: medio, T: alto}}, assets: [],
      ca: Tràmits, es: Trámites, en: Online procedures}}
  police:
    {{department: safety, audience: internal, ens: {{D: alto, A: alto, I: alto, C: alto, T: alto}}, assets: [],
      ca: Policia, es: Policía, en: Police}}
assets:
  - {{id: cua, name: cua, services: [e_office], addresses: [{CUA}], authorised_ports: [{PORT}]}}
  - {{id: memoria, name: memoria, services: [e_office], addresses: [{MEMORIA}], authorised_ports: [{PORT}]}}
  - {{id: signatura, name: signatura, services: [e_office], addresses: [{SIGNATURA}], authorised_ports: [8443]}}
  - {{id: gub-cua, name: gub-cua, services: [police], addresses: [{POLICE}], authorised_ports: [{PORT}]}}
"""


class City:
    """A served Talaia, and the servers that it looks at: each asks for a password or does not."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.servers: dict[str, ExitStack] = {}
        (folder / "zones.yaml").write_text(ZONES)
        (folder / "catalogue.yaml").write_text(CATALOGUE)
        (folder / "key").write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
        (folder / "talaia.yaml").write_text(
            f"listen: {{port: {self.port}}}\nsign_in: {{key_file: key}}\nwebhooks: {{http_on_loopback: true}}\n"
        )

    @property
    def environment(self) -> dict[str, str]:
        python = os.pathsep.join([str(ROOT), str(ROOT / "clients" / "python")])
        return {**os.environ, "TALAIA_CONFIG": str(self.folder / "talaia.yaml"), "PYTHONPATH": python, "LC_ALL": "C.UTF-8"}

    def token(self, role: str) -> str:
        argv = [*TALAIA, "token", f"the {role}", "--role", role]
        done = subprocess.run(argv, env=self.environment, capture_output=True, text=True, check=True, timeout=300)
        return done.stdout.strip()

    def asked(self, token: str, path: str, **body: Any) -> Any:
        where, headers = f"http://127.0.0.1:{self.port}/api/v1{path}", {"authorization": f"Bearer {token}"}
        answer = httpx.post(where, headers=headers, json=body) if body else httpx.get(where, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def set_up(self, address: str, *, password: bool) -> None:
        """A Redis at this address, instead of the one that is there."""
        self.end(address)
        argv = ["redis-server", "--bind", address, "--port", str(PORT), "--save", "", "--protected-mode", "no"]
        argv += ["--requirepass", "vilamar"] if password else []
        self.servers[address] = ExitStack()
        self.servers[address].enter_context(running(argv, listens=(address, PORT)))

    def end(self, address: str) -> None:
        if address in self.servers:
            self.servers.pop(address).close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    try:
        for address in PLACES.values():
            made.set_up(address, password=address == SIGNATURA)
        yield made
    finally:
        for address in PLACES.values():
            made.end(address)


class Hooks:
    """What happens in the city and at the desk, at the places that the page names."""

    def __init__(self, city: City, desk: SmallDesk) -> None:
        self.city, self.desk = city, desk
        self.administrator, self.approver = city.token("administrator"), city.token("approver")

    def named(self) -> dict[str, Callable[[], None]]:
        return {
            name: getattr(self, name if name != "break" else "lose") for name in ("mend", "approve", "break", "resolve", "looked")
        }

    def mend(self) -> None:
        for address in (CUA, MEMORIA):
            self.city.set_up(address, password=True)

    def lose(self) -> None:
        for address in (CUA, MEMORIA):
            self.city.set_up(address, password=False)
        self.city.asked(self.administrator, "/scans", zone="own")
        self.looked()

    def looked(self) -> None:
        """All scans have ended."""
        for _ in range(1200):
            if all(scan["ended_at"] for scan in self.city.asked(self.administrator, "/scans")["items"]):
                return
            time.sleep(0.2)
        raise AssertionError("a scan does not end")

    def resolve(self) -> None:
        self.desk.person("2", "resolved")

    def approve(self) -> None:
        (asked,) = self.city.asked(self.approver, "/exceptions?state=requested")["items"]
        where = f"http://127.0.0.1:{self.city.port}/api/v1/exceptions/{asked['id']}/approve"
        assert httpx.post(where, headers={"authorization": f"Bearer {self.approver}"}).status_code == 200


def _programs(folder: Path) -> Path:
    """``talaia`` and ``python``, as the page calls them."""
    folder.mkdir()
    for name, module in (("talaia", "-m talaia "), ("python", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} {module}"$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.timeout(900)
def test_the_page_is_true(city: City, tmp_path: Path) -> None:
    desk, work, log, bell = SmallDesk(), tmp_path / "work", tmp_path / "log", free_port()
    hooks = Hooks(city, desk)
    work.mkdir()
    (work / "administrator").write_text(f"Authorization: Bearer {hooks.administrator}\n")
    environment = {**city.environment, "PATH": f"{_programs(tmp_path / 'programs')}:{os.environ['PATH']}"}
    serve = running(
        [*TALAIA, "serve"], listens=("127.0.0.1", city.port), log=log, environment=city.environment, timeout_seconds=200
    )
    with serving(desk) as desk_url, serve, Shell(work, environment) as shell:
        city.asked(hooks.administrator, "/scans", zone="own")
        hooks.looked()
        places = {
            "https://talaia.vilamar.example": f"http://127.0.0.1:{city.port}",
            "https://desk.vilamar.example": desk_url,
            "https://bell.vilamar.example": f"http://127.0.0.1:{bell}",
            "127.0.0.1:8099": f"127.0.0.1:{bell}",
        }
        compared = Walk(shell, work, {**places, **PLACES}, hooks.named()).through(PAGE.read_text(encoding="utf-8"))
    assert compared >= 24
    assert "Traceback" not in log.read_text()
    assert [(one["id"], one["status"]) for one in desk.tickets] == [("1", "closed"), ("2", "closed"), ("3", "open")]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The folder with the programs of the page."""
    for piece in pieces_of(PAGE.read_text(encoding="utf-8")):
        if piece.kind == "python":
            write_program(tmp_path, piece.text)
    return tmp_path


def test_its_programs_are_type_checked(programs: Path) -> None:
    options = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={programs / 'cache'}"]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "clients" / "python")}
    command = [sys.executable, "-m", "mypy", *options, "talaia_desk.py", "talaia_bell.py"]
    done = subprocess.run(command, cwd=programs, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


class Troubled(Double):
    """Answers 503, then that there were too many, then that all is well."""

    def answer(self, asked: Asked) -> Reply:
        kinds = [Reply(503), Reply(429, {}, {"retry-after": "0"}), Reply(200, {"cursor": "e1"})]
        return kinds[len(self.asked) - 1]


@pytest.mark.parametrize(
    ("method", "headers", "status", "times"),
    [("GET", {}, 200, 3), ("POST", {"idempotency-key": "a"}, 200, 3), ("POST", {}, 503, 1)],
)
def test_its_patience_asks_again_what_may_be_asked_again(
    programs: Path, monkeypatch: pytest.MonkeyPatch, method: str, headers: dict[str, str], status: int, times: int
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "clients" / "python"))
    monkeypatch.syspath_prepend(str(programs))
    names = runpy.run_path(str(programs / "talaia_desk.py"))
    there = Troubled()
    with serving(there) as url, httpx.Client(transport=names["Patient"]()) as client:
        assert client.request(method, url, headers=headers).status_code == status
    assert len(there.asked) == times


def test_its_bell_rings_for_what_is_signed_and_for_nothing_else(programs: Path) -> None:
    ringing = runpy.run_path(str(programs / "talaia_bell.py"))["ringing"]
    where, body, now = f"127.0.0.1:{free_port()}", '{"type": "finding-opened"}', datetime.now(UTC)
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(now.timestamp()))}
    with ringing(SECRET, where) as bell:
        for signed, status in ((f"{body} ", 401), (body, 204)):
            assert not bell.is_set()
            signature = Webhook(SECRET).sign("1", now, signed)
            answer = httpx.post(f"http://{where}/talaia", content=body, headers={**headers, "webhook-signature": signature})
            assert answer.status_code == status
        assert bell.is_set()
