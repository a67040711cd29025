"""What the looks at SMTP, IMAP and POP3 share: which mechanisms bare a credential, and what came of a STARTTLS."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from scanners.clean_text import clean_bytes
from scanners.scanner import Occasion
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import Wire, WireLimits

BARING = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})
"""SASL mechanisms that send the password (RFC 4616, draft-murchison-sasl-login) or a bearer token (RFC 7628) as it is."""

CLIENT_NAME = "talaia.invalid"
LIMITS = WireLimits(deadline_seconds=15.0, read_bytes=64 * 1024)
MOST_LINES = 64
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=/+-]{0,63}$")


@asynccontextmanager
async def talking(target: Target, occasion: Occasion) -> AsyncIterator[Wire]:
    """A connection on which the server has its say first; in TLS at once where the first look saw that."""
    context = lenient_context() if speaks_tls_at_once(occasion) else None
    async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context, limits=LIMITS) as wire:
        yield wire


def speaks_tls_at_once(occasion: Occasion) -> bool:
    return bool(occasion.service and occasion.service.tls)


async def secured(wire: Wire) -> bool:
    """Whether the handshake that the server has just agreed to succeeds (TLS 1.0 to 1.3, any certificate).

    Raises ``TimeoutError`` when it says nothing more: that tells neither.
    """
    try:
        await wire.start_tls(lenient_context(), None)
    except (ssl.SSLError, ConnectionError, EOFError, asyncio.IncompleteReadError):
        return False
    return True


def words(raw: bytes, most: int = 64) -> tuple[str, ...]:
    """The words of a line of capabilities, in capitals, without repeats; what is no word of such a list is left out."""
    told = (word.upper() for word in clean_bytes(b" ".join(raw.split()), 4000).split())
    return tuple(dict.fromkeys(word for word in told if _WORD.match(word)))[:most]


def bares_credentials(mechanisms: Iterable[str]) -> bool:
    return not BARING.isdisjoint(mechanisms)
