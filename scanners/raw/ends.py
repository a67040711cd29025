"""The sockets of the sweep, opened once; then every privilege is given up."""

import ctypes
import os
import socket
import struct

from scanners.raw import filters

ETH_IPV4, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86DD
_RECEIVE_BYTES = 64 * 1024 * 1024
_SO_RCVBUFFORCE = 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_ICMP_FILTER, _ICMP6_FILTER = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_NOBODY = 65534


class Ends:
    """Everything that sends or receives for one IP version.

    ``route`` sends whole IP packets where the kernel routes them, ``link`` to a given hardware address; ``tcp`` receives the
    answers to ``port`` with their IP header; ``icmp`` and ``udp`` do both. Raises ``PermissionError`` without the right.
    """

    def __init__(self, version: int, port: int) -> None:
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        ether = ETH_IPV4 if version == 4 else ETH_IPV6
        self.version, self.port = version, port
        self.route = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.tcp = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ether))
        _enlarge(self.tcp)
        filters.attach(self.tcp, filters.tcp_answers_v4(port) if version == 4 else filters.tcp_answers_v6(port))
        self.icmp = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP if version == 4 else socket.IPPROTO_ICMPV6)
        _enlarge(self.icmp)
        _choose_icmp(self.icmp, version)
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        _enlarge(self.udp)
        self.udp.bind(("" if version == 4 else "::", 0))
        self.udp_port: int = self.udp.getsockname()[1]
        self.arp = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_ARP))
        for each in (self.tcp, self.icmp, self.udp, self.arp, self.route, self.link):
            each.setblocking(False)

    def dropped(self) -> int:
        """How many TCP answers the kernel had no room for since the last call."""
        return int(struct.unpack("II", self.tcp.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1])


def reserve_port() -> socket.socket:
    """A TCP socket that never listens: its port is ours in both IP versions, and the kernel resets what answers to it."""
    try:
        held = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        held.bind(("::", 0))
    except OSError:
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.bind(("", 0))
    return held


def give_up_privileges() -> None:
    """The sockets stay; everything else that root may do is given up for good."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _enlarge(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BYTES)
    except PermissionError:  # only CAP_NET_RAW: as large as any process may have it
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)


def _choose_icmp(sock: socket.socket, version: int) -> None:
    """Let through echo replies and unreachables, and in IPv6 neighbour advertisements."""
    if version == 4:
        blocked = 0xFFFFFFFF & ~(1 << 0 | 1 << 3)
        sock.setsockopt(socket.SOL_RAW if hasattr(socket, "SOL_RAW") else 255, _ICMP_FILTER, struct.pack("I", blocked))
        return
    words = [0xFFFFFFFF] * 8
    for kind in (1, 129, 136):
        words[kind >> 5] &= ~(1 << (kind & 31)) & 0xFFFFFFFF
    sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("8I", *words))
