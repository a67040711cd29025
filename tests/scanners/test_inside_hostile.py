"""Whatever a host prints where the script's answer should be: it is read without an error, or it is a protocol error."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.context import AssetFacts, EndpointFacts
from scanners.door import Door
from scanners.host_access import HostAccess
from scanners.observation import Observation, Outcome
from scanners.protocols.inside import InsideFacts, InsideScanner
from scanners.protocols.inside.reading import read
from scanners.protocols.inside.sections import Section, Sections, cut
from scanners.scanner import Occasion, observe
from scanners.target import Target
from scanners.wire import ProtocolError
from tests.debian_hosts import key_pair
from tests.rules.library import rulebook
from tests.scanners.looks import loopback_zone
from tests.scanners.test_inside_parsers import ANSWERS

WORDS = [*"=():,\\{}/\n", "ALL", "NOPASSWD:", "Defaults", "Inst", "[1]", "(2 security)", "chain x {", "0", "-1", "99999"]
TEXTS = st.text(max_size=400) | st.lists(st.sampled_from(WORDS)).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(sorted(cut(ANSWERS["faulty"], "MARK"))), st.tuples(TEXTS, st.sampled_from([0, 0, 0, 1, None]))
    )
)
def test_any_text_is_read_without_an_error(texts: dict[str, tuple[str, int | None]]) -> None:
    read(Sections({name: Section(text, status) for name, (text, status) in texts.items()}))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_mutilated_answers_are_read_without_an_error(name: str, data: st.DataObject) -> None:
    answer = bytearray(ANSWERS[name])
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(answer) - 1))
        answer[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    try:
        facts = read(cut(bytes(answer), "MARK"))
    except ProtocolError:
        return
    rulebook().judge(facts, EndpointFacts(), AssetFacts())


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_bytes_without_marks_are_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        cut(data, "an-unguessable-mark")


Shell = Callable[[asyncssh.SSHServerProcess[bytes]], Coroutine[Any, Any, None]]


async def looked(folder: Path, shell: Shell, *, stop_after: float | None = None) -> Observation:
    """One look at a server that lets us in and whose shell is ``shell``; the script gets a second."""
    key, public = key_pair(folder, "id")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(public),
        process_factory=shell,
        encoding=None,
    )
    port = server.get_port()
    access = HostAccess(user="talaia", key=f"file:{key}", port=port, host_keys={"127.0.0.1": host_key.get_fingerprint()})
    zone = loopback_zone(host_access=access)
    door = Door([zone])
    if stop_after is not None:
        asyncio.get_running_loop().call_later(stop_after, door.stop.press, "the test says so")
    try:
        return await observe(
            InsideScanner(script_seconds=1.0), Target(address="127.0.0.1", port=port), Occasion(door=door, zone=zone)
        )
    finally:
        server.close()


async def test_a_flood_ends(tmp_path: Path) -> None:
    sent = 0

    async def shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
        nonlocal sent
        for _ in range(512):  # 32 MiB, were anybody to read it
            process.stdout.write(b"x" * 65_536)
            await process.stdout.drain()
            sent += 65_536

    observation = await looked(tmp_path, shell)
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert sent < 8 * 1024 * 1024


async def test_what_was_said_before_a_shell_fell_silent_counts(tmp_path: Path) -> None:
    async def shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
        mark = (await process.stdin.read()).split(b" ")[0].removeprefix(b"MARK=")
        process.stdout.write(
            mark + b" begin os\nID=debian\nVERSION_ID=12\n\n" + mark + b" end 0\n\n" + mark + b" begin passwd\nroot"
        )
        await asyncio.sleep(3600)

    observation = await looked(tmp_path, shell)
    assert isinstance(observation.facts, InsideFacts)
    assert observation.facts.os is not None
    assert observation.facts.os.release == "debian 12"
    assert observation.facts.accounts is None


async def test_no_shell_is_a_protocol_error(tmp_path: Path) -> None:
    async def shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(b"This account is currently not available.\n")
        process.exit(1)

    observation = await looked(tmp_path, shell)
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert "no POSIX shell" in observation.detail


async def test_the_stop_button_ends_a_session(tmp_path: Path) -> None:
    async def shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await asyncio.sleep(3600)

    observation = await looked(tmp_path, shell, stop_after=0.6)
    assert observation.outcome is Outcome.REFUSED_BY_SCOPE
    assert "the test says so" in observation.detail
