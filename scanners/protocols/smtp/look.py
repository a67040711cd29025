"""The SMTP scanner."""

import secrets
from typing import ClassVar

import msgspec

from scanners.observation import Facts
from scanners.protocols.mail_talk import bares_credentials, secured, speaks_tls_at_once, talking
from scanners.protocols.smtp.relay import RelayFacts, forms, own_name, try_relaying
from scanners.protocols.smtp.replies import hello, read_reply, say
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness


class SmtpFacts(Facts, frozen=True, kw_only=True):
    """``implicit_tls``: TLS from the first byte (RFC 8314). ``refuses_us``: it greets with 554 or 421, the rest is then None.

    ``capabilities`` are the EHLO keywords before TLS, or the only ones where TLS comes first; empty for a server that only
    knows HELO; ``capabilities_tls`` those after STARTTLS. ``starttls_offered`` and ``starttls_works`` are None where TLS comes
    first; *works*: a handshake of TLS 1.0 to 1.3 and an EHLO inside. ``auth`` and ``auth_tls`` are the SASL mechanisms on either
    side. ``auth_in_clear``: without TLS it takes a mechanism that sends password or token as it is (the server was asked to
    begin one, and went along until we ended it).

    ``open_relay``: it took a recipient of a domain of strangers from strangers, at RCPT; no DATA follows, so that a server that
    would refuse there is not told from one that would not. ``relay_form`` is the form of address in which it did;
    ``accepts_anything``: it took an address that is none as well, so that its yes means little; ``relay_untold``: what it said
    instead, when that told nothing of relaying (a name that it could not find, greylisting) and ``open_relay`` is None.
    ``vrfy_tells`` and ``expn_tells``: the command tells users who exist from those who do not, or who is behind a name.
    In a zone that is only looked at gently nothing is asked of relaying, VRFY and EXPN, and AUTH is believed as listed.
    """

    kind: ClassVar[str] = "smtp"

    banner: str | None = None
    implicit_tls: bool | None = None
    refuses_us: bool | None = None
    capabilities: tuple[str, ...] | None = None
    capabilities_tls: tuple[str, ...] | None = None
    starttls_offered: bool | None = None
    starttls_works: bool | None = None
    auth: tuple[str, ...] | None = None
    auth_tls: tuple[str, ...] | None = None
    auth_in_clear: bool | None = None
    open_relay: bool | None = None
    relay_form: str | None = None
    accepts_anything: bool | None = None
    relay_untold: str | None = None
    vrfy_tells: bool | None = None
    expn_tells: bool | None = None


class SmtpScanner:
    """Three short dialogues: what it offers in clear, what after STARTTLS, and whether it would relay."""

    name = "smtp"
    version = "1"
    facts_type = SmtpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 50.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("smtp", "smtps", "submission")

    async def look(self, target: Target, occasion: Occasion) -> Look:
        probing = occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL)
        async with talking(target, occasion) as wire:
            greeting = await read_reply(wire)
            facts = SmtpFacts(
                banner=greeting.text[:300], implicit_tls=speaks_tls_at_once(occasion), refuses_us=greeting.code != 220
            )
            if facts.refuses_us:
                return Look(facts, wire.evidence)
            facts = await _offers(wire, facts, probing=probing)
            evidence = wire.evidence
        if facts.starttls_offered:
            facts = await _in_tls(target, occasion, facts)
        if probing:
            facts = await _relaying(target, occasion, facts)
        return Look(facts, evidence)


async def _offers(wire: Wire, facts: SmtpFacts, *, probing: bool) -> SmtpFacts:
    """What it lists, whether it would take a password in clear, and what VRFY and EXPN give away."""
    keywords, mechanisms = await hello(wire)
    facts = msgspec.structs.replace(facts, capabilities=keywords, auth=mechanisms)
    bare = bares_credentials(mechanisms)
    if facts.implicit_tls:
        bare = False
    else:
        facts = msgspec.structs.replace(facts, starttls_offered="STARTTLS" in keywords)
    facts = msgspec.structs.replace(facts, auth_in_clear=bare)
    try:
        if bare and probing:
            facts = msgspec.structs.replace(facts, auth_in_clear=await _begins(wire, mechanisms))
        if probing:
            facts = await _names(wire, facts)
        await say(wire, "QUIT")
    except (ProtocolError, TimeoutError):
        return facts  # it hung up on us: what it listed stands
    return facts


async def _begins(wire: Wire, mechanisms: tuple[str, ...]) -> bool:
    """Whether the server goes along with one of those mechanisms; ended with ``*`` before anything is said (RFC 4954, 4)."""
    mechanism = next(name for name in mechanisms if bares_credentials([name]))
    if (await say(wire, f"AUTH {mechanism}")).code != 334:
        return False
    await say(wire, "*")
    return True


async def _names(wire: Wire, facts: SmtpFacts) -> SmtpFacts:
    nobody = f"talaia-{secrets.token_hex(4)}"
    known, unknown = await say(wire, "VRFY postmaster"), await say(wire, f"VRFY {nobody}")
    tells = known.code in (250, 251, 252) and unknown.code in (550, 551, 553)
    expanded = await say(wire, "EXPN postmaster")
    return msgspec.structs.replace(facts, vrfy_tells=tells, expn_tells=expanded.code == 250)


async def _in_tls(target: Target, occasion: Occasion, facts: SmtpFacts) -> SmtpFacts:
    try:
        async with talking(target, occasion) as wire:
            await read_reply(wire)
            await hello(wire)
            if (await say(wire, "STARTTLS")).code != 220 or not await secured(wire):
                return msgspec.structs.replace(facts, starttls_works=False)
            keywords, mechanisms = await hello(wire)
            return msgspec.structs.replace(facts, starttls_works=True, capabilities_tls=keywords, auth_tls=mechanisms)
    except (TimeoutError, ProtocolError, OSError):
        return facts  # not broken for all that we know


async def _relaying(target: Target, occasion: Occasion, facts: SmtpFacts) -> SmtpFacts:
    try:
        found = await _ask_to_relay(target, occasion, facts, in_tls=False)
        if found.wants_tls and facts.starttls_works:
            found = await _ask_to_relay(target, occasion, facts, in_tls=True)
    except (TimeoutError, ProtocolError, OSError):
        return facts
    return msgspec.structs.replace(
        facts,
        open_relay=found.open,
        relay_form=found.form,
        accepts_anything=found.accepts_anything,
        relay_untold=found.untold if found.open is None else None,
    )


async def _ask_to_relay(target: Target, occasion: Occasion, facts: SmtpFacts, *, in_tls: bool) -> RelayFacts:
    async with talking(target, occasion) as wire:
        if (await read_reply(wire)).code != 220:
            return RelayFacts()
        await hello(wire)
        if in_tls:
            if (await say(wire, "STARTTLS")).code != 220 or not await secured(wire):
                return RelayFacts()
            await hello(wire)
        return await try_relaying(wire, forms(own_name(facts.banner or ""), target.address))


SCANNER = SmtpScanner()
