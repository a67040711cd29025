"""What a feed says, whatever file it came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

CVE = r"^CVE-[0-9]{4}-[0-9]{4,19}$"
CveId = Annotated[str, msgspec.Meta(pattern=CVE)]


class FeedName(StrEnum):
    """CISA's catalogue of known exploited vulnerabilities, FIRST's exploit prediction, CISA's decision points."""

    KEV = "kev"
    EPSS = "epss"
    SSVC = "ssvc"


class KevRow(msgspec.Struct, frozen=True, gc=False):
    """A row of ``cve_kev``: since which day (at midnight UTC) the CVE is listed."""

    cve: str
    listed: datetime


class EpssRow(msgspec.Struct, frozen=True, gc=False):
    """A row of ``cve_epss``: the probability (0-1) of exploitation within 30 days, and its rank (0-1)."""

    cve: str
    probability: float
    percentile: float


class SsvcRow(msgspec.Struct, frozen=True, gc=False):
    """A row of ``cve_ssvc``; None where the record does not say. ``exploitation`` is none, poc or active."""

    cve: str
    exploitation: str | None
    automatable: bool | None
    total_impact: bool | None
    at: datetime


Row = KevRow | EpssRow | SsvcRow


@dataclass(frozen=True)
class Content:
    """One feed. ``published`` is its own date, ``source`` the file for messages; each CVE has one row."""

    feed: FeedName
    version: str
    published: datetime
    rows: Sequence[Row]
    source: str


def moment(text: str) -> datetime:
    """A time in ISO 8601; one without a zone is UTC. Raises ``ValueError``."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
