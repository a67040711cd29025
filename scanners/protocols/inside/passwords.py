"""What the host asks of passwords: login.defs(5), PAM, pwquality.conf(5), faillock.conf(5), pwhistory.conf(5)."""

import re

from scanners.protocols.inside.facts import PasswordFacts
from scanners.protocols.inside.sections import Sections

_CREDITS = ("dcredit", "ucredit", "lcredit", "ocredit")
_PAM_UNIX_LENGTH = 6  # pam_unix(8): the least that it takes by itself
_PWQUALITY_LENGTH = 8  # pwquality.conf(5): the default of minlen
_FAILLOCK_DENY = 3  # faillock.conf(5)
_REMEMBER = 10  # pam_pwhistory(8)


def read_passwords(sections: Sections) -> PasswordFacts | None:
    """None when the PAM stacks could not be read."""
    stacks = sections.lines("pam")
    if not stacks:
        return None
    modules = [line.split(":", 1)[1] for line in stacks if ":" in line]
    length, classes = _quality(sections, modules)
    defs = dict(line.split()[:2] for line in sections.lines("defs") or () if len(line.split()) >= 2)
    longest = defs.get("PASS_MAX_DAYS", "")
    return PasswordFacts(
        min_length=length,
        classes=classes,
        remembered=_remembered(sections, modules),
        max_days=int(longest) if re.fullmatch(r"[0-9]{1,9}", longest) else None,
        attempts=_attempts(sections, modules),
    )


def _quality(sections: Sections, modules: list[str]) -> tuple[int | None, int | None]:
    asked = _arguments(modules, "pam_pwquality.so") if _arguments(modules, "pam_pwquality.so") is not None else None
    if asked is None:
        asked = _arguments(modules, "pam_cracklib.so")
    if asked is None:
        asked = _arguments(modules, "pam_passwdqc.so")
        if asked is not None:
            return None, None  # another language of rules (min=N0,N1,…)
        own = _arguments(modules, "pam_unix.so", "password") or {}
        return _whole(own.get("minlen"), _PAM_UNIX_LENGTH), 0
    written = sections.lines("pwquality")
    if written is None:
        return None, None
    values = _assignments(written) | asked
    length = _whole(values.get("minlen"), _PWQUALITY_LENGTH)
    credits = [_whole(values.get(name), 0) for name in _CREDITS]
    # A positive credit makes shorter passwords count as long (pwquality.conf(5)): the length that remains is what is asked.
    length = max(_PAM_UNIX_LENGTH, length - sum(credit for credit in credits if credit > 0))
    return length, max(_whole(values.get("minclass"), 0), sum(credit < 0 for credit in credits))


def _remembered(sections: Sections, modules: list[str]) -> int | None:
    history = _arguments(modules, "pam_pwhistory.so")
    if history is not None:
        values = _assignments(sections.lines("pwhistory") or []) | history
        return _whole(values.get("remember"), _REMEMBER)
    return _whole((_arguments(modules, "pam_unix.so", "password") or {}).get("remember"), 0)


def _attempts(sections: Sections, modules: list[str]) -> int | None:
    faillock = _arguments(modules, "pam_faillock.so", "auth")
    if faillock is not None:
        written = sections.lines("faillock")
        if written is None and "deny" not in faillock:
            return None
        return _whole((_assignments(written or []) | faillock).get("deny"), _FAILLOCK_DENY)
    for module in ("pam_tally2.so", "pam_tally.so"):
        tally = _arguments(modules, module, "auth")
        if tally is not None:
            return _whole(tally.get("deny"), 0)
    return 0


def _arguments(modules: list[str], module: str, kind: str = "") -> dict[str, str] | None:
    """What all lines of a module say together, the last one winning; None when no line names it."""
    found: dict[str, str] | None = None
    for line in modules:
        words = line.split()
        if module not in (word.rsplit("/", 1)[-1] for word in words) or (kind and words[0].lstrip("-") != kind):
            continue
        found = (found or {}) | _assignments(words)
    return found


def _assignments(lines: list[str]) -> dict[str, str]:
    parts = (line.partition("=") for line in lines)
    return {key.strip(): value.split("#")[0].strip() for key, sign, value in parts if sign}


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]{1,6}", text) else otherwise
