"""NFS: real rpcbind and NFS-Ganesha (not the kernel's server) in a network namespace, and a simulated mountd's answers read."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import nfs, sun_rpc
from scanners.protocols.tls.octets import Octets
from scanners.service_facts import ServiceFacts
from scanners.services.questions import RPC_XID, rpc_service
from scanners.target import Transport
from scanners.wire import ProtocolError
from tests.namespaces import namespace
from tests.processes import running
from tests.scanners.looking import serving
from tests.scanners.looks import look, service_at
from tests.scanners.nfs_servers import TO_ALL, TO_ONE, export, ganesha_command

HERE = "127.0.0.1"


@contextmanager
def nfs_server(exports: str) -> Iterator[None]:
    """This thread is where the server is while the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix="talaia-nfs-"))
    for name in ("obres", "padro"):
        (folder / name).mkdir()
    try:
        command = ganesha_command(folder, exports)
        with namespace("nfs") as home, home.entered(), running(command, listens=(HERE, 20048), log=folder / "log"):
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_exports_of_ganesha() -> None:
    with nfs_server(export(1, "obres", TO_ALL) + export(2, "padro", TO_ONE)):
        service = await service_at((HERE, 111))
        facts = (await look((HERE, 111), nfs.SCANNER, service=service)).facts
        over_udp = (await look((HERE, 111), nfs.SCANNER, transport=Transport.UDP)).facts
        names = [(await service_at((HERE, port))).name for port in (2049, 20048)]
        alone = (await look((HERE, 2049), nfs.SCANNER, service=ServiceFacts(name="nfs"))).facts
    assert service.name == "rpcbind"
    assert names == ["nfs", "rpc"]
    assert isinstance(facts, nfs.NfsFacts)
    assert "100005 v3 tcp/20048" in (facts.programs or ())
    assert facts.nfs_versions == (3, 4)
    assert {Path(path).name for path in facts.exports or ()} == {"obres", "padro"}
    assert [Path(path).name for path in facts.open_exports or ()] == ["obres"]
    assert over_udp == facts
    assert alone == nfs.NfsFacts(nfs_versions=(3, 4))


async def test_rpcbind_alone_exports_nothing(tmp_path: Path) -> None:
    with namespace("rpc") as home, home.entered(), running(["rpcbind", "-f"], listens=(HERE, 111), log=tmp_path / "log"):
        facts = (await look((HERE, 111), nfs.SCANNER)).facts
    assert isinstance(facts, nfs.NfsFacts)
    assert (facts.nfs_versions, facts.exports, facts.open_exports) == (None, (), ())


def test_it_does_not_ask_strangers() -> None:
    assert not nfs.SCANNER.applies(ServiceFacts())
    assert not nfs.SCANNER.applies(ServiceFacts(name="rpc"))
    assert nfs.SCANNER.applies(ServiceFacts(name="nfs"))


async def test_another_protocol_is_a_protocol_error() -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await reader.read(1)

    async with serving(one) as port:
        observation = await look((HERE, port), nfs.SCANNER)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


def word(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def string(text: bytes) -> bytes:
    return word(len(text)) + text + bytes(-len(text) % 4)


REPLY = sun_rpc.XID + word(1, 0, 0, 0, 0)
EXPORTS = word(1) + string(b"/srv/obres") + word(1) + string(b"*") + word(0)
EXPORTS += (
    word(1) + string(b"/srv/padro") + word(1) + string(b"10.20.0.0/16") + word(0) + word(1) + string(b"/srv/tot") + word(0, 0)
)
PROGRAMS = word(1, 100000, 2, 6, 111, 1, 100005, 3, 17, 20048, 0)


def test_a_simulated_mountd() -> None:
    found = nfs.read_exports(sun_rpc.results_of(REPLY + EXPORTS))
    assert [(each.path, each.to_everybody) for each in found] == [("/srv/obres", True), ("/srv/padro", False), ("/srv/tot", True)]
    assert nfs.read_programs(Octets(PROGRAMS))[1] == nfs.Program(100005, 3, Transport.UDP, 20048)


@pytest.mark.parametrize("rest", [word(1, 1, 0), word(1, 0, 0, 0, 1), word(1, 0, 0, 0, 2, 3, 4)])
def test_what_is_not_served_is_told_apart(rest: bytes) -> None:
    with pytest.raises(sun_rpc.Unavailable):
        sun_rpc.results_of(sun_rpc.XID + rest)


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        (word(1, 0, 0, 0, 0), "nfs"),
        (word(1, 0, 0, 0, 1), "rpc"),
        (word(1, 0, 0, 0, 2, 4, 4), "nfs"),
        (word(0, 2), None),
        (b"", None),
    ],
)
def test_which_program_answers_the_first_look(rest: bytes, name: str | None) -> None:
    found = rpc_service(RPC_XID + rest, "nfs")
    assert (found.name if found else None) == name


@given(
    st.one_of(
        st.binary(max_size=2000),
        st.builds(
            lambda said, at, put: REPLY + said[: at % len(said)] + put + said[at % len(said) :],
            st.sampled_from([EXPORTS, PROGRAMS, EXPORTS * 200, word(1, 0) * 900]),
            st.integers(0, 8000),
            st.binary(max_size=8),
        ),
    )
)
def test_hostile_answers_raise_only_their_own(said: bytes) -> None:
    for read in (nfs.read_exports, nfs.read_programs):
        try:
            assert len(read(sun_rpc.results_of(said))) <= 512
        except (ProtocolError, sun_rpc.Unavailable):
            continue
