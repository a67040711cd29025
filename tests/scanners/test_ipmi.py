"""IPMI against OpenIPMI's ipmi_sim and pyghmi's controller, and by the specification where neither does it."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import ipmi
from scanners.protocols import ipmi_messages as messages
from scanners.protocols.ipmi_messages import SUITE_0, SUITE_3
from scanners.raw.payloads import PAYLOADS
from scanners.service_facts import ServiceFacts
from scanners.target import Transport
from scanners.zone import Intrusiveness
from tests.scanners import remote_servers as servers
from tests.scanners.looks import look, loopback_zone, service_at

NAMELESS = 'user 1 true "" "test" admin 10 none md2 md5 straight\n'
NAMED = 'user 2 true "ops" "not-in-a-list" admin 10 md5\n'


async def facts_of(place: servers.Place, intrusiveness: Intrusiveness = Intrusiveness.NORMAL) -> ipmi.IpmiFacts:
    service = await service_at(place, transport=Transport.UDP)
    assert ipmi.SCANNER.applies(service), service
    zone = loopback_zone(intrusiveness=intrusiveness)
    observation = await look(place, ipmi.SCANNER, zone=zone, service=service, transport=Transport.UDP)
    assert isinstance(observation.facts, ipmi.IpmiFacts), observation
    return observation.facts


async def test_a_controller_with_a_nameless_user(tmp_path: Path) -> None:
    with servers.ipmi_sim(tmp_path, auths="none md2 md5 straight", users=NAMELESS + NAMED) as place:
        facts = await facts_of(place)
        gentle = await facts_of(place, Intrusiveness.GENTLE)
    assert facts.version_2 is True
    assert facts.methods == ("none", "md2", "md5", "password")
    assert (facts.anonymous, facts.null_user, facts.cipher_zero) == (True, True, True)
    assert facts.hash_disclosed is True
    assert gentle.hash_disclosed is None


async def test_a_controller_with_named_users_only(tmp_path: Path) -> None:
    """ipmi_sim grants a session without authentication whatever its configuration says."""
    with servers.ipmi_sim(tmp_path, auths="md5", users=NAMED) as place:
        facts = await facts_of(place)
    assert facts == ipmi.IpmiFacts(
        version_2=True,
        methods=("md5",),
        anonymous=False,
        null_user=False,
        per_message_authentication=True,
        cipher_zero=True,
        hash_disclosed=False,
    )


async def test_the_hash_is_kept_nowhere(tmp_path: Path) -> None:
    with servers.ipmi_sim(tmp_path, auths="md5", users=NAMELESS) as place:
        observation = await look(place, ipmi.SCANNER, service=ServiceFacts(name="ipmi"), transport=Transport.UDP)
    assert isinstance(observation.facts, ipmi.IpmiFacts)
    assert observation.facts.hash_disclosed is True
    assert messages.tells_hash(observation.evidence, SUITE_3) is None
    assert bytes((6, messages.RAKP_2)) not in observation.evidence


async def test_a_controller_that_declines_cipher_zero_and_ignores_the_nameless(tmp_path: Path) -> None:
    with servers.bmc(tmp_path) as place:
        facts = await facts_of(place)
    assert (facts.version_2, facts.methods, facts.anonymous) == (True, (), False)
    assert facts.cipher_zero is False
    assert facts.hash_disclosed is None


REAL = (  # in the form of the specification: capabilities, a session opened, and RAKP message 2 that refuses the user
    bytes.fromhex("0600ff07000000000000000000107f1c6520003800018404020000000019"),
    messages._plus(messages.OPEN_RESPONSE, b"\1\0\4\0TALA\1\2\3\4" + messages.open_session(SUITE_3)[-24:]),
    messages._plus(messages.RAKP_2, b"\1\x0d\0\0TALA"),
)


@given(st.sampled_from(REAL), st.integers(0, 60), st.binary(max_size=40))
def test_no_bytes_hurt(real: bytes, at: int, data: bytes) -> None:
    for hostile in (data, real[:at] + data, real[:at] + data + real[at + len(data) :]):
        messages.read_capabilities(hostile)
        messages.read_opened(hostile, SUITE_0)
        messages.tells_hash(hostile, SUITE_3)


def test_answers_by_the_specification() -> None:
    opened = messages.read_opened(REAL[1], SUITE_3)
    assert opened == messages.Opened(0, b"\1\2\3\4")
    assert messages.read_opened(REAL[1], SUITE_0) == messages.Opened(0xFF, b"")
    refused = messages._plus(messages.OPEN_RESPONSE, b"\1\x11\0\0TALA")
    assert messages.read_opened(refused, SUITE_0) == messages.Opened(0x11, b"")
    assert messages.tells_hash(REAL[2], SUITE_3) is False
    assert messages.tells_hash(messages._plus(messages.RAKP_2, b"\1\0\0\0TALA" + bytes(52)), SUITE_3) is True
    assert messages.tells_hash(messages._plus(messages.RAKP_2, b"\1\0\0\0TALA" + bytes(32)), SUITE_3) is False
    assert PAYLOADS[623] == messages.CAPABILITIES


async def test_silence_is_no_fact() -> None:
    place = (servers.HERE, servers.free_udp_port())
    observation = await look(place, ipmi.SCANNER, service=ServiceFacts(name="ipmi"), transport=Transport.UDP)
    assert observation.outcome in (Outcome.CLOSED, Outcome.TIMEOUT)
