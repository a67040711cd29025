"""Remote procedure calls as NFS and its helpers use them (RFC 5531), without credentials, over TCP or UDP."""

from scanners.clean_text import clean_bytes
from scanners.protocols.tls.octets import Octets
from scanners.scanner import Occasion
from scanners.target import Target, Transport
from scanners.wire import ProtocolError, WireLimits

PORTMAPPER, NFS, MOUNT = 100000, 100003, 100005
XID = b"TLA2"
LONGEST = 64 * 1024  # bytes of one answer
_FRAGMENTS = 16
_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=LONGEST + 4 * _FRAGMENTS)


class Unavailable(Exception):
    """The program, the version or the procedure is not served there, or refuses strangers. The message says which."""


def call(program: int, version: int, procedure: int, arguments: bytes = b"") -> bytes:
    """A call with AUTH_NONE (section 9)."""
    words = (0, 2, program, version, procedure, 0, 0, 0, 0)
    return XID + b"".join(word.to_bytes(4, "big") for word in words) + arguments


def results_of(reply: bytes) -> Octets:
    """The results in ``reply``. Raises :class:`Unavailable`, and :class:`~scanners.wire.ProtocolError` when it is no reply."""
    octets = Octets(reply)
    if octets.take(4) != XID or octets.number(4) != 1:
        raise ProtocolError("its answer is no reply of RPC to our call")
    if octets.number(4) != 0:
        raise Unavailable("refused")
    octets.number(4)
    opaque(octets, 400)
    status = octets.number(4)
    if status:
        raise Unavailable(f"status {status}")
    return octets


def opaque(octets: Octets, most: int) -> bytes:
    """Variable-length opaque data or string with its padding (RFC 4506, 4.10). Raises :class:`~scanners.wire.ProtocolError`."""
    length = octets.number(4)
    if length > most:
        raise ProtocolError(f"a text of {length} bytes is too long")
    data = octets.take(length)
    octets.take(-length % 4)
    return data


def listed(octets: Octets, most: int) -> bool:
    """Whether one more entry of an optional-data list follows (RFC 4506, 4.19); ``most`` is what is left to be read."""
    follows = octets.number(4)
    if follows > 1 or (follows and most <= 0):
        raise ProtocolError("its list is too long")
    return bool(follows)


def text(octets: Octets, most: int) -> str:
    return clean_bytes(opaque(octets, most), 200)


async def ask(target: Target, occasion: Occasion, message: bytes) -> Octets:
    """Make one call at ``target``, by its transport.

    Raises :class:`Unavailable`, ``TimeoutError``, ``OSError``, :class:`~scanners.wire.ProtocolError` and
    :class:`~scanners.door.RefusedByScope`.
    """
    if target.transport is Transport.UDP:
        answers = await occasion.door.datagram(target, message, zone_id=occasion.zone.id)
        if not answers:
            raise TimeoutError
        return results_of(answers[0][:LONGEST])
    async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
        await wire.write((0x80000000 | len(message)).to_bytes(4, "big") + message)
        reply = b""
        for _ in range(_FRAGMENTS):
            mark = int.from_bytes(await wire.read_exactly(4), "big")
            if len(reply) + (mark & 0x7FFFFFFF) > LONGEST:
                raise ProtocolError(f"its reply is over {LONGEST} bytes")
            reply += await wire.read_exactly(mark & 0x7FFFFFFF)
            if mark & 0x80000000:
                return results_of(reply)
    raise ProtocolError("its reply does not end")
