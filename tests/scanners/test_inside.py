"""The look inside against whole Debian hosts (debootstrap), and where it may not log in."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scanners.host_access import HostAccess
from scanners.observation import Observation, Outcome
from scanners.protocols.inside import SCANNER, InsideFacts
from scanners.scanner import allowed_in, scanners_by_name
from scanners.secret_reference import SecretError, parse_reference, read_secret
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Zone
from tests.debian_hosts import host_argv, key_pair
from tests.inside_twins import FAULTY, HARDENED, Access, account
from tests.processes import free_port, running
from tests.scanners.looks import look, loopback_zone

# On a new machine the first use of a whole Debian host makes its base, which takes minutes.
pytestmark = pytest.mark.timeout(900)


SSH = ServiceFacts(name="ssh")


@dataclass(frozen=True)
class Twin:
    """A host that runs: where, its pin, and the private key that opens it."""

    address: str
    port: int
    pin: str
    key: Path
    log: Path

    def zone(self, **access: object) -> Zone:
        wanted = {
            "user": "talaia",
            "key": f"file:{self.key}",
            "port": self.port,
            "host_keys": {self.address: self.pin},
            "sudo": True,
            **access,
        }
        return loopback_zone(host_access=HostAccess(**wanted))  # type: ignore[arg-type]

    def look(self, **access: object) -> Observation:
        return asyncio.run(look((self.address, self.port), SCANNER, zone=self.zone(**access), service=SSH))

    def facts(self, **access: object) -> InsideFacts:
        observation = self.look(**access)
        assert observation.outcome is Outcome.OBSERVED, observation.detail
        assert isinstance(observation.facts, InsideFacts)
        return observation.facts


def _twin(address: str, prepare: str, *, sudo: bool = True) -> Iterator[Twin]:
    with TemporaryDirectory(prefix="talaia-inside-") as name:  # not pytest's: closed to the host's own users
        folder = Path(name)
        folder.chmod(0o755)
        key, public = key_pair(folder, "id")
        host_key, _ = key_pair(folder, "host")
        said = subprocess.run(["ssh-keygen", "-lf", str(host_key)], capture_output=True, text=True, check=True).stdout
        port = free_port(address)
        whole = account(Access(public, host_key.read_text(), address, port, sudo)) + prepare
        argv = host_argv(folder / "system", whole)
        with running(argv, listens=(address, port), log=folder / "log", timeout_seconds=120):
            yield Twin(address, port, said.split()[1], key, folder / "log")


@pytest.fixture(scope="module")
def faulty() -> Iterator[Twin]:
    yield from _twin("127.0.0.54", FAULTY)


@pytest.fixture(scope="module")
def hardened() -> Iterator[Twin]:
    yield from _twin("127.0.0.55", HARDENED)


@pytest.fixture(scope="module")
def faulty_facts(faulty: Twin) -> InsideFacts:
    return faulty.facts()


@pytest.fixture(scope="module")
def hardened_facts(hardened: Twin) -> InsideFacts:
    return hardened.facts()


def test_the_faulty_host_shows_every_fault(faulty_facts: InsideFacts) -> None:
    seen = faulty_facts
    assert seen.root is True
    assert seen.os is not None
    assert (seen.os.id, seen.os.release) == ("debian", "debian 12")
    assert seen.updates is not None
    assert (seen.updates.security, seen.updates.automatic) == (("tzdata",), False)
    assert seen.sshd is not None
    assert (seen.sshd.permit_root_login, seen.sshd.empty_passwords, seen.sshd.max_auth_tries) == ("yes", True, 20)
    assert (seen.sshd.grace_seconds, seen.sshd.x11_forwarding) == (0, True)
    assert seen.accounts is not None
    assert (seen.accounts.empty_passwords, seen.accounts.extra_root) == (("nobody-asks",), ("toor",))
    assert seen.accounts.weak_hashes == ("toor",)
    assert seen.accounts.longest_days == 99_999
    idle = {person.name: person.idle_days for person in seen.accounts.people or ()}
    assert idle.keys() == {"nobody-asks", "toor", "prova"}
    assert idle["prova"] > 2000
    assert idle["nobody-asks"] < 10
    assert seen.sudo is not None
    assert seen.sudo.without_password == ("prova",)
    assert seen.sudo.everyone == ("ALL ALL=(ALL) ALL",)
    assert seen.passwords is not None
    assert (seen.passwords.min_length, seen.passwords.classes, seen.passwords.remembered, seen.passwords.attempts) == (8, 0, 0, 0)
    assert seen.logs is not None
    assert (seen.logs.retention_days, seen.logs.world_readable, seen.logs.forwarded) == (28, ("/var/log/auth.log",), False)
    assert seen.files is not None
    assert seen.files.complete is True
    assert "/usr/local/bin/backdoor" in (seen.files.suid or ())
    assert seen.files.world_writable == ("/srv/shared", "/srv/shared/all")
    assert seen.files.unowned == ("/srv/orphan",)
    shadow = next(file for file in seen.files.guarded or () if file.path == "/etc/shadow")
    assert (shadow.readable, shadow.secret, shadow.mode) == (True, True, "644")
    assert seen.running is not None
    assert "rpcbind" in (seen.running.services or ())
    assert "anydesk" in (seen.packages or ())
    assert seen.session is not None
    assert (seen.session.timeout_seconds, seen.session.banner) == (0, False)


def test_the_hardened_twin_shows_none(hardened_facts: InsideFacts) -> None:
    seen = hardened_facts
    assert seen.updates is not None
    assert (seen.updates.security, seen.updates.automatic) == ((), True)
    assert seen.sshd is not None
    assert (seen.sshd.permit_root_login, seen.sshd.empty_passwords, seen.sshd.max_auth_tries) == ("no", False, 3)
    assert seen.accounts is not None
    assert (seen.accounts.empty_passwords, seen.accounts.extra_root, seen.accounts.weak_hashes) == ((), (), ())
    assert [person.name for person in seen.accounts.people or ()] == ["marta"]
    assert seen.accounts.longest_days == 365
    assert seen.sudo is not None
    assert (seen.sudo.without_password, seen.sudo.everyone) == ((), ())
    assert seen.passwords is not None
    assert (seen.passwords.min_length, seen.passwords.classes, seen.passwords.remembered, seen.passwords.attempts) == (
        14,
        4,
        12,
        3,
    )
    assert seen.passwords.max_days == 365
    assert seen.logs is not None
    assert (seen.logs.retention_days, seen.logs.world_readable, seen.logs.forwarded) == (120, (), True)
    assert seen.audit is not None
    assert (seen.audit.running, seen.audit.rules) == (True, 1)
    assert seen.time is not None
    assert (seen.time.service, seen.time.synchronised) == ("chronyd", True)
    assert seen.running is not None
    assert seen.running.antimalware == ("clamd",)
    assert seen.running.signature_days == 0
    assert seen.running.backup == ("restic",)
    assert seen.boot is not None
    assert seen.boot.password is True
    assert seen.disks is not None
    assert seen.disks.usb_blocked is True
    assert seen.files is not None
    assert (seen.files.world_writable, seen.files.unowned) == ((), ())
    assert seen.session is not None
    assert (seen.session.timeout_seconds, seen.session.banner) == (600, True)


def test_no_hash_leaves_the_host(faulty: Twin) -> None:
    observation = faulty.look()
    assert b"shadow:prova:set:y:" in observation.evidence
    assert b"0123456789012345678901" not in observation.evidence
    assert b"abcdefgh" not in observation.evidence


def test_without_sudo_what_needs_root_is_not_determined(faulty: Twin) -> None:
    seen = faulty.facts(sudo=False)
    assert seen.root is False
    assert seen.accounts is not None
    assert seen.accounts.extra_root == ("toor",)
    assert (seen.accounts.people, seen.accounts.longest_days, seen.accounts.empty_passwords) == (None, None, None)
    assert seen.sudo is None
    assert seen.files is not None
    assert seen.files.complete is False
    assert "/usr/local/bin/backdoor" in (seen.files.suid or ())
    assert seen.firewall is None


@pytest.mark.parametrize("pin", ["ask", "SHA256:" + "A" * 43])
def test_without_the_pinned_key_nobody_logs_in(faulty: Twin, pin: str) -> None:
    before = faulty.log.read_text().count("Accepted publickey")
    observation = faulty.look(host_keys={faulty.address: pin})
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert faulty.pin in observation.detail
    assert "nobody logged in" in observation.detail
    assert ("ssh-keygen -lf" in observation.detail) is (pin == "ask")
    assert faulty.log.read_text().count("Accepted publickey") == before


def test_a_known_hosts_file_pins_too(faulty: Twin, tmp_path: Path) -> None:
    said = subprocess.run(["ssh-keyscan", "-p", str(faulty.port), faulty.address], capture_output=True, text=True, check=True)
    known = tmp_path / "known_hosts"
    known.write_text(said.stdout)
    assert faulty.look(host_keys={faulty.address: f"file:{known}"}).outcome is Outcome.OBSERVED
    known.write_text("")
    observation = faulty.look(host_keys={faulty.address: f"file:{known}"})
    assert (observation.outcome, "has no key" in observation.detail) == (Outcome.PROTOCOL_ERROR, True)


def test_another_key_or_user_is_not_let_in(faulty: Twin, hardened: Twin) -> None:
    for change in ({"key": f"file:{hardened.key}"}, {"user": "nobody"}):
        observation = faulty.look(**change)
        assert observation.outcome is Outcome.PROTOCOL_ERROR
        assert "does not accept our key" in observation.detail


def test_a_key_that_cannot_be_read_is_named_and_not_shown(faulty: Twin, tmp_path: Path) -> None:
    (tmp_path / "no-key").write_text("TOP SECRET")
    observation = faulty.look(key=f"file:{tmp_path}/no-key")
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert "no-key" in observation.detail
    assert "TOP" not in observation.detail
    observation = faulty.look(key="env:TALAIA_NOT_SET")
    assert (observation.outcome, "env:TALAIA_NOT_SET" in observation.detail) == (Outcome.ERROR, True)


def test_only_named_hosts_on_the_named_port_are_wanted() -> None:
    zone = loopback_zone(host_access=HostAccess(user="talaia", key="env:X", host_keys={"127.0.0.54": "ask"}))
    assert scanners_by_name()["inside"] is SCANNER
    assert SCANNER.applies(SSH)
    assert not SCANNER.applies(ServiceFacts(name="http"))
    assert allowed_in(SCANNER, zone)
    assert not allowed_in(SCANNER, loopback_zone())
    assert SCANNER.wanted_at(Target(address="127.0.0.54", port=22), zone)
    assert not SCANNER.wanted_at(Target(address="127.0.0.55", port=22), zone)
    assert not SCANNER.wanted_at(Target(address="127.0.0.54", port=2222), zone)


def test_a_host_that_nobody_named_is_not_even_asked() -> None:
    zone = loopback_zone(host_access=HostAccess(user="talaia", key="env:X", host_keys={"127.0.0.54": "ask"}))
    observation = asyncio.run(look(("127.0.0.56", 22), SCANNER, zone=zone, service=SSH))
    assert (observation.outcome, "nobody logged in" in observation.detail) == (Outcome.PROTOCOL_ERROR, True)


@pytest.mark.parametrize("text", ["hunter2", "file:relative", "env:1X", "env:", "credential:../x", "credential:..", "-----BEGIN"])
def test_what_is_no_reference_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="not the secret") as refused:
        parse_reference(text)
    assert "hunter2" not in str(refused.value)


def test_secrets_are_read_from_files_variables_and_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(b"abc")
    monkeypatch.setenv("TALAIA_KEY", "xyz")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert [read_secret(name) for name in (f"file:{tmp_path}/key", "env:TALAIA_KEY", "credential:key")] == [
        b"abc",
        b"xyz",
        b"abc",
    ]
    for name in (f"file:{tmp_path}/none", "env:TALAIA_NONE", "credential:none", f"file:{tmp_path}"):
        with pytest.raises(SecretError, match="could not be read") as refused:
            read_secret(name)
        assert name in str(refused.value)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(SecretError, match="no credentials"):
        read_secret("credential:key")


def test_the_script_is_plain_posix() -> None:
    script = Path(__file__).parents[2] / "scanners/protocols/inside/script.sh"
    subprocess.run(["dash", "-n", str(script)], check=True, env={**os.environ})
