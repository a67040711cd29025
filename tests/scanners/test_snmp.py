"""SNMP against net-snmp's agent with and without communities; messages against pysnmp's encoding; hostile bytes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pydantic import ValidationError
from pysnmp.proto import api

from scanners.observation import Observation, Outcome
from scanners.protocols import snmp
from scanners.protocols.network_gear import says_network_gear
from scanners.protocols.snmp_messages import SYS_DESCR, SYS_OBJECT_ID, get_request, read_engine, read_response
from scanners.service_facts import ServiceFacts
from scanners.services.asn1 import SNMP_DISCOVERY
from scanners.target import Transport
from tests.processes import free_port, running
from tests.scanners.looks import look, loopback_zone, service_at
from tests.scanners.small_servers import HERE, Place

# recorded from net-snmp 5.9.3: its answer to our engine discovery
ENGINE = bytes.fromhex(
    "306d020103300f02024a69020300ffe30401000201030421301f041180001f88800083fe1c872f076b000000000201010201"
    "020400040004003034041180001f88800083fe1c872f076b000000000400a81d020237f00201000201003011300f060a2b06"
    "0106030f01010400410102"
)


@contextmanager
def snmpd(folder: Path, settings: str) -> Iterator[Place]:
    port = free_port()
    config = folder / "snmpd.conf"
    config.write_text(f"agentaddress udp:{HERE}:{port}\nsysName aparell\n{settings}")
    argv = ["snmpd", "-f", "-C", "-c", str(config), "-Lo", "-p", str(folder / "snmpd.pid")]
    with running(argv, log=folder / "snmpd.log", environment={"SNMP_PERSISTENT_DIR": str(folder)}):
        deadline = time.monotonic() + 120
        while "NET-SNMP version" not in (folder / "snmpd.log").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield HERE, port


async def seen(place: Place, *communities: str) -> Observation:
    zone = loopback_zone(snmp_communities=communities)
    service = await service_at(place, transport=Transport.UDP)
    assert snmp.SCANNER.applies(service)
    return await look(place, snmp.SCANNER, zone=zone, service=service, transport=Transport.UDP)


async def facts_of(place: Place, *communities: str) -> snmp.SnmpFacts:
    observation = await seen(place, *communities)
    assert isinstance(observation.facts, snmp.SnmpFacts), observation
    return observation.facts


async def test_an_agent_that_takes_public(tmp_path: Path) -> None:
    with snmpd(tmp_path, "rocommunity public\nsysDescr Cisco IOS Software, C2960 Software\n") as place:
        facts = await facts_of(place, "private", "public")
    assert facts.versions == ("1", "2c", "3")
    assert facts.communities == ("public",)
    assert (facts.community_accepted, facts.default_community, facts.network_device) == (True, True, True)
    assert facts.sys_descr == "Cisco IOS Software, C2960 Software"
    assert facts.sys_name == "aparell"
    assert (facts.enterprise, facts.maker) == (8072, "Net-SNMP")


async def test_a_community_of_the_zone_s_own_is_written_nowhere(tmp_path: Path) -> None:
    kept = tmp_path / "community"
    kept.write_text("G3heim-vilamar\n")
    with snmpd(tmp_path, "rocommunity G3heim-vilamar\n") as place:
        observation = await seen(place, "public", f"file:{kept}")
    assert isinstance(observation.facts, snmp.SnmpFacts)
    assert (observation.facts.community_accepted, observation.facts.default_community) == (True, False)
    assert observation.facts.communities == ("(one that the zone lists)",)
    assert "G3heim" not in repr(observation)
    assert b"G3heim" not in observation.evidence
    kept.unlink()
    other = tmp_path / "other"
    other.mkdir()
    with snmpd(other, "rocommunity public\n") as place:
        missing = await seen(place, f"file:{kept}")
    assert (missing.outcome, missing.detail) == (
        Outcome.ERROR,
        f"SecretError: the secret file:{kept} could not be read: No such file or directory",
    )


def test_a_community_of_one_s_own_is_named_by_its_place_only() -> None:
    with pytest.raises(ValidationError, match="write where it is") as refused:
        loopback_zone(snmp_communities=("G3heim-vilamar",))
    assert "G3heim" not in str([error["msg"] for error in refused.value.errors()])


async def test_an_agent_of_version_3_only(tmp_path: Path) -> None:
    with snmpd(tmp_path, "rouser talaia priv\n") as place:
        facts = await facts_of(place, "public", "private")
        unasked = await facts_of(place)
    assert (facts.versions, facts.community_accepted, facts.default_community) == (("3",), False, False)
    assert facts.communities == ()
    assert facts.sys_descr is None
    assert facts.engine_id
    assert (unasked.versions, unasked.community_accepted, unasked.default_community) == (("3",), None, None)


async def test_silence_is_no_fact() -> None:
    observation = await look((HERE, free_port()), snmp.SCANNER, service=ServiceFacts(name="snmp"), transport=Transport.UDP)
    assert observation.outcome in (Outcome.CLOSED, Outcome.TIMEOUT)


def test_a_zone_lists_sixteen_communities_at_most() -> None:
    with pytest.raises(ValidationError):
        loopback_zone(snmp_communities=tuple(f"env:C{number}" for number in range(17)))


@pytest.mark.parametrize(("version", "module"), [(0, api.SNMP_VERSION_1), (1, api.SNMP_VERSION_2C)])
def test_our_messages_are_those_of_pysnmp(version: int, module: int) -> None:
    proto = api.PROTOCOL_MODULES[module]
    asked, rest = decoder.decode(get_request(version, "public", 77), asn1Spec=proto.Message())
    assert not rest
    assert proto.apiMessage.get_community(asked) == b"public"
    pdu = proto.apiMessage.get_pdu(asked)
    assert [str(name) for name, _ in proto.apiPDU.get_varbinds(pdu)][:2] == [SYS_DESCR, SYS_OBJECT_ID]
    answer = proto.apiMessage.get_response(asked)
    values = [
        ((1, 3, 6, 1, 2, 1, 1, 1, 0), proto.OctetString("RouterOS RB750")),
        ((1, 3, 6, 1, 2, 1, 1, 2, 0), proto.ObjectIdentifier("1.3.6.1.4.1.14988.1")),
    ]
    proto.apiPDU.set_varbinds(proto.apiMessage.get_pdu(answer), values)
    read = read_response(encoder.encode(answer))
    assert read is not None
    assert (read.version, read.request_id, read.error) == (version, 77, 0)
    assert read.values == {SYS_DESCR: b"RouterOS RB750", SYS_OBJECT_ID: "1.3.6.1.4.1.14988.1"}


def test_an_engine_is_read() -> None:
    engine = read_engine(ENGINE)
    assert engine is not None
    assert (engine.enterprise, engine.seconds) == (8072, 2)


@given(st.binary(max_size=80), st.integers(0, 104))
def test_no_bytes_hurt(data: bytes, at: int) -> None:
    for hostile in (data, ENGINE[:at] + data, ENGINE[:at] + data + ENGINE[at + len(data) :], SNMP_DISCOVERY[:at] + data):
        read_response(hostile)
        read_engine(hostile)


@pytest.mark.parametrize(
    ("text", "number", "gear"),
    [
        ("Linux vilamar 6.1.0-18-amd64", 8072, False),
        ("HP ETHERNET MULTI-ENVIRONMENT", 11, False),
        ("ProCurve J9019B Switch 2510B-24", 11, True),
        ("", 14988, True),
        (None, None, False),
    ],
)
def test_what_is_network_gear(text: str | None, number: int | None, gear: bool) -> None:
    assert says_network_gear(text, number) is gear
