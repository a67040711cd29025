"""Servers of clocks, routers and sensors that answer over UDP: how each is configured, and a house for those with fixed ports."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fetch_ntpsec import ntpd
from tests.namespaces import Namespace, cable, namespace

HOUSE, PROBE = "10.77.9.1", "10.77.9.2"

# "time" answers strangers as RFC 5905 wants; control requests as well, or not.
OPEN_NTP = "unrestrict default noquery limited kod\n"
SHUT_NTP = "restrict default noquery limited kod\n"


@contextmanager
def house() -> Iterator[tuple[Namespace, Namespace]]:
    """A host of its own at :data:`HOUSE`, and who looks at it from :data:`PROBE`."""
    with namespace("house") as home, namespace("probe") as probe:
        cable(home, probe, near=[f"{HOUSE}/24"], far=[f"{PROBE}/24"])
        yield home, probe


def ntpsec_command(folder: Path, settings: str = OPEN_NTP) -> list[str]:
    """NTPsec without servers of its own, and without a hand on this machine's clock."""
    path = folder / "ntp.conf"
    path.write_text(f"driftfile {folder}/drift\ndisable ntp\n{settings}")
    return [str(ntpd()), "-n", "-c", str(path)]


def chrony_command(folder: Path) -> list[str]:
    """chrony that gives the time of a clock it does not touch to anybody."""
    path = folder / "chrony.conf"
    path.write_text(f"allow all\nlocal stratum 5\ncmdport 0\npidfile {folder}/chrony.pid\nbindcmdaddress /\nuser root\n")
    return ["chronyd", "-d", "-x", "-f", str(path)]


def miniupnpd_command(folder: Path, listening: str) -> list[str]:
    """A router that takes UPnP searches on ``listening``, an interface or an address with its prefix."""
    path = folder / "miniupnpd.conf"
    path.write_text(
        f"ext_ifname=lo\next_ip=8.8.8.8\nlistening_ip={listening}\nhttp_port=5000\nenable_upnp=yes\nenable_natpmp=no\n"
        "secure_mode=yes\nuuid=00000000-0000-4000-8000-000000000001\nfriendly_name=Encaminador\n"
        "manufacturer_name=Exemple\nmodel_name=R1\n"
    )
    return ["miniupnpd", "-d", "-f", str(path), "-P", str(folder / "miniupnpd.pid")]


def coap_command(address: str) -> list[str]:
    return ["coap-server-openssl", "-A", address, "-p", "5683"]


class Parrot(asyncio.DatagramProtocol):
    """Answers every datagram with those of ``answers``; a stand-in for servers that Debian does not have."""

    def __init__(self, answers: dict[bytes, list[bytes]]) -> None:
        self.answers = answers
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for answer in next((said for start, said in self.answers.items() if data.startswith(start)), []):
            self.transport.sendto(answer, addr)


def monitored_ntpd() -> dict[bytes, list[bytes]]:
    """What ntpd before 4.2.7p26 says: the time, no control, and 600 clients in packets of six (ntp_request.h, MON_GETLIST_1)."""
    clients = [b"\xd7" + bytes((number,)) + b"\x03\x2a\x00\x06\x00\x48" + bytes(6 * 72) for number in range(100)]
    return {b"\x23": [b"\x24\x02\x06\xe9" + bytes(44)], b"\x17": clients}
