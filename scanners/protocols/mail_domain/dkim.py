"""DKIM keys of the selectors that the zone names (RFC 6376, RFC 8463). No look can list selectors."""

import base64
import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from scanners.protocols.mail_domain.answers import Answers, tags_of
from scanners.protocols.mail_domain.facts import DkimKey

_LONGEST_KEY = 4096  # characters of base64: RSA of 16384 bits has fewer


async def dkim_keys(domain: str, selectors: tuple[str, ...], answers: Answers) -> list[DkimKey] | None:
    """One for each selector; None where the zone names none, or one could not be asked."""
    found: list[DkimKey] = []
    for selector in selectors:
        texts = await answers.texts(f"{selector}._domainkey.{domain}")
        if texts is None:
            return None
        found.append(next((key for text in texts if (key := read_key(selector, text)).present), DkimKey(selector=selector)))
    return found or None


def read_key(selector: str, text: str) -> DkimKey:
    """Read a key record (RFC 6376 3.6.1); ``present`` is False for a text that is none."""
    tags = tags_of(text)
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return DkimKey(selector=selector)
    kind = tags.get("k", "rsa").lower()[:20]
    material = "".join(tags["p"].split())
    bits = _bits(kind, material)
    testing = "y" in tags.get("t", "").lower().replace(" ", "").split(":")
    return DkimKey(
        selector=selector, present=True, revoked=not material, usable=bits > 0, testing=testing, key_type=kind, bits=bits
    )


def _bits(kind: str, material: str) -> int:
    """The size of the key; 0 when it cannot be read."""
    if not material or len(material) > _LONGEST_KEY:
        return 0
    try:
        raw = base64.b64decode(material, validate=True)
    except (binascii.Error, ValueError):
        return 0
    if kind == "ed25519":
        return 256 if len(raw) == 32 else 0
    if kind != "rsa":
        return 0
    try:
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm, TypeError):
        return 0
    return key.key_size if isinstance(key, rsa.RSAPublicKey) else 0
