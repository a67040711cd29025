"""IKE against strongSwan's charon in a network namespace, with ike-scan as the oracle; hostile bytes in place of its answers."""

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import ike
from scanners.protocols import ike_messages as messages
from scanners.service_facts import ServiceFacts
from scanners.target import Transport
from tests.scanners import remote_servers as servers
from tests.scanners.looks import look, service_at


def _as_responder(message: bytes) -> bytes:
    """Our own message as the other side would say it: its SPI, and the response flag of version 2."""
    version_2 = message[17] == 0x20
    return message[:8] + b"RESPONSE" + message[16:19] + (b"\x20" if version_2 else message[19:20]) + message[20:]


REAL = (
    _as_responder(messages.FIRST),
    _as_responder(messages.FIRST_1),
    _as_responder(messages.phase_1(messages.AGGRESSIVE, [(7, 256, 2, 1, 14)])),
)


async def facts_of(place: servers.Place) -> ike.IkeFacts:
    service = await service_at(place, transport=Transport.UDP)
    assert ike.SCANNER.applies(service), service
    observation = await look(place, ike.SCANNER, service=service, transport=Transport.UDP)
    assert isinstance(observation.facts, ike.IkeFacts), observation
    return observation.facts


async def test_a_gateway_of_the_last_decade(tmp_path: Path) -> None:
    with servers.charon(tmp_path, servers.IKE_WEAK, aggressive=True) as place:
        facts = await facts_of(place)
    assert facts.versions == ("1", "2")
    assert facts.weak_groups == (2,)
    assert facts.weak_ciphers == ("3des", "md5")
    assert (facts.pre_shared_key, facts.aggressive_mode, facts.hash_disclosed) == (True, True, True)
    assert facts.agreed is not None
    assert "1: aes-cbc, sha1, psk, group 2" in facts.agreed
    assert "2: aes-cbc, sha1, group 2" in facts.agreed


async def test_a_gateway_of_today(tmp_path: Path) -> None:
    with servers.charon(tmp_path, servers.IKE_GOOD) as place:
        facts = await facts_of(place)
        nat = await service_at((place[0], 4500), transport=Transport.UDP)
        observation = await look((place[0], 4500), ike.SCANNER, service=nat, transport=Transport.UDP)
    assert facts == ike.IkeFacts(
        versions=("2",),
        agreed=("2: aes-gcm, sha384, group 15",),
        weak_groups=(),
        weak_ciphers=(),
        pre_shared_key=False,
        aggressive_mode=False,
        hash_disclosed=False,
    )
    assert (nat.name, nat.extra) == ("ike", "NAT traversal")
    assert observation.facts == facts


async def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    """And the hash, which ike-scan would print for a cracker, is in no evidence of ours."""
    with servers.charon(tmp_path, servers.IKE_WEAK, aggressive=True) as place:
        argv = ["ike-scan", "--sport=0", "-A", "--trans=7/128,2,1,2", "--id=talaia", place[0]]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        observation = await look(place, ike.SCANNER, service=ServiceFacts(name="ike"), transport=Transport.UDP)
    assert "Aggressive Mode Handshake returned" in said
    assert "Hash(20 bytes)" in said
    assert isinstance(observation.facts, ike.IkeFacts)
    assert observation.facts.hash_disclosed is True
    assert b"RESPONSE" not in observation.evidence
    assert bytes((messages.AGGRESSIVE,)) != observation.evidence[18:19]


def test_our_own_words_read_as_an_answer() -> None:
    first, main, aggressive = map(messages.read_answer, REAL)
    assert first is not None
    assert main is not None
    assert aggressive is not None
    assert (first.version, first.chosen[messages.ENCRYPTION], first.chosen[messages.GROUP]) == (2, 20, 14)
    assert (main.version, main.chosen[1], main.chosen[3], main.chosen[4]) == (1, 7, 1, 2)
    assert (aggressive.exchange, aggressive.chosen[4], aggressive.hash) == (messages.AGGRESSIVE, 14, False)
    assert messages.read_answer(messages.FIRST) is None  # an echo is no answer
    assert messages.read_answer(messages.FIRST_1) is None


@given(st.sampled_from(REAL), st.integers(0, 700), st.binary(max_size=60))
def test_no_bytes_hurt(real: bytes, at: int, data: bytes) -> None:
    for hostile in (data, messages.SPI + data, real[:at] + data, real[:at] + data + real[at + len(data) :]):
        messages.read_answer(hostile)


async def test_silence_is_no_fact() -> None:
    place = (servers.HERE, servers.free_udp_port())
    observation = await look(place, ike.SCANNER, service=ServiceFacts(name="ike"), transport=Transport.UDP)
    assert observation.outcome in (Outcome.CLOSED, Outcome.TIMEOUT)
