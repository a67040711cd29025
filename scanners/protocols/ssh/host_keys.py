"""Fetching a host key: a key exchange that stops at the server's reply, which carries the key (RFC 4253 §8, RFC 5656, RFC 4419).

Nothing is encrypted and no secret is computed: the public values that we send only have to be acceptable.
"""

import base64
import hashlib
import secrets
import struct
from collections.abc import Iterable
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.clean_text import clean_bytes
from scanners.protocols.ssh.facts import HostKeyFacts
from scanners.protocols.ssh.packets import KexInit, Reader, build_kexinit, mpint, packet, read_packet, string
from scanners.wire import ProtocolError, Wire

_MSG_KEX_FIRST, _MSG_KEX_SECOND, _MSG_GEX_INIT, _MSG_GEX_REPLY, _MSG_GEX_REQUEST = 30, 31, 32, 33, 34

_CURVES: dict[bytes, ec.EllipticCurve] = {
    b"ecdh-sha2-nistp256": ec.SECP256R1(),
    b"ecdh-sha2-nistp384": ec.SECP384R1(),
    b"ecdh-sha2-nistp521": ec.SECP521R1(),
}
_X25519 = (b"curve25519-sha256", b"curve25519-sha256@libssh.org")
_FIXED_GROUPS = (
    b"diffie-hellman-group14-sha256",
    b"diffie-hellman-group16-sha512",
    b"diffie-hellman-group15-sha512",
    b"diffie-hellman-group17-sha512",
    b"diffie-hellman-group18-sha512",
    b"diffie-hellman-group14-sha1",
    b"diffie-hellman-group1-sha1",
)
_EXCHANGED_GROUPS = (b"diffie-hellman-group-exchange-sha256", b"diffie-hellman-group-exchange-sha1")
_SNTRUP = (b"sntrup761x25519-sha512@openssh.com", b"sntrup761x25519-sha512")
_MLKEM = (b"mlkem768x25519-sha256",)
# The cheapest for the server first.
_PREFERENCE = (*_X25519, *_CURVES, *_FIXED_GROUPS, *_EXCHANGED_GROUPS, *_SNTRUP, *_MLKEM)

_ED_BITS = {b"ssh-ed25519": 256, b"ssh-ed448": 456}
_CURVE_BITS = {b"nistp256": 256, b"nistp384": 384, b"nistp521": 521}
_CERTIFICATE = b"-cert-v01@openssh.com"


def key_formats(algorithms: Iterable[bytes]) -> dict[bytes, bytes]:
    """One algorithm to ask with for each public key format that we can read, by format.

    An RSA key serves several signature algorithms (RFC 8332), so it is fetched once.
    """
    formats: dict[bytes, bytes] = {}
    for algorithm in algorithms:
        plain = algorithm.removesuffix(_CERTIFICATE)
        plain = b"ssh-rsa" if plain in (b"rsa-sha2-256", b"rsa-sha2-512") else plain
        if plain in (b"ssh-rsa", b"ssh-dss", *_ED_BITS) or plain.removeprefix(b"ecdsa-sha2-") in _CURVE_BITS:
            formats.setdefault(plain + (_CERTIFICATE if algorithm.endswith(_CERTIFICATE) else b""), algorithm)
    return formats


def choose_kex(offered: Iterable[bytes]) -> bytes | None:
    """The key exchange method to fetch keys with, or None when we know none of the offered ones."""
    known = set(offered)
    return next((name for name in _PREFERENCE if name in known), None)


async def fetch(wire: Wire, server: KexInit, kex: bytes, algorithm: bytes) -> bytes:
    """The public key blob (K_S) that the server shows for ``algorithm``. Its KEXINIT has been read, ours is not yet sent.

    Raises :class:`~scanners.wire.ProtocolError` or what the connection raises.
    """
    # We claim to know whatever the server wants to encrypt with: it never comes to that.
    ours = replace(server, kex=(kex,), host_key=(algorithm,))
    await wire.write(packet(build_kexinit(ours, secrets.token_bytes(16))))
    if kex in _EXCHANGED_GROUPS:
        return await _exchange_group(wire)
    await wire.write(packet(bytes([_MSG_KEX_FIRST]) + _public_value(kex)))
    return Reader(await _expect(wire, _MSG_KEX_SECOND)).string()


async def _exchange_group(wire: Wire) -> bytes:
    await wire.write(packet(bytes([_MSG_GEX_REQUEST]) + struct.pack(">III", 1024, 2048, 8192)))
    group = Reader(await _expect(wire, _MSG_KEX_SECOND))
    prime = group.mpint()
    if prime.bit_length() < 512:
        raise ProtocolError("the server proposed a group without a usable prime")
    await wire.write(packet(bytes([_MSG_GEX_INIT]) + mpint(secrets.randbits(prime.bit_length() - 2) | 1 << 100)))
    return Reader(await _expect(wire, _MSG_GEX_REPLY)).string()


async def _expect(wire: Wire, message: int) -> bytes:
    payload = await read_packet(wire)
    if payload[0] != message:
        raise ProtocolError(f"message {payload[0]} came where the key exchange should answer")
    return payload[1:]


def _public_value(kex: bytes) -> bytes:
    if kex in _CURVES:
        point = ec.generate_private_key(_CURVES[kex]).public_key()
        return string(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    x25519 = X25519PrivateKey.generate().public_key().public_bytes_raw()
    if kex in _X25519:
        return string(x25519)
    if kex in _SNTRUP:
        return string(secrets.token_bytes(1158) + x25519)
    if kex in _MLKEM:  # FIPS 203 §7.2: the coefficients must be below q, and zero is
        return string(bytes(1152) + secrets.token_bytes(32) + x25519)
    return mpint(secrets.randbits(1000) | 1 << 900)  # below the smallest prime in use (group 1, 1024 bits)


def describe(blob: bytes) -> HostKeyFacts:
    """Format, size and fingerprint of a public key blob. Raises :class:`~scanners.wire.ProtocolError` for one we cannot read."""
    reader = Reader(blob)
    name = reader.string()
    plain = name.removesuffix(_CERTIFICATE)
    if name != plain:
        reader.string()  # the certificate's nonce; the key's own fields follow (PROTOCOL.certkeys)
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return HostKeyFacts(algorithm=clean_bytes(name, 64), bits=_bits(plain, reader), sha256=f"SHA256:{fingerprint}")


def _bits(plain: bytes, reader: Reader) -> int:
    if plain == b"ssh-rsa":
        reader.mpint()  # the exponent
        return reader.mpint().bit_length()
    if plain == b"ssh-dss":
        return reader.mpint().bit_length()
    if plain in _ED_BITS:
        return _ED_BITS[plain]
    bits = _CURVE_BITS.get(reader.string())
    if bits is None or not plain.startswith(b"ecdsa-sha2-"):
        raise ProtocolError(f"a host key of an unknown format: {clean_bytes(plain, 64)}")
    return bits
