"""security.txt (RFC 9116)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from scanners.protocols.http.client import Answer

PATHS = ("/.well-known/security.txt", "/security.txt")  # §3: the second only where the first is missing

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,40}):[ \t]*(.*?)[ \t]*$")
_DATE = re.compile(r"^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$")
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_LINES = 500


@dataclass(frozen=True)
class SecurityTxt:
    """``state`` is valid, expired, invalid or missing; ``expires`` is aware, None when there is no single readable date."""

    state: str
    expires: datetime | None = None


MISSING = SecurityTxt("missing")


def judge(answer: Answer, now: datetime) -> SecurityTxt:
    """What the answer to one of :data:`PATHS` is, at the aware time ``now``. A home page instead of a file is *missing*."""
    if answer.status != 200:
        return MISSING
    text = answer.text.removeprefix("\ufeff")
    fields = fields_of(text)
    if "contact" not in fields and "expires" not in fields:
        return MISSING if answer.html or not fields else SecurityTxt("invalid")
    dates = [_date(value) for value in fields.get("expires", [])]
    expires = dates[0] if len(dates) == 1 else None
    contacts = fields.get("contact", [])
    proper = bool(contacts) and all(re.match(r"(?:https://|mailto:|tel:)\S", contact) for contact in contacts)
    if expires is None or not proper or answer.media_type != "text/plain":
        return SecurityTxt("invalid", expires)
    return SecurityTxt("expired" if expires <= now else "valid", expires)


def fields_of(text: str) -> dict[str, list[str]]:
    """The fields of the file by lower-case name. A cleartext signature (RFC 4880 §7) around it is left out, not checked."""
    lines = text.splitlines()[:_LINES]
    if lines and lines[0].strip() == _SIGNED:
        blank = next((index for index, line in enumerate(lines) if not line.strip()), 0)
        lines = [line.removeprefix("- ") for line in lines[blank + 1 :]]
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.strip() == _SIGNATURE:
            break
        match = _FIELD.match(line[:2048])
        if match:
            found.setdefault(match[1].lower(), []).append(match[2])
    return found


def _date(text: str) -> datetime | None:
    """An RFC 3339 date and time, in UTC."""
    match = _DATE.match(text)
    if not match:
        return None
    offset = "+00:00" if match[4] in "Zz" else match[4]
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
