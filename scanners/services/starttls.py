"""Whether a service that greeted offers to go on in TLS: asked on the same connection, in the protocol's own words."""

import re
from dataclasses import dataclass

import msgspec

from scanners.service_facts import ServiceFacts
from scanners.services.heard import listen
from scanners.wire import Wire

_SECONDS = 2.0


@dataclass(frozen=True)
class _Offer:
    """``ask`` lists what the server can, ``found`` reads the offer out of the list, ``leave`` ends politely."""

    ask: bytes
    found: re.Pattern[bytes]
    leave: bytes


_OFFERS: dict[str, _Offer] = {
    "smtp": _Offer(b"EHLO talaia.invalid\r\n", re.compile(rb"^250[ -]STARTTLS\b", re.MULTILINE | re.IGNORECASE), b"QUIT\r\n"),
    "imap": _Offer(b"a1 CAPABILITY\r\n", re.compile(rb"^\* CAPABILITY [^\r\n]*\bSTARTTLS\b", re.MULTILINE), b"a2 LOGOUT\r\n"),
    "pop3": _Offer(b"CAPA\r\n", re.compile(rb"^STLS\b", re.MULTILINE), b"QUIT\r\n"),
    "ftp": _Offer(b"FEAT\r\n", re.compile(rb"^ ?AUTH +(?:[A-Z-]+;)*(?:TLS|SSL)", re.MULTILINE | re.IGNORECASE), b"QUIT\r\n"),
}


async def with_starttls(wire: Wire, facts: ServiceFacts) -> ServiceFacts:
    """``facts`` with ``starttls`` set where the service offers it. Raises ``OSError``, ``RefusedByScope``."""
    offer = _OFFERS.get(facts.name or "")
    if offer is None or facts.starttls:
        return facts
    await wire.write(offer.ask)
    heard = await listen(wire, first_seconds=_SECONDS)
    if not heard.ended:
        await wire.write(offer.leave)
    return msgspec.structs.replace(facts, starttls=facts.name) if offer.found.search(heard.data) else facts


async def which_of_ftp_and_smtp(wire: Wire) -> str | None:
    """Tell a bare ``220`` greeting: SMTP takes EHLO with 250, FTP says 5xx. None when it says neither."""
    await wire.write(b"EHLO talaia.invalid\r\n")
    heard = await listen(wire, first_seconds=_SECONDS)
    if heard.data.startswith(b"250"):
        return "smtp"
    return "ftp" if re.match(rb"5[0-9]{2}[ -]", heard.data) else None
