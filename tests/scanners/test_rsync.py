"""rsync's daemon, the real one: modules for everybody, for those with a password, for another network."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import rsync
from scanners.service_facts import ServiceFacts
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.processes import free_port, running
from tests.scanners.fed_wire import fed_wire
from tests.scanners.looking import serving
from tests.scanners.looks import look, loopback_zone, service_at

MODULES = """
[mapes]
path = FOLDER/files
comment = Cartografia
[nomines]
path = FOLDER/files
auth users = copies
secrets file = FOLDER/secrets
[altres]
path = FOLDER/files
hosts allow = 192.0.2.0/24
[amagat]
path = FOLDER/files
list = no
"""


@contextmanager
def rsyncd(folder: Path, modules: str) -> Iterator[tuple[str, int]]:
    (folder / "files").mkdir()
    (folder / "files" / "padro.csv").write_text("1,2,3\n")
    (folder / "secrets").write_text("copies:not-in-any-word-list\n")
    (folder / "secrets").chmod(0o600)
    (folder / "rsyncd.conf").write_text(f"use chroot = no\nreverse lookup = no\n{modules.replace('FOLDER', str(folder))}")
    port = free_port()
    argv = ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}", f"--config={folder / 'rsyncd.conf'}"]
    with running(argv, listens=("127.0.0.1", port), log=folder / "rsync.log"):
        yield "127.0.0.1", port


async def test_modules_and_who_may_enter(tmp_path: Path) -> None:
    with rsyncd(tmp_path, MODULES) as place:
        service = await service_at(place)
        assert rsync.SCANNER.applies(service), service
        facts = (await look(place, rsync.SCANNER, service=service)).facts
        gentle = (await look(place, rsync.SCANNER, zone=loopback_zone(intrusiveness=Intrusiveness.GENTLE))).facts
    assert isinstance(facts, rsync.RsyncFacts)
    assert isinstance(gentle, rsync.RsyncFacts)
    assert facts.protocol
    assert facts.modules == ("mapes", "nomines", "altres")
    assert (facts.open_modules, facts.protected_modules) == (("mapes",), ("nomines",))
    assert gentle.modules == facts.modules
    assert (gentle.open_modules, gentle.protected_modules) == (None, None)


async def test_a_daemon_that_lists_nothing(tmp_path: Path) -> None:
    with rsyncd(tmp_path, MODULES.replace("]\n", "]\nlist = no\n")) as place:
        facts = (await look(place, rsync.SCANNER)).facts
    assert isinstance(facts, rsync.RsyncFacts)
    assert (facts.modules, facts.open_modules, facts.protected_modules) == ((), (), ())


def test_it_does_not_ask_strangers() -> None:
    assert not rsync.SCANNER.applies(ServiceFacts())
    assert not rsync.SCANNER.applies(ServiceFacts(name="ssh"))


async def test_another_protocol_is_a_protocol_error() -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await reader.read(1)

    async with serving(one) as port:
        observation = await look(("127.0.0.1", port), rsync.SCANNER)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


REAL = b"@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\nmapes          \tCartografia\nnomines        \t\n@RSYNCD: EXIT\n"


async def test_the_real_answer_is_read() -> None:
    wire = fed_wire(REAL)
    assert await rsync.greet(wire) == "31.0"
    assert await rsync.listed(wire) == ("mapes", "nomines")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [(b"hello\n@RSYNCD: OK\n", True), (b"@RSYNCD: AUTHREQD abc\n", False), (b"@ERROR: access denied\n", None), (b"", None)],
)
async def test_what_an_answer_to_a_name_means(said: bytes, wanted: bool | None) -> None:
    assert await rsync.entered(fed_wire(said)) is wanted


async def test_a_name_with_a_line_of_its_own_is_left_out() -> None:
    assert await rsync.listed(fed_wire(b"a\rb\tx\nc\x1b[1m\ty\ngood\tz\n@RSYNCD: EXIT\n")) == ("good",)


@given(
    st.one_of(
        st.binary(max_size=3000),
        st.builds(
            lambda at, put, times: (REAL[:at] + put + REAL[at:]) * times,
            st.integers(0, 120),
            st.binary(max_size=6),
            st.integers(1, 90),
        ),
    )
)
def test_hostile_answers_raise_only_its_own(said: bytes) -> None:
    async def talk() -> None:
        wire = fed_wire(said)
        try:
            assert len(await rsync.greet(wire)) < 10
            for name in await rsync.listed(wire):
                assert "\n" not in name
                assert "\r" not in name
            await rsync.entered(wire)
        except ProtocolError:
            return

    asyncio.run(talk())
