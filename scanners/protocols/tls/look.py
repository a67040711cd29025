"""What is asked of a server after the first handshake, as hard as its zone allows."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from scanners.protocols.tls import flaws
from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.attempt import Attempts, GivenUp, chose
from scanners.protocols.tls.enumeration import Accepted, Enumeration, groups_of, smallest
from scanners.protocols.tls.first import First, certificate_flight, ordinary
from scanners.protocols.tls.flight import Flight
from scanners.protocols.tls.groups import CURVES, group_name
from scanners.protocols.tls.renegotiation import client_renegotiation
from scanners.protocols.tls.ssl2 import Ssl2, ssl2_look
from scanners.protocols.tls.suite_kinds import is_null_anonymous_or_export, is_rsa_key_exchange, name_of
from scanners.wire import ProtocolError

OLDER = (tls.SSL3, tls.TLS10, tls.TLS11, tls.TLS12)


@dataclass
class Seen:
    """What is known so far. A field that stays None could not be determined."""

    accepted: list[Accepted] = field(default_factory=list)
    ssl2: Ssl2 | None = None
    complete: bool = False
    groups: tuple[str, ...] | None = None
    dh_bits_min: int | None = None
    ec_bits_min: int | None = None
    flags: dict[str, bool | None] = field(default_factory=dict)

    def spoken(self) -> list[Accepted]:
        return [one for one in self.accepted if one.suites]

    def newest_older(self) -> Accepted | None:
        """The newest version up to TLS 1.2 that it speaks."""
        return next((one for one in reversed(self.accepted) if one.suites and one.version < tls.TLS13), None)


async def normal_look(attempts: Attempts, name: str | None, first: First) -> tuple[Enumeration, Seen]:
    """The versions and their suites, and what asked for them. Raises :class:`~scanners.door.RefusedByScope` only."""
    seen = Seen()
    enumeration = Enumeration(attempts, name, first.hello)
    best = first.flight.hello.version if first.flight.hello else None
    *accepted, ssl2 = await asyncio.gather(
        *(enumeration.version(one, known=one == best) for one in (*OLDER, tls.TLS13)), _ssl2(attempts)
    )
    seen.accepted = [one for one in accepted if isinstance(one, Accepted)]
    seen.ssl2 = ssl2 if isinstance(ssl2, Ssl2) else None
    everything = isinstance(ssl2, Ssl2 | None) and all(one.complete for one in seen.accepted)
    seen.complete = everything and bool(seen.spoken() or seen.ssl2)
    return enumeration, seen


async def _ssl2(attempts: Attempts) -> Ssl2 | GivenUp | None:
    try:
        return await ssl2_look(attempts)
    except GivenUp as error:
        return error


async def answers(enumeration: Enumeration, first: First, seen: Seen, *, deep: bool) -> None:
    """What is asked once the suites are known, all at the same time; ``deep`` asks for the flaws too."""
    attempts, name, older = enumeration.attempts, enumeration.name, seen.newest_older()
    questions: dict[str, Awaitable[bool | None]] = {
        "server_preference": _preference(enumeration, seen),
        "fallback_scsv": enumeration.fallback_scsv(one.version for one in seen.spoken()),
        "sni_required": _sni_required(attempts, name, first),
    }
    if older is not None:
        seen.flags["secure_renegotiation"] = older.renegotiation_info
        questions["compression"] = _compression(enumeration, older)
        questions["client_renegotiation"] = client_renegotiation(attempts, name, older)
        if deep:
            questions |= _flaws(attempts, name, older)
    elif seen.spoken():  # TLS 1.3 has neither renegotiation nor compression, and none of the flaws
        seen.flags.update(secure_renegotiation=True, client_renegotiation=False, compression=False)
        if deep:
            seen.flags.update(heartbleed=False, robot=False, ccs_injection=False)
    await asyncio.gather(_groups(enumeration, first, seen), *(_answer(seen, fact, asked) for fact, asked in questions.items()))


async def _answer(seen: Seen, fact: str, asked: Awaitable[bool | None]) -> None:
    try:
        seen.flags[fact] = await asked
    except GivenUp:
        return


async def _groups(enumeration: Enumeration, first: First, seen: Seen) -> None:
    groups, complete = await groups_of(enumeration, seen.accepted, _leaf_group(first.flight))
    if complete:
        seen.groups = tuple(group_name(group) for group in groups)
        seen.dh_bits_min, seen.ec_bits_min = smallest(seen.accepted, groups)


def _flaws(attempts: Attempts, name: str | None, older: Accepted) -> dict[str, Awaitable[bool | None]]:
    by_rsa = [code for code in older.suites if is_rsa_key_exchange(name_of(code))]
    suites = [code for code in by_rsa if not is_null_anonymous_or_export(name_of(code))]
    return {
        "heartbleed": flaws.heartbleed(attempts, name, older),
        "ccs_injection": flaws.ccs_injection(attempts, name, older),
        "robot": flaws.robot(attempts, name, older.version, suites),
    }


async def _preference(enumeration: Enumeration, seen: Seen) -> bool | None:
    for one in reversed(seen.spoken()):
        if one.version < tls.TLS13 and len(one.suites) > 1:
            return await enumeration.server_preference(one)
    newest = next((one for one in seen.accepted if one.version == tls.TLS13 and one.suites), None)
    return await enumeration.server_preference(newest) if newest else None


async def _compression(enumeration: Enumeration, older: Accepted) -> bool | None:
    hello = enumeration.offer(older.version, older.suites[:32])
    flight = await enumeration.ask(replace(hello, compressions=(1, 0)))
    return flight.hello.compression != 0 if flight.hello is not None else None


async def _sni_required(attempts: Attempts, name: str | None, first: First) -> bool | None:
    """Whether there is no handshake without a name."""
    if first.flight.hello is None:
        return None
    if name is None:
        return False
    hello, _ = ordinary(None, ())
    flight = await attempts.ask(hello, chose)
    return None if flight.silent else flight.hello is None


def _leaf_group(flight: Flight) -> int | None:
    """The group of an elliptic certificate's key."""
    try:
        key = x509.load_der_x509_certificate((flight.certificates or (b"",))[0]).public_key()
    except Exception:  # noqa: BLE001 - a stranger's DER
        return None
    wanted = key.curve.name.lower() if isinstance(key, ec.EllipticCurvePublicKey) else ""
    return next((code for code, (name, _) in CURVES.items() if name.lower() == wanted), None)


async def certificate_of(attempts: Attempts, name: str | None, first: First, seen: Seen | None) -> Flight:
    """The flight that holds the certificate: the first one, or one with suites that the enumeration found."""
    flight = first.flight
    older = seen.newest_older() if seen else None
    if flight.certificates is None and not flight.oversized and older is not None:
        named = [code for code in older.suites if "anon" not in name_of(code)]
        try:
            return await certificate_flight(attempts, name, older.version, named) if named else flight
        except (GivenUp, ProtocolError):
            return flight
    return flight
