"""Fragile devices: recognised in time, looked at gently, or left alone; nothing else reaches them."""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr.eui import ieee

from scanners import devices
from scanners.devices import DeviceClass, KnownDevices, class_of_answer, class_of_mac, class_of_maker, class_of_ports
from scanners.door import Door, Refusal, RefusedByScope, own_addresses
from scanners.observation import Observation, Outcome
from scanners.pace import Turnstile
from scanners.plan import Endpoint, Found, look_units, sweep_units
from scanners.probe import Probe
from scanners.protocols import postgresql, redis, telnet
from scanners.scanner import Occasion, Scanner, allowed_in, observe, scanners_by_name
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness, Zone
from tests.namespaces import Namespace, cable, namespace
from tests.processes import running
from tests.scanners.looks import loopback_zone
from tests.scanners.zones import zone_for

PRINTER, CONTROLLER, CAMERA, BY_BANNER, STURDY = (f"10.78.0.{number}" for number in range(1, 6))
WEB = "web Apache|Welcome"
SPEC = {
    PRINTER: {80: "web HP HTTP Server|LaserJet", 443: "tls", 631: WEB, 9100: "silent", 7777: "silent"},
    CONTROLLER: {80: WEB, 502: "silent", 7777: "silent"},
    CAMERA: {80: WEB, 554: "rtsp", 7777: "silent"},
    BY_BANNER: {80: "web Mongoose|Yealink T46 IP Phone", 443: "tls", 7777: "silent", 7778: "silent", 7779: "silent"},
    STURDY: {80: WEB, 443: "tls", 7777: "silent", 7778: "silent"},
}
ORDINARY = {"/", "/ipp/print", "/onvif/device_service"}  # what a browser asks, a print queue, a video recorder
PORTS = frozenset(port for ports in SPEC.values() for port in ports)


@contextmanager
def devices_in_a_network(folder: Path) -> Iterator[tuple[Namespace, Path]]:
    """The namespace to look from, and the file that tells what the devices got."""
    spec, log = folder / "spec.json", folder / "received.jsonl"
    spec.write_text(json.dumps(SPEC))
    with namespace("probe") as probe, namespace("devices") as home:
        cable(probe, home, near=["10.78.255.1/16"], far=["10.78.255.2/16", *(f"{address}/16" for address in SPEC)])
        with running(home.argv(sys.executable, "-m", "tests.scanners.device_server", str(spec), str(log)), log=folder / "log"):
            deadline = time.monotonic() + 120
            while not (log.exists() and "ready" in log.read_text()):
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
            yield probe, log


async def whole_pass(zone: Zone) -> list[Observation]:
    """A sweep, and every look that follows from it while it goes on, as the collector has them made."""
    probe, looks, seen = Probe(Door([zone], own_addresses=own_addresses())), [], []  # type: ignore[var-annotated]

    async def look(endpoints: tuple[Endpoint, ...]) -> None:
        for unit in look_units(zone.id, endpoints):
            seen.extend([observation async for observation in probe.look(unit)])

    async with asyncio.TaskGroup() as group:
        for sweep in sweep_units(zone):
            async for item in probe.sweep(sweep):
                if isinstance(item, Found):
                    looks.append(group.create_task(look(item.endpoints)))
                elif isinstance(item, Observation):
                    seen.append(item)
    return seen


@contextmanager
def passed(folder: Path, **zone: Any) -> Iterator[tuple[list[Observation], dict[str, list[dict[str, Any]]]]]:
    """What was seen, and what each device got, by address."""
    with devices_in_a_network(folder) as (probe, log), probe.entered():
        wanted = zone_for(*(f"{address}/32" for address in SPEC), id="deep", intrusiveness="deep", packets_per_second=20000)
        changed = Zone.model_validate({**wanted.model_dump(by_alias=True), "ports": PORTS, "udp_ports": frozenset(), **zone})
        seen = asyncio.run(whole_pass(changed))
        time.sleep(0.3)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    got: dict[str, list[dict[str, Any]]] = {address: [] for address in SPEC}
    for line in lines:
        if "address" in line:
            got[line["address"]].append(line)
    yield seen, got


def requests(lines: list[dict[str, Any]], port: int) -> set[str]:
    return {line["received"].split("\r\n")[0] for line in lines if line["port"] == port and line["received"]}


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with passed(tmp_path_factory.mktemp("devices")) as said:
        return said


class TestADeepPass:
    @pytest.mark.parametrize("address", [PRINTER, CONTROLLER, CAMERA])
    def test_one_connection_at_a_time(self, deep: Any, address: str) -> None:
        lines = deep[1][address]
        assert lines
        assert [line for line in lines if line["beside"]] == []

    def test_a_print_queue_and_a_controller_hear_nothing(self, deep: Any) -> None:
        for address, port in ((PRINTER, 9100), (CONTROLLER, 502), (PRINTER, 7777), (CONTROLLER, 7777), (CAMERA, 7777)):
            assert requests(deep[1][address], port) == set(), (address, port)

    def test_pages_are_asked_as_a_browser_would(self, deep: Any) -> None:
        for address in (PRINTER, CONTROLLER, CAMERA):
            assert {line.split()[1] for line in requests(deep[1][address], 80)} - ORDINARY == set(), address
        assert {line.split()[0] for line in requests(deep[1][CAMERA], 554)} <= {"OPTIONS", "DESCRIBE"}

    def test_tls_is_a_few_ordinary_handshakes(self, deep: Any) -> None:
        hellos = [line for line in deep[1][PRINTER] if line["port"] == 443 and line["received"]]
        assert 1 <= len(hellos) <= 10
        assert all(line["received"].startswith("\x16\x03") for line in hellos)

    def test_a_banner_makes_a_device_of_a_host_that_no_port_betrayed(self, deep: Any) -> None:
        lines = deep[1][BY_BANNER]
        assert {line.split()[1] for line in requests(lines, 80)} - ORDINARY == set()
        assert len([line for line in lines if line["port"] == 443]) <= 12
        for port in (7777, 7778, 7779):  # whose first look was under way when the page was read: it was cut
            assert not any("PING" in request or "SMB" in request for request in requests(lines, port))

    def test_the_sturdy_twin_gets_everything(self, deep: Any) -> None:
        lines = deep[1][STURDY]
        assert len([line for line in lines if line["port"] == 443]) > 60
        assert len(requests(lines, 80)) > 20
        assert any("PING" in line["received"] for line in lines if line["port"] == 7777)
        assert max(line["beside"] for line in lines) > 1

    def test_people_see_why(self, deep: Any) -> None:
        seen: list[Observation] = deep[0]
        hosts = {item.target.address: item.facts for item in seen if isinstance(item.facts, HostFacts)}
        assert {address: facts.device_class for address, facts in hosts.items()} == {
            PRINTER: "printer",
            CONTROLLER: "controller",
            CAMERA: "camera",
            BY_BANNER: None,
            STURDY: None,
        }
        services = {(item.target.address, item.facts.device_class) for item in seen if isinstance(item.facts, ServiceFacts)}
        assert services >= {(PRINTER, "printer"), (CONTROLLER, "controller"), (BY_BANNER, "telephone"), (STURDY, None)}
        assert not [said for said in services if said[0] == STURDY and said[1]]


def test_what_is_left_alone_gets_nothing_after_the_sweep(tmp_path: Path) -> None:
    with passed(tmp_path, left_alone=["printer", "controller"]) as (seen, got):
        assert (got[PRINTER], got[CONTROLLER]) == ([], [])
        assert got[CAMERA]
    looks = [item for item in seen if item.target.address in (PRINTER, CONTROLLER) and item.scanner != "host"]
    assert {item.target.port for item in looks} == {*SPEC[PRINTER], *SPEC[CONTROLLER]}
    assert {item.outcome for item in looks} == {Outcome.REFUSED_BY_SCOPE}
    assert any("fragile device (printer)" in item.detail for item in looks)


def test_what_is_not_spared_is_looked_at_like_a_server(tmp_path: Path) -> None:
    with passed(tmp_path, not_spared=["printer"]) as (seen, got):
        assert any("PING" in line["received"] for line in got[PRINTER] if line["port"] == 7777)
        assert requests(got[CONTROLLER], 7777) == set()
    assert {item.facts.device_class for item in seen if isinstance(item.facts, HostFacts)} >= {"printer"}


# --- how hard a scanner may look -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scanner", scanners_by_name().values(), ids=lambda scanner: str(scanner.name))
@pytest.mark.parametrize("level", list(Intrusiveness))
async def test_no_zone_runs_a_scanner_that_is_harder_than_it_allows(scanner: Scanner, level: Intrusiveness) -> None:
    zone = loopback_zone(intrusiveness=level)
    allowed = level.allows(scanner.intrusiveness)
    assert allowed or not allowed_in(scanner, zone)
    if not allowed:  # nobody listens at this place: a connection would be refused by the kernel, not by the zone
        target = Target(address="127.0.0.1", port=9)
        said = await observe(scanner, target, Occasion(door=Door([zone]), zone=zone, service=ServiceFacts()))
        assert said.outcome is Outcome.REFUSED_BY_SCOPE
        with pytest.raises(RefusedByScope):
            Door([zone]).admit("127.0.0.1", needs=scanner.intrusiveness)


async def test_a_gentle_zone_runs_only_gentle_scanners_and_asks_no_nmap() -> None:
    ran: list[str] = []

    class Noted:
        version, facts_type, deadline_seconds = "1", redis.RedisFacts, 5.0

        def __init__(self, name: str, intrusiveness: Intrusiveness) -> None:
            self.name, self.intrusiveness = name, intrusiveness

        def applies(self, service: ServiceFacts) -> bool:
            return True

        async def look(self, target: Target, occasion: Occasion) -> Any:
            ran.append(self.name)
            raise TimeoutError

    every = {level.value: Noted(level.value, level) for level in Intrusiveness}
    server = await asyncio.start_server(lambda reader, writer: writer.write(b"220 hello\r\n"), "127.0.0.1", 0)
    endpoint = Endpoint(address="127.0.0.1", port=server.sockets[0].getsockname()[1])
    for level, expected in ((Intrusiveness.GENTLE, {"passive", "gentle"}), (Intrusiveness.DEEP, set(every))):
        ran.clear()
        zone = loopback_zone(intrusiveness=level)
        (unit,) = look_units(zone.id, [endpoint])
        assert [item async for item in Probe(Door([zone]), scanners=every, nmap=False).look(unit)]
        assert set(ran) == expected
    server.close()


def test_scanners_that_try_something_say_so() -> None:
    assert (redis.SCANNER.intrusiveness, telnet.SCANNER.intrusiveness) == (Intrusiveness.GENTLE, Intrusiveness.GENTLE)
    assert postgresql.SCANNER.intrusiveness is Intrusiveness.NORMAL


# --- the door --------------------------------------------------------------------------------------------------------


def test_the_door_is_narrow_for_a_device() -> None:
    door = Door([loopback_zone(intrusiveness="deep", connections_per_host=8)])
    assert door.admit("127.0.0.5", needs=Intrusiveness.DEEP).connections_per_host == 8
    door.spare("127.0.0.5", DeviceClass.CAMERA)
    assert door.admit("127.0.0.5").connections_per_host == 1
    with pytest.raises(RefusedByScope, match="camera") as refused:
        door.admit("127.0.0.5", needs=Intrusiveness.NORMAL)
    assert refused.value.reason is Refusal.TOO_HARD
    assert door.admit("127.0.0.6", needs=Intrusiveness.DEEP)


def test_a_zone_may_leave_alone_or_not_spare() -> None:
    door = Door([loopback_zone(intrusiveness="deep", left_alone=["medical"], not_spared=["printer"])])
    door.spare("127.0.0.5", DeviceClass.MEDICAL)
    door.spare("127.0.0.6", DeviceClass.PRINTER)
    with pytest.raises(RefusedByScope) as refused:
        door.admit("127.0.0.5")
    assert refused.value.reason is Refusal.LEFT_ALONE
    assert door.admit("127.0.0.6", needs=Intrusiveness.DEEP)
    with pytest.raises(ValueError, match="left_alone and in not_spared"):
        loopback_zone(left_alone=["medical"], not_spared=["medical"])


async def test_what_is_under_way_is_cut_when_a_host_turns_out_to_be_a_device() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    target = Target(address="127.0.0.1", port=server.sockets[0].getsockname()[1])
    door = Door([loopback_zone()])

    async def read() -> None:
        async with door.open(target) as wire:
            door.spare("127.0.0.1", DeviceClass.PRINTER)
            await wire.read_some(1)

    with pytest.raises(RefusedByScope, match="printer"):
        await read()
    server.close()


async def test_a_turnstile_that_narrows_lets_fewer_in() -> None:
    turnstile, inside, peak = Turnstile(), 0, 0

    async def go(width: int) -> None:
        nonlocal inside, peak
        async with turnstile.through("host", width):
            inside += 1
            peak = max(peak, inside if width == 1 else 0)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(go(4) for _ in range(8)), *(go(1) for _ in range(4)))
    assert peak == 1
    assert not turnstile._gates


async def test_who_gives_up_waiting_at_a_turnstile_takes_nobodys_place() -> None:
    turnstile = Turnstile()

    async def wait() -> None:
        async with turnstile.through("host", 1):
            pass

    async with turnstile.through("host", 1):
        waiting = [asyncio.create_task(wait()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting, return_exceptions=True)
        await wait()
    assert not turnstile._gates


def test_a_device_is_forgotten_after_some_days() -> None:
    known, now = KnownDevices(), datetime(2026, 1, 1, tzinfo=UTC)
    assert known.note("10.0.0.1", DeviceClass.PRINTER, now)
    assert not known.note("10.0.0.1", DeviceClass.PRINTER, now)
    assert known.at("10.0.0.1", now + timedelta(days=7)) is DeviceClass.PRINTER
    assert known.at("10.0.0.1", now + timedelta(days=9)) is None


# --- recognition -----------------------------------------------------------------------------------------------------


def registered() -> set[str]:
    text = (Path(ieee.__file__).parent / "oui.txt").read_text(encoding="utf-8", errors="replace")
    return {line.partition("(hex)")[2].strip() for line in text.splitlines() if "(hex)" in line}


def test_every_maker_of_the_table_is_in_the_register() -> None:
    names = registered()
    unknown = {
        (kind, pattern)
        for kind, table in devices._MAKERS.items()
        for pattern in re.split(r"\|(?![^(]*\))", table)
        if not any(re.search(pattern, name, re.IGNORECASE) for name in names)
    }
    assert not unknown


@pytest.mark.parametrize(
    ("maker", "kind"),
    [
        ("Brother Industries, LTD.", "printer"),
        ("KYOCERA CORPORATION", "printer"),
        ("Axis Communications AB", "camera"),
        ("Hangzhou Hikvision Digital Technology Co.,Ltd.", "camera"),
        ("snom technology GmbH", "telephone"),
        ("Siemens AG", "controller"),
        ("Schneider Electric", "controller"),
        ("Loytec electronics GmbH", "building"),
        ("Fr. Sauter AG", "building"),
        ("GE Medical System", "medical"),
        ("Philips Medical Systems", "medical"),
        ("Dell Inc.", None),
        ("Hewlett Packard", None),
        ("Cisco Systems, Inc", None),
        ("Intel Corporate", None),
        ("VMware, Inc.", None),
        ("", None),
        (None, None),
    ],
)
def test_makers(maker: str | None, kind: str | None) -> None:
    assert class_of_maker(maker) == kind


def test_hardware_addresses() -> None:
    assert class_of_mac("00-80-77-11-22-33") is DeviceClass.PRINTER
    assert devices.maker_of("00-80-77-11-22-33") == "Brother industries, LTD."
    assert class_of_mac("02-80-77-11-22-33") is None  # made up by the machine itself
    assert class_of_mac(None) is None
    assert class_of_mac("no address") is None


@pytest.mark.parametrize(
    ("tcp", "udp", "kind"),
    [
        ((80, 443, 631, 9100), (), "printer"),
        ((80, 9100), (), "printer"),
        ((22, 515), (), "printer"),
        ((22, 9100), (), None),  # Prometheus' node exporter
        ((22, 631), (), None),  # CUPS on a server
        ((102,), (), "controller"),
        ((22, 80, 502), (), "controller"),
        ((80,), (47808,), "building"),
        ((104, 11112), (), "medical"),
        ((80, 554), (), "camera"),
        ((554,), (), None),
        ((80,), (5060,), "telephone"),
        ((22, 5060), (), None),  # a telephone exchange
        ((22, 80, 443), (53,), None),
    ],
)
def test_ports(tcp: tuple[int, ...], udp: tuple[int, ...], kind: str | None) -> None:
    assert class_of_ports(tcp, udp) == kind


@pytest.mark.parametrize(
    ("facts", "page", "kind"),
    [
        (ServiceFacts(name="http", banner="HP HTTP Server; HP LaserJet MFP M428"), b"", "printer"),
        (ServiceFacts(name="ftp", banner="220 Brother MFC FTP"), b"", "printer"),
        (ServiceFacts(name="http", banner="nginx"), b"<html><title>AXIS P3245 Network Camera</title>", "camera"),
        (ServiceFacts(name="telnet", banner="Siemens SIMATIC"), b"", "controller"),
        (ServiceFacts(name="http", banner="CUPS/2.4 IPP/2.1"), b"<title>Printer queue</title>", None),
        (ServiceFacts(name="http", banner="nginx/1.22"), b"<title>Ajuntament</title>", None),
        (None, b"", None),
    ],
)
def test_answers(facts: ServiceFacts | None, page: bytes, kind: str | None) -> None:
    assert class_of_answer(facts, page) == kind


@given(st.binary(max_size=6000), st.text(max_size=400))
def test_whatever_is_answered_is_read(evidence: bytes, banner: str) -> None:
    assert class_of_answer(ServiceFacts(banner=banner), evidence) in (None, *DeviceClass)
    assert class_of_mac(banner) in (None, *DeviceClass)
