"""The first messages of IKE (RFC 7296; RFC 2408 and 2409 for version 1), written and read within bounds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

SPI = b"TALAIA\0\1"
HEADER_BYTES = 28
_SA2, _KE2, _NONCE2, _NOTIFY2 = 33, 34, 40, 41
_SA1, _KE1, _ID1, _HASH1, _NONCE1, _NOTIFY1, _VENDOR1 = 1, 4, 5, 8, 10, 11, 13
_SA_INIT, MAIN_MODE, AGGRESSIVE = 34, 2, 4
_MOST_PAYLOADS, _MOST_TRANSFORMS, _LONGEST = 24, 64, 16 * 1024
COOKIE, INVALID_KE, NO_PROPOSAL = 16390, 17, 14

# Bytes of a public value: MODP groups (RFC 2409, RFC 3526, RFC 5114) and Curve25519. Any value in range serves: none is used.
_PUBLIC_BYTES = {1: 96, 2: 128, 5: 192, 14: 256, 15: 384, 16: 512, 22: 128, 31: 32}
_CURVES: dict[int, type[ec.EllipticCurve]] = {19: ec.SECP256R1, 20: ec.SECP384R1, 21: ec.SECP521R1}
PUBLIC = frozenset((*_PUBLIC_BYTES, *_CURVES))

# Transform types and numbers of version 2 (IANA, IKEv2 parameters)
ENCRYPTION, PRF, INTEGRITY, GROUP = 1, 2, 3, 4
CIPHERS2 = {2: "des", 3: "3des", 12: "aes-cbc", 13: "aes-ctr", 20: "aes-gcm", 28: "chacha20-poly1305"}
PRFS2 = {1: "md5", 2: "sha1", 5: "sha256", 6: "sha384", 7: "sha512"}
# and of version 1 (IANA, IPsec registry)
CIPHERS1, HASHES1 = {1: "des", 5: "3des", 7: "aes-cbc"}, {1: "md5", 2: "sha1", 4: "sha256", 6: "sha512"}
HASHES2 = ((5, 12), (2, 2), (7, 14), (6, 13))  # PRF and integrity: SHA-256, SHA-1, SHA-512, SHA-384
METHODS1 = {1: "psk", 2: "dss", 3: "rsa", 9: "ecdsa", 64221: "hybrid-rsa", 65001: "xauth-psk", 65005: "xauth-rsa"}


@dataclass(frozen=True)
class Answer:
    """``version`` 1 or 2. ``chosen`` are the numbers of the chosen transform: in version 2 by transform type, in version 1 by
    attribute (1 cipher, 2 hash, 3 method, 4 group). ``notify`` by number, with its data. ``hash``: a HASH payload is there."""

    version: int
    exchange: int
    chosen: dict[int, int] = field(default_factory=dict)
    notify: dict[int, bytes] = field(default_factory=dict)
    hash: bool = False


def _header(first: int, version: int, exchange: int, body: bytes) -> bytes:
    flags = 0x08 if version == 2 else 0
    head = bytes((first, version << 4, exchange, flags)) + bytes(4)
    return SPI + bytes(8) + head + (HEADER_BYTES + len(body)).to_bytes(4, "big") + body


def _chain(payloads: Sequence[tuple[int, bytes]]) -> bytes:
    """Each payload behind its generic header, which names the next one's type."""
    following = [kind for kind, _ in payloads[1:]] + [0]
    return b"".join(
        bytes((after, 0)) + (len(body) + 4).to_bytes(2, "big") + body
        for (_, body), after in zip(payloads, following, strict=True)
    )


def _public(group: int) -> bytes:
    """A public value of that group; on the curves of NIST it has to be a point: their base point is one (RFC 5903, 7)."""
    if group not in _CURVES:
        return b"\x42" * _PUBLIC_BYTES[group]
    curve = _CURVES[group]()
    point = ec.derive_private_key(1, curve).public_key().public_numbers()
    size = (curve.key_size + 7) // 8
    return point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")


def _transforms2(proposal: int, last: bool, transforms: Sequence[tuple[int, int, int]]) -> bytes:
    parts = b""
    for number, (kind, value, bits) in enumerate(transforms):
        attribute = b"\x80\x0e" + bits.to_bytes(2, "big") if bits else b""
        more = 0 if number == len(transforms) - 1 else 3
        parts += (
            bytes((more, 0)) + (8 + len(attribute)).to_bytes(2, "big") + bytes((kind, 0)) + value.to_bytes(2, "big") + attribute
        )
    head = bytes((0 if last else 2, 0)) + (8 + len(parts)).to_bytes(2, "big")
    return head + bytes((proposal, 1, 0, len(transforms))) + parts


def sa_init(
    ciphers: Iterable[tuple[int, int]],
    groups: Sequence[int],
    *,
    key_of: int,
    hashes: Sequence[tuple[int, int]] = HASHES2,
    cookie: bytes = b"",
) -> bytes:
    """IKE_SA_INIT that offers ``ciphers`` (number, key bits; 0 for a fixed size), ``hashes`` (PRF and integrity numbers) and
    ``groups``, with a public value of group ``key_of``. Ciphers that authenticate go into a proposal of their own."""
    listed = list(ciphers)
    sealed = [(ENCRYPTION, number, bits) for number, bits in listed if number in (20, 28)]
    plain = [(ENCRYPTION, number, bits) for number, bits in listed if number not in (20, 28)]
    prfs = [(PRF, prf, 0) for prf, _ in hashes]
    integrity = [(INTEGRITY, number, 0) for _, number in hashes]
    ends = [(GROUP, group, 0) for group in groups]
    proposals = [[*kind, *prfs, *more, *ends] for kind, more in ((sealed, []), (plain, integrity)) if kind]
    sa = b"".join(_transforms2(number + 1, number == len(proposals) - 1, proposal) for number, proposal in enumerate(proposals))
    payloads = [(_SA2, sa), (_KE2, key_of.to_bytes(2, "big") + bytes(2) + _public(key_of)), (_NONCE2, bytes(range(32)))]
    if cookie:
        payloads.insert(0, (_NOTIFY2, b"\0\0" + COOKIE.to_bytes(2, "big") + cookie))
    return _header(payloads[0][0], 2, _SA_INIT, _chain(payloads))


def _attribute(number: int, value: int) -> bytes:
    return (0x8000 | number).to_bytes(2, "big") + value.to_bytes(2, "big")


def phase_1(exchange: int, transforms: Sequence[tuple[int, int, int, int, int]], *, name: bytes = b"talaia") -> bytes:
    """Main or aggressive mode of version 1. ``transforms``: cipher, key bits (0: fixed), hash, method, group; those of aggressive
    mode share one group, whose public value goes along with ``name`` (a user name that is nobody's)."""
    parts = b""
    for number, (cipher, bits, digest, method, group) in enumerate(transforms):
        attributes = _attribute(1, cipher) + _attribute(2, digest) + _attribute(3, method) + _attribute(4, group)
        attributes += _attribute(14, bits) if bits else b""
        attributes += _attribute(11, 1) + _attribute(12, 28800)
        more = 0 if number == len(transforms) - 1 else 3
        parts += bytes((more, 0)) + (8 + len(attributes)).to_bytes(2, "big") + bytes((number + 1, 1, 0, 0)) + attributes
    proposal = b"\0\0" + (8 + len(parts)).to_bytes(2, "big") + bytes((1, 1, 0, len(transforms))) + parts
    payloads = [(_SA1, b"\0\0\0\1\0\0\0\1" + proposal)]
    if exchange == AGGRESSIVE:
        payloads += [(_KE1, _public(transforms[0][4])), (_NONCE1, bytes(range(20))), (_ID1, b"\x02\0\0\0" + name)]
    return _header(_SA1, 1, exchange, _chain(payloads))


def _payloads(first: int, body: bytes) -> Iterator[tuple[int, bytes]]:
    kind, at = first, 0
    for _ in range(_MOST_PAYLOADS):
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        if kind == 0 or length < 4 or at + length > len(body):
            return
        yield kind, body[at + 4 : at + length]
        kind, at = body[at], at + length


def _chosen2(sa: bytes) -> dict[int, int]:
    """The transforms of the first proposal of an SA payload."""
    found: dict[int, int] = {}
    at = 8 + (sa[6] if len(sa) > 6 else 0)
    for _ in range(_MOST_TRANSFORMS):
        length = int.from_bytes(sa[at + 2 : at + 4], "big")
        if length < 8 or at + length > len(sa):
            break
        found.setdefault(sa[at + 4], int.from_bytes(sa[at + 6 : at + 8], "big"))
        at += length
    return found


def _chosen1(sa: bytes) -> dict[int, int]:
    """The attributes of the first transform; those of four bytes and more are left out."""
    found: dict[int, int] = {}
    proposal = sa[8:]
    at = 8 + (proposal[6] if len(proposal) > 6 else 0)
    end = min(at + int.from_bytes(proposal[at + 2 : at + 4], "big"), len(proposal))
    at += 8
    while at + 4 <= end:
        number, value = int.from_bytes(proposal[at : at + 2], "big"), int.from_bytes(proposal[at + 2 : at + 4], "big")
        if number & 0x8000:
            found.setdefault(number & 0x7FFF, value)
            at += 4
        else:
            at += 4 + value
    return found


def read_answer(data: bytes) -> Answer | None:
    """An answer to one of our messages; None when it is none. Never raises."""
    if not HEADER_BYTES <= len(data) <= _LONGEST or data[:8] != SPI or data[17] >> 4 not in (1, 2):
        return None
    version, exchange = data[17] >> 4, data[18]
    if version == 2 and not data[19] & 0x20:  # an echo of our own words is no answer
        return None
    if version == 1 and data[8:16] == bytes(8) and exchange != 5:
        return None
    chosen: dict[int, int] = {}
    notify: dict[int, bytes] = {}
    hashed = False
    for kind, body in _payloads(data[16], data[HEADER_BYTES:]):
        if kind == _SA2 and version == 2:
            chosen = chosen or _chosen2(body)
        elif kind == _SA1 and version == 1:
            chosen = chosen or _chosen1(body)
        elif kind == _NOTIFY2 and version == 2 and len(body) >= 4:
            notify[int.from_bytes(body[2:4], "big")] = body[4 + body[1] :]
        elif kind == _NOTIFY1 and version == 1 and len(body) >= 8:
            notify[int.from_bytes(body[6:8], "big")] = body[8 + body[5] :]
        hashed = hashed or (kind == _HASH1 and version == 1)
    return Answer(version, exchange, chosen, notify, hashed)


ALL_CIPHERS2 = ((20, 256), (20, 128), (28, 0), (12, 256), (12, 128), (13, 256), (3, 0))
FIRST = sa_init(ALL_CIPHERS2, (14, 19, 20, 21, 15, 16, 2, 5), key_of=31)
"""What clients of today and of yesterday offer, all at once, with the public value of another group: whoever speaks IKEv2 says
which group he wants, and nothing is left half done."""
FIRST_1 = phase_1(MAIN_MODE, [(cipher, bits, 2, 1, 2) for cipher, bits in ((7, 256), (7, 128), (5, 0))])
"""What a client of version 1 offers: gateways that know no other answer it."""
