"""What tarpits cost everybody else: a whole pass over many hosts, clean, and with one in ten of them a tarpit.

    python benchmarks/tarpits.py [--hosts 400] [--intrusiveness normal] [--rounds 1]

A namespace answers for every address with an SSH greeting and a web page; a tarpit takes every connection and stays silent (22),
drips a byte a second (80) or never ends its headers (8080). The pass is the real one: sweep, looks, nmap, collector, store.
Prints Markdown: seconds until the last healthy host was finished, until the end, and the ratio to the clean pass (reliability.md
H9: at most 1.1 for the healthy ones). Needs root. No packet leaves the namespaces.
"""

import argparse
import asyncio
import ipaddress
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from collector.ingest import Ingest, IngestSettings
from collector.migrations import migrate
from collector.runner import Runner
from collector.runs import start_scan
from collector.store import open_store
from scanners.door import Door, own_addresses
from scanners.observation import Observation
from scanners.probe import Probe
from scanners.zone import Zone
from tests.collector.watching import SmallJudge
from tests.namespaces import Namespace, cable, namespace
from tests.processes import running

PORTS = (22, 80, 8080)
SERVER = """
import asyncio, sys
slow = set(sys.argv[1].split(",")) if sys.argv[1] else set()

async def serve(reader, writer):
    address, port = writer.get_extra_info("sockname")[:2]
    try:
        if address in slow:
            if port == 22:
                await asyncio.sleep(600)
            if port == 8080:
                writer.write(b"HTTP/1.1 200 OK\\r\\n")
            for number in range(600):
                writer.write(b"2" if port == 80 else b"X-%d: a\\r\\n" % number)
                await writer.drain()
                await asyncio.sleep(1)
        elif port == 22:
            writer.write(b"SSH-2.0-OpenSSH_9.2p1\\r\\n")
            await asyncio.wait_for(reader.read(1024), 5)
        else:
            await asyncio.wait_for(reader.readuntil(b"\\r\\n\\r\\n"), 5)
            writer.write(b"HTTP/1.1 404 Not Found\\r\\nServer: nginx\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nno")
            await writer.drain()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()

async def main():
    for port in map(int, sys.argv[2].split(",")):
        await asyncio.start_server(serve, "0.0.0.0", port, backlog=4096)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Watched(Probe):
    """A probe that notes when the last observation of each address came."""

    last: dict[str, float]

    async def look(self, unit: Any, progress: Any = None) -> AsyncIterator[Observation]:  # type: ignore[override]
        async for observation in super().look(unit, progress):
            self.last[observation.target.address] = time.monotonic()
            yield observation


@contextmanager
def city(hosts: int, tarpits: set[str]) -> Iterator[tuple[Namespace, str]]:
    network = ipaddress.ip_network(f"10.78.0.0/{32 - (hosts - 1).bit_length()}")
    with namespace("probe") as probe, namespace("city") as far:
        cable(probe, far, near=["10.77.0.1/24"], far=["10.77.0.2/24"], acquainted=True)
        probe.route("default", via="10.77.0.2")
        far.answer_for(str(network))
        argv = [sys.executable, "-c", SERVER, ",".join(tarpits), ",".join(map(str, PORTS))]
        with running(far.argv(*argv)):
            time.sleep(1.5)
            yield probe, str(network)


async def whole_pass(network: str, intrusiveness: str) -> tuple[float, dict[str, float]]:
    """Seconds of the whole pass, and when each address was finished."""
    zone = Zone.model_validate(
        {
            "id": "city",
            "networks": [network],
            "authorised_by": "the benchmark",
            "valid_from": "2020-01-01",
            "valid_until": "2099-12-31",
            "packets_per_second": 20_000,
            "intrusiveness": intrusiveness,
            "ports": ",".join(map(str, PORTS)),
            "udp_ports": frozenset(),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/talaia.db")
        migrate(store)
        door = Door([zone], own_addresses=own_addresses())
        probe = Watched(door)
        probe.last = {}
        ingest = Ingest(store, SmallJudge(), IngestSettings(clock=lambda: datetime.now(UTC)))
        with store.write() as connection:
            scan_id = start_scan(connection, zone, None, asked_by="the benchmark", at=datetime.now(UTC))
        began = time.monotonic()
        await Runner(store, ingest, door, probe=probe).run(scan_id)
        return time.monotonic() - began, {address: at - began for address, at in probe.last.items()}


def measured(hosts: int, every: int, intrusiveness: str) -> tuple[float, float]:
    """Seconds until the last healthy host, and until the end."""
    size = 1 << (hosts - 1).bit_length()
    addresses = [str(address) for address in ipaddress.ip_network(f"10.78.0.0/{32 - size.bit_length() + 1}")]
    tarpits = set(addresses[::every]) if every else set()
    with city(hosts, tarpits) as (probe, network), probe.entered():
        whole, last = asyncio.run(whole_pass(network, intrusiveness))
    return max(at for address, at in last.items() if address not in tarpits), whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=400)
    parser.add_argument("--intrusiveness", default="normal")
    parser.add_argument("--rounds", type=int, default=1)
    wanted = parser.parse_args()
    print("| hosts | tarpits | healthy done (s) | end (s) | healthy, ratio |\n|---|---|---|---|---|")
    for _ in range(wanted.rounds):
        clean, end = measured(wanted.hosts, 0, wanted.intrusiveness)
        print(f"| {wanted.hosts} | none | {clean:.1f} | {end:.1f} | 1.00 |", flush=True)
        healthy, end = measured(wanted.hosts, 10, wanted.intrusiveness)
        print(f"| {wanted.hosts} | 1 in 10 | {healthy:.1f} | {end:.1f} | {healthy / clean:.2f} |", flush=True)


if __name__ == "__main__":
    main()
