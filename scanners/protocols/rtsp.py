"""RTSP (RFC 2326): whether a camera shows its stream to who has no credentials. No stream is set up or played."""

import asyncio
import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

# Where the makers put the stream: asked in this order until one is there. Only the first in a zone that is looked at gently.
PATHS = (
    "/",
    "/Streaming/Channels/101",  # Hikvision
    "/cam/realmonitor?channel=1&subtype=0",  # Dahua
    "/axis-media/media.amp",  # Axis
    "/live",
    "/stream1",
    "/h264",
    "/live.sdp",
    "/onvif1",
    "/test",
)
_LIMITS = WireLimits(deadline_seconds=12.0, read_bytes=256 * 1024)
DESCRIBE_SECONDS = 4.0  # a camera that was asleep starts its encoder first
_STATUS = re.compile(rb"^RTSP/1\.[0-9] ([0-9]{3})\b")
_HEADERS, _BODY = 60, 64 * 1024


class RtspFacts(Facts, frozen=True, kw_only=True):
    """``stream_open``: a stream is described to anybody (its ``path``, and ``media`` as its SDP says); False when a password is
    wanted or access denied; None when no stream was found. ``authentication`` is the scheme that is asked for: basic, digest.
    """

    kind: ClassVar[str] = "rtsp"

    stream_open: bool | None = None
    path: str | None = None
    media: tuple[str, ...] | None = None
    authentication: str | None = None
    server: str | None = None
    methods: tuple[str, ...] | None = None


class Reply:
    """One answer: ``status``, ``headers`` with names in lower case (the first of each), ``body``."""

    def __init__(self, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


async def read_reply(wire: Wire) -> Reply:
    """Raises :class:`~scanners.wire.ProtocolError` when it is none of RTSP."""
    found = _STATUS.match(await wire.read_line(512))
    if found is None:
        raise ProtocolError("its answer is none of RTSP")
    headers: dict[bytes, bytes] = {}
    for _ in range(_HEADERS):
        line = (await wire.read_line(2048)).strip()
        if not line:
            break
        name, _, value = line.partition(b":")
        headers.setdefault(name.strip().lower(), value.strip())
    else:
        raise ProtocolError("an answer of RTSP with too many headers")
    said = headers.get(b"content-length", b"0")
    length = int(said[:7]) if said.isdigit() else 0
    if length > _BODY:
        raise ProtocolError("a description of RTSP that is too long")
    return Reply(int(found[1]), headers, await wire.read_exactly(length) if length else b"")


def read_media(sdp: bytes) -> tuple[str, ...]:
    """Kind and encoding of each stream of a description (RFC 4566), such as ``video H264``."""
    found: list[list[str]] = []
    for line in sdp[:_BODY].splitlines()[:500]:
        if line.startswith(b"m="):
            found.append([clean_bytes(line[2:].split(b" ")[0], 20)])
        elif line.startswith(b"a=rtpmap:") and found and len(found[-1]) == 1 and b" " in line:
            found[-1].append(clean_bytes(line.split(b" ")[1].split(b"/")[0], 20))
    return tuple(" ".join(item) for item in found[:8])


class RtspScanner:
    """OPTIONS, and DESCRIBE without credentials. Nothing is set up, played or recorded."""

    name = "rtsp"
    version = "1"
    facts_type = RtspFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "rtsp"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        tls = occasion.service.tls if occasion.service else False
        context = lenient_context() if tls else None
        host = f"[{target.address}]" if ":" in target.address else target.address
        place = f"{'rtsps' if tls else 'rtsp'}://{host}:{target.port}"
        paths = PATHS if occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL) else PATHS[:4]
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS, tls=context) as wire:
            facts = await _ask(wire, place, paths)
            return Look(facts, wire.evidence)


async def _ask(wire: Wire, place: str, paths: tuple[str, ...]) -> RtspFacts:
    await wire.write(_request("OPTIONS", f"{place}/", 1))
    options = await read_reply(wire)
    public = clean_bytes(options.headers.get(b"public", b""), 200)
    server = clean_bytes(options.headers.get(b"server", b""), 100) or None
    methods = tuple(sorted(word.strip() for word in public.split(",") if word.strip())[:20]) or None
    facts = RtspFacts(server=server, methods=methods)
    for number, path in enumerate(paths, start=2):
        try:
            await wire.write(_request("DESCRIBE", place + path, number))
            async with asyncio.timeout(DESCRIBE_SECONDS):
                reply = await read_reply(wire)
        except (ProtocolError, OSError):
            break  # silent, or gone after so many wrong guesses: what was said stands
        server = server or clean_bytes(reply.headers.get(b"server", b""), 100) or None
        if reply.status == 200:
            return RtspFacts(stream_open=True, path=path, media=read_media(reply.body), server=server, methods=methods)
        if reply.status in (401, 403):
            scheme = clean_bytes(reply.headers.get(b"www-authenticate", b"").split(b" ")[0], 20).lower() or None
            facts = RtspFacts(stream_open=False, authentication=scheme, server=server, methods=methods)
            break
    return facts


def _request(method: str, url: str, number: int) -> bytes:
    accept = "Accept: application/sdp\r\n" if method == "DESCRIBE" else ""
    return f"{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: Talaia\r\n{accept}\r\n".encode()


SCANNER = RtspScanner()
