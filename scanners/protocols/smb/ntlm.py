"""NTLMSSP (MS-NLMP) inside SPNEGO (RFC 4178): the login of nobody, and what the challenge tells of the server.

spnego's own contexts cannot log in without a user, so these three messages are written here.
"""

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, field

from scanners.clean_text import clean_text
from scanners.services.asn1 import tlv
from scanners.wire import ProtocolError

_SIGNATURE = b"NTLMSSP\0"
_SPNEGO_OID, _NTLM_OID = bytes.fromhex("06062b0601050502"), bytes.fromhex("060a2b06010401823702020a")
_VERSION = 0x02000000
# unicode, request target, NTLM, extended session security, target info, version, 128 and 56 bits
_FLAGS = 0x00000001 | 0x00000004 | 0x00000200 | 0x00080000 | 0x00800000 | _VERSION | 0x20000000 | 0x80000000
_ANONYMOUS = 0x00000800
_CLIENT_VERSION = b"\x0a\0\x61\x4a\0\0\0\x0f"
_HASH_OF_NO_PASSWORD = bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0")  # MD4 of nothing
_NAMES = {1: "host_name", 2: "domain_name", 3: "dns_host_name", 4: "dns_domain_name"}  # MS-NLMP 2.2.2.1


@dataclass(frozen=True)
class Challenge:
    """The server's challenge, its names by :class:`~scanners.protocols.smb.facts.SmbFacts`'s fields, its system's version."""

    nonce: bytes
    target_info: bytes = b""
    names: dict[str, str] = field(default_factory=dict)
    os_build: str | None = None


def first_token() -> bytes:
    """NEGOTIATE_MESSAGE in a NegTokenInit."""
    message = _SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16) + _CLIENT_VERSION
    init = tlv(0x30, tlv(0xA0, tlv(0x30, _NTLM_OID)) + tlv(0xA2, tlv(0x04, message)))
    return tlv(0x60, _SPNEGO_OID + tlv(0xA0, init))


def anonymous_token() -> bytes:
    """AUTHENTICATE_MESSAGE without user, domain or answer (MS-NLMP 3.1.5.1.2, anonymous)."""
    return _wrapped(_authenticate(b"\0", b"", "", _FLAGS | _ANONYMOUS))


def guest_token(challenge: Challenge, user: str) -> bytes:
    """AUTHENTICATE_MESSAGE of ``user`` with the NTLMv2 answer of an empty password (MS-NLMP 3.3.2)."""
    key = _hmac(_HASH_OF_NO_PASSWORD, user.upper().encode("utf-16-le"))
    temporary = b"\1\1" + bytes(6) + bytes(8) + os.urandom(8) + bytes(4) + challenge.target_info + bytes(4)
    answer = _hmac(key, challenge.nonce + temporary) + temporary
    return _wrapped(_authenticate(bytes(24), answer, user, _FLAGS))


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.md5).digest()


def _authenticate(lm: bytes, nt: bytes, user: str, flags: int) -> bytes:
    head, payload = 72, b""
    fields = b""
    for part in (lm, nt, b"", user.encode("utf-16-le"), b"", b""):  # domain, user, workstation, session key
        fields += struct.pack("<HHI", len(part), len(part), head + len(payload))
        payload += part
    return _SIGNATURE + struct.pack("<I", 3) + fields + struct.pack("<I", flags) + _CLIENT_VERSION + payload


def _wrapped(message: bytes) -> bytes:
    return tlv(0xA1, tlv(0x30, tlv(0xA2, tlv(0x04, message))))


def read_challenge(token: bytes) -> Challenge:
    """CHALLENGE_MESSAGE, wherever SPNEGO put it. Raises :class:`~scanners.wire.ProtocolError`."""
    at = token.find(_SIGNATURE)
    message = token[at:] if at >= 0 else b""
    if len(message) < 48 or message[8:12] != b"\2\0\0\0":
        raise ProtocolError("the server did not send an NTLM challenge")
    flags = int.from_bytes(message[20:24], "little")
    length, _, offset = struct.unpack_from("<HHI", message, 40)
    info = message[offset : offset + length]
    build = None
    if flags & _VERSION and len(message) >= 56 and message[48]:
        build = f"{message[48]}.{message[49]}.{int.from_bytes(message[50:52], 'little')}"
    return Challenge(message[24:32], info, _names(info), build)


def _names(info: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    for _ in range(16):
        if at + 4 > len(info):
            break
        kind, length = struct.unpack_from("<HH", info, at)
        if kind == 0:
            break
        text = clean_text(info[at + 4 : at + 4 + length].decode("utf-16-le", "replace"), 253)
        if kind in _NAMES and text:
            found[_NAMES[kind]] = text
        at += 4 + length
    return found
