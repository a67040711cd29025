"""Passwords of people: argon2id (RFC 9106) with the library's parameters, two at once, the same cost for a login nobody has."""

import threading
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 1_000
_AT_ONCE = 2  # each takes 64 MiB
_WAITING = 8


class Busy(Exception):
    """So many passwords are being checked that this one would wait for long: nothing was checked."""


def weakness(password: str, name: str) -> str | None:
    """Why this is no password for the account ``name``: ``short``, ``long``, ``name``; None when it will do.

    NIST SP 800-63B: length, no rules of composition.
    """
    if len(password) < MIN_LENGTH:
        return "short"
    if len(password) > MAX_LENGTH:
        return "long"
    bare, own = password.casefold(), name.casefold()
    return "name" if own and own in bare and len(bare.replace(own, "")) < MIN_LENGTH // 2 else None


class Passwords:
    """Hashes and checks. One for a whole process: it bounds how many are computed at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._room = threading.BoundedSemaphore(_AT_ONCE + _WAITING)

    def hashed(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(_normal(password))

    def check(self, stored: str | None, password: str) -> tuple[bool, str | None]:
        """Whether it is the one, and a new hash when the parameters have changed. Without ``stored`` it costs the same.

        Raises :class:`Busy`.
        """
        if not self._room.acquire(blocking=False):
            raise Busy
        try:
            with self._turns:
                return self._compare(stored, _normal(password[:MAX_LENGTH]))
        finally:
            self._room.release()

    def _compare(self, stored: str | None, password: bytes) -> tuple[bool, str | None]:
        try:
            self._hasher.verify(stored or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False, None
        if stored is None:
            return False, None
        return True, self._hasher.hash(password) if self._hasher.check_needs_rehash(stored) else None

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash("nobody has this one")


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
