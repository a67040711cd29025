"""What a sweep says while it runs."""

from dataclasses import dataclass
from enum import StrEnum

from scanners.service_facts import HostFacts
from scanners.target import Transport


class Phase(StrEnum):
    """What the sweep is doing now. After the neighbours, echo, UDP and TCP take turns: the first try, then each retry."""

    NEIGHBOURS = "neighbours"  # ARP and neighbour discovery on the local link
    ECHO = "echo"  # ICMP and ICMPv6 echo
    TCP = "tcp"  # SYN sweep, or connects where raw sockets are not allowed
    UDP = "udp"  # one payload a service


@dataclass(frozen=True, slots=True)
class Opened:
    """A port answered. Said once a sweep, as soon as it is known; said again by a sweep resumed from a checkpoint.

    ``address`` is canonical text. A UDP port is open when it sent a datagram back. ``mac`` is known on the local link only.
    """

    address: str
    port: int
    transport: Transport = Transport.TCP
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class HostSeen:
    """All that the sweep can say of one address; said at the end of the part of the sweep that it is in.

    A part has at most 262,144 addresses; a :class:`Saved` that follows does not repeat the parts that are done.

    For each address that gave an answer of any kind, and for each ``expected`` address that gave none: then ``alive`` is
    False in a complete sweep with raw sockets, and None in one that was cut short or only connected.
    """

    address: str
    facts: HostFacts


@dataclass(frozen=True, slots=True)
class Progress:
    """About once a second. ``sent`` and ``total`` count probes, over all phases and including the retries that are foreseen.

    ``rate`` is in packets per second over the last second; ``hosts`` and ``open_ports`` are what answered so far.
    """

    phase: Phase
    sent: int
    total: int
    rate: float
    hosts: int
    open_ports: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint, every few seconds and when the sweep is cut short.

    ``checkpoint`` is opaque bytes (some hundred kilobytes for a /16); given back to :func:`scanners.discovery.sweep` with the
    same arguments it goes on from there. What was said before it is in it.
    """

    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event. ``complete`` is False when the sweep was cut short; ``detail`` then says by what.

    ``raw_socket`` is False when the sweep had to connect because raw sockets are not allowed; ``detail`` says so too.
    """

    complete: bool
    raw_socket: bool
    detail: str = ""


SweepEvent = Opened | HostSeen | Progress | Saved | Finished
