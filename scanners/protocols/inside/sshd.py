"""What sshd does: ``sshd -T``, or its files where that is not allowed (sshd_config(5): the first value of a key counts)."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import SshdFacts
from scanners.protocols.inside.sections import Sections

_TIME = re.compile(r"([0-9]{1,6})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_sshd(sections: Sections) -> SshdFacts | None:
    """None when neither could be read. What the files leave out stays None: the default is the version's and unknown here."""
    lines = sections.lines("sshd")
    if not lines:
        return None
    words = _settings(lines[1:])
    return SshdFacts(
        permit_root_login=_word(words, "permitrootlogin"),
        empty_passwords=_flag(words, "permitemptypasswords"),
        x11_forwarding=_flag(words, "x11forwarding"),
        password_login=_flag(words, "passwordauthentication"),
        max_auth_tries=_number(words, "maxauthtries"),
        grace_seconds=_seconds(words, "logingracetime"),
        ciphers=_names(words, "ciphers"),
        macs=_names(words, "macs"),
        kex=_names(words, "kexalgorithms"),
    )


def _settings(lines: list[str]) -> dict[str, str]:
    words: dict[str, str] = {}
    for line in lines:
        key, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if key.lower() == "match":
            break
        words.setdefault(key.lower(), value.strip().strip('"'))
    return words


def _word(words: dict[str, str], key: str) -> str | None:
    value = words.get(key)
    return None if not value else clean_text(value.lower(), 64).replace("without-password", "prohibit-password")


def _flag(words: dict[str, str], key: str) -> bool | None:
    return {"yes": True, "no": False}.get(words.get(key, "").lower())


def _number(words: dict[str, str], key: str) -> int | None:
    value = words.get(key, "")
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _seconds(words: dict[str, str], key: str) -> int | None:
    match = _TIME.fullmatch(words.get(key, "").lower())
    return int(match[1]) * _SECONDS[match[2]] if match else None


def _names(words: dict[str, str], key: str) -> tuple[str, ...] | None:
    value = words.get(key)
    if not value or value[0] in "+-^":  # a change of a default that is not known here
        return None
    return tuple(clean_text(name, 100) for name in value.split(",")[:200])


def read_banner(sections: Sections) -> bool | None:
    """Whether sshd shows a text that is not empty before the login."""
    lines = sections.lines("banner")
    if lines is None or sections.lines("sshd") is None:
        return None
    size = next((line.split()[1] for line in lines if re.fullmatch(r"size [0-9]{1,9}", line)), None)
    named = next((line.split()[1] for line in lines if line.startswith("banner /")), None)
    if named is not None and size is None:
        return False  # it names a file that is not there
    return named is not None and int(size or 0) > 1
