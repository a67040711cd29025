"""FTP (RFC 959, RFC 4217)."""

import re
from typing import ClassVar

import msgspec

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_WANTS_TLS = re.compile(r"\b(?:ssl|tls|encrypt\w*|secure)\b", re.IGNORECASE)
_PERM = re.compile(rb"(?:^|[; ])perm=([A-Za-z]{0,20});", re.IGNORECASE)
_LINES = 64


class FtpFacts(Facts, frozen=True, kw_only=True):
    """``tls_offered``: AUTH TLS is accepted, or the port speaks TLS at once. ``tls_required``: USER is refused before TLS.
    ``anonymous``: anonymous may log in; ``anonymous_write``: the server says it would take a file (asked without leaving one)."""

    kind: ClassVar[str] = "ftp"

    banner: str | None = None
    tls_offered: bool | None = None
    tls_required: bool | None = None
    anonymous: bool | None = None
    anonymous_write: bool | None = None


class Reply(msgspec.Struct, frozen=True):
    """``code`` is the three digits; ``text`` all lines, clean; ``raw`` as received."""

    code: int
    text: str
    raw: bytes


class FtpScanner:
    """Asks for TLS, names a user who does not exist, and logs in as ``anonymous`` with an empty password.

    Whether anonymous may write is read from the permission facts of the directory (RFC 3659, 7.5.5). vsftpd has none: it checks
    the right to store before it looks for a data connection, so a STOR without one is answered and stores nothing. Of other
    servers it stays untold.
    """

    name = "ftp"
    version = "1"
    facts_type = FtpFacts
    intrusiveness = Intrusiveness.NORMAL
    deadline_seconds = 25.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ftp"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        implicit = bool(occasion.service and occasion.service.tls)
        talk = _Talk(target, occasion, implicit)
        facts = await talk.begin()
        if facts.tls_offered is not False or facts.banner is not None:
            facts = await talk.anonymous(facts)
        return Look(facts, talk.evidence)


class _Talk:
    def __init__(self, target: Target, occasion: Occasion, implicit: bool) -> None:
        self.target, self.occasion, self.implicit = target, occasion, implicit
        self.evidence = b""

    async def begin(self) -> FtpFacts:
        context = lenient_context() if self.implicit else None
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, tls=context) as wire:
            greeting = await read_reply(wire)
            banner = clean_bytes(greeting.raw[4:].strip(), 300)
            if greeting.code != 220:
                return FtpFacts(banner=banner, tls_offered=True if self.implicit else None)
            user = await _say(wire, "USER talaia")
            self.evidence = wire.evidence
        if self.implicit:
            return FtpFacts(banner=banner, tls_offered=True, tls_required=True)
        required = user.code >= 400 and bool(_WANTS_TLS.search(user.text))
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id) as wire:
            await read_reply(wire)
            offered = (await _say(wire, "AUTH TLS")).code in (234, 334)
        return FtpFacts(banner=banner, tls_offered=offered, tls_required=required)

    async def anonymous(self, facts: FtpFacts) -> FtpFacts:
        """``facts`` with what an anonymous user may; asked inside TLS where the server wants that."""
        entered, write = await self._log_in(in_tls=False)
        if entered is None and facts.tls_offered and not self.implicit:
            entered, write = await self._log_in(in_tls=True)
        return msgspec.structs.replace(facts, anonymous=entered, anonymous_write=write)

    async def _log_in(self, *, in_tls: bool) -> tuple[bool | None, bool | None]:
        context = lenient_context() if self.implicit else None
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, tls=context) as wire:
            greeting = await read_reply(wire)
            if greeting.code != 220:
                return None, None
            if in_tls:
                await _say(wire, "AUTH TLS")
                await wire.start_tls(lenient_context(), None)
            reply = await _say(wire, "USER anonymous")
            if reply.code == 331:
                reply = await _say(wire, "PASS ")
            if reply.code not in (230, 232):
                told = 500 <= reply.code < 600 and not _WANTS_TLS.search(reply.text)
                return (False if told else None), (False if told else None)
            write = await _may_write(wire, greeting)
            self.evidence = wire.evidence
            await _say(wire, "QUIT")
            return True, write


async def _may_write(wire: Wire, greeting: Reply) -> bool | None:
    listed = await _say(wire, "MLST .")
    found = _PERM.search(listed.raw) if listed.code == 250 else None
    if found:
        return bool({b"c", b"m"} & {bytes((letter,)) for letter in found[1].lower()})
    if "vsFTPd" in greeting.text:
        answer = await _say(wire, "STOR talaia-presence-check")
        return {425: True, 550: False, 553: False, 530: False, 502: False}.get(answer.code)
    return None


async def _say(wire: Wire, command: str) -> Reply:
    await wire.write(command.encode("ascii") + b"\r\n")
    return await read_reply(wire)


async def read_reply(wire: Wire) -> Reply:
    """One reply of one or more lines (RFC 959, 4.2). Raises :class:`~scanners.wire.ProtocolError`."""
    lines = [await wire.read_line()]
    code = lines[0][:3]
    if not code.isdigit() or len(code) != 3 or lines[0][3:4] not in (b" ", b"-", b"\r", b"\n"):
        raise ProtocolError("its reply does not begin with a code of three digits")
    while lines[0][3:4] == b"-" and not (lines[-1][:3] == code and lines[-1][3:4] == b" "):
        if len(lines) >= _LINES or not lines[-1]:
            raise ProtocolError("its reply does not end")
        lines.append(await wire.read_line())
    raw = b"".join(lines)
    return Reply(int(code), clean_bytes(raw, 2000), raw)


SCANNER = FtpScanner()
