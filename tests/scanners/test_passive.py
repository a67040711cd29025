"""Listening: real daemons between namespaces, live and from captures; not one packet sent; no bytes that upset it."""

import asyncio
import io
import ipaddress
import json
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanners.observation import Observation, decode, encode
from scanners.passive import announcements, captures, conversations, frames, names
from scanners.passive.facts import PassiveFacts
from scanners.passive.hints import Hint
from scanners.passive.hosts import NAMES_LIMIT, PORTS_LIMIT, Hosts, Tally
from scanners.passive.listening import CannotListen, listen
from scanners.scanner import facts_types
from scanners.stop import Stop
from scanners.wire import ProtocolError
from scanners.zone import Zone
from tests.namespaces import Namespace, cable, namespace, switch
from tests.processes import running, wait_for_port
from tests.scanners.small_servers import certificate
from tests.scanners.zones import zone_for

ONE, TWO, EAR = "10.79.0.1", "10.79.0.2", "10.79.0.9"
ZONE = zone_for("10.79.0.0/24", id="link", domains=["vilamar.example"], exclude=["10.79.0.66/32"])
MAC = "00-80-77-00-00-01"  # of Brother: a printer's


@contextmanager
def link() -> Iterator[tuple[Namespace, Namespace, Namespace]]:
    """Two hosts and a third that hears all they say, on one switch that floods."""
    with ExitStack() as stack:
        middle, one, two, ear = (stack.enter_context(namespace(name)) for name in ("switch", "one", "two", "ear"))
        bridge = switch(middle)
        for host, address, mac in ((one, ONE, MAC.replace("-", ":").lower()), (two, TWO, None), (ear, EAR, None)):
            _, port = cable(host, middle, near=[f"{address}/24"], near_mac=mac)
            middle.ip("link", "set", port, "master", bridge)
        hub = ("ageing_time", "0", "group_fwd_mask", "0x4000")  # says everything to everybody, LLDP too
        middle.ip("link", "set", bridge, "type", "bridge", *hub)
        yield one, two, ear


def sent_by(ear: Namespace) -> Callable[[], int]:
    """How many packets have left the ear's interface, whatever they were: counted by the kernel's egress hook."""
    device = ear.devices[0]
    hook = f'type filter hook egress device "{device}" priority 0; counter name left;'
    ear.nft(f"table netdev sent {{\ncounter left {{ }}\nchain c {{ {hook} }}\n}}")

    def read() -> int:
        shown = json.loads(ear.run("nft", "-j", "list", "table", "netdev", "sent"))
        return next(int(item["counter"]["packets"]) for item in shown["nftables"] if "counter" in item)

    return read


def heard_on(ear: Namespace, said: Callable[[], Any], *, folder: Path) -> tuple[list[Observation], Tally]:
    """What is heard live on the ear's interface while ``said`` runs; what tcpdump captures beside is in ``heard.pcap``."""
    stop, tally, found = Stop(), Tally(), list[Observation]()

    async def hear() -> None:
        found.extend([item async for item in listen([ZONE], interface=ear.devices[0], stop=stop, tally=tally)])

    def run() -> None:
        with ear.entered():
            asyncio.run(hear())

    capture = ["tcpdump", "-i", ear.devices[0], "-U", "-w", str(folder / "heard.pcap"), "-Z", "root"]
    with running(ear.argv(*capture), log=folder / "tcpdump.log"):
        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(2.0)  # both listen by then
        said()
        time.sleep(1.0)
    stop.press("enough")
    thread.join(300)
    assert not thread.is_alive()
    return found, tally


def of(found: list[Observation], address: str, port: int | None = None) -> PassiveFacts:
    facts = [item.facts for item in found if (item.target.address, item.target.port) == (address, port)]
    assert facts, [(item.target, item.facts) for item in found]
    assert isinstance(facts[-1], PassiveFacts)
    return facts[-1]


async def captured(path: Path, zones: list[Zone] | None = None, tally: Tally | None = None) -> list[Observation]:
    return [item async for item in listen(zones or [ZONE], pcap=path, tally=tally)]


async def both(live: list[Observation], folder: Path) -> tuple[list[Observation], list[Observation]]:
    return live, await captured(folder / "heard.pcap")


PAGE = "import http.server; http.server.HTTPServer(('{}', 80), http.server.SimpleHTTPRequestHandler).serve_forever()"


async def test_arp_ssh_and_http_between_two_hosts(tmp_path: Path) -> None:
    with link() as (one, two, ear), ExitStack() as stack:
        key = tmp_path / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        (tmp_path / "sshd.conf").write_text(f"ListenAddress {ONE}\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n")
        Path("/run/sshd").mkdir(exist_ok=True)
        stack.enter_context(
            running(one.argv("/usr/sbin/sshd", "-D", "-e", "-f", str(tmp_path / "sshd.conf")), log=tmp_path / "sshd.log")
        )
        stack.enter_context(running(one.argv(sys.executable, "-c", PAGE.format(ONE)), log=tmp_path / "http.log"))
        with one.entered():
            wait_for_port(ONE, 22)
            wait_for_port(ONE, 80)
        ear.sysctl("net.ipv6.conf.all.disable_ipv6", 1)  # the kernel's own: it looks for routers and reports its groups
        sent = sent_by(ear)

        def talk() -> None:
            two.run("curl", "-s", "-o", "/dev/null", "-H", "Host: seu.vilamar.example", f"http://{ONE}/")
            two.run("sh", "-c", f"ssh-keyscan -T 3 {ONE} 2>/dev/null || true")

        live, tally = heard_on(ear, talk, folder=tmp_path)
        assert sent() == 0
        assert tally.frames > 20
        assert tally.malformed == 0
        for found in await both(live, tmp_path):
            host = of(found, ONE)
            assert (host.mac, host.maker, host.device_class) == (MAC, "Brother industries, LTD.", "printer")
            assert {"arp", "ssh", "http", "tcp"} <= set(host.heard_by or ())
            assert {"tcp/22", "tcp/80"} <= set(host.ports or ())
            ssh, http = of(found, ONE, 22), of(found, ONE, 80)
            assert (ssh.service, (ssh.banner or "")[:15]) == ("ssh", "SSH-2.0-OpenSSH")
            assert (http.service, http.names) == ("http", ("seu.vilamar.example",))
            assert (http.banner or "").startswith("SimpleHTTP/")
            named = [item.target.name for item in found if item.target.port == 80]
            assert "seu.vilamar.example" in named  # a name of the zone: the next scan asks the server by it
            assert decode(encode(found[0]), facts_types()) == found[0]


async def test_a_tls_client_tells_the_name_of_its_server(tmp_path: Path) -> None:
    with link() as (one, two, ear):
        cert, key = certificate(tmp_path)
        argv = ["openssl", "s_server", "-accept", f"{ONE}:443", "-cert", str(cert), "-key", str(key), "-www"]
        with running(one.argv(*argv), log=tmp_path / "log"):
            with one.entered():
                wait_for_port(ONE, 443)

            def talk() -> None:
                two.run(
                    "curl",
                    "-sk",
                    "-o",
                    "/dev/null",
                    "--resolve",
                    f"seu.vilamar.example:443:{ONE}",
                    "https://seu.vilamar.example/",
                )

            live, _ = heard_on(ear, talk, folder=tmp_path)
        for found in await both(live, tmp_path):
            facts = of(found, ONE, 443)
            assert (facts.tls, facts.names) == (True, ("seu.vilamar.example",))


async def test_a_dhcp_client_tells_its_name_and_what_it_is(tmp_path: Path) -> None:
    with link() as (one, two, ear):
        argv = [
            "dnsmasq",
            "-k",
            "-C",
            "/dev/null",
            "-p",
            "0",
            "-u",
            "root",
            f"--dhcp-range={TWO},{TWO},1h",
            "-i",
            one.devices[0],
            "-l",
        ]
        two.ip("address", "flush", "dev", two.devices[0])
        conf = tmp_path / "dhclient.conf"
        conf.write_text('send host-name "sala-plens";\nsend vendor-class-identifier "Talaia test 1";\ntimeout 15;\n')
        with running(one.argv(*argv, str(tmp_path / "leases")), log=tmp_path / "dnsmasq.log"):
            time.sleep(0.5)

            def ask() -> None:
                client = ["dhclient", "-1", "-v", "-cf", str(conf), "-lf", str(tmp_path / "lease"), "-pf", str(tmp_path / "pid")]
                try:
                    two.run(*client, "-sf", "/bin/true", two.devices[0], timeout_seconds=30)
                finally:
                    two.run(*client, "-sf", "/bin/true", "-x", two.devices[0])

            live, _ = heard_on(ear, ask, folder=tmp_path)
        mac = two.mac().replace(":", "-").upper()
        for found in await both(live, tmp_path):
            host = of(found, TWO)
            assert (host.mac, host.names, host.vendor_class) == (mac, ("sala-plens",), "Talaia test 1")
            assert "dhcp" in (host.heard_by or ())


AVAHI = "[server]\nhost-name=impressora\nuse-ipv6=no\nenable-dbus=no\nallow-interfaces={}\n[publish]\npublish-workstation=yes\n"
PRINTING = (
    '<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd"><service-group><name>Sala</name>'
    "<service><type>_ipp._tcp</type><port>631</port><txt-record>ty=Brother HL-5450DN</txt-record></service></service-group>"
)


async def test_multicast_dns_tells_names_services_and_models(tmp_path: Path) -> None:
    with link() as (one, _two, ear):
        (tmp_path / "avahi.conf").write_text(AVAHI.format(one.devices[0]))
        services = tmp_path / "services"
        services.mkdir()
        (services / "ipp.service").write_text(PRINTING)
        home = "mkdir -p /etc/avahi && mount -t tmpfs none /etc/avahi && mkdir /etc/avahi/services"
        mounts = f"mount -t tmpfs none /run && {home} && cp {services}/* /etc/avahi/services"
        inside = f"{mounts} && exec avahi-daemon -f {tmp_path}/avahi.conf --no-drop-root --no-chroot --debug"

        def announce() -> None:
            with running(["unshare", "--mount", *one.argv("sh", "-c", inside)], log=tmp_path / "avahi.log"):
                time.sleep(5)

        live, _ = heard_on(ear, announce, folder=tmp_path)
        for found in await both(live, tmp_path):
            host = of(found, ONE)
            assert "impressora.local" in (host.names or ()), (tmp_path / "avahi.log").read_text()
            assert host.system == "Brother HL-5450DN"
            assert "tcp/631" in (host.ports or ())
            assert of(found, ONE, 631).service == "ipp"


async def test_a_neighbour_tells_what_it_is_by_lldp(tmp_path: Path) -> None:
    with link() as (one, _two, ear):
        (tmp_path / "hosts").write_text(f"127.0.0.1 localhost\n{ONE} commutador\n")
        mounts = (
            f"hostname commutador && mount -t tmpfs none /run && mkdir -p /run/lldpd && mount --bind {tmp_path}/hosts /etc/hosts"
        )
        daemon = f"exec lldpd -d -c -I {one.devices[0]} -m {ONE} -S 'Talaia OS 1 for tests' -u /run/lldpd.socket"

        def announce() -> None:
            argv = ["unshare", "--mount", "--uts", *one.argv("sh", "-c", f"{mounts} && {daemon}")]
            with running(argv, log=tmp_path / "lldpd.log"):
                time.sleep(6)

        live, _ = heard_on(ear, announce, folder=tmp_path)
        captured_too = await captured(tmp_path / "heard.pcap")
        if not [item for item in live if item.target.address == ONE]:
            pytest.fail((tmp_path / "lldpd.log").read_text()[-2000:])
        for found in (live, captured_too):
            host = of(found, ONE)
            assert "lldp" in (host.heard_by or ())
            assert (host.names or ())[:1] == ("commutador",)
            assert host.system == "Talaia OS 1 for tests"


async def test_a_windows_name_is_told_by_netbios(tmp_path: Path) -> None:
    with link() as (one, _two, ear):
        lines = [
            "[global]",
            "netbios name = ARXIU",
            "workgroup = VILAMAR",
            f"interfaces = {ONE}/24",
            "bind interfaces only = yes",
            *(f"{name} directory = {tmp_path}" for name in ("lock", "state", "cache", "pid", "private")),
            f"ncalrpc dir = {tmp_path}/rpc",
            f"log file = {tmp_path}/nmbd.log",
        ]
        (tmp_path / "smb.conf").write_text("\n".join(lines) + "\n")

        def register() -> None:
            with running(one.argv("nmbd", "-F", "--no-process-group", "-s", str(tmp_path / "smb.conf")), log=tmp_path / "out"):
                time.sleep(6)

        live, _ = heard_on(ear, register, folder=tmp_path)
        for found in await both(live, tmp_path):
            assert "arxiu" in (of(found, ONE).names or ())


async def test_other_zones_and_exclusions_are_counted_and_dropped(tmp_path: Path) -> None:
    tally = Tally()
    with link() as (one, two, ear):
        one.address("10.79.0.66/24", "10.80.0.1/24")
        two.address("10.80.0.2/24")

        def talk() -> None:
            for address in ("10.79.0.66", "10.80.0.1", ONE):
                two.run("sh", "-c", f"curl -s -m 1 http://{address}/ || true")

        live, _ = heard_on(ear, talk, folder=tmp_path)
        again = await captured(tmp_path / "heard.pcap", tally=tally)
    for found in (live, again):
        assert {item.target.address for item in found} <= {ONE, TWO, EAR}
        assert ONE in {item.target.address for item in found}
    assert {"10.79.0.66", "10.80.0.1"} <= tally.outside


@pytest.mark.parametrize("content", [b"", b"no capture", b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(3)])
async def test_what_is_no_capture_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    with pytest.raises(CannotListen, match=r"x\.pcap"):
        await captured(path)


async def test_an_interface_that_is_not_there() -> None:
    with pytest.raises(CannotListen, match="nowhere0"):
        assert [item async for item in listen([ZONE], interface="nowhere0", seconds=5)]


# --- bounds -----------------------------------------------------------------------------------------------------------


def hosts(*zones: Zone) -> tuple[Hosts, Tally]:
    tally = Tally()
    return Hosts(zones or (ZONE,), lambda: datetime(2026, 11, 25, tzinfo=UTC), tally), tally


def test_a_host_that_says_too_much_is_cut_short() -> None:
    known, _ = hosts()
    for number in range(2000):
        known.take(Hint(by="mdns", address=ONE, names=(f"n{number}.local",)))
        known.take(Hint(by="tcp", address=ONE, port=number + 1))
    found = list(known.observations())
    host = of(found, ONE)
    assert len(host.names or ()) == NAMES_LIMIT
    assert len(host.ports or ()) == PORTS_LIMIT
    assert list(known.observations()) == []


def test_what_a_card_said_before_its_address_was_known_is_not_lost() -> None:
    known, _ = hosts()
    known.take(Hint(by="dhcp", mac=MAC, names=("porter",)))
    known.take(Hint(by="lldp", mac=MAC, system="a switch"))
    assert list(known.observations()) == []
    known.take(Hint(by="arp", address=ONE, mac=MAC))
    host = of(list(known.observations()), ONE)
    assert (host.names, host.system, host.mac) == (("porter",), "a switch", MAC)


def test_memory_stays_small_whatever_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanners.passive.hosts.HOSTS_LIMIT", 10)
    monkeypatch.setattr("scanners.passive.hosts.MACS_LIMIT", 10)
    known, tally = hosts(zone_for("10.79.0.0/16"))
    for number in range(1000):
        mac = f"00-80-77-00-{number >> 8:02X}-{number & 255:02X}"
        known.take(Hint(by="dhcp", mac=mac, names=("x",)))
        known.take(Hint(by="arp", address=f"10.79.{number >> 8}.{number & 255}", mac=mac))
        known.take(Hint(by="arp", address=f"10.81.{number >> 8}.{number & 255}", mac=mac))
    assert len(list(known.observations())) == 10
    assert (tally.forgotten, len(tally.outside)) == (990, 10)
    assert len(known._without_address) <= 10
    assert len(known._address_of) <= 10


# --- hostile frames -----------------------------------------------------------------------------------------------------


def from_hex(*parts: str) -> bytes:
    return bytes.fromhex("".join(parts))


SEEDS = {
    "arp": from_hex("ffffffffffff008077000001", "08060001080006040001", "008077000001", "0a4f0001", "000000000000", "0a4f0002"),
    "lldp": from_hex(
        *("0180c200000e", "008077000001", "88cc", "020704008077000001", "040405657468", "06020078", "0a0a636f6d6d757461646f72"),
        *("0c0474657374", "100c05010a4f00010200000001", "00", "0000"),
    ),
    "nbns": from_hex("00012910000100000000000120")
    + b"EBFCFIEJFFCACACACACACACACACACAAA\0"
    + from_hex("00200001", "c00c", "00200001", "000493e0", "0006", "0000", "0a4f0001"),
}


def test_seeds_are_read() -> None:
    assert frames.dissect(SEEDS["arp"]) == [Hint(by="arp", address=ONE, mac=MAC)]
    (lldp,) = frames.dissect(SEEDS["lldp"])
    assert (lldp.names, lldp.address, lldp.mac) == (("commutador",), ONE, MAC)
    (nbns,) = names.netbios(SEEDS["nbns"], ONE, MAC)
    assert (nbns.names, nbns.address) == (("arxiu",), ONE)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nSERVER: Linux UPnP/1.0 Sonos/1\r\n\r\n", "Linux UPnP/1.0 Sonos/1"),
        (b"M-SEARCH * HTTP/1.1\r\nSERVER: me\r\n\r\n", None),
    ],
)
def test_ssdp(data: bytes, expected: str | None) -> None:
    assert [hint.system for hint in announcements.ssdp(data, ONE, MAC)] == ([expected] if expected else [])


def entry(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2, "big") + (len(value) + 4).to_bytes(2, "big") + value


def test_cdp() -> None:
    addresses = b"\0\0\0\1\1\1\xcc\0\4" + ipaddress.IPv4Address(ONE).packed
    body = b"\2\xb4\0\0" + entry(1, b"sw-arxiu") + entry(2, addresses) + entry(5, b"Cisco IOS 15.2\nmore") + entry(6, b"WS-C2960")
    snap = b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + body
    frame = b"\x01\x00\x0c\xcc\xcc\xcc" + bytes.fromhex(MAC.replace("-", "")) + len(snap).to_bytes(2, "big") + snap
    (hint,) = frames.dissect(frame)
    assert hint == Hint(by="cdp", address=ONE, mac=MAC, names=("sw-arxiu",), system="WS-C2960 Cisco IOS 15.2")


def test_llmnr_and_names_that_point_at_themselves() -> None:
    answer = (
        b"\0\1\x80\0\0\1\0\1\0\0\0\0"
        + b"\5porta\0\0\1\0\1"
        + b"\xc0\x0c\0\1\0\1\0\0\0\x1e\0\4"
        + ipaddress.IPv4Address(ONE).packed
    )
    assert names.llmnr(answer, ONE, MAC) == [Hint(by="llmnr", address=ONE, mac=MAC, names=("porta",))]
    with pytest.raises(ProtocolError):
        names.llmnr(b"\0\1\x80\0\0\1\0\1\0\0\0\0\xc0\x0c\0\1\0\1", ONE, MAC)


READERS: dict[str, Callable[[bytes], list[Hint]]] = {
    "frame": frames.dissect,
    "arp": frames.arp,
    "ipv4": lambda data: frames.ipv4(data, MAC),
    "ipv6": lambda data: frames.ipv6(data, MAC),
    "udp": lambda data: frames.udp(data, ONE, MAC),
    "neighbour": lambda data: frames.neighbour(data, "fd00::1"),
    "dhcp": lambda data: announcements.dhcp(data, ONE, MAC),
    "lldp": lambda data: announcements.lldp(data, MAC),
    "cdp": lambda data: announcements.cdp(data, MAC),
    "ssdp": lambda data: announcements.ssdp(data, ONE, MAC),
    "mdns": lambda data: names.mdns(data, ONE, MAC),
    "llmnr": lambda data: names.llmnr(data, ONE, MAC),
    "netbios": lambda data: names.netbios(data, ONE, MAC),
    "netbios_datagram": lambda data: names.netbios_datagram(data, ONE, MAC),
    "tcp": lambda data: conversations.tcp(data, ONE, TWO),
}
HEADS = {
    "dhcp": b"\1\1\6\0" + bytes(24) + bytes.fromhex("008077000001") + bytes(202) + b"\x63\x82\x53\x63",
    "mdns": b"\0\0\x84\0\0\0\0\3\0\0\0\0",
    "llmnr": b"\0\0\x80\0\0\1\0\1\0\0\0\0",
    "tcp": b"\x30\x39\x01\xbb" + bytes(8) + b"\x50\x18" + bytes(6) + b"\x16\x03\x01\0\xc8\1\0\0\xc4\3\3" + bytes(32),
    "frame": bytes(12) + b"\x08\x00\x45\0\0\xff" + bytes(5) + b"\x11\0\0\x0a\x4f\0\1\x0a\x4f\0\2\0\x43\0\x44\0\xff\0\0",
}


def survives(reader: str, data: bytes) -> None:
    try:
        hints = READERS[reader](data)
    except ProtocolError:
        return
    for hint in hints:
        for said in (*hint.names, hint.system or "", hint.banner or "", hint.vendor_class or ""):
            assert said == "" or said.isprintable()
        assert hint.port is None or 0 <= hint.port <= 65535


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=600))
@example(data=b"")
def test_no_bytes_upset_a_dissector(reader: str, data: bytes) -> None:
    survives(reader, data)
    survives(reader, HEADS.get(reader, b"") + data)


@pytest.mark.parametrize("seed", SEEDS)
@given(data=st.data())
def test_no_mutation_of_a_real_frame_upsets_one(seed: str, data: Any) -> None:
    whole = bytearray(SEEDS[seed])
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    survives("netbios" if seed == "nbns" else "frame", cut)


@given(data=st.binary(max_size=400), ng=st.booleans(), order=st.sampled_from(["<", ">"]))
def test_no_bytes_upset_the_reader_of_captures(data: bytes, ng: bool, order: str) -> None:
    section = struct.pack(order + "IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    section += struct.pack(order + "IIHHII", 1, 20, 1, 0, 0, 20)
    head = section if ng else struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for content in (data, head + data):
        try:
            assert all(isinstance(frame, bytes) for frame, _ in captures.frames_of(io.BytesIO(content)))
        except captures.NoCapture:
            continue


async def test_captures_of_every_kind_tell_the_same(tmp_path: Path) -> None:
    frame = SEEDS["arp"]
    padded = frame + bytes(-len(frame) % 4)
    for order in ("<", ">"):
        classic = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        classic += struct.pack(order + "IIII", 1_790_000_000, 500_000, len(frame), len(frame)) + frame
        section = struct.pack(order + "IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
        section += struct.pack(order + "IIHHIHHBBBBI", 1, 28, 1, 0, 0, 9, 1, 9, 0, 0, 0, 28)  # nanoseconds
        stamp = 1_790_000_000_500_000_000
        size = 32 + len(padded)
        section += struct.pack(order + "IIIIIII", 6, size, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
        section += padded + struct.pack(order + "I", size)
        for name, content in (("classic", classic), ("ng", section)):
            (tmp_path / name).write_bytes(content)
            (found,) = await captured(tmp_path / name)
            assert (found.target.address, found.observed_at.timestamp()) == (ONE, 1_790_000_000.5)
    cooked = bytes(6) + frame[6:12] + bytes(2) + frame[12:]
    assert frames.dissect(captures.as_ethernet(cooked, captures.LINUX_COOKED)) == frames.dissect(frame)
    assert captures.as_ethernet(frame, 105) == b""  # of a wireless monitor: not read
