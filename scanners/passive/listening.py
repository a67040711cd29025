"""Listening on an interface, or to a capture: from hints of a process that alone reads frames to observations of hosts."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import scanners
from scanners.observation import Observation
from scanners.passive.hints import Hint
from scanners.passive.hosts import Hosts, Tally
from scanners.stop import Stop
from scanners.zone import Zone

__all__ = ["CannotListen", "Tally", "listen"]

FLUSH_SECONDS = 5.0
LINE_LIMIT_BYTES = 1 << 20
_ROOT = str(Path(scanners.__file__).resolve().parent.parent)


class CannotListen(Exception):
    """The interface or the capture cannot be read; the message says why. Nothing that was heard before is lost."""


async def listen(
    zones: Sequence[Zone],
    *,
    interface: str | None = None,
    pcap: Path | None = None,
    seconds: float | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    stop: Stop | None = None,
    tally: Tally | None = None,
) -> AsyncIterator[Observation]:
    """Hear what hosts of ``zones`` say, on ``interface`` for ``seconds`` (until stopped when None), or in the file ``pcap``.

    Yields observations of the scanner ``passive`` every few seconds and at the end; ``tally`` counts what was heard. Sends
    nothing, and asks for the right to listen (``CAP_NET_RAW``) in a process of its own. Raises :class:`CannotListen`.
    """
    tally = tally if tally is not None else Tally()
    hosts = Hosts(zones, clock, tally)
    kind, place = ("interface", interface) if interface is not None else ("pcap", str(pcap))
    process = await _started(kind, str(place))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopped() -> None:
        loop.call_soon_threadsafe(ended.set)

    forget = stop.listen(stopped) if stop is not None else lambda: None
    reading = asyncio.create_task(_read(process, hosts, tally))
    until = loop.time() + seconds if seconds is not None else None
    try:
        while not reading.done():
            left = FLUSH_SECONDS if until is None else min(FLUSH_SECONDS, until - loop.time())
            halt = asyncio.create_task(ended.wait())
            await asyncio.wait({reading, halt}, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
            halt.cancel()
            if ended.is_set() or (until is not None and loop.time() >= until):
                await _hang_up(process, reading)
            for observation in hosts.observations():
                yield observation
        problem = reading.result()
        for observation in hosts.observations():
            yield observation
        if problem:
            raise CannotListen(problem)
    finally:
        forget()
        reading.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.gather(process.wait(), reading, return_exceptions=True)


async def _started(kind: str, place: str) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "scanners.raw.listener", kind, place),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_LIMIT_BYTES,
            env={"PYTHONPATH": _ROOT, "PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
        )
    except OSError as error:
        raise CannotListen(f"the listening process could not be started: {error}") from error


async def _hang_up(process: asyncio.subprocess.Process, reading: "asyncio.Task[str]") -> None:
    """Close its input: it says how much it heard, and ends."""
    if process.stdin is not None:
        process.stdin.close()
    await asyncio.wait({reading}, timeout=5)
    reading.cancel()
    await asyncio.wait({reading})


async def _read(process: asyncio.subprocess.Process, hosts: Hosts, tally: Tally) -> str:
    """Take in what the process says until it ends; what went wrong, or an empty text."""
    if process.stdout is None:
        return "the listening process has no output"
    try:
        while raw := await process.stdout.readline():
            line = json.loads(raw)
            match line.pop("say"):
                case "hint":
                    at = line.pop("at", None)
                    hosts.take(msgspec.convert(line, Hint), None if at is None else datetime.fromtimestamp(at, UTC))
                case "error":
                    return str(line["text"])
                case "done":
                    tally.frames, tally.malformed, tally.dropped = line["frames"], line["malformed"], line["dropped"]
                    return ""
    except asyncio.CancelledError:
        return ""
    except (ValueError, KeyError, OverflowError, OSError, msgspec.ValidationError) as error:
        return f"the listening process said something that cannot be read: {error}"
    return "the listening process ended unexpectedly"
