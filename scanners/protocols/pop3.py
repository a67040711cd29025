"""POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034)."""

import re
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

_APOP = re.compile(rb"<[\x21-\x3b\x3d\x3f-\x7e]{1,200}@[\x21-\x3b\x3d\x3f-\x7e]{1,200}>")
_NOBODY = b"USER talaia-presence-check\r\n"


class Pop3Facts(Facts, frozen=True, kw_only=True):
    """``implicit_tls``: TLS from the first byte. ``apop``: the greeting has a timestamp for APOP (RFC 1939, 7).

    ``capabilities`` are the first words of CAPA's lines before TLS, or the only ones where TLS comes first; empty when the
    server knows no CAPA; ``capabilities_tls`` those after STLS. ``auth`` are the SASL mechanisms listed there.
    ``starttls_offered`` and ``starttls_works`` are None where TLS comes first. ``user_in_clear``: without TLS it takes the name
    of a user (one who does not exist; no password follows). ``auth_in_clear``: that, or a SASL mechanism that sends password
    or token as it is.
    """

    kind: ClassVar[str] = "pop3"

    banner: str | None = None
    implicit_tls: bool | None = None
    apop: bool | None = None
    capabilities: tuple[str, ...] | None = None
    capabilities_tls: tuple[str, ...] | None = None
    starttls_offered: bool | None = None
    starttls_works: bool | None = None
    auth: tuple[str, ...] | None = None
    user_in_clear: bool | None = None
    auth_in_clear: bool | None = None


class Pop3Scanner:
    """CAPA before and after STLS, and USER with a name that nobody has. No password is sent."""

    name = "pop3"
    version = "1"
    facts_type = Pop3Facts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 40.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("pop3", "pop3s")

    async def look(self, target: Target, occasion: Occasion) -> Look:
        at_once = speaks_tls_at_once(occasion)
        async with talking(target, occasion) as wire:
            greeting = await wire.read_line()
            facts = Pop3Facts(banner=clean_bytes(greeting.strip(), 300), implicit_tls=at_once)
            if not greeting.startswith(b"+OK"):
                if not greeting.startswith(b"-ERR"):
                    raise ProtocolError("its greeting is none of POP3")
                return Look(facts, wire.evidence)
            facts = msgspec.structs.replace(facts, apop=bool(_APOP.search(greeting)))
            facts = await _ask(wire, facts, probing=occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL))
            evidence = wire.evidence
        if facts.starttls_offered:
            facts = await _in_tls(target, occasion, facts)
        return Look(facts, evidence)


async def _ask(wire: Wire, facts: Pop3Facts, *, probing: bool) -> Pop3Facts:
    told, auth = await capabilities(wire)
    facts = msgspec.structs.replace(facts, capabilities=told, auth=auth)
    if facts.implicit_tls:
        await _say(wire, b"QUIT\r\n")
        return msgspec.structs.replace(facts, auth_in_clear=False)
    offered = "STLS" in told or (probing and not told)  # older than RFC 2449: it can only be tried, on the next connection
    by_name: bool | None = "USER" in told if told else None
    if probing:
        by_name = await _say(wire, _NOBODY)
    await _say(wire, b"QUIT\r\n")
    bare = True if bares_credentials(auth) else by_name
    return msgspec.structs.replace(facts, starttls_offered=offered, user_in_clear=by_name, auth_in_clear=bare)


async def _in_tls(target: Target, occasion: Occasion, facts: Pop3Facts) -> Pop3Facts:
    try:
        async with talking(target, occasion) as wire:
            await wire.read_line()
            if not await _say(wire, b"STLS\r\n"):
                never = not facts.capabilities
                return msgspec.structs.replace(facts, starttls_offered=not never, starttls_works=None if never else False)
            if not await secured(wire):
                return msgspec.structs.replace(facts, starttls_works=False)
            told, _ = await capabilities(wire)
            return msgspec.structs.replace(facts, starttls_works=True, capabilities_tls=told)
    except (TimeoutError, ProtocolError, OSError):
        return facts  # not broken for all that we know


async def capabilities(wire: Wire) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first words of CAPA's lines, and the SASL mechanisms; both empty where CAPA is refused."""
    if not await _say(wire, b"CAPA\r\n"):
        return (), ()
    lines: list[bytes] = []
    for _ in range(MOST_LINES):
        line = (await wire.read_line()).rstrip(b"\r\n")
        if line == b".":
            sasl = [line[5:] for line in lines if line[:5].upper() == b"SASL "]
            return words(b" ".join(line.split(maxsplit=1)[0] for line in lines if line.split())), words(b" ".join(sasl))
        lines.append(line)
    raise ProtocolError("its list of capabilities does not end")


async def _say(wire: Wire, command: bytes) -> bool:
    """Whether the one-line answer is +OK. Raises :class:`~scanners.wire.ProtocolError` when it is no answer of POP3."""
    await wire.write(command)
    line = await wire.read_line()
    if line.startswith(b"+OK"):
        return True
    if line.startswith(b"-ERR") or not line:
        return False
    raise ProtocolError("its answer is none of POP3")


SCANNER = Pop3Scanner()
