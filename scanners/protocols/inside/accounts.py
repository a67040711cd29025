"""Local accounts: passwd(5), the flags of shadow(5) (never a hash), and lastlog(8)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import AccountFacts, PersonFacts
from scanners.protocols.inside.sections import Sections

_NO_LOGIN = re.compile(r".*/(nologin|false|sync|shutdown|halt)|")
_FOR_EVER = 99_999
_WEAK = frozenset({"des", "1", "md5"})
_STATES = {"P": "set", "PS": "set", "L": "locked", "LK": "locked", "NP": "empty"}
_LASTLOG = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} [-+][0-9]{4} [0-9]{4})")


@dataclass(frozen=True)
class Secret:
    """What is known of one password. ``state``: set, locked or empty; days since the epoch, or of life; None where not said."""

    name: str
    state: str
    hash: str
    changed: int | None
    longest: int | None
    expires: int | None


def read_accounts(sections: Sections) -> AccountFacts | None:
    """None when not even passwd could be read; without shadow only what passwd says."""
    passwd = sections.lines("passwd")
    if passwd is None:
        return None
    rows = [parts for line in passwd if len(parts := line.split(":")) == 7]
    extra = tuple(clean_text(row[0], 64) for row in rows if re.fullmatch("0+", row[2]) and row[0] != "root")
    no_field = tuple(clean_text(row[0], 64) for row in rows if row[1] == "")
    secrets = {secret.name: secret for line in sections.lines("shadow") or () if (secret := read_secret_line(line))}
    if not secrets:
        return AccountFacts(empty_passwords=no_field or None, extra_root=extra)
    kept = [secret for secret in secrets.values() if secret.state == "set"]
    empty = sorted({*no_field, *(clean_text(each.name, 64) for each in secrets.values() if each.state == "empty")})
    return AccountFacts(
        empty_passwords=tuple(empty),
        extra_root=extra,
        weak_hashes=None if any(each.hash == "?" for each in kept) else tuple(each.name for each in kept if each.hash in _WEAK),
        people=_people(sections, rows, secrets),
        longest_days=max((_life(secret) for secret in kept), default=0),
    )


def _life(secret: Secret) -> int:
    return _FOR_EVER if secret.longest is None or secret.longest < 0 else min(secret.longest, _FOR_EVER)


def read_secret_line(line: str) -> Secret | None:
    """A line of ours (``shadow:name:state:hash:changed:longest:expires``) or of ``passwd -S`` (Debian's and RHEL's dates)."""
    if line.startswith("shadow:"):
        parts = line.split(":")
        if len(parts) != 7 or parts[2] not in ("set", "locked", "empty"):
            return None
        name = clean_text(parts[1], 64)
        return Secret(name, parts[2], parts[3][:8], _day(parts[4]), _day(parts[5]), _day(parts[6]))
    words = line.split()
    if len(words) < 7 or words[1] not in _STATES:
        return None
    return Secret(clean_text(words[0], 64), _STATES[words[1]], "?", _date(words[2]), _day(words[4]), None)


def _day(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _date(text: str) -> int | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return (datetime.strptime(text, form) - datetime(1970, 1, 1)).days  # noqa: DTZ007, DTZ001 - days without a clock
        except ValueError:
            continue
    return None


def _people(sections: Sections, rows: Iterable[list[str]], secrets: dict[str, Secret]) -> tuple[PersonFacts, ...] | None:
    now = next((int(line) for line in sections.lines("today") or () if re.fullmatch(r"[0-9]{1,12}", line)), None)
    who = next(iter(sections.lines("who") or ()), "")
    lastlog = sections.lines("lastlog")
    if now is None or lastlog is None:
        return None
    seen = {line.split()[0]: _last_login(line) for line in lastlog[1:]}
    today = now // 86_400
    found = []
    for row in rows:
        secret = secrets.get(clean_text(row[0], 64))
        if row[0] in ("root", who) or _NO_LOGIN.fullmatch(row[6]) or secret is None or not _may_log_in(secret, today):
            continue
        last = seen.get(row[0]) or secret.changed or None
        found.append(PersonFacts(name=clean_text(row[0], 64), idle_days=-1.0 if last is None else float(max(0, today - last))))
    return tuple(found)


def _may_log_in(secret: Secret, today: int) -> bool:
    expired = secret.expires is not None and 0 <= secret.expires < today
    return secret.state in ("set", "empty") and not expired


def _last_login(line: str) -> int | None:
    match = _LASTLOG.search(line)
    if not match:
        return None
    try:
        return int(datetime.strptime(match[1], "%b %d %H:%M:%S %z %Y").timestamp()) // 86_400
    except (ValueError, OverflowError, OSError):
        return None
