"""SMB against Debian's Samba 4.17, careless and hardened; smbclient as the oracle; every parser against what no server sends."""

import contextlib
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols.smb import SmbFacts, messages, ntlm, shares, smb1, smb1_session
from scanners.protocols.smb.look import SmbScanner
from scanners.service_facts import ServiceFacts
from scanners.services.smb import NETBIOS_SESSION
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.scanners import small_servers as servers
from tests.scanners.looks import look, loopback_zone, service_at
from tests.scanners.smb_servers import FAULTY, HARDENED, smbd

SCANNER = SmbScanner()
ALL = ("NT LM 0.12", "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1")


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Place]:
    with servers.folder_for("nobody") as folder, smbd(folder, FAULTY) as place:
        yield place


@pytest.fixture(scope="module")
def hardened() -> Iterator[servers.Place]:
    with servers.folder_for("nobody") as folder, smbd(folder, HARDENED, name="SEGUR") as place:
        yield place


async def facts_of(place: servers.Place, intrusiveness: Intrusiveness = Intrusiveness.DEEP) -> SmbFacts:
    zone = loopback_zone(intrusiveness=intrusiveness)
    service = await service_at(place, zone=zone)
    assert SCANNER.applies(service), service
    observation = await look(place, SCANNER, zone=zone, service=service)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, SmbFacts)
    return observation.facts


async def test_a_careless_server(careless: servers.Place) -> None:
    facts = await facts_of(careless)
    assert facts.dialects == ALL
    assert (facts.smb1, facts.signing_required) == (True, False)
    assert (facts.null_session, facts.guest_session, facts.shares_listed) == (True, True, True)
    assert facts.shares == ("obres", "plens", "padro", "IPC$")
    assert facts.open_shares == ("obres", "plens")
    assert facts.writable_shares == ("obres",)
    assert facts.domain_controller is False
    assert (facts.host_name, facts.os_build) == ("ARXIU", "6.1.0")
    assert facts.encryption is True
    assert facts.cipher == "AES-256-GCM" or facts.cipher == "AES-128-GCM"
    assert facts.server_time is not None


async def test_a_server_that_speaks_nothing_but_smb1() -> None:
    settings = FAULTY.replace("= NT1", "= NT1\n server max protocol = NT1")
    with servers.folder_for("nobody") as folder, smbd(folder, settings) as place:
        facts = await facts_of(place)
    assert (facts.null_session, facts.shares_listed, facts.guest_session) == (True, True, None)
    assert facts.shares == ("obres", "plens", "padro", "IPC$")
    assert facts.open_shares == ("obres", "plens")
    assert (facts.native_lan_manager or "").startswith("Samba 4.")
    assert facts.server_time is not None


async def test_a_hardened_server(hardened: servers.Place) -> None:
    facts = await facts_of(hardened)
    assert facts.dialects == ("3.0", "3.0.2", "3.1.1")
    assert (facts.smb1, facts.signing_required) == (False, True)
    assert (facts.guest_session, facts.shares_listed) == (False, False)
    assert facts.shares is None
    assert facts.open_shares is None


async def test_the_same_through_the_netbios_session_service(careless: servers.Place) -> None:
    place = (careless[0], 139)
    service = await service_at(place)
    assert (service.name, service.extra) == ("smb", NETBIOS_SESSION)
    facts = await facts_of(place)
    assert facts.dialects == ALL
    assert facts.open_shares == ("obres", "plens")


async def test_smbclient_sees_the_same_shares(careless: servers.Place) -> None:
    done = subprocess.run(
        ["smbclient", "-g", "-N", "-L", careless[0], "-m", "SMB3"], capture_output=True, text=True, timeout=30, check=True
    )
    listed = {line.split("|")[1] for line in done.stdout.splitlines() if line.startswith(("Disk|", "IPC|"))}
    assert listed == set((await facts_of(careless)).shares or ())


async def test_only_a_deep_look_logs_in_as_a_guest(careless: servers.Place) -> None:
    facts = await facts_of(careless, Intrusiveness.NORMAL)
    assert (facts.null_session, facts.guest_session) == (True, None)
    facts = await facts_of(careless, Intrusiveness.GENTLE)
    assert (facts.null_session, facts.guest_session, facts.shares_listed) == (None, None, None)
    assert facts.dialects == ALL


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (FAULTY.replace("= NT1", "= NT1\n server max protocol = NT1"), ("NT LM 0.12",)),
        (HARDENED.replace("SMB3_00", "SMB2_02\n server max protocol = SMB2_10"), ("2.0.2", "2.1")),
        (HARDENED.replace("SMB3_00", "SMB3_11"), ("3.1.1",)),
    ],
    ids=["NT1", "SMB2", "SMB3.1.1"],
)
async def test_each_dialect_is_asked_for_alone(settings: str, expected: tuple[str, ...]) -> None:
    with servers.folder_for("nobody") as folder, smbd(folder, settings) as place:
        facts = await facts_of(place)
    assert facts.dialects == expected
    assert facts.smb1 is ("NT LM 0.12" in expected)
    assert facts.shares_listed is facts.smb1
    assert facts.signing_required is ("NT LM 0.12" not in expected)


async def test_a_server_with_more_shares_than_one_fragment() -> None:
    many = "".join(f"[carpeta-{number:03}]\n path = FOLDER/share\n comment = {'c' * 100}\n" for number in range(200))
    with servers.folder_for("nobody") as folder, smbd(folder, FAULTY, shares=many) as place:
        facts = await facts_of(place)
    assert facts.shares_listed is True
    assert facts.shares is not None
    assert facts.shares[:2] == ("carpeta-000", "carpeta-001")
    assert len(facts.shares) == shares.MOST_SHARES


async def test_what_is_no_smb(tmp_path: Path) -> None:
    with servers.inetd(tmp_path, ["ADDRESS:chargen stream tcp nowait root internal"]) as address:
        observation = await look((address, 19), SCANNER)
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert (await look(("127.0.0.1", servers.free_port()), SCANNER)).outcome is Outcome.CLOSED
    assert not SCANNER.applies(ServiceFacts(name="http"))
    assert not SCANNER.applies(ServiceFacts())


def test_the_anonymous_login_has_no_name() -> None:
    token = ntlm.anonymous_token()
    message = token[token.index(b"NTLMSSP\0") :]
    lengths = [struct.unpack_from("<H", message, at)[0] for at in range(12, 60, 8)]
    assert lengths == [1, 0, 0, 0, 0, 0]


def test_trouble_of_the_server_is_no_refusal() -> None:
    said = [messages.Answer(1, status, 0, 0, 0, b"") for status in (0, 0xC000006D, 0xC00000E5)]
    assert [messages.granted(answer) for answer in said[:2]] == [True, False]
    with pytest.raises(ProtocolError):
        messages.granted(said[2])
    assert shares.is_fault(bytes.fromhex("05000303100000002000000002000000"))


# Composed as Samba answers: a successful NEGOTIATE of 3.1.1, and the challenge inside a SESSION_SETUP.
NEGOTIATED = (
    b"\xfeSMB\x40\0\1\0\0\0\0\0\0\0\1\0\1\0\0\0" + bytes(44)
    + bytes.fromhex("4100010011030200") + b"arxiu" + bytes(11) + bytes.fromhex("2f000000000080000000800000008000")
    + bytes.fromhex("0080c8a5d05bdc01") + bytes(8) + bytes.fromhex("8000000080000000")
    + bytes.fromhex("0100260000000000010020000100") + bytes(32) + bytes(2)
    + bytes.fromhex("0200040000000000") + bytes.fromhex("01000200")
)  # fmt: skip
TARGET_INFO = b"".join(
    struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le")
    for kind, text in ((2, "VILAMAR"), (1, "ARXIU"), (4, "vilamar.example"), (3, "arxiu.vilamar.example"))
) + bytes(4)
CHALLENGE = (
    b"\xa1\x81\xc0NTLMSSP\0\2\0\0\0" + struct.pack("<HHI", 0, 0, 56) + bytes.fromhex("05828962") + b"12345678" + bytes(8)
    + struct.pack("<HHI", len(TARGET_INFO), len(TARGET_INFO), 56) + bytes.fromhex("0a0063450000000f") + TARGET_INFO
)  # fmt: skip
ACCEPTED_1 = (
    b"\xffSMB\x72"
    + bytes(4)
    + b"\x88\1\xc8"
    + bytes(20)
    + b"\x11\0\0\x03"
    + bytes(20)
    + bytes.fromhex("0080c8a5d05bdc01")
    + bytes(7)
)
RAP_SHARES = (
    b"\xffSMB\x25" + bytes(4) + b"\x88\1\xc0" + bytes(20) + b"\x0a"
    + struct.pack("<HHHHHHHHHBB", 8, 20, 0, 8, 56, 0, 20, 64, 0, 0, 0)
    + b"\x1d\0\0" + struct.pack("<HHHH", 0, 0, 1, 1) + b"obres".ljust(14, b"\0") + struct.pack("<HI", 0, 0)
)  # fmt: skip
SHARES_STUB = (
    struct.pack("<IIIIII", 1, 1, 0x20004, 1, 0x20008, 1) + struct.pack("<III", 0x2000C, 0, 0x20010)
    + struct.pack("<III", 6, 0, 6) + "obres\0".encode("utf-16-le") + struct.pack("<III", 1, 0, 1) + bytes(4)
    + struct.pack("<IIII", 1, 0x20014, 0, 0)
)  # fmt: skip


def test_what_is_known_is_read() -> None:
    said = messages.read_negotiated(messages.read_answer(NEGOTIATED))
    assert (said.dialect, said.security_mode, said.guid[:8]) == (0x0311, 1, "69787261")
    challenge = ntlm.read_challenge(CHALLENGE)
    assert challenge.names["dns_domain_name"] == "vilamar.example"
    assert challenge.names["host_name"] == "ARXIU"
    assert challenge.os_build == "10.0.17763"
    first = smb1.read_negotiate(ACCEPTED_1)
    assert (first.accepted, first.signing_enabled, first.signing_required) == (True, False, False)
    assert shares.read_shares(SHARES_STUB) == (shares.Share("obres", True),)
    assert smb1_session.read_rap_shares(smb1_session.read_answer1(RAP_SHARES, 0x25)) == (shares.Share("obres", True),)
    assert shares.read_shares(struct.pack("<I", 5)) is None


def _mutilated(seed: bytes) -> st.SearchStrategy[bytes]:
    """``seed`` cut short, or with some bytes exchanged."""
    changed = st.lists(st.tuples(st.integers(0, len(seed) - 1), st.integers(0, 255)), max_size=8).map(
        lambda edits: bytes(dict(edits).get(at, byte) for at, byte in enumerate(seed))
    )
    return st.one_of(changed, st.integers(0, len(seed)).map(lambda length: seed[:length]))


def _read_all(data: bytes) -> None:
    answer = messages.read_answer(data)
    for read in (
        messages.read_negotiated,
        messages.read_session_setup,
        messages.output_of_ioctl,
        messages.output_of_read,
    ):
        try:
            read(answer)
        except ProtocolError:
            continue


def _read_1(data: bytes) -> None:
    smb1_session.read_rap_shares(smb1_session.read_answer1(data, 0x25))


READERS = (_read_1, _read_all, ntlm.read_challenge, smb1.read_negotiate, shares.read_shares, shares.fragment, shares.read_bind)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        *(_mutilated(seed) for seed in (NEGOTIATED, CHALLENGE, ACCEPTED_1, SHARES_STUB, RAP_SHARES)),
    )
)
def test_no_answer_breaks_a_parser(read, data: bytes) -> None:  # type: ignore[no-untyped-def]
    with contextlib.suppress(ProtocolError):
        read(data)
