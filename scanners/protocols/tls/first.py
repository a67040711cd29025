"""The first handshake with a server: what it is, what it would do with an ordinary client, and its certificate."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.attempt import Attempts, certified
from scanners.protocols.tls.flight import Flight
from scanners.protocols.tls.groups import CURVES
from scanners.protocols.tls.handshake13 import SHARED_GROUPS, Share, new_share
from scanners.protocols.tls.suite_kinds import suites_for
from scanners.wire import ProtocolError

NO_APPLICATION_PROTOCOL = 120
UNRECOGNIZED_NAME = 112
_SMALL = (0xC02F, 0xC02B, 0xC014, 0xC013, 0x009E, 0x0039, 0x0033, 0x009C, 0x0035, 0x002F, 0x000A, 0x0005, 0x0004)


@dataclass(frozen=True)
class First:
    """A hello that was answered, and its answer; ``flight.hello`` is None when the server refused every one in TLS."""

    hello: tls.Hello
    flight: Flight

    @property
    def in_tls(self) -> bool:
        """Whether the answer, be it a refusal, was one of TLS."""
        return self.flight.hello is not None or self.flight.alert is not None


def ordinary(name: str | None, alpn: Sequence[str], group: int | None = None) -> tuple[tls.Hello, tuple[Share, ...]]:
    """The hello of an ordinary client from TLS 1.0 to 1.3 and the keys behind it; ``group`` alone is shared when given."""
    shares = (new_share(group),) if group else (new_share(29), new_share(23))
    hello = tls.Hello(
        version=tls.TLS13,
        versions=(tls.TLS13, tls.TLS12, tls.TLS11, tls.TLS10),
        server_name=name,
        groups=(*tls.COMMON_GROUPS, 26, 27, 28, 31, 32, 33, *range(256, 261)) if group is None else (group, *tls.COMMON_GROUPS),
        key_shares=tuple((share.group, share.public) for share in shares),
        alpn=alpn,
        status_request=True,
        session_id=secrets.token_bytes(32),
    )
    return hello, shares


async def first_handshake(attempts: Attempts, name: str | None, alpn: Sequence[str]) -> First:
    """Try hellos from the ordinary to the very old until one is answered.

    Raises :class:`~scanners.wire.ProtocolError` when the server does not speak TLS at all, ``TimeoutError`` when it is
    silent, and what :meth:`~scanners.protocols.tls.attempt.Attempts.ask` raises.
    """
    hello, shares = ordinary(name, alpn)
    flight = await attempts.ask(hello, certified, shares)
    if flight.alert == NO_APPLICATION_PROTOCOL and alpn:
        hello, shares = ordinary(name, ())
        flight = await attempts.ask(hello, certified, shares)
    if flight.hello is not None and flight.hello.retry and flight.hello.group in SHARED_GROUPS:
        hello, shares = ordinary(name, hello.alpn, flight.hello.group)
        flight = await attempts.ask(hello, certified, shares)
    found = First(hello, flight)
    if flight.hello is None:
        found = await _older(attempts, name, found)
    if found.flight.hello is None and found.flight.silent:
        raise TimeoutError("the server did not answer a ClientHello")
    return found


async def _older(attempts: Attempts, name: str | None, first: First) -> First:
    """What a server gets that has no answer to an ordinary hello: shorter and older ones. The first refusal is kept."""
    in_tls = first if first.flight.alert is not None else None
    for hello in _plainer(name):
        flight = await attempts.ask(hello, certified)
        if flight.hello is not None:
            return First(hello, flight)
        if flight.alert is not None:
            in_tls = in_tls or First(hello, flight)
        if flight.silent and first.flight.silent:
            break  # two different hellos and not a word
    return in_tls or first


def _plainer(name: str | None) -> Iterator[tls.Hello]:
    small = tls.Hello(version=tls.TLS12, suites=_SMALL, server_name=name, groups=(23, 24), signatures=(0x0401, 0x0403, 0x0201))
    yield small
    yield replace(small, version=tls.TLS10)
    yield tls.Hello(version=tls.SSL3, suites=suites_for(tls.SSL3)[:60])


async def certificate_flight(attempts: Attempts, name: str | None, version: int, suites: Sequence[int]) -> Flight:
    """The certificate of a server that wanted other suites than an ordinary client's: asked with those it accepted."""
    if version < tls.TLS13:
        # A certificate on an old curve is only sent to who can read it.
        groups = dict.fromkeys((*tls.COMMON_GROUPS, *CURVES))
        hello = tls.Hello(version=version, suites=suites, server_name=name, status_request=True, groups=tuple(groups))
        return await attempts.ask(hello, certified)
    hello, shares = ordinary(name, ())
    return await attempts.ask(replace(hello, versions=(tls.TLS13,), suites=suites), certified, shares)


def alpn_of(flight: Flight) -> str | None:
    """The application protocol chosen, from wherever the version puts it."""
    if flight.hello is None:
        return None
    try:
        return tls.read_alpn(flight.encrypted or {}) if flight.accepted(tls.TLS13) else flight.hello.alpn
    except ProtocolError:
        return None
