"""A whole handshake up to TLS 1.2 (RFC 5246, RFC 4346, RFC 2246), for what can only be asked inside a session.

A small client: RSA, DHE and ECDHE key exchange, AES in GCM and in CBC with SHA-1. Nothing is verified.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.attempt import certified
from scanners.protocols.tls.flight import Flight, Messages, framed, read_flight
from scanners.protocols.tls.groups import KeyExchange, parse_key_exchange
from scanners.protocols.tls.handshake13 import SHARED_GROUPS, new_share
from scanners.protocols.tls.octets import Octets, vector
from scanners.protocols.tls.suite_kinds import name_of
from scanners.wire import ProtocolError, Wire

CLIENT_KEY_EXCHANGE = 16
KEY_LIMIT_BITS = 16384

# suite: key length, GCM, hash of the pseudo-random function in TLS 1.2
_SUITES: Mapping[int, tuple[int, bool, str]] = {
    **dict.fromkeys((0xC02F, 0xC02B, 0x009E, 0x009C), (16, True, "sha256")),
    **dict.fromkeys((0xC030, 0xC02C, 0x009F, 0x009D), (32, True, "sha384")),
    **dict.fromkeys((0xC013, 0xC009, 0x0033, 0x002F), (16, False, "sha256")),
    **dict.fromkeys((0xC014, 0xC00A, 0x0039, 0x0035), (32, False, "sha256")),
}
SPOKEN_SUITES = tuple(_SUITES)


def prf(version: int, hash_name: str, secret: bytes, seed: bytes, length: int) -> bytes:
    """The pseudo-random function (RFC 5246, section 5; RFC 2246, section 5); ``seed`` begins with the label."""
    if version >= tls.TLS12:
        return _p_hash(hash_name, secret, seed, length)
    half = (len(secret) + 1) // 2
    left = _p_hash("md5", secret[:half], seed, length)
    right = _p_hash("sha1", secret[-half:], seed, length)
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _p_hash(hash_name: str, secret: bytes, seed: bytes, length: int) -> bytes:
    found, step = b"", seed
    while len(found) < length:
        step = hmac.digest(secret, step, hash_name)
        found += hmac.digest(secret, step + seed, hash_name)
    return found[:length]


@dataclass
class Direction:
    """The protection of one direction. ``iv`` is the fixed part of GCM, or the chained block of TLS 1.0."""

    version: int
    gcm: bool
    mac_key: bytes
    key: bytes
    iv: bytes
    sequence: int = 0

    def seal(self, kind: int, data: bytes) -> bytes:
        """One protected record."""
        head = self.sequence.to_bytes(8, "big") + bytes((kind,)) + self.version.to_bytes(2, "big")
        if self.gcm:
            explicit = self.sequence.to_bytes(8, "big")
            sealed = explicit + AESGCM(self.key).encrypt(self.iv + explicit, data, head + len(data).to_bytes(2, "big"))
        else:
            sealed = self._seal_cbc(head, data)
        self.sequence += 1
        return bytes((kind,)) + self.version.to_bytes(2, "big") + vector(2, sealed)

    def _seal_cbc(self, head: bytes, data: bytes) -> bytes:
        mac = hmac.digest(self.mac_key, head + vector(2, data), "sha1")
        fill = 15 - (len(data) + len(mac)) % 16
        plain = data + mac + bytes((fill,)) * (fill + 1)
        explicit = b"" if self.version == tls.TLS10 else secrets.token_bytes(16)
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(explicit or self.iv)).encryptor()
        sealed = encryptor.update(plain) + encryptor.finalize()
        self.iv = sealed[-16:]
        return explicit + sealed

    def open(self, kind: int, head: bytes, payload: bytes) -> tuple[int, bytes]:
        """Content type and plaintext of a record. Raises :class:`~scanners.wire.ProtocolError`."""
        try:
            plain = self._open_gcm(kind, payload) if self.gcm else self._open_cbc(payload)
        except (InvalidTag, ValueError, IndexError) as error:
            raise ProtocolError("sent a record that its own keys do not open") from error
        self.sequence += 1
        return kind, plain

    def _open_gcm(self, kind: int, payload: bytes) -> bytes:
        head = self.sequence.to_bytes(8, "big") + bytes((kind,)) + self.version.to_bytes(2, "big")
        length = max(len(payload) - 24, 0).to_bytes(2, "big")
        return AESGCM(self.key).decrypt(self.iv + payload[:8], payload[8:], head + length)

    def _open_cbc(self, payload: bytes) -> bytes:
        iv, sealed = (self.iv, payload) if self.version == tls.TLS10 else (payload[:16], payload[16:])
        decryptor = Cipher(algorithms.AES(self.key), modes.CBC(iv)).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        self.iv = sealed[-16:]
        return plain[: -plain[-1] - 1 - 20]


@dataclass
class Session:
    """A finished handshake: records can be sealed for the server and opened from it."""

    wire: Wire
    messages: Messages
    sealing: Direction
    client_verify: bytes
    secure_renegotiation: bool

    async def send(self, kind: int, data: bytes) -> None:
        await self.wire.write(self.sealing.seal(kind, data))

    async def record(self) -> tuple[int, bytes]:
        return await self.messages.record()


async def handshake(wire: Wire, hello: tls.Hello) -> Session | None:
    """Make a handshake with ``hello``, which offers suites of :data:`SPOKEN_SUITES` only; None when the server declines.

    Raises :class:`~scanners.wire.ProtocolError`, :class:`~scanners.protocols.tls.flight.Refused` and ``OSError``.
    """
    messages, flight = Messages(wire), Flight()
    await wire.write(hello.record())
    await read_flight(messages, flight, certified)
    chosen = flight.hello
    if chosen is None or not flight.done or chosen.suite not in _SUITES or not tls.TLS10 <= chosen.version <= tls.TLS12:
        return None
    premaster, exchange = premaster_secret(flight, hello.version)
    hash_name = _SUITES[chosen.suite][2]
    version = chosen.version
    master = prf(version, hash_name, premaster, b"master secret" + hello.random + chosen.random, 48)
    sealing, opening = _directions(version, chosen.suite, master, chosen.random + hello.random)
    ours = (framed(11, b"\0\0\0") if flight.certificate_request else b"") + framed(CLIENT_KEY_EXCHANGE, exchange)
    transcript = hello.message() + flight.transcript + ours
    verify = prf(version, hash_name, master, b"client finished" + _digest(version, hash_name, transcript), 12)
    flight_out = tls.records(tls.HANDSHAKE, ours, version) + tls.records(tls.CHANGE_CIPHER_SPEC, b"\x01", version)
    await wire.write(flight_out + sealing.seal(tls.HANDSHAKE, framed(20, verify)))
    if not await _finished(messages, opening):
        return None
    return Session(wire, messages, sealing, verify, tls.RENEGOTIATION_INFO in chosen.extensions)


async def _finished(messages: Messages, opening: Direction) -> bool:
    """Whether the server changes its cipher too and sends a Finished that opens."""
    for _ in range(8):
        kind, _payload = await messages.record()
        if kind == tls.ALERT:
            return False
        if kind == tls.CHANGE_CIPHER_SPEC:
            messages.decrypt = opening.open
            kind, payload = await messages.record()
            return kind == tls.HANDSHAKE and payload[:1] == b"\x14"
    return False


def _digest(version: int, hash_name: str, transcript: bytes) -> bytes:
    if version >= tls.TLS12:
        return hashlib.new(hash_name, transcript).digest()
    return hashlib.md5(transcript, usedforsecurity=False).digest() + hashlib.sha1(transcript, usedforsecurity=False).digest()


def _directions(version: int, suite: int, master: bytes, seed: bytes) -> tuple[Direction, Direction]:
    key_length, gcm, hash_name = _SUITES[suite]
    mac, iv = (0, 4) if gcm else (20, 16)
    block = prf(version, hash_name, master, b"key expansion" + seed, 2 * (mac + key_length + iv))
    octets = Octets(block)
    macs, keys, ivs = ([octets.take(width) for _ in range(2)] for width in (mac, key_length, iv))
    ours, theirs = (Direction(version, gcm, macs[side], keys[side], ivs[side]) for side in (0, 1))
    return ours, theirs


def rsa_key(flight: Flight) -> rsa.RSAPublicKey:
    """The leaf's RSA key. Raises :class:`~scanners.wire.ProtocolError` when there is none."""
    try:
        key = x509.load_der_x509_certificate((flight.certificates or (b"",))[0]).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProtocolError("its certificate cannot be read") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ProtocolError("its key is no RSA key")
    check_size(key.public_numbers())
    return key


def check_size(numbers: rsa.RSAPublicNumbers) -> None:
    """Refuse a key that would keep us computing for minutes, or that holds no message."""
    if not 512 <= numbers.n.bit_length() <= KEY_LIMIT_BITS or numbers.e.bit_length() > 64:
        raise ProtocolError("its RSA key is of no usable size")


def premaster_secret(flight: Flight, offered: int) -> tuple[bytes, bytes]:
    """The premaster secret and the body of ClientKeyExchange that brings it. Raises :class:`~scanners.wire.ProtocolError`."""
    if flight.hello is None:
        raise ProtocolError("there is no server hello")
    exchange = parse_key_exchange(name_of(flight.hello.suite), flight.key_exchange) if flight.key_exchange else None
    if exchange is None:
        secret = offered.to_bytes(2, "big") + secrets.token_bytes(46)
        return secret, vector(2, rsa_key(flight).encrypt(secret, padding.PKCS1v15()))
    if exchange.prime is not None:
        return _diffie_hellman(exchange, exchange.prime)
    if exchange.group not in SHARED_GROUPS:
        raise ProtocolError("chose a curve that is not spoken here")
    share = new_share(exchange.group)
    try:
        return share.agree(exchange.public), vector(1, share.public)
    except ValueError as error:
        raise ProtocolError("sent a key share that is no key") from error


def _diffie_hellman(exchange: KeyExchange, prime: int) -> tuple[bytes, bytes]:
    if not 3 < prime.bit_length() <= KEY_LIMIT_BITS or not exchange.generator:
        raise ProtocolError("sent parameters that are no Diffie-Hellman group")
    secret, width = secrets.randbits(256) | 1 << 255, (prime.bit_length() + 7) // 8
    public = pow(exchange.generator, secret, prime).to_bytes(width, "big")
    shared = pow(int.from_bytes(exchange.public, "big"), secret, prime)
    return shared.to_bytes(width, "big").lstrip(b"\0"), vector(2, public)


def session_hello(version: int, name: str | None, suites: tuple[int, ...]) -> tls.Hello:
    """A hello for :func:`handshake`: curves that are spoken here only."""
    return replace(tls.Hello(version=version, suites=suites, server_name=name), groups=(29, 23, 24, 25))
