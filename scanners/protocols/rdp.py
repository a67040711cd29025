"""Remote Desktop (MS-RDPBCGR): which security layers it accepts, and how it encrypts where it speaks its own old security only.

Each protocol set is offered on a connection of its own that ends at the negotiation: no user is named, nothing is typed, no
session begins. Certificate and TLS versions are the TLS scanner's (STARTTLS ``rdp``).
"""

from enum import IntEnum
from typing import ClassVar

from scanners.observation import Facts
from scanners.protocols import rdp_messages as messages
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=16 * 1024)


class Offer(IntEnum):
    """What is offered: requestedProtocols of 2.2.1.1.1 (CredSSP and RDSTLS are only ever offered together with TLS)."""

    STANDARD = 0
    TLS = 1
    NLA = 3
    RDSTLS = 5


_CHOSEN = {Offer.STANDARD: 0, Offer.TLS: 1, Offer.NLA: 2, Offer.RDSTLS: 4}


class RdpFacts(Facts, frozen=True, kw_only=True):
    """Which layers it accepts when a client offers them: ``standard_security`` (RDP's own RC4, no proof of identity), ``tls``,
    ``nla`` (CredSSP: the user proves who he is before a session begins), ``rdstls``.

    ``nla_required``: neither standard security nor TLS alone gets in. ``encryption_level`` (none, low, client compatible, high,
    fips) and ``encryption_methods`` (40-bit, 56-bit, 128-bit, fips) are of standard security, asked where it is accepted.
    """

    kind: ClassVar[str] = "rdp"

    standard_security: bool | None = None
    tls: bool | None = None
    nla: bool | None = None
    nla_required: bool | None = None
    rdstls: bool | None = None
    encryption_level: str | None = None
    encryption_methods: tuple[str, ...] | None = None


class RdpScanner:
    """One negotiation for each layer, and one settings exchange for each old cipher where standard security is spoken."""

    name = "rdp"
    version = "1"
    facts_type = RdpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 60.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "rdp" and not service.tls

    async def look(self, target: Target, occasion: Occasion) -> Look:
        evidence = b""
        accepted: dict[Offer, bool | None] = {}
        failed: Exception | None = None
        for offer in Offer:
            try:
                async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
                    accepted[offer] = await _accepts(wire, offer)
                    evidence += wire.evidence
            except (ProtocolError, ConnectionResetError, BrokenPipeError) as error:
                accepted[offer], failed = None, error
        if not evidence:
            raise failed or TimeoutError()
        level, methods = None, None
        if accepted[Offer.STANDARD]:
            level, methods = await _old_ciphers(target, occasion)
        return Look(_facts(accepted, level, methods), evidence)


async def _accepts(wire: Wire, offer: Offer) -> bool | None:
    await wire.write(messages.connection_request(offer))
    answer = messages.read_confirm(await _packet(wire))
    return None if answer.unclear else answer.selected == _CHOSEN[offer]


async def _old_ciphers(target: Target, occasion: Occasion) -> tuple[str | None, tuple[str, ...] | None]:
    """The level that standard security names, and which of its ciphers it takes when only that one is offered."""
    level: str | None = None
    taken: list[str] = []
    asked = False
    for bit, name in messages.METHODS.items():
        try:
            async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
                await wire.write(messages.connection_request(Offer.STANDARD))
                messages.read_confirm(await _packet(wire))
                await wire.write(messages.connect_initial(bit))
                settings = messages.read_settings(await _packet(wire))
        except (ProtocolError, OSError, TimeoutError):  # how a server says no to a cipher it does not want
            continue
        if settings is not None:
            asked = True
            level = level or messages.LEVELS.get(settings.level)
            if settings.method == bit:
                taken.append(name)
    return level, tuple(taken) if asked else None


async def _packet(wire: Wire) -> bytes:
    """One TPKT packet (RFC 1006), header included. Raises :class:`~scanners.wire.ProtocolError`."""
    head = await wire.read_exactly(4)
    length = int.from_bytes(head[2:4], "big")
    if head[:2] != b"\x03\0" or not 7 <= length <= messages.LONGEST_PACKET:
        raise ProtocolError("its answer is no TPKT packet")
    return head + await wire.read_exactly(length - 4)


def _facts(accepted: dict[Offer, bool | None], level: str | None, methods: tuple[str, ...] | None) -> RdpFacts:
    standard, tls, nla = accepted[Offer.STANDARD], accepted[Offer.TLS], accepted[Offer.NLA]
    required: bool | None = None
    if standard or tls or nla is False:
        required = False
    elif nla and standard is False and tls is False:
        required = True
    return RdpFacts(
        standard_security=standard,
        tls=tls,
        nla=nla,
        nla_required=required,
        rdstls=accepted[Offer.RDSTLS],
        encryption_level=level,
        encryption_methods=methods,
    )


SCANNER = RdpScanner()
