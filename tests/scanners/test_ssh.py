"""The SSH scanner against OpenSSH, dropbear and asyncssh servers, with ssh-audit as oracle, and against hostile ones."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.observation import Observation, Outcome
from scanners.protocols.ssh import SCANNER, SshFacts
from scanners.protocols.ssh import host_keys as keys_room
from scanners.protocols.ssh.look import SshScanner, terrapin
from scanners.protocols.ssh.packets import KexInit, build_kexinit, packet, parse_identification, parse_kexinit
from scanners.scanner import Scanner, observe, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.scanners.looking import loopback_zone, occasion, serving
from tests.scanners.ssh_servers import audited, dropbear, fingerprint, make_key, openssh


async def observed(port: int, scanner: Scanner = SCANNER, **zone: Any) -> Observation:
    return await observe(scanner, Target(address="127.0.0.1", port=port), occasion(loopback_zone(**zone)))


async def facts_of(port: int, **zone: Any) -> SshFacts:
    observation = await observed(port, **zone)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, SshFacts)
    return observation.facts


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    kinds = [("rsa", 1024), ("rsa", 3072), ("ecdsa", 256), ("ecdsa", 521), ("ed25519", None)]
    return {f"{kind}{bits or ''}": make_key(folder, kind, bits) for kind, bits in kinds}


@pytest.fixture(scope="module")
def default_sshd(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with openssh(tmp_path_factory.mktemp("sshd"), [keys["rsa3072"], keys["ecdsa256"], keys["ed25519"]]) as port:
        yield port


@pytest.fixture(scope="module")
def legacy_sshd(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with openssh(
        tmp_path_factory.mktemp("sshd"),
        [keys["rsa1024"]],
        "RequiredRSASize 1024",
        "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1",
        "Ciphers 3des-cbc,aes128-cbc",
        "MACs hmac-md5,hmac-sha1-etm@openssh.com,umac-64@openssh.com",
        "HostKeyAlgorithms ssh-rsa",
        "PasswordAuthentication yes",
        "PubkeyAuthentication no",
        "KbdInteractiveAuthentication no",
    ) as port:
        yield port


def audit_lists(port: int) -> dict[str, list[str]]:
    said = audited(port)
    markers = {"ext-info-s", "kex-strict-s-v00@openssh.com"}
    return {
        "kex": [entry["algorithm"] for entry in said["kex"] if entry["algorithm"] not in markers],
        "key": [entry["algorithm"] for entry in said["key"]],
        "enc": [entry["algorithm"] for entry in said["enc"]],
        "mac": [entry["algorithm"] for entry in said["mac"]],
        "fingerprints": sorted(entry["hash"] for entry in said["fingerprints"] if entry["hash_alg"] == "SHA256"),
    }


@pytest.mark.parametrize("server", ["default_sshd", "legacy_sshd"])
async def test_agrees_with_ssh_audit_on_openssh(server: str, request: pytest.FixtureRequest) -> None:
    port: int = request.getfixturevalue(server)
    facts = await facts_of(port)
    said = await asyncio.to_thread(audit_lists, port)
    assert list(facts.kex_algorithms or ()) == said["kex"]
    assert list(facts.host_key_algorithms or ()) == said["key"]
    assert list(facts.ciphers or ()) == said["enc"]
    assert list(facts.macs or ()) == said["mac"]
    assert sorted(key.sha256.removeprefix("SHA256:") for key in facts.host_keys or ()) == said["fingerprints"]


async def test_default_openssh(default_sshd: int, keys: dict[str, Path]) -> None:
    facts = await facts_of(default_sshd)
    assert (facts.protocol, facts.product, facts.version) == ("2.0", "OpenSSH", "9.2p1")
    assert facts.comments is not None
    assert facts.comments.startswith("Debian")
    shown = {(key.algorithm, key.bits, key.sha256) for key in facts.host_keys or ()}
    assert shown == {
        ("ssh-rsa", 3072, fingerprint(keys["rsa3072"])),
        ("ecdsa-sha2-nistp256", 256, fingerprint(keys["ecdsa256"])),
        ("ssh-ed25519", 256, fingerprint(keys["ed25519"])),
    }
    assert facts.rsa_bits_min == 3072
    assert set(facts.auth_methods or ()) == {"publickey", "password", "keyboard-interactive"}
    assert facts.none_accepted is False
    assert facts.root_login is None
    assert facts.strict_kex is True
    assert facts.terrapin is False
    assert not any("strict" in name or "ext-info" in name for name in facts.kex_algorithms or ())


async def test_legacy_openssh(legacy_sshd: int, keys: dict[str, Path]) -> None:
    facts = await facts_of(legacy_sshd)
    assert facts.kex_algorithms is not None
    assert facts.kex_algorithms[0] == "diffie-hellman-group1-sha1"
    assert facts.ciphers == ("3des-cbc", "aes128-cbc")
    assert [(key.algorithm, key.bits) for key in facts.host_keys or ()] == [("ssh-rsa", 1024)]
    assert facts.rsa_bits_min == 1024
    assert facts.auth_methods == ("password",)


KEX = [
    "curve25519-sha256",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
    "sntrup761x25519-sha512@openssh.com",
]


@pytest.mark.parametrize("kex", KEX)
async def test_fetches_the_key_whatever_the_key_exchange(kex: str, keys: dict[str, Path], tmp_path: Path) -> None:
    with openssh(tmp_path, [keys["ecdsa521"]], f"KexAlgorithms {kex}", "Ciphers aes256-gcm@openssh.com") as port:
        facts = await facts_of(port)
    assert [(key.bits, key.sha256) for key in facts.host_keys or ()] == [(521, fingerprint(keys["ecdsa521"]))]
    assert facts.rsa_bits_min is None


async def test_key_only_server_offers_no_password(keys: dict[str, Path], tmp_path: Path) -> None:
    settings = ["PasswordAuthentication no", "KbdInteractiveAuthentication no", "Ciphers aes128-ctr", "MACs hmac-sha2-256"]
    with openssh(tmp_path, [keys["ed25519"]], *settings) as port:
        facts = await facts_of(port)
    assert facts.auth_methods == ("publickey",)


async def test_dropbear(tmp_path: Path) -> None:
    with dropbear(tmp_path, ["ed25519", "ecdsa", "rsa"]) as port:
        facts = await facts_of(port)
        said = await asyncio.to_thread(audit_lists, port)
    assert (facts.product, facts.version) == ("dropbear", "2022.83")
    assert {key.algorithm for key in facts.host_keys or ()} == {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"}
    assert list(facts.ciphers or ()) == said["enc"]
    assert list(facts.macs or ()) == said["mac"]
    assert facts.strict_kex is True  # Debian's package has the counter-measure
    assert facts.terrapin is False
    assert set(facts.auth_methods or ()) == {"publickey", "password"}


async def test_dropbear_without_passwords(tmp_path: Path) -> None:
    with dropbear(tmp_path, ["ed25519"], "-s") as port:
        facts = await facts_of(port)
    assert facts.auth_methods == ("publickey",)
    assert "ssh-rsa" in (facts.host_key_algorithms or ())  # it offers what it has no key for
    assert [key.algorithm for key in facts.host_keys or ()] == ["ssh-ed25519"]


class _Everybody(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


class _Root(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return username != "root"

    def password_auth_supported(self) -> bool:
        return True


@pytest.mark.parametrize(("server", "anybody"), [(_Everybody, True), (_Root, False)])
async def test_a_server_that_asks_for_no_credential(server: type[asyncssh.SSHServer], anybody: bool) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with await asyncssh.listen("127.0.0.1", 0, server_factory=server, server_host_keys=[key]) as listener:
        facts = await facts_of(listener.get_port())
        gentle = await facts_of(listener.get_port(), intrusiveness=Intrusiveness.GENTLE)
    assert facts.none_accepted is anybody
    assert facts.root_login is True
    assert facts.host_keys is not None
    assert facts.host_keys[0].sha256 == key.get_fingerprint()
    assert gentle.none_accepted is anybody
    assert gentle.root_login is None


async def test_one_connection_at_a_time_and_few_of_them() -> None:
    open_now, most, total = 0, 0, 0

    class Counting(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            nonlocal open_now, most, total
            open_now, total = open_now + 1, total + 1
            most = max(most, open_now)

        def connection_lost(self, exc: Exception | None) -> None:
            nonlocal open_now
            open_now -= 1

    keys = [asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256")]
    async with await asyncssh.listen("127.0.0.1", 0, server_factory=Counting, server_host_keys=keys) as listener:
        facts = await facts_of(listener.get_port())
    assert len(facts.host_keys or ()) == 2
    assert total == 4  # introduction with the first key, the second key, two questions
    assert most <= 2  # the last one may still be on its way out


def said(line: bytes) -> Any:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        await writer.drain()
        await reader.read(100)

    return handler


@pytest.mark.parametrize(
    ("line", "protocol", "software"),
    [
        (b"SSH-1.5-Cisco-1.25\n", "1.5", "Cisco-1.25"),
        (b"welcome\r\nSSH-1.5-1.2.27\r\n", "1.5", "1.2.27"),
        (b"SSH-1.5-\x1b[31mred\r\n", "1.5", "\\u001b[31mred"),
    ],
)
async def test_ssh_1_is_told_by_its_identification(line: bytes, protocol: str, software: str) -> None:
    async with serving(said(line)) as port:
        facts = await facts_of(port)
    assert (facts.protocol, facts.software) == (protocol, software)
    assert facts.kex_algorithms is None
    assert facts.terrapin is None


INIT = KexInit(
    kex=(b"diffie-hellman-group1-sha1",),
    host_key=(b"ssh-rsa",),
    ciphers_to_server=(b"aes128-cbc",),
    ciphers_to_client=(b"aes128-ctr",),
    macs_to_server=(b"hmac-sha2-256-etm@openssh.com",),
    macs_to_client=(b"hmac-sha1",),
    compression_to_server=(b"none",),
    compression_to_client=(b"none",),
)


async def test_ssh_199_without_a_finished_key_exchange_still_states_its_algorithms() -> None:
    line = b"SSH-1.99-OpenSSH_3.9p1\r\n" + packet(build_kexinit(INIT, bytes(16)))
    async with serving(said(line)) as port:
        facts = await facts_of(port)
    assert facts.protocol == "1.99"
    assert facts.ciphers == ("aes128-ctr",)
    assert facts.terrapin is True  # the other direction is CBC with encrypt-then-MAC
    assert facts.host_keys is None
    assert facts.auth_methods is None
    assert facts.none_accepted is None


@pytest.mark.parametrize("line", [b"", b"Exceeded MaxStartups\r\n", b"Not allowed at this time\r\n"])
async def test_a_busy_server_gives_no_verdict(line: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)

    async with serving(handler) as port:
        observation = await observed(port)
    assert observation.outcome is Outcome.TIMEOUT
    assert observation.facts is None


async def test_a_real_server_over_its_maxstartups_gives_no_verdict(keys: dict[str, Path], tmp_path: Path) -> None:
    with openssh(tmp_path, [keys["ed25519"]], "MaxStartups 1:100:1", "LoginGraceTime 60") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()  # it is being served, and takes the only place
        observation = await observed(port)
        writer.transport.abort()
    assert observation.outcome is Outcome.TIMEOUT


def flooding(line: bytes) -> Any:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(20_000):
            writer.write(line)
            await writer.drain()

    return handler


@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"A" * 4096,
        b"SSH-2.0-x\r\n\xff\xff\xff\xff\xff",
        b"SSH-x\r\n",
        b"SSH-2.0-x\r\n" + bytes(64),
    ],
)
async def test_what_is_not_ssh_is_a_protocol_error(line: bytes) -> None:
    async with serving(flooding(line)) as port:
        observation = await observed(port)
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert observation.facts is None


@pytest.mark.parametrize("line", [b"SSH-2.0-tarpit\r\n", b"a\r\n"])
async def test_a_tarpit_ends_with_the_deadline(line: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        await asyncio.sleep(3600)

    async with serving(handler) as port:
        observation = await observed(port, SshScanner(connection_seconds=0.3))
    assert observation.outcome is Outcome.TIMEOUT


async def test_a_server_that_falls_silent_after_its_algorithms_still_states_them() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-slow\r\n" + packet(build_kexinit(INIT, bytes(16))))
        await asyncio.sleep(3600)

    async with serving(handler) as port:
        observation = await observed(port, SshScanner(connection_seconds=0.4))
    assert isinstance(observation.facts, SshFacts)
    assert observation.facts.ciphers == ("aes128-ctr",)
    assert (observation.facts.host_keys, observation.facts.auth_methods) == (None, None)


async def test_the_stop_button_ends_a_look() -> None:
    there = occasion()
    loop = asyncio.get_running_loop()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-slow\r\n" + packet(build_kexinit(INIT, bytes(16)))[:20])
        await writer.drain()
        loop.call_later(0.05, there.door.stop.press, "the test says so")
        await asyncio.sleep(3600)

    async with serving(handler) as port:
        observation = await observe(SCANNER, Target(address="127.0.0.1", port=port), there)
    assert observation.outcome is Outcome.REFUSED_BY_SCOPE
    assert "the test says so" in observation.detail


async def test_outside_the_zone_nothing_is_sent() -> None:
    async with serving(said(b"SSH-2.0-x\r\n")) as port:
        observation = await observed(port, exclude=["127.0.0.1"])
    assert observation.outcome is Outcome.REFUSED_BY_SCOPE


async def test_endless_unimportant_packets_end() -> None:
    async with serving(flooding(b"SSH-2.0-x\r\n" + packet(b"\x02ignore me") * 40)) as port:
        observation = await observed(port)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("software", "product"),
    [
        (b"OpenSSH_9.2p1", ("OpenSSH", "9.2p1")),
        (b"OpenSSH_for_Windows_8.1", ("OpenSSH", "8.1")),
        (b"dropbear_2022.83", ("dropbear", "2022.83")),
        (b"libssh-0.9.6", ("libssh", "0.9.6")),
        (b"Cisco-1.25", ("Cisco", "1.25")),
        (b"ROSSSH", ("ROSSSH", "")),
        (b"mod_sftp/0.9.9", ("mod", "")),
        (b"1.2.27", ("", "")),
        (b"", ("", "")),
    ],
)
def test_the_product_is_read_from_the_identification(software: bytes, product: tuple[str, str]) -> None:
    assert parse_identification(b"SSH-2.0-" + software + b" some comment\r\n").product == product


CHACHA, CBC, CTR = b"chacha20-poly1305@openssh.com", b"aes256-cbc", b"aes256-ctr"
ETM, PLAIN, STRICT = b"hmac-sha2-256-etm@openssh.com", b"hmac-sha2-256", b"kex-strict-s-v00@openssh.com"


@pytest.mark.parametrize(
    ("kex", "ciphers", "macs", "applies"),
    [
        ((), (CHACHA,), (PLAIN,), True),
        ((STRICT,), (CHACHA,), (PLAIN,), False),
        ((), (CBC,), (ETM,), True),
        ((STRICT,), (CBC,), (ETM,), False),
        ((), (CBC,), (PLAIN,), False),
        ((), (CTR,), (ETM,), False),
    ],
)
def test_terrapin(kex: Sequence[bytes], ciphers: tuple[bytes, ...], macs: tuple[bytes, ...], applies: bool) -> None:
    init = KexInit(tuple(kex), (), ciphers, ciphers, macs, macs, (), ())
    assert terrapin(init) is applies


NAME_LISTS = st.lists(st.binary(min_size=1, max_size=12).filter(lambda name: b"," not in name), max_size=5).map(tuple)


@settings(deadline=None)
@given(st.tuples(*[NAME_LISTS] * 10), st.binary(min_size=16, max_size=16))
def test_a_kexinit_is_read_as_it_was_written(lists: Any, cookie: bytes) -> None:
    assert parse_kexinit(build_kexinit(KexInit(*lists), cookie)) == KexInit(*lists)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_kexinit_are_refused_and_nothing_else_happens(data: bytes) -> None:
    for parse in (parse_kexinit, keys_room.describe, parse_identification):
        try:
            parse(b"\x14" + data if parse is parse_kexinit else data)  # type: ignore[operator]
        except ProtocolError:
            continue


@settings(deadline=None)
@given(st.data())
def test_a_cut_kexinit_is_refused(data: st.DataObject) -> None:
    whole = build_kexinit(INIT, bytes(16))[:-5]
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ProtocolError):
        parse_kexinit(whole[:cut])


@pytest.mark.parametrize("kind", ["ssh-dss", "ssh-rsa", "ecdsa-sha2-nistp384", "ssh-ed25519", "ssh-ed448"])
def test_keys_and_certificates_are_measured_alike(kind: str) -> None:
    key = asyncssh.generate_private_key(kind)
    authority = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_host_certificate(key.convert_to_public(), "host")
    plain, certified = keys_room.describe(key.public_data), keys_room.describe(certificate.public_data)
    assert plain.algorithm == kind
    assert plain.sha256 == key.get_fingerprint()
    assert certified.algorithm == f"{kind}-cert-v01@openssh.com"
    assert plain.bits == certified.bits
    assert (
        plain.bits == {"ssh-dss": 1024, "ssh-rsa": 2048, "ecdsa-sha2-nistp384": 384, "ssh-ed25519": 256, "ssh-ed448": 456}[kind]
    )


def test_it_is_found_and_applies_to_what_answered_as_ssh() -> None:
    assert scanners_by_name()["ssh"] is SCANNER
    assert SCANNER.applies(ServiceFacts(name="ssh"))
    assert not SCANNER.applies(ServiceFacts(name="http"))


async def test_mutilated_servers_are_never_our_own_error() -> None:
    """Three hundred beginnings with bytes changed, cut out and doubled; the seed is fixed."""
    chance = random.Random(4253)
    good = b"hello\r\nSSH-2.0-x_1.0 y\r\n" + packet(build_kexinit(INIT, bytes(16))) + packet(b"\x1f" + bytes(40))
    answer = b""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    outcomes: set[Outcome] = set()
    async with serving(handler) as port:
        for _ in range(300):
            mutant = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                at, end = sorted((chance.randrange(len(mutant)), chance.randrange(len(mutant))))
                mutant[at : min(end, at + chance.randint(0, 20))] = chance.randbytes(chance.randint(0, 8))
            answer = bytes(mutant)
            observation = await observed(port, SshScanner(connection_seconds=0.5))
            outcomes.add(observation.outcome)
            assert observation.outcome is not Outcome.ERROR, (observation.detail, answer)
    assert {Outcome.OBSERVED, Outcome.PROTOCOL_ERROR} <= outcomes
