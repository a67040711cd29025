"""Which CVEs a failure shows, read from what was observed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.rule import KnownFlaw, Rule
from rules.versions import version_below

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}(?![0-9])")


@dataclass(frozen=True)
class ShownCves:
    """The CVEs that a failure shows, each once, in order. ``whole``: nothing else is wrong there."""

    cves: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class ShownFlaw:
    """A CVE; with the package and the version that have it where the observation names them."""

    cve: str
    package: str | None = None
    version: str | None = None


def shown_flaws(rule: Rule, observed: Any) -> tuple[ShownFlaw, ...]:
    """The CVEs of ``rule`` that ``observed`` (of a finding of it) shows, each once for each package and version."""
    if not isinstance(observed, Mapping):
        return ()
    return tuple(dict.fromkeys(found for flaw in rule.flaws for found in _shown(flaw, observed.get(flaw.observed))))


def shown_cves(rule: Rule, observed: Any, expected: Any) -> ShownCves | None:
    """The CVEs of ``rule`` that a finding of it shows; None when it shows none.

    Something else is wrong when a list of packages names one that none of them explains, or another value is not as expected.
    """
    if rule.names_cves is not None and isinstance(observed, Mapping):
        return _named(observed.get(rule.names_cves.observed), observed.get(rule.names_cves.of))
    found = shown_flaws(rule, observed)
    if not found:
        return None
    explained = {f"{flaw.package} {flaw.version}" for flaw in found if flaw.package is not None}
    told = {flaw.observed for flaw in rule.flaws}
    listed = [observed[key] for key in told if isinstance(observed.get(key), list)]
    others = any(item not in explained for items in listed for item in items)
    wanted = expected if isinstance(expected, Mapping) else {}
    wrong = any(observed.get(key, value) not in (value, None) for key, value in wanted.items() if key not in told)
    return ShownCves(tuple(sorted({flaw.cve for flaw in found})), not others and not wrong)


def cves_in(text: str) -> list[str]:
    """The CVE ids in a text."""
    return _CVE.findall(text)


def _named(texts: Any, items: Any) -> ShownCves | None:
    named = [found for text in texts if isinstance(text, str) and (found := cves_in(text))] if isinstance(texts, list) else []
    if not named:
        return None
    return ShownCves(
        tuple(sorted({cve for found in named for cve in found})), isinstance(items, list) and len(items) == len(named)
    )


def _shown(flaw: KnownFlaw, seen: Any) -> list[ShownFlaw]:
    if flaw.package is None:
        return [ShownFlaw(flaw.cve)] if seen is True else []
    if not isinstance(seen, list):
        return []
    named = [text.rpartition(" ") for text in seen if isinstance(text, str)]
    return [
        ShownFlaw(flaw.cve, flaw.package, version) for name, _, version in named if name == flaw.package and _is_in(flaw, version)
    ]


def _is_in(flaw: KnownFlaw, version: str) -> bool:
    try:
        return flaw.below is not None and version_below(version, flaw.below) and not version_below(version, flaw.since)
    except ValueError:  # a version that is no number says nothing
        return False
