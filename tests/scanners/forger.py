"""Run inside the city: answers SYNs that it sees in the ways a liar would.

Addresses ending in .5: a SYN-ACK and a RST with a wrong acknowledgement. In .6: right, but from a port that was not asked. In .7:
an honest SYN-ACK. In .8: garbage, thousands of packets. Whatever the kernel would say itself is dropped by the test's rules.
"""

import os
import random
import socket
import struct

from scanners.raw.arithmetic import checksum, words

ETH_P_ALL = 0x0003  # sees a packet before the ingress hook drops it
SYN_ACK, RST_ACK = 0x12, 0x14
sniffed = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def reply(source: bytes, target: bytes, port: int, to_port: int, acknowledged: int, flags: int) -> None:
    tcp = struct.pack(">HHIIBBHHH", port, to_port, 1, acknowledged & 0xFFFFFFFF, 0x50, flags, 1024, 0, 0)
    pseudo = source + target + struct.pack(">HH", 6, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", checksum(words(pseudo + tcp))) + tcp[18:]
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, target)
    out.sendto(header + tcp, (socket.inet_ntoa(target), 0))


def garbage(source: bytes, target: bytes, to_port: int) -> None:
    """Random bytes after a header: as TCP to the sweep's own port, and as every kind of ICMP that it listens to."""
    for _ in range(300):
        body = os.urandom(random.randrange(60))
        protocol = random.choice((6, 1))
        if protocol == 6:
            flags = bytes([0x50, random.choice((SYN_ACK, 4, 0xFF))])
            body = struct.pack(">HH", random.randrange(65536), to_port) + body[:8] + flags + body[8:]
        else:
            body = bytes([random.choice((0, 3)), random.randrange(20)]) + body
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, source, target)
        out.sendto(header + body, (socket.inet_ntoa(target), 0))


print("listening", flush=True)
while True:
    packet = sniffed.recv(2048)
    if len(packet) < 40 or packet[9] != 6 or packet[33] != 2:
        continue
    sender, asked = packet[12:16], packet[16:20]
    from_port, port, sequence = struct.unpack_from(">HHI", packet, 20)
    if asked[3] == 5:
        for wrong in (0, sequence, sequence + 2, random.randrange(2**32)):
            reply(asked, sender, port, from_port, wrong, SYN_ACK)
            reply(asked, sender, port, from_port, wrong, RST_ACK)
    elif asked[3] == 6:
        reply(asked, sender, port + 1000, from_port, sequence + 1, SYN_ACK)
        reply(asked[:3] + b"\xc8", sender, port, from_port, sequence + 1, SYN_ACK)
    elif asked[3] == 7:
        reply(asked, sender, port, from_port, sequence + 1, SYN_ACK)
    elif asked[3] == 8:
        garbage(asked, sender, from_port)
