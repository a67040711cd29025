"""Packets that scapy builds once and reads rarely; the sweep patches bytes of them.

The only module that imports scapy. Nothing is sent by it.
"""

import logging
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers.inet import ICMP, IP, TCP, UDP, ICMPerror, IPerror, TCPerror, UDPerror  # noqa: E402
from scapy.layers.inet6 import (  # noqa: E402
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6NDOptSrcLLAddr,
    IPerror6,
    IPv6,
)
from scapy.layers.l2 import ARP  # noqa: E402
from scapy.packet import Packet  # noqa: E402

MSS = 1460
WINDOW = 64240


def syn(version: int, source: int, source_port: int) -> bytes:
    """A whole IP packet with a SYN and the MSS option; destination, port, sequence number and checksums still zero."""
    tcp = TCP(sport=source_port, dport=0, seq=0, flags="S", window=WINDOW, options=[("MSS", MSS)], chksum=0)
    if version == 4:
        return bytes(IP(src=str(IPv4Address(source)), dst="0.0.0.0", flags="DF", ttl=64, id=0, chksum=0) / tcp)
    return bytes(IPv6(src=str(IPv6Address(source)), dst="::", hlim=64) / tcp)


def echo(version: int, identifier: int, payload: bytes) -> bytes:
    """An ICMP or ICMPv6 echo request without its IP header, checksum zero."""
    if version == 4:
        return bytes(ICMP(type=8, id=identifier, seq=1, chksum=0) / payload)
    return bytes(ICMPv6EchoRequest(id=identifier, seq=1, data=payload, cksum=0))


def arp_request(mac: bytes, source: int) -> bytes:
    """The 28 bytes of an ARP request (RFC 826); the address asked for is the last four."""
    return bytes(ARP(op=1, hwsrc=mac.hex(":"), psrc=str(IPv4Address(source)), hwdst="00:00:00:00:00:00", pdst="0.0.0.0"))


def neighbour_solicitation(mac: bytes, source: int) -> bytes:
    """IPv6 and ICMPv6 of a neighbour solicitation (RFC 4861 section 4.3); destination, target and checksum still zero."""
    asked = ICMPv6ND_NS(tgt="::", cksum=0) / ICMPv6NDOptSrcLLAddr(lladdr=mac.hex(":"))
    return bytes(IPv6(src=str(IPv6Address(source)), dst="::", hlim=255) / asked)


def warm_up() -> None:
    """Use everything once: the interpreter's files may be out of reach when privileges are given up."""
    read_refusal_v4(bytes(IP(src="127.0.0.1") / ICMP(type=3, code=3) / IP(dst="127.0.0.1") / UDP(dport=9)))
    read_refusal_v4(bytes(IP(src="127.0.0.1") / ICMP(type=3, code=13) / IP(dst="127.0.0.1") / TCP(dport=9)))
    read_refusal_v6(1, bytes(ICMPv6DestUnreach(code=4) / IPv6(dst="::1") / UDP(dport=9)))
    read_refusal_v6(1, bytes(ICMPv6DestUnreach(code=1) / IPv6(dst="::1") / TCP(dport=9)))
    for version in (4, 6):
        syn(version, 1, 1)
        echo(version, 1, b"")
    arp_request(bytes(6), 1)
    neighbour_solicitation(bytes(6), 1)


@dataclass(frozen=True)
class Refusal:
    """An ICMP error about one of our packets. ``said_by`` is who sent it, the rest is what it quotes.

    ``closed`` is True for *port unreachable*, False for what says that something on the way forbids it or cannot deliver.
    """

    said_by: int
    address: int
    protocol: int
    source_port: int
    port: int
    sequence: int
    closed: bool


def read_refusal_v4(packet: bytes) -> Refusal | None:
    """Read a whole IPv4 packet with an ICMP destination unreachable; None when it quotes nothing of use."""
    whole = IP(packet)
    error, quoted = whole.getlayer(ICMP), whole.getlayer(IPerror)
    if error is None or quoted is None or error.type != 3:
        return None
    return _refusal(int(IPv4Address(whole.src)), int(IPv4Address(quoted.dst)), quoted, error.code == 3)


def read_refusal_v6(said_by: int, message: bytes) -> Refusal | None:
    """Read an ICMPv6 destination unreachable without its IPv6 header."""
    error = ICMPv6DestUnreach(message)
    quoted = error.getlayer(IPerror6)
    if quoted is None:
        return None
    return _refusal(said_by, int(IPv6Address(quoted.dst)), quoted, error.code == 4)


def _refusal(said_by: int, address: int, quoted: Packet, port_unreachable: bool) -> Refusal | None:
    for kind, protocol in ((TCPerror, 6), (TCP, 6), (UDPerror, 17), (UDP, 17)):
        inner = quoted.getlayer(kind)
        if inner is not None and inner.dport is not None:
            sequence = int(inner.seq or 0) if protocol == 6 else 0
            return Refusal(said_by, address, protocol, int(inner.sport), int(inner.dport), sequence, port_unreachable)
    inner = quoted.getlayer(ICMPerror)
    return None if inner is None else Refusal(said_by, address, 1, 0, 0, 0, False)
