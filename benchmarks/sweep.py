"""The sweep against zmap, masscan and nmap: a /16 with one address in ten alive, 20 ports, in network namespaces.

    python benchmarks/sweep.py [--only talaia,zmap,masscan,nmap] [--bits 16] [--rounds 1]

The far namespace's kernel answers for every address (AnyIP); nine in ten are dropped on arrival, so they are silent.
Four of the ports are open, sixteen are closed. Each tool is judged: complete means that it named every open (address, port)
and nothing else. Prints Markdown: wall time, ratio to Talaia's, complete or what is missing, greatest resident memory (the sum of
our two processes). Needs root, nftables, and the peers installed. No packet leaves the namespaces.
"""

import argparse
import asyncio
import ipaddress
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scanners.discovery import Finished, Opened, sweep
from scanners.door import Door, own_addresses
from scanners.zone import Zone
from tests.namespaces import Namespace, cable, namespace

OPEN = (22, 80, 443, 8080)
CLOSED = (21, 23, 25, 53, 110, 111, 139, 143, 445, 3306, 3389, 5432, 6379, 8443, 9200, 27017)
PORTS = tuple(sorted(OPEN + CLOSED))
RATE = 1_000_000  # packets per second, for every tool: as fast as it can
_SERVER = """
import socket, time
kept = []
for port in {ports}:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("", port))
    server.listen(65535)
    kept.append(server)
print("listening", flush=True)
while True:
    time.sleep(60)
"""

Endpoints = set[tuple[str, int]]


@dataclass
class Run:
    """One run of one tool. ``seconds`` is wall time, ``memory`` the greatest resident memory in bytes."""

    tool: str
    seconds: float
    memory: int
    found: Endpoints = field(default_factory=set)

    def verdict(self, truth: Endpoints) -> str:
        missing, wrong = len(truth - self.found), len(self.found - truth)
        if not missing and not wrong:
            return "complete"
        return f"{missing} of {len(truth)} missed, {wrong} wrong"


@contextmanager
def city(bits: int) -> Iterator[tuple[Namespace, Namespace, str, Endpoints]]:
    """The probe, the city, its network, and the truth about it."""
    network = ipaddress.ip_network(f"10.78.0.0/{32 - bits}")
    alive = [network[index] for index in range(3, network.num_addresses, 10)]
    with namespace("probe") as probe, namespace("city") as far:
        cable(probe, far, near=["10.77.0.1/24"], far=["10.77.0.2/24"], acquainted=True)
        probe.route("default", via="10.77.0.2")
        far.answer_for(str(network))
        for name, value in (("net.ipv4.tcp_max_syn_backlog", 65536), ("net.core.somaxconn", 65536)):
            far.sysctl(name, value)
        rules = "table netdev quiet {\nset alive { type ipv4_addr; }\nchain arriving {\n"
        rules += f'type filter hook ingress device "{far.devices[0]}" priority 0;\n'
        far.nft(f"{rules}ip daddr {network} ip daddr != @alive drop\n}}\n}}")
        far.nft("add element netdev quiet alive { " + ", ".join(map(str, alive)) + " }")
        server = subprocess.Popen(far.argv(sys.executable, "-c", _SERVER.format(ports=OPEN)), stdout=subprocess.PIPE)
        assert server.stdout is not None
        server.stdout.readline()
        try:
            yield probe, far, str(network), {(str(ip), port) for ip in alive for port in OPEN}
        finally:
            server.kill()
            server.wait()


class Memory:
    """Watches the resident memory of a process and its children, twenty times a second."""

    def __init__(self, pid: int) -> None:
        self.greatest = 0
        self._pid, self._done = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.greatest = max(self.greatest, sum(map(_resident, _family(self._pid))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def watched(argv: list[str]) -> tuple[float, int]:
    """Run a peer to its end: wall seconds and greatest resident bytes."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        with Memory(process.pid) as memory:
            code = process.wait(1800)
        said.seek(0)
        if code:
            raise RuntimeError(f"{argv[0]} ended with {code}: {said.read()[-2000:]!r}")
    return time.monotonic() - started, memory.greatest


def talaia(probe: Namespace, far: Namespace, network: str, folder: Path) -> Run:
    """``sweep`` with one retry: what a probe does, in a process of its own."""
    out = folder / "talaia.txt"
    with probe.entered():
        seconds, memory = watched([sys.executable, __file__, "--sweep", network, "--out", str(out)])
    return Run("Talaia", seconds, memory, _pairs(out))


async def sweep_once(network: str, out: Path) -> None:
    zone = Zone(
        id="benchmark",
        networks=[network],
        authorised_by="the benchmark",
        valid_from=date(2020, 1, 1),
        valid_until=date(2099, 12, 31),
        packets_per_second=RATE,
    )
    door = Door([zone], own_addresses=own_addresses())
    with out.open("w") as written:
        async with aclosing(sweep(door, zone, tcp_ports=frozenset(PORTS), udp_ports=frozenset(), raw=True)) as events:
            async for event in events:
                if isinstance(event, Opened):
                    written.write(f"{event.address} {event.port}\n")
                elif isinstance(event, Finished) and not event.complete:
                    raise SystemExit(event.detail)


def zmap(probe: Namespace, far: Namespace, network: str, folder: Path) -> Run:
    """One run a port, as zmap 2 knows one port a run; cooldown one second."""
    total, greatest, found = 0.0, 0, set()
    for port in PORTS:
        out = folder / f"zmap-{port}.txt"
        argv = ["zmap", "-p", str(port), "-r", str(RATE), "-c", "1", "-o", str(out), "-q", "-b", "/dev/null", "-f", "saddr"]
        argv += ["-i", probe.devices[0], "-G", far.mac(), "-S", "10.77.0.1", "--disable-syslog", "-v", "0", network]
        seconds, memory = watched(probe.argv(*argv))
        total, greatest = total + seconds, max(greatest, memory)
        found |= {(line.strip(), port) for line in out.read_text().splitlines() if re.match(r"\d", line)}
    return Run("zmap (one run a port)", total, greatest, found)


def masscan(probe: Namespace, far: Namespace, network: str, folder: Path) -> Run:
    """Ten seconds are its own default wait for late answers; three are given."""
    out = folder / "masscan.txt"
    argv = ["masscan", network, "-p", ",".join(map(str, PORTS)), "--rate", str(RATE), "--wait", "3", "-oL", str(out)]
    argv += ["--retries", "1", "-e", probe.devices[0], "--adapter-ip", "10.77.0.1", "--router-mac", far.mac().replace(":", "-")]
    seconds, memory = watched(probe.argv(*argv))
    found = {(word[3], int(word[2])) for line in out.read_text().splitlines() if (word := line.split())[:1] == ["open"]}
    return Run("masscan (one retry)", seconds, memory, found)


def nmap(probe: Namespace, far: Namespace, network: str, folder: Path) -> Run:
    out = folder / "nmap.txt"
    argv = ["nmap", "-sS", "-Pn", "-n", "--min-rate", "200000", "--max-retries", "1", "-T5", "--open", "-oG", str(out)]
    seconds, memory = watched(probe.argv(*argv, "-p", ",".join(map(str, PORTS)), network))
    found = set()
    for line in out.read_text().splitlines():
        if match := re.match(r"Host: (\S+) .*Ports: (.*)", line):
            found |= {(match[1], int(port)) for port in re.findall(r"(\d+)/open/", match[2])}
    return Run("nmap --min-rate", seconds, memory, found)


def _pairs(path: Path) -> Endpoints:
    return {(line.split()[0], int(line.split()[1])) for line in path.read_text().splitlines()}


TOOLS: dict[str, Callable[[Namespace, Namespace, str, Path], Run]] = {
    "talaia": talaia,
    "zmap": zmap,
    "masscan": masscan,
    "nmap": nmap,
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default=",".join(TOOLS))
    arguments.add_argument("--bits", type=int, default=16)
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--sweep", help=argparse.SUPPRESS)
    arguments.add_argument("--out", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.sweep:
        asyncio.run(sweep_once(chosen.sweep, Path(chosen.out)))
        return
    runs: list[Run] = []
    with city(chosen.bits) as (probe, far, network, truth), tempfile.TemporaryDirectory() as folder:
        for _ in range(chosen.rounds):
            for name in chosen.only.split(","):
                runs.append(TOOLS[name](probe, far, network, Path(folder)))
                print(f"{runs[-1].tool}: {runs[-1].seconds:.1f} s, {runs[-1].verdict(truth)}", file=sys.stderr)
    ours = min((run.seconds for run in runs if run.tool == "Talaia"), default=0.0)
    print(
        f"{network}, {len(PORTS)} ports, {len(truth)} open endpoints, {os.cpu_count()} cores shared with the answering kernel\n"
    )
    print("| tool | wall time | × Talaia | found | resident memory |\n|---|---:|---:|---|---:|")
    for run in runs:
        ratio = f"{run.seconds / ours:.1f}" if ours else "–"
        print(f"| {run.tool} | {run.seconds:.1f} s | {ratio} | {run.verdict(truth)} | {run.memory / 1e6:.0f} MB |")


if __name__ == "__main__":
    main()
