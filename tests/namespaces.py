"""Networks made for one test: namespaces, cables between them, and counters that prove what crossed a cable.

    with namespace("probe") as probe, namespace("city") as city:
        cable(probe, city, near=["10.77.0.1/24", "fd77::1/64"], far=["10.77.0.2/24", "fd77::2/64"])
        city.answer_for("10.78.0.0/16")                     # its kernel answers for every address (AnyIP)
        probe.route("default", via="10.77.0.2")
        leaving = count(probe, "egress", in_scope=["10.78.0.0/16"])      # what the probe really puts on the wire
        arriving = count(city, "ingress", in_scope=["10.78.0.0/16"])
        with probe.entered():                               # this thread, and children that it starts
            ...
        assert arriving.read()["ipv4_out"] == 0

Needs root, iproute2 and nftables (kernel 5.16 or newer for the egress hook). The output hook is never used as a proof:
packets sent through AF_PACKET do not pass it. A namespace ends with its context, and the cables in it.
"""

import ctypes
import ipaddress
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def run(*argv: str, stdin: str | None = None, timeout_seconds: float = 300.0) -> str:
    """Run a command to its end; its output. Raises ``RuntimeError`` with what it said when it fails."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


@dataclass
class Namespace:
    """One host: a network namespace. ``devices`` are its ends of cables, in the order they were plugged in."""

    name: str
    devices: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return Path("/run/netns") / self.name

    def argv(self, *argv: str) -> list[str]:
        """``argv`` to be run inside, for ``subprocess`` or :func:`tests.processes.running`."""
        return ["ip", "netns", "exec", self.name, *argv]

    def run(self, *argv: str, stdin: str | None = None, timeout_seconds: float = 300.0) -> str:
        return run(*self.argv(*argv), stdin=stdin, timeout_seconds=timeout_seconds)

    def ip(self, *arguments: str) -> str:
        return run("ip", "-n", self.name, *arguments)

    def nft(self, ruleset: str) -> None:
        """Load nftables rules inside."""
        self.run("nft", "-f", "-", stdin=ruleset)

    def sysctl(self, name: str, value: int | str) -> None:
        self.run("sysctl", "-q", "-w", f"{name}={value}")

    def address(self, *addresses: str, device: str | None = None) -> None:
        """Add addresses (``10.0.0.1/24``, ``fd00::1/64``) to a device, by default the first cable."""
        for address in addresses:
            extra = ["nodad"] if ":" in address else []
            self.ip("address", "add", address, "dev", device or self.devices[0], *extra)

    def route(self, network: str, *, via: str | None = None, device: str | None = None) -> None:
        version = "-6" if ":" in (via or network) else "-4"
        where = ["via", via] if via else ["dev", device or self.devices[0]]
        self.ip(version, "route", "replace", network, *where)

    def answer_for(self, *networks: str) -> None:
        """Let the kernel take every address of ``networks`` as its own (AnyIP)."""
        for network in networks:
            self.ip("-6" if ":" in network else "-4", "route", "add", "local", network, "dev", "lo")

    def knows(self, address: str, mac: str, device: str | None = None) -> None:
        """Write a neighbour down for good, so that no ARP or neighbour discovery is needed for it."""
        self.ip("neighbour", "replace", address, "lladdr", mac, "dev", device or self.devices[0], "nud", "permanent")

    def mac(self, device: str | None = None) -> str:
        shown = json.loads(self.ip("-j", "link", "show", "dev", device or self.devices[0]))
        return str(shown[0]["address"])

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, and the processes and threads it starts, are inside while the context lasts."""
        with open("/proc/thread-self/ns/net", "rb") as outside, self.path.open("rb") as inside:
            _setns(inside.fileno())
            try:
                yield
            finally:
                _setns(outside.fileno())


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


@contextmanager
def namespace(hint: str = "host") -> Iterator[Namespace]:
    """A new network namespace with loopback up; when the context ends, its processes are killed and it is removed."""
    made = Namespace(f"t{os.getpid()}-{next(_numbers)}-{hint}"[:60])
    run("ip", "netns", "add", made.name)
    try:
        made.ip("link", "set", "lo", "up")
        yield made
    finally:
        _end_processes(made)
        run("ip", "netns", "delete", made.name)


def _end_processes(made: Namespace) -> None:
    for _ in range(50):
        pids = [int(pid) for pid in run("ip", "netns", "pids", made.name).split() if int(pid) != os.getpid()]
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def cable(
    one: Namespace,
    other: Namespace,
    *,
    near: Sequence[str] = (),
    far: Sequence[str] = (),
    near_mac: str | None = None,
    far_mac: str | None = None,
    acquainted: bool = False,
) -> tuple[str, str]:
    """A veth pair between two namespaces, up, with addresses; the names of its two ends.

    ``acquainted`` writes each end down as the other's neighbour for good: then no ARP or neighbour discovery of the
    kernel's own crosses the cable, and what does is the program's.
    """
    number = next(_numbers)
    ends = (f"v{os.getpid() % 100000}n{number}", f"v{os.getpid() % 100000}f{number}")
    run("ip", "link", "add", ends[0], "netns", one.name, "type", "veth", "peer", "name", ends[1], "netns", other.name)
    for host, device, addresses, mac in ((one, ends[0], near, near_mac), (other, ends[1], far, far_mac)):
        host.devices.append(device)
        if mac:
            host.ip("link", "set", device, "address", mac)
        host.ip("link", "set", device, "up")
        host.address(*addresses, device=device)
    if acquainted:
        for host, device, peer, peer_device, addresses in (
            (one, ends[0], other, ends[1], far),
            (other, ends[1], one, ends[0], near),
        ):
            for address in addresses:
                host.knows(address.partition("/")[0], peer.mac(peer_device), device)
    return ends


def switch(host: Namespace, *devices: str, name: str = "br0") -> str:
    """A bridge inside ``host`` that joins ``devices`` (ends of cables): one local link for many hosts."""
    host.ip("link", "add", name, "type", "bridge", "mcast_snooping", "0")
    host.ip("link", "set", name, "up")
    for device in devices:
        host.ip("link", "set", device, "master", name)
    return name


@dataclass(frozen=True)
class Counts:
    """Counters on one device, put there by :func:`count`."""

    host: Namespace
    table: str

    def read(self) -> dict[str, int]:
        """Packets since :func:`count`: see there for the names."""
        shown = json.loads(self.host.run("nft", "-j", "list", "table", "netdev", self.table))
        return {item["counter"]["name"]: int(item["counter"]["packets"]) for item in shown["nftables"] if "counter" in item}


NAMES = ("ipv4_in", "ipv4_out", "ipv6_in", "ipv6_out", "arp_in", "arp_out", "nd_in", "nd_out", "housekeeping", "other")


def count(
    host: Namespace, hook: str, in_scope: Sequence[str], *, device: str | None = None, drop_outside: bool = False
) -> Counts:
    """Count the packets on a device's ``ingress`` or ``egress`` hook, by where they go.

    ``ipv4_in``/``ipv4_out`` and ``ipv6_in``/``ipv6_out``: destination in or out of ``in_scope``; ``arp_*`` and ``nd_*``:
    requests (solicitations), by the address asked for; ``housekeeping``: what a kernel says by itself (ARP replies,
    advertisements, multicast reports, duplicate address detection); ``other``: anything else. ``drop_outside`` makes it
    a guard as well.
    """
    table = f"count_{hook}_{next(_numbers)}"
    dev = device or host.devices[0]
    end = "drop" if drop_outside else "accept"
    nets = [ipaddress.ip_network(text) for text in in_scope]
    v4 = [str(net) for net in nets if net.version == 4]
    v6 = [net for net in nets if net.version == 6]
    rules = ["arp operation reply counter name housekeeping accept"]
    rules += [f"arp htype 1 arp ptype ip arp daddr ip {{ {', '.join(v4)} }} counter name arp_in accept"] if v4 else []
    rules += [f"ether type arp counter name arp_out {end}"]
    rules += [f"ip daddr {{ {', '.join(v4)} }} counter name ipv4_in accept"] if v4 else []
    rules += [f"ether type ip counter name ipv4_out {end}"]
    rules += ["icmpv6 type { 133, 134, 136, 143, 130, 131, 132 } counter name housekeeping accept"]
    rules += ["icmpv6 type nd-neighbor-solicit ip6 saddr :: counter name housekeeping accept"]
    rules += ["ip6 nexthdr hopopt counter name housekeeping accept"]  # multicast listener reports
    for net in v6:
        asked = f"@th,64,{net.prefixlen} {int(net.network_address) >> (128 - net.prefixlen):#x}"
        rules.append(f"icmpv6 type nd-neighbor-solicit {asked} counter name nd_in accept")
    # The kernel asks whether a neighbour that asked it from a link-local address (fe80::/10) is still there.
    rules += ["icmpv6 type nd-neighbor-solicit @th,64,10 0x3fa counter name housekeeping accept"]
    rules += [f"icmpv6 type nd-neighbor-solicit counter name nd_out {end}"]
    rules += [f"ip6 daddr {{ {', '.join(map(str, v6))} }} counter name ipv6_in accept"] if v6 else []
    rules += [f"ether type ip6 counter name ipv6_out {end}", f"counter name other {end}"]
    lines = "\n".join([f"counter {name} {{ }}" for name in NAMES])
    body = "\n".join(rules)
    host.nft(f'table netdev {table} {{\n{lines}\nchain c {{ type filter hook {hook} device "{dev}" priority 0;\n{body}\n}}\n}}')
    return Counts(host, table)
