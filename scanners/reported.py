"""What scanners of other makers report: facts like any others, told by who reported them."""

from typing import ClassVar

import msgspec

from scanners.observation import Facts

NESSUS, GREENBONE, NUCLEI = "nessus", "greenbone", "nuclei"
REPORTERS = frozenset({NESSUS, GREENBONE, NUCLEI})
"""The scanners whose reports are taken in with their results."""


class ReportedResult(msgspec.Struct, frozen=True, kw_only=True):
    """One weakness in the words of who reports it.

    ``id`` is the plug-in, test or template; ``told`` is it with its title, for people. ``severity`` is one of ours (critical,
    high, medium, low); ``cves`` are joined by spaces. ``scope`` is what a later look must repeat for its silence to count.
    """

    id: str
    told: str
    severity: str
    cves: str = ""
    scope: str = ""


class ReportedFacts(Facts, frozen=True, kw_only=True):
    """What still stands of everything that a scanner of another maker reported of one place; nothing, when it looked and found
    nothing."""

    kind: ClassVar[str] = "reported"

    results: tuple[ReportedResult, ...] | None = None
