"""``python -m scanners.raw.listener interface NAME | pcap PATH``: frames in, hints out, nothing sent.

A line ``{"say": "ready"}``, then ``{"say": "hint", …}`` (:class:`~scanners.passive.hints.Hint`) for each that is new, then
``{"say": "done", "frames": n, "malformed": n, "dropped": n}`` at the end of the file, or once standard input is closed.
``{"say": "error", "text": …}`` and exit status 3 without the right, 2 when the file or interface cannot be read. Unlike the
sweep's, this process loads nothing of scapy.
"""

import select
import socket
import struct
import sys
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec

from scanners.passive.captures import NoCapture, frames_of
from scanners.passive.frames import FRAME_LIMIT, dissect
from scanners.passive.hints import Hint
from scanners.raw.ends import give_up_privileges
from scanners.raw.lines import Lines
from scanners.wire import ProtocolError

NO_RIGHT, NOT_READ = 3, 2
KNOWN_LIMIT = 100_000
REPEAT_SECONDS = 300.0
_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC, _PACKET_STATISTICS, _SO_RCVBUFFORCE = 263, 1, 1, 6, 33
_BUFFER_BYTES = 16 * 1024 * 1024
_PACKET_OUTGOING = 4


class Heard:
    """Says each new hint once in a while: a busy server would say the same a thousand times a second."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._known: OrderedDict[Hint, float] = OrderedDict()
        self.frames = self.malformed = 0

    def take(self, frame: bytes, at: float | None = None) -> None:
        """``at`` is when a frame of a file was taken, in seconds since 1970."""
        self.frames += 1
        try:
            hints = dissect(frame)
        except ProtocolError:
            self.malformed += 1
            return
        for hint in hints:
            self._say(hint, at)

    def _say(self, hint: Hint, at: float | None) -> None:
        now = time.monotonic() if at is None else at
        if abs(now - self._known.get(hint, -2 * REPEAT_SECONDS)) < REPEAT_SECONDS:
            return
        self._known[hint] = now
        self._known.move_to_end(hint)
        if len(self._known) > KNOWN_LIMIT:
            self._known.popitem(last=False)
        fields: dict[str, Any] = msgspec.to_builtins(hint)
        self._lines.say("hint", **fields, **({} if at is None else {"at": at}))


def listen(interface: str, heard: Heard, lines: Lines) -> int:
    """Until standard input ends. The socket joins no group and answers nothing: promiscuous mode sends no packet."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    wire.bind((interface, _ETH_P_ALL))
    index = socket.if_nametoindex(interface)
    wire.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, struct.pack("iHH8s", index, _PACKET_MR_PROMISC, 0, b""))
    give_up_privileges()
    wire.setblocking(False)
    lines.say("ready")
    while not lines.ended:
        ready, _, _ = select.select([wire.fileno(), lines.into], (), (), 1.0)
        if lines.into in ready:
            lines.read()
        for _ in range(512):
            try:
                frame, place = wire.recvfrom(FRAME_LIMIT)
            except BlockingIOError:
                break
            if place[2] != _PACKET_OUTGOING:  # what this machine says itself is no news
                heard.take(frame)
    return int(struct.unpack("II", wire.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1])


def main(arguments: list[str]) -> int:
    lines = Lines(sys.stdin.fileno(), sys.stdout.fileno())
    heard, dropped = Heard(lines), 0
    kind, place = arguments
    try:
        if kind == "interface":
            dropped = listen(place, heard, lines)
        else:
            with Path(place).open("rb") as file:
                give_up_privileges()
                lines.say("ready")
                for frame, at in frames_of(file):
                    heard.take(frame, at)
    except PermissionError as error:
        lines.say("error", text=f"{place} may not be listened to here: {error.strerror}")
        return NO_RIGHT
    except BrokenPipeError:
        return 0
    except (OSError, NoCapture) as error:
        lines.say("error", text=f"{place} cannot be read: {error or type(error).__name__}")
        return NOT_READ
    lines.say("done", frames=heard.frames, malformed=heard.malformed, dropped=dropped)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
