"""Socket filters (classic BPF), so that only answers to our own probes wake the sweep.

Each program runs on a cooked packet socket: offset 0 is the first byte of the IP header. The first jump number is how many
instructions to skip when the test holds, the second when it does not.
"""

import ctypes
import socket
import struct

_SO_ATTACH_FILTER = 26

_LDH_ABS, _LDB_ABS, _LDH_IND, _LDB_IND, _LDX_MSH = 0x28, 0x30, 0x48, 0x50, 0xB1
_JEQ, _JSET, _AND, _RET = 0x15, 0x45, 0x54, 0x06
_KEEP_BYTES = 96

Program = list[tuple[int, int, int, int]]


def tcp_answers_v4(port: int) -> Program:
    """TCP over IPv4, unfragmented, to ``port``, with RST or with SYN and ACK."""
    return [
        (_LDB_ABS, 0, 0, 9),
        (_JEQ, 0, 10, socket.IPPROTO_TCP),
        (_LDH_ABS, 0, 0, 6),
        (_JSET, 8, 0, 0x3FFF),  # a fragment
        (_LDX_MSH, 0, 0, 0),  # X = length of the IP header
        (_LDH_IND, 0, 0, 2),
        (_JEQ, 0, 5, port),
        (_LDB_IND, 0, 0, 13),
        (_JSET, 2, 0, 0x04),
        (_AND, 0, 0, 0x12),
        (_JEQ, 0, 1, 0x12),
        (_RET, 0, 0, _KEEP_BYTES),
        (_RET, 0, 0, 0),
    ]


def tcp_answers_v6(port: int) -> Program:
    """TCP directly after the IPv6 header, to ``port``, with RST or with SYN and ACK."""
    return [
        (_LDB_ABS, 0, 0, 6),
        (_JEQ, 0, 7, socket.IPPROTO_TCP),
        (_LDH_ABS, 0, 0, 42),
        (_JEQ, 0, 5, port),
        (_LDB_ABS, 0, 0, 53),
        (_JSET, 2, 0, 0x04),
        (_AND, 0, 0, 0x12),
        (_JEQ, 0, 1, 0x12),
        (_RET, 0, 0, _KEEP_BYTES),
        (_RET, 0, 0, 0),
    ]


def attach(sock: socket.socket, program: Program) -> None:
    """Let only what ``program`` keeps reach ``sock``."""
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(buffer)))
