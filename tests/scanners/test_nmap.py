"""nmap in its own process: what it is asked, what its report may do, and how it is ended."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.door import Door, Refusal, RefusedByScope
from scanners.nmap import NmapMissing, NmapProduct, ask_nmap, may_say_more, merged
from scanners.nmap.request import NmapRequest, arguments_of, host_of, ports_of
from scanners.nmap.xml import read_xml
from scanners.observation import Observation
from scanners.plan import Endpoint, Progress, look_units
from scanners.probe import Probe
from scanners.service_facts import ServiceFacts
from scanners.stop import Stop
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.scanners.looking import serving
from tests.scanners.looks import loopback_zone
from tests.scanners.small_servers import HERE

PORT = '<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack" reason_ttl="0"/>{service}</port>'
SERVICE = (
    '<service name="mpd" product="{product}" version="0.23" method="probed" conf="10"><cpe>cpe:/a:mpd:mpd:0.23</cpe></service>'
)
REPORT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap">'
    '<host><status state="up"/><address addr="192.0.2.1" addrtype="ipv4"/><ports>'
    + PORT.format(port=1, service=SERVICE.format(product="Music Player Daemon"))
    + PORT.format(port=2, service='<service name="http" method="table" conf="3"/>')
    + "</ports></host>"
    '<host><status state="up"/><address addr="192.0.2.2" addrtype="ipv4"/><ports>'
    + PORT.format(port=3, service=SERVICE.format(product="MPD &#x1b;[31m &lt;b&gt;"))
    + "</ports></host></nmaprun>"
).encode()
MPD = NmapProduct(name="mpd", product="Music Player Daemon", version="0.23", cpe="cpe:/a:mpd:mpd:0.23")


def test_a_report_is_read_and_guesses_by_port_number_are_left_out() -> None:
    without_escape = REPORT.replace(b"&#x1b;", b"\xe2\x80\xae")
    hosts, detail = read_xml(without_escape)
    assert detail == ""
    assert hosts["192.0.2.1"] == {1: MPD}
    assert hosts["192.0.2.2"][3].product == "MPD \\u202e[31m <b>"


def test_an_invalid_character_reference_costs_only_what_comes_after_it() -> None:
    hosts, detail = read_xml(REPORT)
    assert hosts == {"192.0.2.1": {1: MPD}, "192.0.2.2": {}}
    assert "could not be read to its end" in detail


def test_a_report_cut_at_any_byte_keeps_what_was_complete() -> None:
    whole = REPORT.replace(b"&#x1b;", b"x")
    complete = whole.index(b"</port>") + len(b"</port>")
    for at in range(len(whole)):
        hosts, detail = read_xml(whole[:at])
        assert detail
        assert (hosts.get("192.0.2.1") == {1: MPD}) is (at >= complete)


ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE nmaprun [<!ENTITY a0 "aaaaaaaaaa">{ENTITIES}]>',
        '<!DOCTYPE nmaprun [<!ENTITY a11 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE nmaprun [<!ENTITY % remote SYSTEM "http://192.0.2.9/x.dtd"> %remote;]>',
    ],
)
def test_entities_are_refused(doctype: str) -> None:
    document = REPORT.replace(b"<!DOCTYPE nmaprun>", doctype.encode()).replace(b"Music Player Daemon", b"&a11;")
    hosts, detail = read_xml(document)
    assert hosts == {}
    assert detail


@given(st.binary(max_size=400))
def test_any_bytes_at_all(noise: bytes) -> None:
    assert read_xml(noise)[1]
    read_xml(REPORT[:600] + noise + REPORT[600:])


@given(st.ip_addresses(), st.sets(st.integers(1, 65535), min_size=1, max_size=20), st.integers(-5, 10**9), st.integers(0, 99))
def test_the_argument_list_is_constants_and_numbers(address: object, ports: set[int], rate: int, connections: int) -> None:
    request = NmapRequest(address=str(address), ports=tuple(ports), max_rate=rate, connections=connections)
    assert host_of(request) == address
    allowed = {"-sV", "-sT", "-Pn", "-n", "-6"}
    assert all(token in allowed or token.startswith("--") or token.rstrip("s").isdigit() for token in arguments_of(request))
    assert set(ports_of(request)) <= set("0123456789,-")
    assert not ports_of(request).startswith("-")


@pytest.mark.parametrize("address", ["127.0.0.1 -oN {file}", "127.0.0.1/8", "-iL/etc/passwd", "localhost", "127.0.0.1;id", ""])
def test_nothing_but_an_address_becomes_a_target(address: str, tmp_path: Path) -> None:
    file = tmp_path / "written"
    request = msgspec.json.encode({"address": address.format(file=file), "ports": [1]})
    ended = subprocess.run([sys.executable, "-m", "scanners.nmap"], input=request, capture_output=True, check=False)
    assert ended.returncode == 2
    assert b"cannot be read" in ended.stdout
    assert not file.exists()


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_no_text_but_an_address_is_one(text: str) -> None:
    request = NmapRequest(address=text, ports=(1,))
    try:
        host = str(host_of(request))
    except ValueError:
        return
    assert set(host) <= set("0123456789abcdef.:%") | set(text.partition("%")[2])


def test_what_nmap_adds() -> None:
    ours = ServiceFacts(name="unknown", tls=False, banner="OK MPD 0.23", said_by="probe")
    more = merged(ours, MPD)
    assert (more.name, more.version, more.said_by, more.banner) == ("mpd", "0.23", "nmap", "OK MPD 0.23")
    assert merged(ServiceFacts(name="ssh", version="9.2"), MPD) == ServiceFacts(name="ssh", version="9.2")
    assert merged(ours, NmapProduct()) is ours
    assert merged(ServiceFacts(name="dns"), NmapProduct(name="domain", product="BIND")).product == "BIND"


def test_who_is_worth_asking_about() -> None:
    normal, deep = loopback_zone(), loopback_zone(intrusiveness=Intrusiveness.DEEP)
    assert may_say_more(ServiceFacts(name="unknown"), normal)
    assert not may_say_more(ServiceFacts(), normal)
    assert may_say_more(ServiceFacts(), deep)
    assert not may_say_more(ServiceFacts(name="http"), normal)
    assert not may_say_more(ServiceFacts(name="ssh", version="9.2"), normal)


async def mpd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"OK MPD 0.23.5\n")
    await writer.drain()
    await reader.read()


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"\x00\xff\x80A" * 16384)
        await writer.drain()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_nmap_names_what_we_cannot() -> None:
    zone = loopback_zone(connections_per_host=8)
    async with serving(mpd) as port:
        (unit,) = look_units(zone.id, [Endpoint(address=HERE, port=port)])
        first, second = [item async for item in Probe(Door([zone]), scanners={}).look(unit)]
    assert isinstance(first.facts, ServiceFacts)
    assert isinstance(second.facts, ServiceFacts)
    assert (first.facts.name, first.facts.said_by) == ("unknown", "probe")
    assert (second.facts.name, second.facts.version, second.facts.said_by) == ("mpd", "0.23.5", "nmap")


async def test_nmap_is_not_asked_in_a_gentle_zone() -> None:
    zone = loopback_zone(intrusiveness=Intrusiveness.GENTLE)
    with pytest.raises(RefusedByScope) as refused:
        await ask_nmap(Door([zone]), zone, HERE, [1])
    assert refused.value.reason is Refusal.TOO_HARD
    async with serving(mpd) as port:
        (unit,) = look_units(zone.id, [Endpoint(address=HERE, port=port)])
        assert len([item async for item in Probe(Door([zone]), scanners={}).look(unit)]) == 1


async def test_a_port_that_floods_is_ended_by_the_limits() -> None:
    """Finding 4 of reliability.md: nmap alone went on for over 90 s and 550 MB on such a port."""
    async with serving(flood) as port:
        zone = loopback_zone(connections_per_host=8)
        try:
            said = await ask_nmap(Door([zone]), zone, HERE, [port], seconds=5)
        except (ProtocolError, TimeoutError):
            said = {}
    assert said == {}
    assert not nmap_processes()


async def test_a_port_that_floods_costs_nobody_else_a_name() -> None:
    zone = loopback_zone(connections_per_host=8)
    async with serving(flood) as loud, serving(mpd) as port:
        (unit,) = look_units(zone.id, [Endpoint(address=HERE, port=number) for number in (loud, port)])
        looks = Probe(Door([zone]), scanners={}).look(unit)
        got: list[Observation] = []
        async for item in looks:
            got.append(item)
            if isinstance(item.facts, ServiceFacts) and item.facts.said_by == "nmap":
                break
        await looks.aclose()
    assert got[-1].target.port == port
    assert not nmap_processes()


async def test_a_port_that_floods_is_not_shown_to_nmap() -> None:
    zone = loopback_zone(connections_per_host=8)
    connections = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await flood(reader, writer)

    async with serving(counted) as port:
        (unit,) = look_units(zone.id, [Endpoint(address=HERE, port=port)])
        async for _ in Probe(Door([zone]), scanners={}, nmap=False).look(unit):
            pass
        ours, connections = connections, 0
        async for _ in Probe(Door([zone]), scanners={}).look(unit):
            pass
    assert connections == ours > 0


async def test_a_known_service_is_only_listened_to() -> None:
    """Its version stands in its greeting or nowhere; nmap's questions would be a stranger's commands to it."""
    zone = loopback_zone(connections_per_host=8)
    heard: list[bytes] = []

    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 (vsFTPd 3.0.3)\r\n")
        heard.append(await reader.read(1000))

    async with serving(greets) as port:
        said = await ask_nmap(Door([zone]), zone, HERE, [port], named=True)
    assert (said[port].product, said[port].version) == ("vsftpd", "3.0.3")
    assert not any(heard)


def nmap_processes() -> list[psutil.Process]:
    """nmap and its guardian; other tests' servers may be running too."""
    children = [child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in children if child.name() == "nmap" or "scanners.nmap" in child.cmdline()]


@asynccontextmanager
async def asked(door: Door) -> AsyncIterator["asyncio.Task[dict[int, NmapProduct]]"]:
    """nmap at work on a silent port."""
    async with serving(silent) as port:
        task = asyncio.create_task(ask_nmap(door, door.zones[0], HERE, [port]))
        while not any(child.name() == "nmap" for child in nmap_processes()):
            await asyncio.sleep(0.05)
        yield task


async def test_the_stop_button_ends_nmap() -> None:
    stop = Stop()
    async with asked(Door([loopback_zone()], stop=stop)) as task:
        stop.press("enough")
        with pytest.raises(RefusedByScope, match="enough"):
            async with asyncio.timeout(1):  # the promise of the stop button
                await task
    assert not nmap_processes()


async def test_a_zone_that_changes_ends_nmap() -> None:
    door = Door([loopback_zone()])
    async with asked(door) as task:
        door.replace([loopback_zone(exclude=(f"{HERE}/32",))])
        with pytest.raises(RefusedByScope) as refused:
            await task
    assert refused.value.reason is Refusal.EXCLUDED
    assert not nmap_processes()


async def test_cancelling_ends_nmap() -> None:
    async with asked(Door([loopback_zone()])) as task:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not nmap_processes()


async def test_a_machine_without_nmap_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    zone = loopback_zone()
    with pytest.raises(NmapMissing):
        await ask_nmap(Door([zone]), zone, HERE, [1])
    said: list[Progress] = []
    async with serving(mpd) as one, serving(mpd) as two:
        (unit,) = look_units(zone.id, [Endpoint(address=HERE, port=port) for port in (one, two)])
        got = [item async for item in Probe(Door([zone]), scanners={}).look(unit, said.append)]
    assert len(got) == 2
    assert len(said[-1].notes) == 1
    assert "nmap is not installed" in said[-1].notes[0]
