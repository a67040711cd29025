"""nmap, asked about what our own look could not name: beside everything else, one host a run, never in front.

This side starts :mod:`scanners.nmap.__main__` in a process group of its own and can end it at once. Few probes
(``--version-intensity 2``) need a zone of *normal* intrusiveness, nmap's usual ones a *deep* one.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable

import msgspec

from scanners.door import Door, RefusedByScope
from scanners.nmap.request import WIDTH_DEEP, WIDTH_GENTLE, WIDTH_NAMED, NmapRequest
from scanners.nmap.xml import NmapProduct
from scanners.service_facts import ServiceFacts
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

__all__ = ["NmapMissing", "NmapProduct", "ask_nmap", "may_say_more", "merged"]

SHARE = 0.04  # of the zone's pace, for each nmap: nine at once must leave our own looks the greater part
WATCH_SECONDS = 0.25
_OUTPUT_BYTES = 256 * 1024
_GRACE_SECONDS = 5

_OUR_NAMES = {
    "domain": "dns",
    "ms-wbt-server": "rdp",
    "microsoft-ds": "smb",
    "netbios-ssn": "smb",
    "memcache": "memcached",
    "socks5": "socks",
    "X11": "x11",
    "mongod": "mongodb",
    "ssl": "unknown",
}
_TELL_VERSIONS = frozenset(
    ("amqp", "dns", "ftp", "imap", "ldap", "nntp", "pop3", "postgresql", "rdp", "smb", "smtp", "ssh", "vnc")
)


class NmapMissing(Exception):
    """nmap is not installed here. Nothing is lost but names and versions that only it could tell."""


class _Line(msgspec.Struct, frozen=True):
    port: int | None = None
    said: NmapProduct | None = None
    end: bool = False
    missing: bool = False
    detail: str = ""


def may_say_more(facts: ServiceFacts, zone: Zone) -> bool:
    """Whether asking nmap is worth it: it answered but stayed unknown, or nobody said its version.

    A port that said nothing at all is asked only where a deep look is allowed: it costs the most and tells the least.
    """
    if facts.name is None:
        return zone.intrusiveness.allows(Intrusiveness.DEEP)
    return facts.name == "unknown" or (facts.name in _TELL_VERSIONS and facts.version is None)


def merged(facts: ServiceFacts, product: NmapProduct) -> ServiceFacts:
    """``facts`` with what nmap adds; what we saw ourselves stays. The very ``facts`` when it adds nothing."""
    name = _OUR_NAMES.get(product.name or "", product.name)
    unknown = facts.name in (None, "unknown")
    if name is None or name == "unknown" or not (unknown or name == facts.name):
        return facts
    more = msgspec.structs.replace(
        facts,
        name=name if unknown else facts.name,
        tls=facts.tls or product.tls or False,
        product=facts.product or product.product,
        version=facts.version or product.version,
        extra=facts.extra or product.extra,
        cpe=facts.cpe or product.cpe,
    )
    return facts if more == facts else msgspec.structs.replace(more, said_by="nmap")


async def ask_nmap(
    door: Door, zone: Zone, address: str, ports: Iterable[int], *, seconds: int = 45, named: bool = False
) -> dict[int, NmapProduct]:
    """What nmap says of these TCP ports of one address. ``named``: we know the services, and only want their versions.

    The process is killed when the stop button is pressed or the zone closes, and after ``seconds`` and a grace. Raises
    :class:`NmapMissing`, :class:`~scanners.door.RefusedByScope`, ``TimeoutError``, ``OSError`` and
    :class:`~scanners.wire.ProtocolError` when nmap was ended by its limits without a report.
    """
    deep = zone.intrusiveness.allows(Intrusiveness.DEEP)
    needs = Intrusiveness.DEEP if deep else Intrusiveness.NORMAL
    async with door.lend(address, zone_id=zone.id, needs=needs, share=SHARE) as loan:
        request = NmapRequest(
            address=str(loan.address),
            ports=tuple(sorted(set(ports))),
            intensity=WIDTH_NAMED if named else WIDTH_DEEP if deep else WIDTH_GENTLE,
            max_rate=max(int(loan.packets_per_second), 1),
            connections=loan.connections,
            seconds=seconds,
        )
        lines = await _run(door, zone, request, needs)
    if any(line.missing for line in lines):
        raise NmapMissing("nmap is not installed on this machine: some services stay without a name or version")
    found = {line.port: line.said for line in lines if line.port is not None and line.said is not None}
    end = next((line for line in lines if line.end), None)
    if not found and (end is None or end.detail):
        raise ProtocolError(end.detail if end else "nmap was ended by its limits")
    return found


async def _run(door: Door, zone: Zone, request: NmapRequest, needs: Intrusiveness) -> list[_Line]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "scanners.nmap"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    loop = asyncio.get_running_loop()

    def stopped() -> None:
        loop.call_soon_threadsafe(_kill, process)

    forget = door.stop.listen(stopped)
    watch = asyncio.create_task(_watch(process, lambda: door.admit(request.address, zone_id=zone.id, needs=needs)))
    try:
        async with asyncio.timeout(request.seconds + _GRACE_SECONDS):
            output = await _talk(process, msgspec.json.encode(request) + b"\n")
    finally:
        forget()
        watch.cancel()
        _kill(process)
        await asyncio.shield(asyncio.gather(process.wait(), watch, return_exceptions=True))
    door.admit(request.address, zone_id=zone.id, needs=needs)
    return [line for text in output.splitlines() if (line := _read(text)) is not None]


async def _talk(process: asyncio.subprocess.Process, question: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise OSError("the nmap process has no pipes")
    with contextlib.suppress(ConnectionError):
        process.stdin.write(question)
        process.stdin.close()
    output = bytearray()
    while len(output) < _OUTPUT_BYTES and (part := await process.stdout.read(65536)):
        output += part
    return bytes(output)


async def _watch(process: asyncio.subprocess.Process, admit: Callable[[], object]) -> None:
    """Ask the door again while nmap runs: a zone may close or change under it."""
    while process.returncode is None:
        try:
            admit()
        except RefusedByScope:
            _kill(process)
            return
        await asyncio.sleep(WATCH_SECONDS)


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the process and nmap below it: they are a group of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(text: bytes) -> _Line | None:
    try:
        return msgspec.json.decode(text, type=_Line)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
