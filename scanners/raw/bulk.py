"""Many packets with one system call: sendmmsg(2) and recvmmsg(2), which the standard library does not offer."""

import ctypes
import errno
import socket
import struct

MESSAGE = struct.Struct("@PI4xPQPQi4xI4x")  # struct mmsghdr on 64-bit Linux: msghdr (56 bytes) and the length sent
IOVEC = struct.Struct("@PQ")
BATCH = 512

_libc = ctypes.CDLL(None, use_errno=True)
_sendmmsg = _libc.sendmmsg
_recvmmsg = _libc.recvmmsg
_recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]


class Salvo:
    """``count`` slots of ``stride`` bytes, each a socket address followed by a packet, ready to be sent from any slot on.

    ``buffer`` is the memory of all slots; the packet of a slot begins ``packet_at`` bytes into it.
    """

    def __init__(self, count: int, stride: int, address_bytes: int, packet_at: int, packet_bytes: int) -> None:
        self._memory = ctypes.create_string_buffer(count * stride)
        self._iovecs = ctypes.create_string_buffer(count * IOVEC.size)
        self._messages = ctypes.create_string_buffer(count * MESSAGE.size)
        self.buffer = memoryview(self._memory).cast("B")
        memory, vectors = ctypes.addressof(self._memory), ctypes.addressof(self._iovecs)
        self._first = ctypes.addressof(self._messages)
        iovecs, messages = memoryview(self._iovecs), memoryview(self._messages)
        for slot in range(count):
            at = memory + slot * stride
            IOVEC.pack_into(iovecs, slot * IOVEC.size, at + packet_at, packet_bytes)
            vector = vectors + slot * IOVEC.size
            MESSAGE.pack_into(messages, slot * MESSAGE.size, at, address_bytes, vector, 1, 0, 0, 0, 0)

    def send(self, sock: socket.socket, start: int, count: int) -> int:
        """Send up to ``count`` slots from ``start`` on; how many left. 0: the system's queue is full.

        A packet that the system refuses for its address (no route, a broadcast address, a local firewall) counts as
        sent: it stays silent.
        """
        sent: int = _sendmmsg(sock.fileno(), self._first + start * MESSAGE.size, min(count, BATCH), socket.MSG_DONTWAIT)
        if sent >= 0:
            return sent
        return 0 if ctypes.get_errno() in (errno.EAGAIN, errno.ENOBUFS, errno.EINTR) else 1


class Basket:
    """Receives up to 512 short packets at a time."""

    SIZE = 96

    def __init__(self) -> None:
        self._memory = ctypes.create_string_buffer(BATCH * self.SIZE)
        self._iovecs = ctypes.create_string_buffer(BATCH * IOVEC.size)
        self._messages = ctypes.create_string_buffer(BATCH * MESSAGE.size)
        self.buffer = memoryview(self._memory).cast("B")
        for slot in range(BATCH):
            IOVEC.pack_into(self._iovecs, slot * IOVEC.size, ctypes.addressof(self._memory) + slot * self.SIZE, self.SIZE)
            vector = ctypes.addressof(self._iovecs) + slot * IOVEC.size
            MESSAGE.pack_into(self._messages, slot * MESSAGE.size, 0, 0, vector, 1, 0, 0, 0, 0)
        self._lengths = memoryview(self._messages).cast("B").cast("I")[14 :: MESSAGE.size // 4]

    def receive(self, sock: socket.socket) -> list[int]:
        """The lengths of the packets that lie in ``buffer`` now, ``SIZE`` bytes apart; empty when there is none."""
        got: int = _recvmmsg(sock.fileno(), ctypes.addressof(self._messages), BATCH, socket.MSG_DONTWAIT, None)
        return list(self._lengths[:got]) if got > 0 else []
