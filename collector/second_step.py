"""Two-step sign-in by time-based codes (RFC 6238: SHA-1, six digits, 30 seconds) and codes for the day the device is lost.

A code counts in its own step and the ones beside it, and once: the counter of the latest one is kept, and only a later one is
taken. Secrets are sealed in the store; of recovery codes (80 random bits) only digests are kept.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from collector.accounts import Account, end_sessions
from collector.sealing import Seal
from collector.sign_in_tables import account_recovery, account_totp
from collector.tokens import digest_of

STEP_SECONDS = 30
RECOVERY_CODES = 10
_BESIDE = 1  # steps before and after: clocks differ, people type


@dataclass(frozen=True)
class Enrolment:
    """What the person's device must learn; shown once. ``uri`` is what the QR code holds."""

    secret: str
    uri: str


@dataclass(frozen=True)
class Standing:
    """``recovery_left`` counts the codes that were not used."""

    confirmed_at: datetime | None
    recovery_left: int


def begin(connection: Connection, account: Account, seal: Seal, issuer: str) -> Enrolment:
    """A new secret, which is asked for once a code of it was given. Raises :class:`~collector.sealing.SealError`."""
    secret = pyotp.random_base32()
    values = {"secret": seal.close(secret, _whose(account.id)), "confirmed_at": None, "last_counter": 0}
    connection.execute(delete(account_totp).where(account_totp.c.account_id == account.id))
    connection.execute(insert(account_totp).values(account_id=account.id, **values))
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account.name, issuer_name=issuer))


def confirm(connection: Connection, account: Account, seal: Seal, code: str, now: datetime) -> list[str] | None:
    """With a code of the new device it is asked for from now on. Returns recovery codes, shown once; None for a wrong code."""
    row = _row(connection, account.id)
    if row is None or row.confirmed_at is not None or not _take_code(connection, row, seal, code, now):
        return None
    connection.execute(update(account_totp).where(account_totp.c.account_id == account.id).values(confirmed_at=now))
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    connection.execute(delete(account_recovery).where(account_recovery.c.account_id == account.id))
    connection.execute(
        insert(account_recovery), [{"account_id": account.id, "digest": _digest(account.id, one)} for one in codes]
    )
    return codes


def check(connection: Connection, account_id: str, seal: Seal, typed: str, now: datetime) -> str | None:
    """``code`` or ``recovery``, by what was typed and is used up now; None when it is neither.

    Raises :class:`~collector.sealing.SealError`.
    """
    row = _row(connection, account_id)
    if row is None or row.confirmed_at is None:
        return None
    if _take_code(connection, row, seal, typed, now):
        return "code"
    digest = _digest(account_id, typed)
    where = (account_recovery.c.account_id == account_id, account_recovery.c.digest == digest)
    return "recovery" if connection.execute(delete(account_recovery).where(*where)).rowcount else None


def standing(connection: Connection, account_id: str) -> Standing:
    row = _row(connection, account_id)
    left = select(func.count()).select_from(account_recovery).where(account_recovery.c.account_id == account_id)
    return Standing(row.confirmed_at if row else None, connection.scalar(left) or 0)


def remove(connection: Connection, account: Account) -> bool:
    """Forget the device and the recovery codes and sign the person out everywhere; whether there was a device."""
    connection.execute(delete(account_recovery).where(account_recovery.c.account_id == account.id))
    gone = connection.execute(delete(account_totp).where(account_totp.c.account_id == account.id)).rowcount
    end_sessions(connection, account)
    return bool(gone)


def _row(connection: Connection, account_id: str) -> Row[Any] | None:
    return connection.execute(select(account_totp).where(account_totp.c.account_id == account_id)).first()


def _take_code(connection: Connection, row: Row[Any], seal: Seal, typed: str, now: datetime) -> bool:
    code = re.sub(r"\s", "", typed)
    totp = pyotp.TOTP(seal.open(row.secret, _whose(row.account_id)))
    if not re.fullmatch(r"[0-9]{6}", code):
        return False
    step = int(now.timestamp()) // STEP_SECONDS
    right = [one for one in range(step - _BESIDE, step + _BESIDE + 1) if hmac.compare_digest(totp.generate_otp(one), code)]
    if not right:
        return False
    # Of two that send the same code at once, one moves the counter.
    later = (account_totp.c.account_id == row.account_id, account_totp.c.last_counter < right[-1])
    values: Mapping[str, int] = {"last_counter": right[-1]}
    return bool(connection.execute(update(account_totp).where(*later).values(**values)).rowcount)


def _new_recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def _digest(account_id: str, typed: str) -> str:
    return digest_of(f"recovery:{account_id}:{re.sub(r'[^a-z2-7]', '', typed[:100].lower())}")


def _whose(account_id: str) -> str:
    return f"totp:{account_id}"
