"""SSL 2.0 (the 1995 specification; RFC 6101, appendix E): its own hello, because no library speaks it any more."""

import secrets
from dataclasses import dataclass

from scanners.door import RefusedByScope
from scanners.protocols.tls.attempt import Attempts
from scanners.protocols.tls.octets import Octets, numbers
from scanners.protocols.tls.suites import SSL2_KINDS
from scanners.wire import ProtocolError, Wire


@dataclass(frozen=True)
class Ssl2:
    """The cipher kinds that a server shares, and its certificate (DER, may be empty)."""

    kinds: tuple[str, ...]
    certificate: bytes


def ssl2_hello() -> bytes:
    kinds = numbers(3, list(SSL2_KINDS))
    lengths = numbers(2, (len(kinds), 0, 16))
    message = b"\x01\x00\x02" + lengths + kinds + secrets.token_bytes(16)
    return (0x8000 | len(message)).to_bytes(2, "big") + message


def parse_ssl2_hello(message: bytes) -> Ssl2:
    """Read a SERVER-HELLO. Raises :class:`~scanners.wire.ProtocolError`."""
    octets = Octets(message)
    kind = octets.number(1)
    octets.take(2)
    version = octets.number(2)
    if kind != 4 or version != 2:
        raise ProtocolError("this is no SSL 2.0 server hello")
    certificate, kinds, connection_id = (octets.number(2) for _ in range(3))
    der = octets.take(certificate)
    named = Octets(octets.take(kinds))
    octets.take(connection_id)
    found: list[str] = []
    while len(named):
        code = named.number(3)
        found.append(SSL2_KINDS.get(code, f"SSL_CK_0x{code:06X}"))
    return Ssl2(tuple(dict.fromkeys(found)), der)


async def read_ssl2(wire: Wire) -> Ssl2:
    head = Octets(await wire.read_exactly(2))
    length = head.number(2)
    if length & 0x8000:
        length &= 0x7FFF
    else:  # three bytes of header: padding follows the message
        await wire.read_exactly(1)
        length &= 0x3FFF
    return parse_ssl2_hello(await wire.read_exactly(length))


async def ssl2_look(attempts: Attempts) -> Ssl2 | None:
    """What the server shares in SSL 2.0; None when it does not speak SSL 2.0.

    Raises :class:`~scanners.protocols.tls.attempt.GivenUp` and :class:`~scanners.door.RefusedByScope`.
    """
    try:
        async with attempts.wire() as wire:
            await wire.write(ssl2_hello())
            return await read_ssl2(wire)
    except RefusedByScope:
        raise
    except (OSError, ProtocolError):  # an alert, a plain-text error, silence, a hang-up: all of them a no
        return None
