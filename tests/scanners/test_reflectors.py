"""What answers more than it was asked: NTPsec, chrony, nmbd, miniupnpd, libcoap,
rpcbind, memcached, snmpd, a domain controller, inetd's chargen.

Two are no real servers: old ntpd with its monitor list (Debian has none any more), and mDNS. Both are a parrot with the answers
that the protocols' own papers show.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.door import Door
from scanners.observation import Facts, Outcome
from scanners.protocols import coap, netbios, ntp, reflector, smb, upnp
from scanners.scanner import Occasion, OfSomeTargets, Scanner, observe
from scanners.service_facts import ServiceFacts
from scanners.services import SERVICE, asn1, reflections
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone
from tests.namespaces import Namespace
from tests.processes import running, wait_for_port
from tests.scanners import small_servers as servers
from tests.scanners import udp_servers as udp
from tests.scanners.domain_controller import samba_command
from tests.scanners.looks import look, loopback_zone, service_at
from tests.scanners.smb_servers import HARDENED, nmbd_command, smbd_command

ALL: tuple[Scanner, ...] = (ntp.SCANNER, netbios.SCANNER, reflector.SCANNER, upnp.SCANNER, coap.SCANNER)
ZONE = loopback_zone(networks=("10.77.9.0/24",))


async def facts_at(place: tuple[str, int], scanner: Scanner, zone: Zone | None = None) -> Facts:
    """First look, then the scanner; a server that has just been started is given some time."""
    zone = zone or loopback_zone()
    gentle = zone.model_copy(update={"intrusiveness": Intrusiveness.GENTLE})
    deadline = time.monotonic() + 60
    while True:
        # gently: a first datagram that is lost while the cable comes up must not bring all the other questions
        first = await look(place, SERVICE, zone=gentle, transport=Transport.UDP)
        if first.outcome is Outcome.OBSERVED or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.1)
    assert isinstance(first.facts, ServiceFacts), first
    assert scanner.applies(first.facts), first.facts
    found = await look(place, scanner, zone=zone, service=first.facts, transport=Transport.UDP)
    assert found.facts is not None, found
    return found.facts


@contextlib.contextmanager
def housed(make: Callable[[Path, Namespace], list[list[str]]]):  # type: ignore[no-untyped-def]
    """The servers of ``make`` in a house, and this thread where it is looked at from."""
    with servers.folder_for("nobody") as folder, udp.house() as (home, probe), contextlib.ExitStack() as stack:
        for number, command in enumerate(make(folder, home)):
            stack.enter_context(running(home.argv(*command), log=folder / f"server-{number}.log"))
        with probe.entered():
            yield


@asynccontextmanager
async def parrot(answers: dict[bytes, list[bytes]]) -> AsyncIterator[tuple[str, int]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: udp.Parrot(answers), local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()


def test_they_ask_over_udp_and_no_strangers() -> None:
    for scanner in ALL:
        assert isinstance(scanner, OfSomeTargets)
        assert scanner.wanted_at(Target(address="127.0.0.1", port=19, transport=Transport.UDP), ZONE)
        assert not scanner.wanted_at(Target(address="127.0.0.1", port=19), ZONE)
        assert not scanner.applies(ServiceFacts())
        assert not scanner.applies(ServiceFacts(name="unknown"))


async def test_ntpsec_that_answers_control_requests() -> None:
    with housed(lambda folder, _: [udp.ntpsec_command(folder)]):
        facts = await facts_at((udp.HOUSE, 123), ntp.SCANNER, ZONE)
    assert isinstance(facts, ntp.NtpFacts)
    assert (facts.mode6, facts.monlist) == (True, False)
    assert facts.factor is not None
    assert facts.factor > 20
    assert (facts.version or "").startswith("ntpd ntpsec-")


async def test_ntpsec_that_does_not() -> None:
    with housed(lambda folder, _: [udp.ntpsec_command(folder, udp.SHUT_NTP)]):
        facts = await facts_at((udp.HOUSE, 123), ntp.SCANNER, ZONE)
    assert facts == ntp.NtpFacts(mode6=False, monlist=False, factor=0.0, bytes_received=0, stratum=getattr(facts, "stratum", 0))


async def test_chrony_gives_the_time_only() -> None:
    with housed(lambda folder, _: [udp.chrony_command(folder)]):
        facts = await facts_at((udp.HOUSE, 123), ntp.SCANNER, ZONE)
    assert facts == ntp.NtpFacts(mode6=False, monlist=False, factor=0.0, bytes_received=0, stratum=5)


async def test_an_old_ntpd_with_its_monitor_list() -> None:
    """A simulator: no package of Debian's answers mode 7 any more."""
    async with parrot(udp.monitored_ntpd()) as place:
        facts = await look(place, ntp.SCANNER, service=ServiceFacts(name="ntp"), transport=Transport.UDP)
    assert facts.facts == ntp.NtpFacts(mode6=False, monlist=True, factor=5500.0, bytes_received=44000, stratum=2)


async def test_an_error_to_control_requests_is_no_answer() -> None:
    refusal = bytes.fromhex("16c200010000000000000000")
    assert ntp.read_answers(bytes(48), [refusal], [bytes.fromhex("9700032a40000000")]).mode6 is False
    assert ntp.read_answers(bytes(48), [], [bytes.fromhex("9700032a40000000")]).monlist is False


async def test_samba_names_itself() -> None:
    def samba(folder: Path, _: Namespace) -> list[list[str]]:
        smbd_command(folder, udp.HOUSE, HARDENED.replace("server min", "workgroup = VILAMAR\n server min"))
        (folder / "smb.conf").write_text((folder / "smb.conf").read_text().replace(f"{udp.HOUSE}/16", f"{udp.HOUSE}/24"))
        return [nmbd_command(folder)]

    with housed(samba):
        facts = await facts_at((udp.HOUSE, 137), netbios.SCANNER, ZONE)
        counted = await facts_at((udp.HOUSE, 137), reflector.SCANNER, ZONE)
    assert isinstance(facts, netbios.NetbiosFacts)
    assert (facts.host_name, facts.workgroup, facts.mac) == ("ARXIU", "VILAMAR", None)
    assert facts.file_server is True
    assert "ARXIU<20>" in (facts.names or ())
    assert isinstance(counted, reflector.ReflectorFacts)
    assert counted.bytes_sent == 50
    assert (counted.factor or 0) > 1


async def test_a_router_with_upnp() -> None:
    with housed(lambda folder, _: [udp.miniupnpd_command(folder, f"{udp.HOUSE}/24")]):
        facts = await facts_at((udp.HOUSE, 1900), upnp.SCANNER, ZONE)
        counted = await facts_at((udp.HOUSE, 1900), reflector.SCANNER, ZONE)
    assert isinstance(facts, upnp.UpnpFacts)
    assert facts.answers is True
    assert facts.described is True
    assert (facts.manufacturer, facts.model, facts.friendly_name) == ("Exemple", "R1", "Encaminador")
    assert facts.port_mapping is True
    assert "WANIPConnection:2" in (facts.services or ())
    assert "MiniUPnPd" in (facts.server or "")
    assert isinstance(counted, reflector.ReflectorFacts)
    assert (counted.packets or 0) > 3
    assert (counted.factor or 0) > 10


@pytest.mark.parametrize("elsewhere", ["http://10.77.9.9/x.xml", "http://[::1", "file:///etc/passwd", "http://other.example/"])
async def test_a_description_elsewhere_is_not_fetched(elsewhere: str) -> None:
    """A door with one zone would refuse another address; it is not even asked."""
    answer = f"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: {elsewhere}\r\nSERVER: x\r\n\r\n".encode()
    async with parrot({b"M-SEARCH": [answer]}) as place:
        door = Door([loopback_zone()])
        target = Target(address=place[0], port=place[1], transport=Transport.UDP)
        seen = await observe(upnp.SCANNER, target, Occasion(door=door, zone=door.zones[0], service=ServiceFacts(name="ssdp")))
    assert isinstance(seen.facts, upnp.UpnpFacts)
    assert (seen.facts.answers, seen.facts.described, seen.facts.location) == (True, False, elsewhere)


async def test_a_sensor_lists_its_resources() -> None:
    with housed(lambda *_: [udp.coap_command(udp.HOUSE)]):
        facts = await facts_at((udp.HOUSE, 5683), coap.SCANNER, ZONE)
        counted = await facts_at((udp.HOUSE, 5683), reflector.SCANNER, ZONE)
    assert facts == coap.CoapFacts(code="2.05", listed=True, resources=("/", "/time", "/async", "/example_data"))
    assert isinstance(counted, reflector.ReflectorFacts)
    assert (counted.protocol, counted.packets) == ("coap", 1)


async def test_chargen_answers_a_byte_with_a_screen(tmp_path: Path) -> None:
    lines = ["ADDRESS:chargen dgram udp wait root internal", "ADDRESS:chargen stream tcp nowait root internal"]
    with servers.inetd(tmp_path, lines) as address:
        facts = await facts_at((address, 19), reflector.SCANNER)
    assert isinstance(facts, reflector.ReflectorFacts)
    assert (facts.protocol, facts.bytes_sent, facts.packets) == ("chargen", 1, 1)
    assert (facts.factor or 0) > 50


async def test_memcached_over_udp() -> None:
    port = servers.free_port()
    argv = ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(port), "-U", str(port)]
    with running(argv, listens=("127.0.0.1", port)):
        facts = await facts_at(("127.0.0.1", port), reflector.SCANNER)
    assert isinstance(facts, reflector.ReflectorFacts)
    assert (facts.protocol, facts.request) == ("memcached", "stats")
    assert (facts.factor or 0) > 50


async def test_the_portmapper_lists_its_programs() -> None:
    with housed(lambda *_: [["rpcbind", "-f", "-h", udp.HOUSE]]):
        facts = await facts_at((udp.HOUSE, 111), reflector.SCANNER, ZONE)
    assert isinstance(facts, reflector.ReflectorFacts)
    assert (facts.protocol, facts.request) == ("rpcbind", "DUMP")
    assert (facts.factor or 0) > 2


@pytest.mark.parametrize(
    ("community", "listed", "factor"),
    [("public", (), (1, 3)), ("public", ("private", "public"), (20, 999)), ("d-aqui", ("public", "d-aqui"), (1, 3))],
    ids=["no community listed", "everybody's community", "the city's own community"],
)
async def test_snmp_is_measured_with_what_strangers_know(
    tmp_path: Path, community: str, listed: tuple[str, ...], factor: tuple[int, int]
) -> None:
    (tmp_path / "snmpd.conf").write_text(f"agentAddress udp:{udp.HOUSE}:161\nrocommunity {community}\n")
    command = ["snmpd", "-f", "-Lo", "-C", "-c", str(tmp_path / "snmpd.conf"), "-p", str(tmp_path / "pid")]
    zone = ZONE.model_copy(update={"snmp_communities": listed})
    with housed(lambda *_: [command]):
        facts = await facts_at((udp.HOUSE, 161), reflector.SCANNER, zone)
    assert isinstance(facts, reflector.ReflectorFacts)
    assert facts.protocol == "snmp"
    assert factor[0] < (facts.factor or 0) < factor[1]
    assert "d-aqui" not in repr(facts)


ROOT_DSE = asn1.tlv(
    0x30,
    asn1.tlv(2, b"\1")
    + asn1.tlv(0x64, asn1.tlv(4, b"") + asn1.tlv(0x30, asn1.tlv(0x30, asn1.tlv(4, b"supportedControl") + asn1.tlv(0x31, b"".join(
        asn1.tlv(4, f"1.2.840.113556.1.4.{number}".encode()) for number in range(319, 430)
    ))))),
)  # fmt: skip


async def test_a_domain_controller() -> None:
    """Samba as Active Directory: over CLDAP; and over SMB, where logins fail for a reason of its own, which is no refusal."""
    with housed(lambda folder, _: [samba_command(folder, udp.HOUSE, 24)]):
        wait_for_port(udp.HOUSE, 445)
        counted = await facts_at((udp.HOUSE, 389), reflector.SCANNER, ZONE)
        files = (await look((udp.HOUSE, 445), smb.SCANNER, zone=ZONE, service=ServiceFacts(name="smb"))).facts
    assert isinstance(counted, reflector.ReflectorFacts)
    assert (counted.protocol, counted.packets) == ("cldap", 1)
    assert (counted.factor or 0) > 30
    assert isinstance(files, smb.SmbFacts)
    assert (files.dns_domain_name, files.smb1, files.signing_required) == ("vilamar.example", False, True)
    assert (files.null_session, files.shares_listed) == (None, None)


async def test_silence_is_not_a_factor_of_zero_for_ntp_and_is_one_for_others() -> None:
    async with parrot({}) as place:
        assert (await look(place, ntp.SCANNER, transport=Transport.UDP)).outcome is Outcome.TIMEOUT
        service = ServiceFacts(name="cldap")
        seen = await look(place, reflector.SCANNER, service=service, transport=Transport.UDP)
    assert seen.outcome is Outcome.TIMEOUT


async def test_mdns_is_recognised() -> None:
    """Composed as avahi answers a client that is no responder (one kind of service)."""
    answer = reflections.MDNS_SERVICES[:2] + bytes.fromhex("84000001000100000000") + reflections.MDNS_SERVICES[12:]
    answer += bytes.fromhex("c00c000c00010000000a0010") + b"\x0c_workstation\x04_tcp"[:16]
    async with parrot({reflections.MDNS_SERVICES: [answer]}) as place:
        assert (await service_at(place, transport=Transport.UDP)).name == "mdns"
        facts = await facts_at(place, reflector.SCANNER)
    assert isinstance(facts, reflector.ReflectorFacts)
    assert facts.factor == round(len(answer) / len(reflections.MDNS_SERVICES), 1)


DESCRIPTION = (
    b'<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><manufacturer>M</manufacturer><serviceList>'
    b"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType></service></serviceList></device></root>"
)
BOMB = b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><root><manufacturer>&d;</manufacturer></root>'
NAMES = (
    reflections.NODE_STATUS[:2] + bytes.fromhex("84000000000100000000") + reflections.NODE_STATUS[12:]
    + bytes.fromhex("00000000005302") + b"ARXIU          \x20\x04\0" + b"VILAMAR        \0\x84\0" + bytes(46)
)  # fmt: skip
CORE = bytes.fromhex("64455442") + b"tala\xc1(\xff</>;ct=0,</time>"


def test_a_description_is_read_and_a_bomb_is_not() -> None:
    assert upnp.described(DESCRIPTION) == {"manufacturer": "M", "services": ("WANIPConnection:1",)}
    assert upnp.described(BOMB) == {}
    assert netbios.read_names(NAMES).names == ("ARXIU<20>", "VILAMAR<00>")
    assert coap.read_core(CORE).resources == ("/", "/time")


def _read_ntp(data: bytes) -> object:
    return ntp.read_answers(data[:48].ljust(48, b"\0"), [data], [data])


READERS = (
    _read_ntp,
    netbios.read_names,
    coap.read_core,
    upnp.described,
    reflections.read_ssdp,
    reflections.ssdp_headers,
    reflections.read_mdns,
    reflections.read_coap,
    reflections.read_cldap,
)
SEEDS = (NAMES, CORE, DESCRIPTION, BOMB, ROOT_DSE, b"HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: http://a/\r\n\r\n")


def _mutilated(seed: bytes) -> st.SearchStrategy[bytes]:
    changed = st.lists(st.tuples(st.integers(0, len(seed) - 1), st.integers(0, 255)), max_size=8).map(
        lambda edits: bytes(dict(edits).get(at, byte) for at, byte in enumerate(seed))
    )
    return st.one_of(changed, st.integers(0, len(seed)).map(lambda length: seed[:length]))


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(data=st.one_of(st.binary(max_size=300), *(_mutilated(seed) for seed in SEEDS)))
def test_no_answer_breaks_a_parser(read: Callable[[bytes], object], data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        read(data)
