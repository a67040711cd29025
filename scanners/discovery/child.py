"""The raw process, seen from the process that wants the sweep."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import scanners
from scanners.stop import Stop

_ROOT = str(Path(scanners.__file__).resolve().parent.parent)
LINE_LIMIT_BYTES = 64 * 1024 * 1024
_STARTING_SECONDS = 30.0
_SAID_LIMIT_BYTES = 4000


class RawRefused(PermissionError):
    """Raw sockets are not allowed here."""


class ChildDied(Exception):
    """The raw process ended before its job did. The message says how."""


class RawProcess:
    """``python -m scanners.raw``, killed at once when the stop button is pressed, from whichever thread."""

    def __init__(self, process: asyncio.subprocess.Process, stop: Stop) -> None:
        self._process = process
        self._handle: int | None = os.pidfd_open(process.pid)  # a pid may be given to another process; this is not
        self._forget: Callable[[], None] = stop.listen(self.kill)
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen_to_errors())

    @classmethod
    async def start(cls, stop: Stop) -> "RawProcess":
        """Start it. Raises :class:`RawRefused` without the right, :class:`ChildDied` when it does not come up."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "scanners.raw",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT_BYTES,
                env={"PYTHONPATH": _ROOT, "PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
            )
        except OSError as error:
            raise ChildDied(f"the raw process could not be started: {error}") from error
        child = cls(process, stop)
        try:
            async with asyncio.timeout(_STARTING_SECONDS):
                first = await child.line()
        except (TimeoutError, ChildDied) as error:
            await child.end()
            raise ChildDied(f"the raw process did not start: {child.said or error}") from error
        if first.get("say") != "ready":
            await child.end()
            raise RawRefused(str(first.get("text", "raw sockets are not allowed here")))
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        """The end of what it wrote to standard error."""
        return self._said.decode("utf-8", "replace").strip()

    def order(self, order: dict[str, Any]) -> None:
        """Send one line. A process that is gone is noticed at the next :meth:`line`."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(order, separators=(",", ":")).encode() + b"\n")

    async def line(self) -> dict[str, Any]:
        """The next line it says. Raises :class:`ChildDied`. May be cancelled without losing a line."""
        if self._process.stdout is None:
            raise ChildDied("the raw process has no output")
        try:
            raw = await self._process.stdout.readline()
        except ValueError as error:
            raise ChildDied("the raw process said a line without end") from error
        if not raw.endswith(b"\n"):
            raise ChildDied(f"the raw process ended in the middle of its job: {self.said[-500:]}")
        line: dict[str, Any] = json.loads(raw)
        return line

    def kill(self) -> None:
        """End it now; from any thread, any number of times."""
        handle = self._handle
        if handle is not None:
            try:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            except (ProcessLookupError, OSError):
                return

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self._forget()
        self.kill()
        await self._process.wait()
        await self._listening
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    async def _listen_to_errors(self) -> None:
        if self._process.stderr is None:
            return
        while piece := await self._process.stderr.read(4096):
            self._said += piece
            del self._said[:-_SAID_LIMIT_BYTES]
