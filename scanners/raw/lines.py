"""JSON lines over standard input and output.

In (one object a line):

- a job: ``{"do": "sweep", "version": 4, "intervals": [[first, last], …], "allowed": […], "excluded": […], "tcp": [ports],
  "udp": [ports], "rate": packets per second, "retries": n, "timeout": seconds, "answered": base64 of a compressed byte an
  (index × port) or "", "position": {…} or null}``; addresses are integers, intervals include both ends;
- ``{"do": "look_around", "links": [[first, last], …], …}``: neighbours on wide IPv6 links;
- ``{"do": "allow", "allowed": […], "excluded": […]}`` and ``{"do": "rate", "rate": n}`` at any time;

Out: ``ready``, ``alive``, ``tcp``, ``udp``, ``found``, ``progress``, ``allowed``, ``done`` and ``error``, named by the
key ``say``. Hosts are indices into the job's intervals, ports ``index * number of ports + place of the port``.
"""

import fcntl
import json
import os
from contextlib import suppress
from typing import Any

_READ_BYTES = 1 << 16
_LINE_LIMIT_BYTES = 256 * 1024 * 1024
_F_SETPIPE_SZ = 1031


class Lines:
    """Reads standard input without blocking, writes standard output with blocking."""

    def __init__(self, into: int, out: int) -> None:
        self.into = into
        self._out = out
        self._pending = bytearray()
        self.ended = False
        os.set_blocking(into, False)
        with suppress(OSError):  # not a pipe, or over the user's limit: only slower
            fcntl.fcntl(out, _F_SETPIPE_SZ, 1 << 20)

    def read(self) -> list[dict[str, Any]]:
        """What has come since, complete lines only."""
        while not self.ended:
            try:
                piece = os.read(self.into, _READ_BYTES)
            except BlockingIOError:
                break
            self.ended = not piece or len(self._pending) > _LINE_LIMIT_BYTES
            self._pending += piece
            if piece.endswith(b"\n") and len(piece) < _READ_BYTES:
                break
        *whole, rest = self._pending.split(b"\n")
        self._pending = bytearray(rest)
        return [json.loads(line) for line in whole if line.strip()]

    def say(self, what: str, **fields: Any) -> None:
        data = memoryview(json.dumps({"say": what, **fields}, separators=(",", ":")).encode() + b"\n")
        while data:
            data = data[os.write(self._out, data) :]
