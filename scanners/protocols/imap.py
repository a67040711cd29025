"""IMAP (RFC 9051, RFC 3501)."""

from typing import ClassVar

import msgspec

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.protocols.mail_talk import MOST_LINES, bares_credentials, secured, speaks_tls_at_once, talking, words
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness


class ImapFacts(Facts, frozen=True, kw_only=True):
    """``implicit_tls``: TLS from the first byte. ``preauthenticated``: it greets with PREAUTH, everybody is already somebody.

    ``capabilities`` are those before TLS, or the only ones where TLS comes first; ``capabilities_tls`` those after STARTTLS.
    ``starttls_offered`` and ``starttls_works`` are None where TLS comes first; *works*: a handshake and a CAPABILITY inside.
    ``login_disabled``: LOGINDISABLED is listed before TLS (RFC 9051, 6.2.3: then LOGIN is refused, else it may be tried).
    ``auth`` are the SASL mechanisms in ``capabilities``. ``auth_in_clear``: without TLS it takes LOGIN, or a mechanism that
    sends password or token as it is (the server was asked to begin one, and went along until we ended it).
    """

    kind: ClassVar[str] = "imap"

    banner: str | None = None
    implicit_tls: bool | None = None
    preauthenticated: bool | None = None
    capabilities: tuple[str, ...] | None = None
    capabilities_tls: tuple[str, ...] | None = None
    starttls_offered: bool | None = None
    starttls_works: bool | None = None
    login_disabled: bool | None = None
    auth: tuple[str, ...] | None = None
    auth_in_clear: bool | None = None


class ImapScanner:
    """CAPABILITY before and after STARTTLS; AUTHENTICATE is begun only to see it refused or not. No credential is sent."""

    name = "imap"
    version = "1"
    facts_type = ImapFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 40.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("imap", "imaps")

    async def look(self, target: Target, occasion: Occasion) -> Look:
        at_once = speaks_tls_at_once(occasion)
        async with talking(target, occasion) as wire:
            greeting = await wire.read_line()
            if not greeting.upper().startswith((b"* OK", b"* PREAUTH", b"* BYE")):
                raise ProtocolError("its greeting is none of IMAP")
            facts = ImapFacts(
                banner=clean_bytes(greeting[2:].strip(), 300),
                implicit_tls=at_once,
                preauthenticated=greeting[2:9].upper() == b"PREAUTH",
            )
            if greeting[2:5].upper() == b"BYE":
                return Look(facts, wire.evidence)
            facts = await _ask(wire, facts, probing=occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL))
            evidence = wire.evidence
        if facts.starttls_offered:
            facts = await _in_tls(target, occasion, facts)
        return Look(facts, evidence)


async def _ask(wire: Wire, facts: ImapFacts, *, probing: bool) -> ImapFacts:
    told = await capabilities(wire, "a1")
    auth = tuple(word.removeprefix("AUTH=") for word in told if word.startswith("AUTH="))
    facts = msgspec.structs.replace(facts, capabilities=told, auth=auth, login_disabled="LOGINDISABLED" in told)
    if facts.implicit_tls:
        await _say(wire, "a3", "LOGOUT")
        return msgspec.structs.replace(facts, auth_in_clear=False)
    bare = "LOGINDISABLED" not in told
    if bares_credentials(auth) and not bare:
        bare = await _begins_plain(wire, auth) if probing else True
    await _say(wire, "a3", "LOGOUT")
    return msgspec.structs.replace(facts, starttls_offered="STARTTLS" in told, auth_in_clear=bare)


async def _begins_plain(wire: Wire, auth: tuple[str, ...]) -> bool:
    mechanism = next(name for name in auth if bares_credentials([name]))
    await wire.write(f"a2 AUTHENTICATE {mechanism}\r\n".encode("ascii"))
    for _ in range(MOST_LINES):
        line = await wire.read_line()
        if line.startswith(b"+"):
            await wire.write(b"*\r\n")
            await _answer(wire, "a2")
            return True
        if line.upper().startswith(b"A2 ") or not line:
            return False
    raise ProtocolError("its answer to AUTHENTICATE does not end")


async def _in_tls(target: Target, occasion: Occasion, facts: ImapFacts) -> ImapFacts:
    try:
        async with talking(target, occasion) as wire:
            await wire.read_line()
            done, _ = await _say(wire, "a1", "STARTTLS")
            if not done or not await secured(wire):
                return msgspec.structs.replace(facts, starttls_works=False)
            told = await capabilities(wire, "a2")
            return msgspec.structs.replace(facts, starttls_works=True, capabilities_tls=told)
    except (TimeoutError, ProtocolError, OSError):
        return facts  # not broken for all that we know


async def capabilities(wire: Wire, tag: str) -> tuple[str, ...]:
    """The words of the untagged CAPABILITY answers. Raises :class:`~scanners.wire.ProtocolError` when it is refused."""
    done, lines = await _say(wire, tag, "CAPABILITY")
    listed = [line[12:] for line in lines if line[:12].upper() == b"* CAPABILITY"]
    if not done or not listed:
        raise ProtocolError("does not say its capabilities")
    return words(b" ".join(listed))


async def _say(wire: Wire, tag: str, command: str) -> tuple[bool, list[bytes]]:
    await wire.write(f"{tag} {command}\r\n".encode("ascii"))
    return await _answer(wire, tag)


async def _answer(wire: Wire, tag: str) -> tuple[bool, list[bytes]]:
    """Whether the command went well, and the untagged lines before it says so."""
    lines: list[bytes] = []
    start = tag.upper().encode("ascii") + b" "
    for _ in range(MOST_LINES):
        line = await wire.read_line()
        if line.upper().startswith(start):
            return line[len(start) : len(start) + 2].upper() == b"OK", lines
        if not line:
            break
        lines.append(line)
    raise ProtocolError("its answer does not end")


SCANNER = ImapScanner()
