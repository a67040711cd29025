"""Comparing version numbers as software writes them."""

import re

_NUMBERS = re.compile(r"[0-9]{1,9}")


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``3.4.1-rc2`` is (3, 4, 1); raises ``ValueError`` when it begins with none."""
    parts: list[int] = []
    for part in version.strip().lstrip("vV")[:64].split("."):
        match = _NUMBERS.match(part)
        if match is None:
            break
        parts.append(int(match.group()))
        if match.end() != len(part):
            break
    if not parts:
        raise ValueError(f"{version[:64]!r} is not a version number")
    return tuple(parts)


def version_below(version: str, floor: str) -> bool:
    """Whether ``version`` is older than ``floor``, number by number; missing numbers count as 0 (``3.5`` is ``3.5.0``)."""
    mine, least = numbers(version), numbers(floor)
    length = max(len(mine), len(least))
    return mine + (0,) * (length - len(mine)) < least + (0,) * (length - len(least))
