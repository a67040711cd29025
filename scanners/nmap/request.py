"""What is asked of the nmap process, and the argument list that comes of it."""

from collections.abc import Sequence
from ipaddress import ip_address

import msgspec

from scanners.ports import format_ports
from scanners.target import Address

WIDTH_NAMED, WIDTH_GENTLE, WIDTH_DEEP = 0, 2, 7  # nmap's --version-intensity: listening only, a few likely probes, its default


class NmapRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One host. ``max_rate`` in packets a second, ``seconds`` of wall clock; the rest are nmap's own limits."""

    address: str
    ports: tuple[int, ...]
    intensity: int = WIDTH_GENTLE
    max_rate: int = 10
    connections: int = 1
    seconds: int = 45
    cpu_seconds: int = 20
    memory_bytes: int = 400 * 1024 * 1024


def host_of(request: NmapRequest) -> Address:
    """The address, parsed: nothing else ever becomes nmap's target. Raises ``ValueError``."""
    return ip_address(request.address)


def ports_of(request: NmapRequest) -> str:
    """The port list as nmap's -p takes it. Raises ``ValueError`` for a number that is no port, or none at all."""
    if not request.ports or not all(1 <= port <= 65535 for port in request.ports):
        raise ValueError("ports are numbers from 1 to 65535, at least one")
    return format_ports(set(request.ports))


def arguments_of(request: NmapRequest) -> Sequence[str]:
    """The options: constants and integers only, nothing that a target could have written.

    Version detection by connects, without names, without asking whether the host is up (it answered us a moment ago).
    """
    options = ["-sV", "-sT", "--unprivileged", "-Pn", "-n", "--max-retries", "1"]
    options += ["--version-intensity", f"{request.intensity:d}", "--max-rate", f"{max(request.max_rate, 1):d}"]
    options += ["--max-parallelism", f"{max(request.connections, 1):d}", "--host-timeout", f"{request.seconds:d}s"]
    return [*options, "-6"] if host_of(request).version == 6 else options
