"""Which versions, suites and groups a server accepts: everything is offered, what is chosen is taken away, until it refuses."""

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.attempt import Attempts, GivenUp, chose, exchanged
from scanners.protocols.tls.flight import Flight
from scanners.protocols.tls.groups import CURVES, FFDHE, TLS13_GROUPS, KeyExchange, group_bits, parse_key_exchange
from scanners.protocols.tls.suite_kinds import is_dhe, is_ecdhe, name_of, suites_for
from scanners.protocols.tls.suites import FALLBACK_SCSV
from scanners.wire import ProtocolError

CHUNK = 100  # some servers read no more than 128 suites
SMALL_CHUNK = 24  # and some no hello of more than 255 bytes
PROTOCOL_VERSION_ALERT, INAPPROPRIATE_FALLBACK = 70, 86
SMALL_SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)


@dataclass
class Accepted:
    """What one version accepted: ``suites`` in the order they were chosen; ``complete`` when nothing was cut short."""

    version: int
    suites: list[int] = field(default_factory=list)
    exchanges: list[KeyExchange] = field(default_factory=list)
    renegotiation_info: bool | None = None
    complete: bool = True


class Enumeration:
    """Asks one server. ``server_name`` is sent as SNI; ``live`` a hello known to be answered, to tell silence from absence."""

    def __init__(self, attempts: Attempts, server_name: str | None, live: tls.Hello) -> None:
        self.attempts = attempts
        self.name = server_name
        self._live = live
        self._chunk = CHUNK

    def offer(self, version: int, suites: Sequence[int]) -> tls.Hello:
        """The hello that offers ``suites`` in ``version``; without finite-field groups, so that a server shows its own prime."""
        hello = tls.Hello(version=version, suites=suites, server_name=self.name, groups=tuple(CURVES))
        if version == tls.TLS13:
            shares = ((29, secrets.token_bytes(32)),)  # any 32 bytes are a public key of X25519
            hello = replace(hello, groups=tuple(TLS13_GROUPS), key_shares=shares, session_id=secrets.token_bytes(32))
        if self._chunk == SMALL_CHUNK and version < tls.TLS13:
            hello = replace(hello, groups=tls.COMMON_GROUPS, signatures=SMALL_SIGNATURES)
        return hello

    async def version(self, version: int, *, known: bool = False) -> Accepted:
        """Every suite of ``version``. One ``known`` to be spoken is asked for in small pieces when large ones find nothing."""
        found = await self._version(version)
        if known and found.complete and not found.suites:
            self._chunk = SMALL_CHUNK
            found = await self._version(version)
        return found

    async def _version(self, version: int) -> Accepted:
        found = Accepted(version)
        chunks = _chunks(suites_for(version), self._chunk)
        try:
            flight = await self._drain(found, chunks[0])
            if flight.silent or flight.alert == PROTOCOL_VERSION_ALERT:
                return found
            await asyncio.gather(*(self._drain(found, chunk) for chunk in chunks[1:]))
        except GivenUp:
            found.complete = False
        return found

    async def _drain(self, found: Accepted, offered: Sequence[int]) -> Flight:
        """Offer, take away what was chosen, offer again; returns the flight that refused."""
        remaining = list(offered)
        flight = Flight()
        while remaining:
            flight = await self.ask(self.offer(found.version, remaining))
            if flight.hello is None or not flight.accepted(found.version) or flight.hello.suite not in remaining:
                break
            remaining.remove(flight.hello.suite)
            self._note(found, flight, flight.hello)
        return flight

    def _note(self, found: Accepted, flight: Flight, hello: tls.ServerHello) -> None:
        found.suites.append(hello.suite)
        if found.version < tls.TLS13:
            found.renegotiation_info = tls.RENEGOTIATION_INFO in hello.extensions
        exchange = exchange_of(flight)
        if exchange is not None:
            found.exchanges.append(exchange)

    async def ask(self, hello: tls.Hello) -> Flight:
        """One hello. Silence is asked about twice, and counts as a refusal only where a known good hello is still answered."""
        enough = exchanged if any(map(_has_group, hello.suites)) else chose
        flight = await self.attempts.ask(hello, enough)
        if not flight.silent:
            return flight
        flight = await self.attempts.ask(hello, enough)
        if flight.silent and (await self.attempts.ask(fresh(self._live), chose)).hello is None:
            raise GivenUp("it no longer answers")
        return flight

    async def server_preference(self, accepted: Accepted) -> bool | None:
        """Whether the server orders the suites: offered in both orders it chooses the same (None with fewer than two)."""
        # a client that puts ChaCha20 first is obeyed even by servers that order (OpenSSL's PrioritizeChaCha)
        plain = [code for code in accepted.suites if "CHACHA" not in name_of(code)]
        if len(plain) < 2:
            return None
        chosen: list[int] = []
        for order in (plain, plain[::-1]):
            flight = await self.ask(self.offer(accepted.version, order))
            if flight.hello is not None and flight.accepted(accepted.version):
                chosen.append(flight.hello.suite)
        return chosen[0] == chosen[1] if len(chosen) == 2 else None

    async def fallback_scsv(self, versions: Iterable[int]) -> bool | None:
        """Whether a needless fallback is refused (RFC 7507); None when there is no lower version to fall back to."""
        spoken = sorted(version for version in versions if version >= tls.SSL3)
        if len(spoken) < 2:
            return None
        lower = spoken[-2]
        suites = [code for code in tls.BROAD_SUITES if code in set(suites_for(lower))]
        hello = self.offer(lower, [FALLBACK_SCSV, *suites])
        flight = await self.ask(hello)
        if flight.alert is not None:
            return flight.alert == INAPPROPRIATE_FALLBACK or None
        return False if flight.hello is not None else None


def exchange_of(flight: Flight) -> KeyExchange | None:
    """The ephemeral parameters of a flight up to TLS 1.2; None when there are none or they are malformed."""
    if flight.hello is None or flight.key_exchange is None:
        return None
    try:
        return parse_key_exchange(name_of(flight.hello.suite), flight.key_exchange)
    except ProtocolError:
        return None


def fresh(hello: tls.Hello) -> tls.Hello:
    return replace(hello, random=secrets.token_bytes(32))


def _has_group(code: int) -> bool:
    name = name_of(code)
    return is_dhe(name) or is_ecdhe(name)


def _chunks(codes: list[int], size: int) -> list[list[int]]:
    """The common suites first, so that the first piece tells whether the version is spoken at all."""
    common = set(tls.BROAD_SUITES)
    ordered = sorted(codes, key=lambda code: code not in common)
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


async def groups_of(enumeration: Enumeration, accepted: Sequence[Accepted], leaf_group: int | None) -> tuple[list[int], bool]:
    """The groups accepted in any version, and whether the list is complete. ``leaf_group`` is the curve of the certificate."""
    found: dict[int, None] = {}
    try:
        for one in accepted:
            if one.version == tls.TLS13 and one.suites:
                await _groups_13(enumeration, one, found)
        older = next((one for one in reversed(accepted) if one.version < tls.TLS13 and _curved(one)), None)
        if older:
            await _curves(enumeration, older, found, leaf_group)
    except GivenUp:
        return list(found), False
    for one in accepted:
        found.update((exchange.group, None) for exchange in one.exchanges if exchange.group in FFDHE and exchange.group)
    return list(found), True


def _curved(accepted: Accepted) -> list[int]:
    return [code for code in accepted.suites if is_ecdhe(name_of(code))]


async def _groups_13(enumeration: Enumeration, accepted: Accepted, found: dict[int, None]) -> None:
    """Without a key share the server asks for the group it wants (HelloRetryRequest, RFC 8446, 4.1.4)."""
    remaining = list(TLS13_GROUPS)
    while remaining:
        hello = replace(enumeration.offer(tls.TLS13, accepted.suites), groups=tuple(remaining), key_shares=())
        flight = await enumeration.ask(hello)
        group = flight.hello.group if flight.hello and flight.accepted(tls.TLS13) else None
        if group not in remaining:
            return
        remaining.remove(group)
        found[group] = None


async def _curves(enumeration: Enumeration, accepted: Accepted, found: dict[int, None], leaf_group: int | None) -> None:
    remaining = list(CURVES)
    while remaining:
        # servers refuse an ECDSA certificate whose own curve is not offered: it stays at the end of the list
        offered = [*(code for code in remaining if code != leaf_group), *([leaf_group] if leaf_group else [])]
        hello = replace(enumeration.offer(accepted.version, _curved(accepted)), groups=tuple(offered))
        exchange = exchange_of(await enumeration.ask(hello))
        group = exchange.group if exchange else None
        if group not in remaining:
            return
        remaining.remove(group)
        found[group] = None


def smallest(accepted: Sequence[Accepted], groups: Iterable[int]) -> tuple[int | None, int | None]:
    """The smallest finite-field prime and the smallest curve seen, in bits."""
    exchanges = [exchange for one in accepted for exchange in one.exchanges]
    primes = [exchange.dh_bits for exchange in exchanges if exchange.dh_bits]
    primes += [FFDHE[group] for group in groups if group in FFDHE]
    curves = [exchange.curve_bits for exchange in exchanges if exchange.curve_bits]
    curves += [bits for bits in map(group_bits, groups) if bits]
    return min(primes, default=None), min(curves, default=None)
