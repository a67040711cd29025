"""Controllers: each is asked its one identification request where the zone allows it, and where not is sent nothing at all.

Real servers behind a relay that keeps every byte: pymodbus, python-snap7, bacpypes3, c104 and cpppo. DNP3 has no server
to be had: a simulator of its link layer stands for it (tests/city/controllers.py).
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.door import Door
from scanners.observation import Facts, Outcome
from scanners.plan import Endpoint, look_units
from scanners.ports import LISTEN_ONLY
from scanners.probe import Probe
from scanners.protocols import bacnet, bacnet_packets, dnp3, ethernet_ip, iec104, modbus, s7, s7_packets
from scanners.scanner import Scanner, allowed_in
from scanners.service_facts import ServiceFacts
from scanners.services.heard import Heard as HeardAnswer
from scanners.services.industrial import IDENTIFICATIONS, IDENTIFICATIONS_UDP
from scanners.target import Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.city import controllers
from tests.processes import running
from tests.scanners import small_servers as servers
from tests.scanners.looks import look, loopback_zone
from tests.scanners.relays import Heard, datagram_relay, relay

SCANNERS: dict[str, Scanner] = {
    "modbus": modbus.SCANNER,
    "s7": s7.SCANNER,
    "bacnet": bacnet.SCANNER,
    "iec104": iec104.SCANNER,
    "ethernet-ip": ethernet_ip.SCANNER,
    "dnp3": dnp3.SCANNER,
}
SZL = s7_packets.read_szl
READ = [bacnet_packets.read_property(number, 1207) for number in (77, 121, 70, 44)]
# What a first look, and then the scanner, may have said: each item is one connection, or one datagram.
ALLOWED: dict[str, list[bytes]] = {
    "modbus": [modbus.IDENTIFY, modbus.IDENTIFY],
    "s7": [s7_packets.CONNECT, s7_packets.CONNECT + s7_packets.SETUP + SZL(0x0011) + SZL(0x001C)],
    "bacnet": [bacnet_packets.WHICH_DEVICE, bacnet_packets.WHICH_DEVICE, bacnet_packets.WHO_IS, *READ],
    "iec104": [iec104.TEST_ACT, iec104.TEST_ACT],
    "ethernet-ip": [ethernet_ip.LIST_IDENTITY, ethernet_ip.LIST_IDENTITY],
    "dnp3": [dnp3.REQUEST_LINK_STATUS, dnp3.REQUEST_LINK_STATUS],
}
SAID: dict[str, Facts] = {
    "modbus": modbus.ModbusFacts(identified=True, unit=255, vendor="Schneider Electric", product="TM221CE40R", revision="V1.10"),
    "s7": s7.S7Facts(identified=True, vendor="Siemens", order_number="6ES7 315-2EH14-0AB0"),
    "bacnet": bacnet.BacnetFacts(
        identified=True, instance=1207, name="Clima-Ajuntament", vendor="Prova Controls", product="BC-20", firmware="4.2.1"
    ),
    "iec104": iec104.Iec104Facts(identified=True),
    "ethernet-ip": ethernet_ip.EthernetIpFacts(
        identified=True, vendor="Rockwell Automation/Allen-Bradley", product="1756-L61/B LOGIX5561", revision="20.11"
    ),
    "dnp3": dnp3.Dnp3Facts(identified=True, station=10, said="link status"),
}
every_kind = pytest.mark.parametrize("kind", list(controllers.USUAL))


@asynccontextmanager
async def controller(kind: str, folder: Path) -> AsyncIterator[tuple[Endpoint, Heard]]:
    """The server of ``kind`` behind a recording relay on its usual port."""
    port, front, behind = controllers.USUAL[kind], servers.own_address(), servers.own_address()
    udp = kind == "bacnet"
    with running(controllers.command(kind, behind), listens=None if udp else (behind, port), log=folder / "log"):
        async with AsyncExitStack() as stack:
            if udp:
                servers.wait_for_udp(behind, port)
                heard = await stack.enter_async_context(datagram_relay((front, port), (behind, port)))
            else:
                heard = await stack.enter_async_context(relay((front, port), (behind, port)))
            yield Endpoint(address=front, port=port, transport=Transport.UDP if udp else Transport.TCP), heard


@every_kind
@pytest.mark.parametrize("intrusiveness", [Intrusiveness.GENTLE, Intrusiveness.DEEP])
async def test_a_controller_is_asked_to_identify_itself_and_nothing_else(
    kind: str, intrusiveness: Intrusiveness, tmp_path: Path
) -> None:
    zone = loopback_zone(identify_industrial=True, intrusiveness=intrusiveness)
    async with controller(kind, tmp_path) as (endpoint, heard):
        (unit,) = look_units(zone.id, [endpoint])
        seen = {item.scanner: item async for item in Probe(Door([zone]), nmap=True).look(unit)}
    scanner = SCANNERS[kind]
    assert seen.keys() == {"service", scanner.name}
    assert seen[scanner.name].facts == SAID[kind]
    assert heard.said == ALLOWED[kind]


@every_kind
@pytest.mark.parametrize("intrusiveness", [Intrusiveness.GENTLE, Intrusiveness.NORMAL, Intrusiveness.DEEP])
async def test_a_controller_of_another_zone_receives_not_one_byte(
    kind: str, intrusiveness: Intrusiveness, tmp_path: Path
) -> None:
    zone = loopback_zone(intrusiveness=intrusiveness)
    async with controller(kind, tmp_path) as (endpoint, heard):
        (unit,) = look_units(zone.id, [endpoint])
        (seen,) = [item async for item in Probe(Door([zone]), nmap=True).look(unit)]
    assert heard.said == []
    if endpoint.transport is Transport.UDP:
        assert (seen.outcome, heard.datagrams) == (Outcome.REFUSED_BY_SCOPE, [])
    else:
        assert isinstance(seen.facts, ServiceFacts)
        assert (seen.facts.name, seen.facts.presumed) == (None, LISTEN_ONLY[endpoint.port])


async def test_ethernet_ip_over_udp(tmp_path: Path) -> None:
    address = servers.own_address()
    zone = loopback_zone(identify_industrial=True)
    with running(controllers.command("ethernet-ip", address), listens=(address, 44818), log=tmp_path / "log"):
        first = await look((address, 44818), zone=zone, transport=Transport.UDP)
        assert isinstance(first.facts, ServiceFacts)
        assert first.facts.name == "ethernet-ip"
        second = await look((address, 44818), ethernet_ip.SCANNER, zone=zone, service=first.facts, transport=Transport.UDP)
    assert second.facts == SAID["ethernet-ip"]


@every_kind
def test_a_scanner_of_controllers_needs_its_zones_word(kind: str) -> None:
    scanner = SCANNERS[kind]
    assert not allowed_in(scanner, loopback_zone(intrusiveness=Intrusiveness.DEEP))
    assert allowed_in(scanner, loopback_zone(intrusiveness=Intrusiveness.GENTLE, identify_industrial=True))
    assert not scanner.applies(ServiceFacts())
    assert not scanner.applies(ServiceFacts(name="http"))


# Answers of the real servers, as seeds.
MODBUS = bytes.fromhex("ff2b0e018300000300125363686e656964657220456c656374726963010a544d3232314345343052020556312e3130")
BACNET_NAME = bytes.fromhex("810a0025010030010c0c020004b7194d3e75110043") + b"lima-Ajuntament\x3f"
ENIP = bytes.fromhex(
    "63003c00000000000000000000000000000000000000000001000c00360001000002af1200000000000000000000000001000e003600140b60311a066c00"
    "14313735362d4c36312f42204c4f47495835353631ff"
)
BACNET_I_AM = bytes.fromhex("810a001401001000c4020004b722040091032203e7")
SZL_ORDER = bytes.fromhex(
    "02f080320700000000000c0026000112081284010000000000ff09002200110000001a00010001364553372033"
    "31352d32454831342d304142300000030300"
)
DNP3_STATUS = bytes.fromhex("0564050b00040a006549")


def test_an_exception_is_modbus_too() -> None:
    assert modbus.is_answer(b"TA\0\0\0\x03\xff\xab\x01")
    assert modbus.read_answer(b"\xff\xab\x0b") == modbus.ModbusFacts(identified=True, exception=0x0B)
    assert not modbus.is_answer(b"TB\0\0\0\x03\xff\xab\x01")


def test_the_firmware_of_a_module() -> None:
    firmware = b"6ES7 315-2EH14-0AB0 \0\xc0V\x03\x02\x06"
    facts = s7.module_facts({1: b"6ES7 315-2EH14-0AB0 \0\xc0\0\x03\0\x01", 7: firmware}, {7: b"CPU 315-2 PN/DP".ljust(32, b"\0")})
    assert (facts.firmware, facts.product, facts.vendor) == ("V3.2.6", "CPU 315-2 PN/DP", "Siemens")


def test_the_crc_of_dnp3_is_that_of_the_standard() -> None:
    """The worked example of IEEE 1815 that its implementations carry: a link reset."""
    assert dnp3.header(0xC0, 1, 0x0400)[8:] == dnp3.crc(bytes.fromhex("056405c001000004"))
    assert dnp3.crc(bytes.fromhex("056405c001000004")) == bytes.fromhex("e921")
    assert len(dnp3.REQUEST_LINK_STATUS) == 10 * len(dnp3.STATIONS)


READERS = {
    "modbus": (modbus.read_answer, MODBUS),
    "dnp3": (dnp3.read_answer, DNP3_STATUS),
    "ethernet-ip": (ethernet_ip.read_answer, ENIP),
    "bacnet": (lambda data: bacnet_packets.text_of(bacnet_packets.read_value(data, 77)), BACNET_NAME),
    "bacnet-i-am": (
        bacnet_packets.instance_of_i_am,
        BACNET_I_AM,
    ),
    "s7": (s7_packets.szl_records, SZL_ORDER),
    "s7-setup": (lambda data: (s7_packets.is_setup(data), s7_packets.is_confirm(data)), s7_packets.SETUP[4:]),
}


def test_the_seeds_are_read() -> None:
    assert bacnet_packets.text_of(bacnet_packets.read_value(BACNET_NAME, 77)) == "Clima-Ajuntament"
    assert bacnet_packets.instance_of_i_am(BACNET_I_AM) == 1207
    assert ethernet_ip.read_answer(ENIP) == SAID["ethernet-ip"]
    assert modbus.read_answer(MODBUS) == SAID["modbus"]
    assert dnp3.read_answer(DNP3_STATUS) == SAID["dnp3"]
    assert list(s7_packets.szl_records(SZL_ORDER)) == [1]


@pytest.mark.parametrize("name", list(READERS))
@given(noise=st.binary(max_size=300), cut=st.integers(0, 120), at=st.integers(0, 119), byte=st.integers(0, 255))
def test_no_answer_breaks_a_reader(name: str, noise: bytes, cut: int, at: int, byte: int) -> None:
    read, seed = READERS[name]
    changed = bytearray(seed)
    changed[at % len(changed)] = byte
    for data in (noise, seed[:cut], bytes(changed), seed + noise, bytes(changed[:cut]) + noise):
        try:
            read(data)
        except ProtocolError:
            continue


@given(noise=st.binary(max_size=300))
def test_no_answer_breaks_the_first_look(noise: bytes) -> None:
    for question in (*IDENTIFICATIONS.values(), *IDENTIFICATIONS_UDP.values()):
        for data in (noise, question.payload + noise, noise[:9] + question.payload):
            facts = question.read(HeardAnswer(data))
            assert facts is None or facts.name == question.name
