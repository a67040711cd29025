"""A probe and a city in network namespaces, a server in it, and a sweep over it."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from scanners.discovery import Finished, HostSeen, Opened, Progress, Saved, sweep
from scanners.door import Door, own_addresses
from scanners.service_facts import HostFacts
from tests.namespaces import Namespace, cable, namespace
from tests.processes import running

SERVER = """
import socket, sys, time
kept = []
for port in map(int, sys.argv[1:]):
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    server.listen(4096)
    kept.append(server)
while True:
    time.sleep(60)
"""


@contextmanager
def routed_city(*networks: str, ports: Sequence[int] = (80,), acquainted: bool = True) -> Iterator[tuple[Namespace, Namespace]]:
    """The probe (10.77.0.1, fd77::1) with default routes to the city (10.77.0.2, fd77::2), that answers for ``networks``."""
    with namespace("probe") as probe, namespace("city") as city:
        cable(
            probe,
            city,
            near=["10.77.0.1/24", "fd77::1/64"],
            far=["10.77.0.2/24", "fd77::2/64"],
            near_mac="02:00:00:00:77:01",
            far_mac="02:00:00:00:77:02",
            acquainted=acquainted,
        )
        probe.route("default", via="10.77.0.2")
        probe.route("default", via="fd77::2")
        city.answer_for(*networks)
        with serving(city, *ports):
            yield probe, city


@contextmanager
def serving(host: Namespace, *ports: int, already: int = 0) -> Iterator[None]:
    """Something that accepts connections on ``ports`` of every address of ``host``; ``already`` is how many ports did before."""
    with running(host.argv(sys.executable, "-c", SERVER, *map(str, ports))):
        deadline = time.monotonic() + 120
        while host.run("cat", "/proc/net/tcp6").count(" 0A ") < already + len(ports):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on {ports} in {host.name}")
            time.sleep(0.05)
        yield


@dataclass
class Seen:
    """What a sweep said."""

    opened: list[tuple[str, int, str]] = field(default_factory=list)
    hosts: dict[str, HostFacts] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)
    saved: list[bytes] = field(default_factory=list)
    finished: Finished | None = None

    @property
    def tcp(self) -> set[tuple[str, int]]:
        return {(address, port) for address, port, transport in self.opened if transport == "tcp"}

    def take(self, event: object) -> None:
        match event:
            case Opened():
                self.opened.append((event.address, event.port, event.transport.value))
            case HostSeen():
                self.hosts[event.address] = event.facts
            case Progress():
                self.progress.append(event)
            case Saved():
                self.saved.append(event.checkpoint)
            case Finished():
                self.finished = event


def door_of(*zones: Any, **options: Any) -> Door:
    return Door(list(zones), own_addresses=own_addresses(), **options)


async def swept(door: Door, zone: Any, **options: Any) -> Seen:
    """Run a sweep to its end."""
    seen = Seen()
    async with aclosing(sweep(door, zone, **options)) as events:
        async for event in events:
            seen.take(event)
    return seen
