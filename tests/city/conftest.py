"""Builds the city once for the tests of this folder: a switch, a gateway that sees leaks, a probe, and every host."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from talaia.demo.certificates import Authority
from tests.city.districts.inside import ACCESS
from tests.city.districts.names import ZONE_LINES
from tests.city.host import Host
from tests.city.hosts import DOMAINS, EXCLUDED, HOSTILES, HOSTS, OUTSIDE
from tests.city.servers import Yard
from tests.namespaces import Counts, Namespace, cable, count, namespace, switch
from tests.processes import running

ZONES = {  # id: (vantage, networks, further lines of the zone file)
    "exposed": (
        "internet",
        ("10.77.1.0/26", "10.77.3.0/26", "fd77::1:0/112"),
        f"    exclude: [{EXCLUDED.address}]\n{ZONE_LINES}",
    ),
    "inside": ("internal", ("10.77.2.0/26", "10.77.4.0/26", "fd77::2:0/112"), ACCESS),
    "things": ("workplace", ("10.77.5.0/26",), "    identify_industrial: true\n"),
}
SCOPE = tuple(network for _, networks, _ in ZONES.values() for network in networks)
TALAIA = (sys.executable, "-m", "talaia")


@dataclass
class City:
    """``probe`` is where Talaia runs; ``leaving`` and ``leaked`` count its packets by whether they were in scope."""

    probe: Namespace
    folder: Path
    authority: Path
    leaving: Counts
    leaked: Counts
    hosts: dict[str, Namespace] = field(default_factory=dict)

    def talaia(self, *arguments: str, timeout_seconds: float = 800, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command inside the probe, with the city's settings."""
        argv = self.probe.argv(*TALAIA, "--config", str(self.folder / "talaia.yaml"), *arguments)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout_seconds, check=False)
        if ok and done.returncode:
            raise AssertionError(
                f"talaia {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return done

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines that a command prints with ``--json``."""
        return [json.loads(line) for line in self.talaia(*arguments, "--json").stdout.splitlines()]


def _settle(stack: ExitStack, link: Namespace, host: Host, folder: Path, authority: Authority) -> Namespace:
    home = stack.enter_context(namespace(host.name))
    prefix = "/64" if ":" in host.address else "/16"
    _, port = cable(home, link, near=[host.address + prefix])
    link.ip("link", "set", port, "master", "br0")
    yard = Yard(folder / host.name, host.address, host.name, authority)
    yard.folder.mkdir(mode=0o755)
    commands = host.start(yard)
    for number, command in enumerate(commands):
        stack.enter_context(running(home.argv(*command), log=yard.folder / f"server-{number}.log"))
    return home


def _wait(home: Namespace, host: Host, folder: Path) -> None:
    program = (
        "import socket, sys, time\n"
        "deadline = time.monotonic() + 240\n"
        "for port in map(int, sys.argv[2:]):\n"
        "    while True:\n"
        "        try: socket.create_connection((sys.argv[1], port), 1).close(); break\n"
        "        except OSError:\n"
        "            if time.monotonic() > deadline: sys.exit(f'nothing listens on {sys.argv[1]} port {port}')\n"
        "            time.sleep(0.05)\n"
    )
    try:
        home.run(sys.executable, "-c", program, host.address, *map(str, host.listens))
    except RuntimeError as error:
        logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in (folder / host.name).glob("*.log"))
        raise RuntimeError(f"{host.name}: {error}\n{logs}") from error


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with built_city() as made:
        yield made


@contextmanager
def built_city() -> Iterator[City]:
    """The whole city, up while the context lasts. For the benchmark too."""
    with ExitStack() as stack:
        # Not pytest's own folder: that is closed to the users that servers become when they give up root.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="talaia-city-")))
        folder.chmod(0o755)
        authority = Authority(folder, datetime.now(UTC))
        link = stack.enter_context(namespace("link"))
        switch(link)
        gateway = stack.enter_context(namespace("gateway"))
        probe = stack.enter_context(namespace("probe"))
        for host, addresses in ((gateway, ["10.77.255.254/16", "fd77::fffe/64"]), (probe, ["10.77.0.1/16", "fd77::1/64"])):
            _, port = cable(host, link, near=addresses)
            link.ip("link", "set", port, "master", "br0")
        probe.route("default", via="10.77.255.254")
        probe.route("default", via="fd77::fffe")
        homes = {host.address: _settle(stack, link, host, folder, authority) for host in (*HOSTS, *HOSTILES, EXCLUDED, OUTSIDE)}
        for host in (*HOSTS, *HOSTILES, EXCLUDED, OUTSIDE):
            _wait(homes[host.address], host, folder)
        scope = list(SCOPE)
        # What hosts of the city say to everybody (SSDP) comes by the gateway too; what the probe says is counted where it leaves.
        own = ["10.77.255.254/32", "fd77::fffe/128", "224.0.0.0/4", "ff00::/8"]
        leaving, leaked = count(probe, "egress", scope), count(gateway, "ingress", own)
        made = City(probe, folder, authority.path, leaving, leaked, homes)
        _settings(made)
        yield made


def _settings(made: City) -> None:
    (made.folder / "zones.yaml").write_text(
        "zones:\n" + "".join(_zone(name, *said) for name, said in ZONES.items()).replace("@CITY@", str(made.folder))
    )
    (made.folder / "catalogue.yaml").write_text(_catalogue())
    (made.folder / "talaia.yaml").write_text(
        f"database: sqlite:///talaia.db\nzones: zones.yaml\ncatalogue: catalogue.yaml\ntrusted_authorities: [{made.authority}]\n"
    )


def _zone(name: str, vantage: str, networks: tuple[str, ...], further: str) -> str:
    quoted = ", ".join(f'"{net}"' for net in networks)
    return (
        f"  - id: {name}\n    networks: [{quoted}]\n"
        "    authorised_by: the tests\n    valid_from: 2026-01-01\n    valid_until: 2099-12-31\n"
        f"    vantage: {vantage}\n    packets_per_second: 20000\n    intrusiveness: deep\n"
        f'    ports: "common,7,13,19,4443,8022,10443"\n    udp_ports: "common_udp"\n'
        f"    snmp_communities: [public, private]\n{further}"
    )


def _catalogue() -> str:
    ens = "{D: medio, A: medio, I: medio, C: medio, T: medio}"
    wanted = sorted({host.service for host in HOSTS if host.service})
    services = "".join(f"  {name}: {{department: it, audience: internal, ens: {ens}, en: {name}}}\n" for name in wanted)
    assets = "".join(
        f'  - {{id: {host.name}, name: {host.name}, services: [{host.service}], addresses: ["{host.address}"], owner: it'
        + (f", authorised_ports: {list(host.authorised)}" if host.authorised else "")
        + "}\n"
        for host in (*HOSTS, *HOSTILES)
        if host.service
    )
    assets += "".join(
        f"  - {{id: {name.replace('.', '_')}, name: {name}, services: [{host.service}], names: [{name}], owner: it}}\n"
        for name, host in DOMAINS.items()
    )
    return (
        "city:\n  name: {ca: Vilamar, es: Vilamar, en: Vilamar}\n  dir3: L01099999\n  timezone: Europe/Madrid\n"
        f"departments:\n  it: {{ca: TI, es: TI, en: IT}}\nservices:\n{services}assets:\n{assets}"
    )
