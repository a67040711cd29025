"""``talaia feeds`` as an administrator's timer runs it."""

import gzip
import json
from pathlib import Path

import pytest

from tests.collector.feeds import samples
from tests.talaia.test_cli import talaia


@pytest.fixture
def city(tmp_path: Path) -> Path:
    talaia("init", cwd=tmp_path)
    return tmp_path


def shown(city: Path) -> dict[str, dict[str, object]]:
    lines = talaia("feeds", "--json", cwd=city).stdout.splitlines()
    return {row["name"]: row for row in map(json.loads, lines)}


def test_load_show_and_load_again(city: Path) -> None:
    assert "No feed is loaded" in talaia("feeds", cwd=city).stderr
    fetched = city / "fetched"
    fetched.mkdir()
    (fetched / "known_exploited_vulnerabilities.json").write_bytes(samples.KEV.read_bytes())
    (fetched / "epss_scores-2026-11-22.csv.gz").write_bytes(gzip.compress(samples.EPSS.read_bytes()))
    done = talaia("feeds", "load", "fetched", str(samples.SSVC), cwd=city)
    assert "KEV: loaded, 3 of 3 entries" in done.stderr
    found = shown(city)
    assert {name: (row["version"], row["entries"]) for name, row in found.items()} == {
        "kev": ("2026.11.20", 3),
        "epss": ("v2025.03.14", 8),
        "ssvc": ("2.0.3", 2),
    }
    assert found["kev"]["published"] == "2026-11-20T17:00:07.223300Z"
    assert "EPSS" in talaia("feeds", cwd=city).stdout
    again = talaia("feeds", "load", "fetched", cwd=city)
    assert "KEV: loaded already" in again.stderr
    assert shown(city) == found
    audited = [json.loads(line) for line in talaia("audit", "--json", cwd=city).stdout.splitlines()]
    assert [(row["action"], sorted(row["detail"])) for row in audited] == [("load_feeds", ["epss", "kev", "ssvc"])]


def test_a_bad_file_among_good_ones_changes_nothing(city: Path) -> None:
    talaia("feeds", "load", str(samples.EPSS), cwd=city)
    before = shown(city)
    cut = city / "kev.json"
    cut.write_bytes(samples.KEV.read_bytes()[:-40])
    newer = city / "epss.csv"
    newer.write_bytes(samples.epss({f"CVE-2025-{number:04}": 0.1 for number in range(10)}, "2026-11-23"))
    refused = talaia("feeds", "load", "epss.csv", "kev.json", cwd=city, code=1)
    assert "kev.json: is not as it should be" in refused.stderr
    newer.write_bytes(samples.epss({"CVE-2025-0001": 0.1}, "2026-11-23"))
    refused = talaia("feeds", "load", "epss.csv", str(samples.KEV), cwd=city, code=1)
    assert "--may-shrink" in refused.stderr
    assert shown(city) == before
    assert talaia("feeds", "load", "epss.csv", "--may-shrink", cwd=city).returncode == 0


@pytest.mark.parametrize("words", [("load",), ("show", "kev.json"), ("fetch",)])
def test_what_was_not_understood(city: Path, words: tuple[str, ...]) -> None:
    talaia("feeds", *words, cwd=city, code=2)
