"""M8: no secret is in what a run of Talaia leaves behind, nor in what it starts, and each can be changed while it runs."""

import getpass
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from talaia.demo.city import running_city
from talaia.demo.servers import CITY
from tests.api.ticketing.doubles.receiver import Receiver as TicketSystem
from tests.api.ticketing.doubles.server import serving
from tests.collector.mail_server import mail_server
from tests.collector.webhooks.receiver import receiving
from tests.talaia.canaries.bad_day import BadDay
from tests.talaia.canaries.birds import Aviary
from tests.talaia.canaries.gate import Elastic, Identity, Parrot, kept
from tests.talaia.canaries.run import Run
from tests.talaia.canaries.servers import HOST, agent, database, key_pair, ssh
from tests.talaia.canaries.story import City, Day, certificate, hatch_all
from tests.talaia.canaries.watching import Watch

pytestmark = pytest.mark.timeout(400)
HOSTS = [server for server in CITY if server.address == "127.77.1.10"]


class _Riddle(BaseRequestHandler):
    """A service that nobody can name, so that nmap is asked."""

    def handle(self) -> None:
        with suppress(OSError):  # who asks may hang up first
            self.request.sendall(b"riddle me this\r\n")
            self.request.recv(100)


@dataclass
class Told:
    """What the two days left behind."""

    run: Run
    day: Day
    bad: BadDay
    ended: int
    commands: list[dict[str, object]]
    postgresql: Path


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    home = Path(tempfile.mkdtemp(prefix="canaries-", dir="/tmp"))
    watch = Watch()
    run = Run(home / "run", Aviary(), watch)
    try:
        with ExitStack() as stack:
            yield _lived(run, home, stack)
    finally:
        watch.end()
        shutil.rmtree(home, ignore_errors=True)


def _lived(run: Run, home: Path, stack: ExitStack) -> Told:
    hatch_all(run)
    private, raw, public = key_pair()
    lines = private.splitlines()
    run.birds.caught("ssh key", private, raw, *(line.encode() for line in lines[2:-1]))
    day = Day(run, _city(run, home, stack, public))
    bad_gate, bad_identity = Parrot(), Identity("talaia", "of somebody else", "none")
    bad_identity.url = stack.enter_context(serving(bad_identity))
    bad = BadDay(run, bad_gate, stack.enter_context(serving(bad_gate)), bad_identity)
    day.write_settings()
    run.watch.start()
    token, link = day.morning()
    bad.commands()
    bad.runs.append((["check"], day.environment))
    bad.begin()
    day.serve()
    person = day.person(link)
    assert day.by_the_provider("morning") == 200
    hook = day.programs(token)
    day.evening(person, token, hook)
    run.keep("everything in PostgreSQL", day.city.database.everything())
    ended, ends = day.crash(), bad.ends()
    bad.serve()
    run.watch.end()
    run.watch.write(run.left)
    for name, double in (("elastic", day.city.elastic), ("tickets", day.city.tickets)):
        kept(double, run.left / "sent" / name)
    for name, double in (("identity", day.city.identity), ("parrot", bad_gate)):
        kept(double, run.left / "sent" / name, bodies=False)
    for number, mail in enumerate(day.city.mail.taken):
        run.keep(f"mail {number}", mail.as_bytes())
        run.keep(f"mail {number} read", "".join(str(part.get_content()) for part in mail.walk() if not part.is_multipart()))
    for number, event in enumerate(day.city.receiver.got):
        run.keep(f"event {number}", event.body)
    for number, verifier in enumerate(day.city.identity.verifiers()):
        run.birds.caught(f"verifier {number}", verifier)
    return Told(run, day, bad, ended, ends, day.city.database.home)


def _city(run: Run, home: Path, stack: ExitStack, public: str) -> City:
    birds = run.birds
    authority, pem = certificate(home / "authority")
    (home / "around").mkdir()
    elastic = Elastic(f"ApiKey {birds['elasticsearch key']}")
    identity = Identity("talaia", birds["oidc secret"], birds["refresh token"])
    identity.url = stack.enter_context(serving(identity))
    tickets = TicketSystem(birds["ticket secret"])
    mail = stack.enter_context(mail_server(pem))
    mail.password = birds["mail password"]
    stack.enter_context(running_city(datetime.now(UTC), HOSTS))
    stack.enter_context(agent(home / "around", birds["second snmp community"]))
    riddle = ThreadingTCPServer((HOST, 0), _Riddle)
    riddle.daemon_threads = True
    threading.Thread(target=riddle.serve_forever, daemon=True).start()
    stack.callback(riddle.shutdown)
    pg = Path("/tmp") / f"canary-pg-{os.getpid()}"
    stack.callback(shutil.rmtree, pg, ignore_errors=True)
    return City(
        database=stack.enter_context(database(pg, birds["postgresql password"])),
        elastic=elastic,
        elastic_url=stack.enter_context(serving(elastic)),
        identity=identity,
        tickets=tickets,
        tickets_url=stack.enter_context(serving(tickets)),
        mail=mail,
        receiver=stack.enter_context(receiving()),
        door=stack.enter_context(ssh(home / "around", getpass.getuser(), public)),
        authority=authority,
        open_port=riddle.server_address[1],
    )


def test_nothing_that_was_left_behind_holds_a_secret(told: Told) -> None:
    """Output, logs of every logger, pages, exports, mails, tickets, events, documents, addresses, arguments, the environment of
    what was started, Talaia's folder with its SQLite file, all of PostgreSQL's folder with its log of every statement."""
    log = str(told.postgresql / "log")
    told.run.shown[log] = {"password in the login's place"}  # the database is asked for whoever is typed, and keeps nothing of it
    assert told.run.hits(told.postgresql) == {}


def test_the_days_were_full(told: Told) -> None:
    """Nothing is proved by silence: what should have been used was used."""
    day, left = told.day, told.run.left
    assert set(day.rotated.values()) == {True}, day.rotated
    wrong = {path: code for path, code in day.pages.items() if code != 200}
    assert wrong == {"/api/v1/exports/csaf": 409}  # no CVE to write one of
    assert len(set(day.city.elastic.logins)) == 2
    assert len(day.city.mail.taken) > 1
    assert all(day.city.mail.encrypted)
    assert "Accepted publickey" in (told.run.home.parent / "around" / "sshd.log").read_text()
    started = (left / "started").read_text()
    assert "scanners.nmap" in started
    assert started.count('"event"') >= 2
    assert told.run.watch.rounds > 200
    assert b"scanners.nmap" in b" ".join(told.run.watch.commands)
    log = (left / "serve stderr").read_text()
    assert "DEBUG" in log
    parameters = next(path for path in [told.postgresql / "log"])
    assert "parameters: $1" in parameters.read_text(errors="replace")


def test_commands_end_as_they_should(told: Told) -> None:
    assert not [one for one in told.commands if one["exit"] == "broke"]
    assert {one["exit"] for one in told.commands if one["command"][-1] == "findings"} == {0, 5}
    assert told.commands[-1]["exit"] == 0  # the good day's settings are in order
    assert "Traceback" not in (told.run.left / "many stderr").read_text()


def test_a_crash_leaves_no_core(told: Told) -> None:
    """It was let leave one (``ulimit -c unlimited``). Another program that is let does, with its secret in it, where the kernel
    writes cores to files."""
    assert told.ended == -signal.SIGABRT
    limits = next(told.run.left.glob("*limits")).read_text()
    line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]
    assert not list((told.run.home / "city").rglob("core*"))
    if Path("/proc/sys/kernel/core_pattern").read_text().strip() == "core":
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            program = "import os, sys; kept = sys.stdin.readline().strip(); os.abort()"
            argv = ["bash", "-c", 'ulimit -c unlimited; exec "$0" -c "$1"', sys.executable, program]
            subprocess.run(argv, input=told.run.birds["token"] + "\n", text=True, cwd=name, check=False)
            found = told.run.birds.found_in([Path(name)], told.run.home / "secrets")
            assert set().union(*found.values()) == {"token"}


def test_files_that_talaia_makes_are_its_own(told: Told) -> None:
    """With the usual umask of 022."""
    databases = sorted((told.run.home / "city").rglob("*.db*"))
    assert {path.name.partition(".")[2] for path in databases} >= {"db"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in databases} == {0o600}


@pytest.mark.parametrize("where", ["a file", "the arguments of a child", "the environment of a child"])
def test_the_net_catches_what_is_planted(told: Told, tmp_path: Path, where: str) -> None:
    birds = told.run.birds
    if where == "a file":
        for number, form in enumerate(birds.forms()):
            (tmp_path / str(number)).write_bytes(os.urandom(50) + b"x" + form + b"x" + os.urandom(50))
        found = birds.found_in([tmp_path], told.run.home / "secrets")
        assert len(found) == len(birds.forms())
        assert set().union(*found.values()) == set(birds.values)
        return
    secret = birds["token"]
    watch = Watch()
    watch.start()
    given = {"SECRET": secret} if "environment" in where else {}
    argv = ["sleep", "1"] if given else [sys.executable, "-c", "import time; time.sleep(1)", secret]
    subprocess.run(argv, env={**os.environ, **given}, check=True)
    watch.end()
    watch.write(tmp_path)
    name = "environments" if given else "commands"
    assert birds.found_in([tmp_path / name], told.run.home / "secrets") == {str(tmp_path / name): {"token"}}


def test_the_witness_hears_what_python_starts(told: Told, tmp_path: Path) -> None:
    """Also what ends before anybody looks into /proc."""
    place = tmp_path / "started"
    program = "import subprocess; subprocess.run(['true', 'with-a-word'])"
    environment = {**told.run.environment({"SECRET": told.run.birds["token"]}), "CANARY_WITNESS": str(place)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    heard = json.loads(place.read_text())
    assert "with-a-word" in heard["argv"]
    assert told.run.birds.found(place.read_bytes()) == {"token"}


def test_forms_are_found_wherever_they_begin() -> None:
    birds = Aviary()
    birds.hatch("one")
    text = birds["one"]
    for before in range(7):
        assert birds.found(b64encode(b"u" * before + text.encode() + b"more")) == {"one"}
    assert birds.found(json.dumps({"a": json.dumps({"b": text})}).encode()) == {"one"}
    assert birds.found(text.encode().hex().encode()) == {"one"}
    assert birds.found(b"nothing") == set()
