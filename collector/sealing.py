"""What must be read again, and may not be read in the store: AES-256-GCM (NIST SP 800-38D) under a key that is kept elsewhere.

The key's place holds one key a line, each 32 random bytes in base64 (``openssl rand -base64 32``). The first one seals, all of
them open: a new key is put before the old one, which leaves when nothing is sealed with it any more.
"""

import base64
import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.secret_files import SecretError

_NONCE_BYTES = 12


class SealError(ValueError):
    """Something cannot be sealed or opened; the message says what to mend and holds nothing of key or content."""


class Seal:
    """``read`` gives the text of the key's place, each time it is needed; it may raise :class:`SecretError`."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    def close(self, plain: str, whose: str) -> str:
        """Sealed for ``whose`` alone: it opens in no other row. Raises :class:`SealError`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._keys()[0]).encrypt(nonce, plain.encode(), whose.encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, sealed: str, whose: str) -> str:
        """What was sealed for ``whose``. Raises :class:`SealError`."""
        try:
            raw = base64.b64decode(sealed, validate=True)
        except ValueError:
            raise SealError("what was sealed is damaged") from None
        for key in self._keys():
            try:
                return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], whose.encode()).decode()
            except (InvalidTag, ValueError):
                continue
        raise SealError("none of the keys of sign_in.key_file opens what was sealed: was a key taken out too early?")

    def check(self) -> None:
        """Raises :class:`SealError` when there is no usable key."""
        self._keys()

    def _keys(self) -> list[bytes]:
        try:
            lines = self._read().split()
            keys = [base64.b64decode(line, validate=True) for line in lines]
        except SecretError as error:
            raise SealError(f"sign_in.key_file: {error}") from error
        except ValueError:
            keys = []
        if not keys or any(len(key) != 32 for key in keys):
            raise SealError("sign_in.key_file must hold 32 random bytes in base64 on each line: openssl rand -base64 32")
        return keys
