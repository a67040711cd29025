"""A TLS 1.3 handshake as far as the certificate (RFC 8446, sections 4 and 7): the certificate of TLS 1.3 is encrypted.

Nothing is verified here and no Finished is ever sent: the connection is dropped once the server has shown what it has.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.groups import FFDHE, ffdhe_prime
from scanners.wire import ProtocolError

_NIST: Mapping[int, Callable[[], ec.EllipticCurve]] = {23: ec.SECP256R1, 24: ec.SECP384R1, 25: ec.SECP521R1}
SHARED_GROUPS = (29, 23, 24, 25, 30, *FFDHE)

# suite: hash, key length, tag length of CCM (0: not CCM), ChaCha20
_SUITES: Mapping[int, tuple[str, int, int, bool]] = {
    0x1301: ("sha256", 16, 0, False),
    0x1302: ("sha384", 32, 0, False),
    0x1303: ("sha256", 32, 0, True),
    0x1304: ("sha256", 16, 16, False),
    0x1305: ("sha256", 16, 8, False),
}
READABLE_SUITES = tuple(_SUITES)


@dataclass(frozen=True)
class Share:
    """An ephemeral key of ours: ``public`` goes into the hello, ``agree`` makes the secret shared with the other's key."""

    group: int
    public: bytes
    agree: Callable[[bytes], bytes]


def new_share(group: int) -> Share:
    """A fresh key of a group of :data:`SHARED_GROUPS`."""
    if group == 29:
        key = x25519.X25519PrivateKey.generate()
        return Share(
            group,
            key.public_key().public_bytes_raw(),
            lambda other: key.exchange(x25519.X25519PublicKey.from_public_bytes(other)),
        )
    if group == 30:
        long = x448.X448PrivateKey.generate()
        return Share(
            group, long.public_key().public_bytes_raw(), lambda other: long.exchange(x448.X448PublicKey.from_public_bytes(other))
        )
    if group in _NIST:
        return _nist_share(group, _NIST[group]())
    if group in FFDHE:
        return _finite_field_share(group, ffdhe_prime(FFDHE[group]), 2)
    raise ProtocolError(f"no key can be made for group 0x{group:04X}")


def _nist_share(group: int, curve: ec.EllipticCurve) -> Share:
    key = ec.generate_private_key(curve)
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Share(group, public, lambda other: key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, other)))


def _finite_field_share(group: int, prime: int, generator: int) -> Share:
    secret, width = secrets.randbits(512), (prime.bit_length() + 7) // 8
    public = pow(generator, secret, prime).to_bytes(width, "big")
    return Share(group, public, lambda other: pow(int.from_bytes(other, "big"), secret, prime).to_bytes(width, "big"))


def decryptor(share: Share, hello: tls.ServerHello, transcript: bytes) -> Callable[[int, bytes, bytes], tuple[int, bytes]]:
    """What turns the server's encrypted handshake records into plain ones. ``transcript`` is both hellos, headers included.

    Raises :class:`~scanners.wire.ProtocolError` when the server's share is no key or its suite is none of
    :data:`READABLE_SUITES`.
    """
    if hello.suite not in _SUITES:
        raise ProtocolError(f"the keys of suite 0x{hello.suite:04X} cannot be derived here")
    hash_name, key_length, tag, chacha = _SUITES[hello.suite]
    try:
        shared = share.agree(hello.key_share)
    except ValueError as error:
        raise ProtocolError("sent a key share that is no key") from error
    secret = _server_handshake_secret(hash_name, shared, hashlib.new(hash_name, transcript).digest())
    key = _expand_label(hash_name, secret, "key", b"", key_length)
    iv = int.from_bytes(_expand_label(hash_name, secret, "iv", b"", 12), "big")
    cipher = _cipher(key, tag, chacha)
    sequence = 0

    def decrypt(kind: int, head: bytes, payload: bytes) -> tuple[int, bytes]:
        nonlocal sequence
        if kind != tls.APPLICATION_DATA:
            return kind, payload
        try:
            plain = cipher.decrypt((iv ^ sequence).to_bytes(12, "big"), payload, head)
        except (InvalidTag, ValueError) as error:
            raise ProtocolError("sent a record that its own keys do not open") from error
        sequence += 1
        inner = plain.rstrip(b"\0")
        if not inner:
            raise ProtocolError("sent a record without a content type")
        return inner[-1], inner[:-1]

    return decrypt


def _cipher(key: bytes, tag: int, chacha: bool) -> AESGCM | AESCCM | ChaCha20Poly1305:
    if chacha:
        return ChaCha20Poly1305(key)
    return AESCCM(key, tag_length=tag) if tag else AESGCM(key)


def _server_handshake_secret(hash_name: str, shared: bytes, transcript_hash: bytes) -> bytes:
    """RFC 8446, section 7.1."""
    size = hashlib.new(hash_name).digest_size
    empty = hashlib.new(hash_name).digest()
    early = hmac.digest(bytes(size), bytes(size), hash_name)
    handshake = hmac.digest(_expand_label(hash_name, early, "derived", empty, size), shared, hash_name)
    return _expand_label(hash_name, handshake, "s hs traffic", transcript_hash, size)


def _expand_label(hash_name: str, secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446, 7.1; RFC 5869)."""
    name = b"tls13 " + label.encode("ascii")
    info = length.to_bytes(2, "big") + bytes((len(name),)) + name + bytes((len(context),)) + context
    found, block, count = b"", b"", 1
    while len(found) < length:
        block = hmac.digest(secret, block + info + bytes((count,)), hash_name)
        found, count = found + block, count + 1
    return found[:length]
