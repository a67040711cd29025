"""Feeds in the formats of their publishers: those in ``data/feeds``, and others made after them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "data" / "feeds"
KEV = FOLDER / "known_exploited_vulnerabilities.json"
EPSS = FOLDER / "epss_scores-2026-11-22.csv"
SSVC = FOLDER / "vulnrichment"
HEARTBLEED = SSVC / "2014" / "0xxx" / "CVE-2014-0160.json"
NVD = FOLDER / "nvd_answer.json"


def kev(listed: Mapping[str, str], version: str = "2026.11.22", **changed: Any) -> bytes:
    """A catalogue of these CVEs, each with the day it was listed."""
    catalogue = json.loads(KEV.read_text())
    model = catalogue["vulnerabilities"][0]
    entries = [{**model, "cveID": cve, "dateAdded": day} for cve, day in listed.items()]
    released = f"{version.replace('.', '-')}T17:00:00.000Z"
    whole = {**catalogue, "catalogVersion": version, "dateReleased": released, "count": len(entries), "vulnerabilities": entries}
    return json.dumps({**whole, **changed}).encode()


def epss(scores: Mapping[str, float], day: str = "2026-11-22", model: str = "v2025.03.14") -> bytes:
    lines = [f"#model_version:{model},score_date:{day}T00:00:00+0000", "cve,epss,percentile"]
    return "\n".join([*lines, *(f"{cve},{score:.5f},0.50000" for cve, score in scores.items()), ""]).encode()


def record(
    cve: str, options: Iterable[Mapping[str, str]] = (), at: str = "2026-11-01T10:00:00.000000Z", **metadata: str
) -> bytes:
    """A CVE record with CISA's decision points."""
    found = json.loads(HEARTBLEED.read_text())
    found["cveMetadata"] = {**found["cveMetadata"], "cveId": cve, **metadata}
    content = found["containers"]["adp"][1]["metrics"][0]["other"]["content"]
    content.update(id=cve, timestamp=at, options=[dict(one) for one in options])
    return json.dumps(found).encode()


def points(exploitation: str = "none", automatable: str = "no", impact: str = "partial") -> list[dict[str, str]]:
    return [{"Exploitation": exploitation}, {"Automatable": automatable}, {"Technical Impact": impact}]
