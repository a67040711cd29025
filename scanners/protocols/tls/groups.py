"""Supported groups (IANA "TLS Supported Groups"), their sizes, and what a ServerKeyExchange says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import factorial

from scanners.protocols.tls.octets import Octets
from scanners.protocols.tls.suite_kinds import is_dhe, is_ecdhe
from scanners.wire import ProtocolError

# name and field size in bits; the hybrids count with their classical half
CURVES: Mapping[int, tuple[str, int]] = {
    29: ("x25519", 256),  # 255, of 256-bit strength: no rule shall call it weaker than P-256
    23: ("secp256r1", 256),
    24: ("secp384r1", 384),
    25: ("secp521r1", 521),
    30: ("x448", 448),
    26: ("brainpoolP256r1", 256),
    27: ("brainpoolP384r1", 384),
    28: ("brainpoolP512r1", 512),
    22: ("secp256k1", 256),
    21: ("secp224r1", 224),
    20: ("secp224k1", 224),
    19: ("secp192r1", 192),
    18: ("secp192k1", 192),
    17: ("secp160r2", 160),
    16: ("secp160r1", 160),
    15: ("secp160k1", 160),
    14: ("sect571r1", 571),
    13: ("sect571k1", 571),
    12: ("sect409r1", 409),
    11: ("sect409k1", 409),
    10: ("sect283r1", 283),
    9: ("sect283k1", 283),
    8: ("sect239k1", 239),
    7: ("sect233r1", 233),
    6: ("sect233k1", 233),
    5: ("sect193r2", 193),
    4: ("sect193r1", 193),
    3: ("sect163r2", 163),
    2: ("sect163r1", 163),
    1: ("sect163k1", 163),
}
TLS13_GROUPS: Mapping[int, tuple[str, int]] = {
    0x11EC: ("X25519MLKEM768", 256),
    0x11EB: ("SecP256r1MLKEM768", 256),
    0x11ED: ("SecP384r1MLKEM1024", 384),
    0x6399: ("X25519Kyber768Draft00", 256),
    0x0200: ("MLKEM512", 0),
    0x0201: ("MLKEM768", 0),
    0x0202: ("MLKEM1024", 0),
    **{code: CURVES[code] for code in (29, 23, 24, 25, 30)},
    31: ("brainpoolP256r1tls13", 256),
    32: ("brainpoolP384r1tls13", 384),
    33: ("brainpoolP512r1tls13", 512),
    41: ("curveSM2", 256),
    **{256 + index: (f"ffdhe{bits}", 0) for index, bits in enumerate((2048, 3072, 4096, 6144, 8192))},
}
FFDHE: Mapping[int, int] = {256: 2048, 257: 3072, 258: 4096, 259: 6144, 260: 8192}
_FFDHE_X = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}


def group_name(code: int) -> str:
    known = CURVES.get(code) or TLS13_GROUPS.get(code)
    return known[0] if known else f"0x{code:04X}"


def group_bits(code: int) -> int | None:
    """The field size of a curve; None for anything else."""
    known = CURVES.get(code) or TLS13_GROUPS.get(code)
    return known[1] or None if known else None


@cache
def ffdhe_prime(bits: int) -> int:
    """The prime of an RFC 7919 group by its formula (appendix A): 2^b - 2^(b-64) + ([2^(b-130) e] + X) 2^64 - 1."""
    scale = factorial(1200)
    euler = sum(scale // factorial(n) for n in range(1200))  # e to far more than 8192 bits
    prime: int = 2**bits - 2 ** (bits - 64) + ((euler << (bits - 130)) // scale + _FFDHE_X[bits]) * 2**64 - 1
    return prime


@dataclass(frozen=True)
class KeyExchange:
    """The ephemeral parameters that a server sent: a prime or a curve. ``group`` is None for parameters of its own."""

    prime: int | None = None
    generator: int | None = None
    curve_bits: int | None = None
    group: int | None = None
    public: bytes = b""

    @property
    def dh_bits(self) -> int | None:
        return self.prime.bit_length() if self.prime is not None else None


def parse_key_exchange(suite: str, body: bytes) -> KeyExchange | None:
    """Read a ServerKeyExchange (RFC 5246, 7.4.3; RFC 8422, 5.4). None for a suite whose exchange has no group.

    Raises :class:`~scanners.wire.ProtocolError`.
    """
    octets = Octets(body)
    if is_dhe(suite):
        prime, generator = int.from_bytes(octets.vector(2), "big"), int.from_bytes(octets.vector(2), "big")
        known = next((code for code, bits in FFDHE.items() if prime.bit_length() == bits and prime == ffdhe_prime(bits)), None)
        return KeyExchange(prime=prime, generator=generator, group=known, public=octets.vector(2))
    if not is_ecdhe(suite):
        return None
    kind = octets.number(1)
    if kind == 3:
        group = octets.number(2)
        return KeyExchange(curve_bits=group_bits(group), group=group, public=octets.vector(1))
    if kind == 1:
        return KeyExchange(curve_bits=int.from_bytes(octets.vector(1), "big").bit_length())
    if kind == 2:
        return KeyExchange(curve_bits=octets.number(2))
    raise ProtocolError(f"sent a curve of type {kind}")
