"""What the loaded feeds say of the CVEs that a finding shows: read once a transaction, for all its findings."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection

from collector.bulk import Bulk
from collector.feeds.content import EpssRow, FeedName, KevRow, SsvcRow
from collector.feeds.keeping import feeds
from collector.records import FindingRecord
from collector.score import THREAT_OF_MISCONFIGURATION, cve_threat
from collector.tables import cve_epss, cve_kev, cve_ssvc
from rules.flaws import ShownCves


class Flaws(Protocol):
    """What is asked of the rules (:class:`rules.rulebook.Rulebook`): ``flawed`` are the ids of those that name CVEs."""

    @property
    def flawed(self) -> Collection[str]: ...

    @property
    def cves(self) -> Collection[str]: ...

    def shown_cves(self, rule: str, observed: Any, expected: Any) -> ShownCves | None:
        """The CVEs that a finding of the rule shows; None when it shows none."""
        ...


class Vulnerability(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a CVE; None where no loaded feed says it. ``listed``: in CISA's catalogue since then."""

    cve: str
    listed: datetime | None = None
    epss: float | None = None
    percentile: float | None = None
    exploitation: str | None = None
    automatable: bool | None = None
    total_impact: bool | None = None

    @property
    def known_exploited(self) -> bool:
        return self.listed is not None or self.exploitation == "active"


@dataclass(frozen=True)
class Threat:
    """The vulnerabilities of a finding, by CVE, at least one. ``whole``: nothing else is wrong there.

    ``feeds`` are the versions of what they were read from, by the feed's name.
    """

    vulnerabilities: tuple[Vulnerability, ...]
    whole: bool
    feeds: Mapping[str, str]

    @property
    def known_exploited(self) -> bool:
        return any(one.known_exploited for one in self.vulnerabilities)

    @property
    def value(self) -> float:
        """``t`` of ``scoring.md``. What is not only a CVE threatens as a misconfiguration does, and so does a CVE of which
        nobody says how likely it is: unknown is not unlikely."""
        if not self.whole or FeedName.EPSS not in self.feeds:
            return THREAT_OF_MISCONFIGURATION
        return max(
            cve_threat(one.epss, public_poc=one.exploitation == "poc", active=one.known_exploited) for one in self.vulnerabilities
        )


class Threats:
    """Of one transaction. Nothing is read until a finding shows a CVE; then all that the rules name, and all that was announced,
    is read at once."""

    def __init__(self, connection: Connection, flaws: Flaws) -> None:
        self._connection = connection
        self._flaws = flaws
        self._known: dict[str, Vulnerability] = {}
        self._wanted: set[str] = set()  # to be read with the next that is missing
        self._first = True

    def may_have(self, finding: FindingRecord) -> bool:
        """Whether the finding's rule names CVEs, or its evidence may."""
        return finding.rule in self._flaws.flawed

    def announce(self, cves: Iterable[str]) -> None:
        """These will be asked for, so that they are read together."""
        self._wanted.update(cves)

    def announce_of(self, findings: Iterable[FindingRecord]) -> None:
        """The CVEs of these findings will be asked for."""
        for finding in findings:
            shown = self._shown(finding)
            self.announce(shown.cves if shown is not None else ())

    def of(self, finding: FindingRecord) -> Threat | None:
        """None when the finding shows no CVE, or no feed is loaded."""
        shown = self._shown(finding)
        if shown is None or not self.feeds:
            return None
        missing = [cve for cve in shown.cves if cve not in self._known]
        if missing:
            self._read(missing)
        return Threat(tuple(map(self._known.__getitem__, shown.cves)), shown.whole, self.feeds)

    @cached_property
    def feeds(self) -> Mapping[str, str]:
        """The version of each loaded feed, with its day."""
        return {row.name: f"{row.version} {row.published:%Y-%m-%d}".strip() for row in feeds(self._connection)}

    def _shown(self, finding: FindingRecord) -> ShownCves | None:
        if finding.rule not in self._flaws.flawed:
            return None
        return self._flaws.shown_cves(finding.rule, finding.observed, finding.expected)

    def _read(self, missing: Iterable[str]) -> None:
        wanted = {*missing, *self._wanted, *(self._flaws.cves if self._first else ())} - self._known.keys()
        found = known_of(self._connection, wanted)
        self._known.update({cve: found.get(cve) or Vulnerability(cve=cve) for cve in wanted})
        self._wanted, self._first = set(), False


def known_of(connection: Connection, cves: Collection[str]) -> dict[str, Vulnerability]:
    """What the loaded feeds say of each of ``cves``; one that none of them names is left out."""
    wanted, dialect = sorted(cves), connection.dialect.name
    kev = {row.cve: row for row in Bulk(cve_kev, KevRow, dialect).select(connection, "cve", wanted)}
    epss = {row.cve: row for row in Bulk(cve_epss, EpssRow, dialect).select(connection, "cve", wanted)}
    ssvc = {row.cve: row for row in Bulk(cve_ssvc, SsvcRow, dialect).select(connection, "cve", wanted)}
    return {
        cve: _vulnerability(cve, kev.get(cve), epss.get(cve), ssvc.get(cve)) for cve in kev.keys() | epss.keys() | ssvc.keys()
    }


def _vulnerability(cve: str, kev: KevRow | None, epss: EpssRow | None, ssvc: SsvcRow | None) -> Vulnerability:
    return Vulnerability(
        cve=cve,
        listed=kev.listed if kev else None,
        epss=epss.probability if epss else None,
        percentile=epss.percentile if epss else None,
        exploitation=ssvc.exploitation if ssvc else None,
        automatable=ssvc.automatable if ssvc else None,
        total_impact=ssvc.total_impact if ssvc else None,
    )
