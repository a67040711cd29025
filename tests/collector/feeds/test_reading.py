"""Feeds are read in the formats of their publishers; a bad file is refused whole, whatever else is good."""

import gzip
import json
import os
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.feeds import files
from collector.feeds.content import EpssRow, FeedName, KevRow, SsvcRow
from collector.feeds.files import read_feeds
from scanners.located_yaml import FileError
from tests.collector.feeds import samples


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_catalogue_of_exploited_vulnerabilities() -> None:
    (found,) = read_feeds([samples.KEV])
    assert (found.feed, found.version, found.published) == (FeedName.KEV, "2026.11.20", _at("2026-11-20T17:00:07.2233Z"))
    assert KevRow("CVE-2014-0160", _at("2022-05-04T00:00Z")) in found.rows
    assert len(found.rows) == 3


@pytest.mark.parametrize("packed", [False, True])
def test_the_table_of_epss_packed_or_not(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("epss_scores-2026-11-22.csv" + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(samples.EPSS.read_bytes()) if packed else samples.EPSS.read_bytes())
    (found,) = read_feeds([path])
    assert (found.feed, found.version, found.published) == (FeedName.EPSS, "v2025.03.14", _at("2026-11-22T12:55Z"))
    assert EpssRow("CVE-2021-44228", 0.94358, 0.99962) in found.rows
    assert len(found.rows) == 8


@pytest.mark.parametrize("date", ["2026-11-22T12:55:00Z", "2026-11-22T00:00:00+0000", "2026-11-22"])
def test_every_spelling_of_its_date(tmp_path: Path, date: str) -> None:
    path = tmp_path / "epss.csv"
    path.write_text(f"#model_version:v2025.03.14,score_date:{date}\r\ncve,epss,percentile\r\nCVE-2021-44228,0.9,1\r\n")
    assert read_feeds([path])[0].published.date().isoformat() == "2026-11-22"


def test_decision_points_in_both_spellings() -> None:
    (found,) = read_feeds([samples.HEARTBLEED, samples.NVD])
    assert (found.feed, found.version) == (FeedName.SSVC, "2.0.3")
    assert found.rows == [
        SsvcRow("CVE-2014-0160", "active", True, False, _at("2025-02-07T13:34:16.134567Z")),
        SsvcRow("CVE-2020-11022", "poc", False, False, _at("2025-11-04T15:41:26.934567Z")),
    ]


def test_a_folder_is_read_with_what_lies_below_it() -> None:
    found = {content.feed: len(content.rows) for content in read_feeds([samples.FOLDER])}
    assert found == {FeedName.KEV: 3, FeedName.EPSS: 8, FeedName.SSVC: 3}


def test_of_several_the_newest_counts(tmp_path: Path) -> None:
    for day in ("2026-11-21", "2026-11-23", "2026-11-22"):
        (tmp_path / f"epss-{day}.csv").write_bytes(samples.epss({"CVE-2021-44228": 0.5}, day))
    (tmp_path / "CVE-2024-1.json").write_bytes(samples.record("CVE-2024-0001", samples.points("active"), "2026-11-02T00:00Z"))
    (tmp_path / "CVE-2024-2.json").write_bytes(samples.record("CVE-2024-0001", samples.points("poc"), "2026-11-01T00:00Z"))
    epss, ssvc = read_feeds([tmp_path])
    assert epss.published == _at("2026-11-23T00:00Z")
    assert [row.exploitation for row in ssvc.rows if isinstance(row, SsvcRow)] == ["active"]


def test_what_a_record_does_not_say_is_not_known(tmp_path: Path) -> None:
    silent, rejected, other = (tmp_path / f"CVE-{number}.json" for number in range(3))
    silent.write_bytes(samples.record("CVE-2024-0001", [{"Exploitation": "public poc"}]))
    rejected.write_bytes(samples.record("CVE-2024-0002", samples.points("active"), state="REJECTED"))
    other.write_bytes(samples.record("CVE-2024-0003", samples.points("active")).replace(b'"CISA-ADP"', b'"OTHER-ADP"'))
    (found,) = read_feeds([tmp_path])
    assert [(row.cve, row.exploitation, row.automatable, row.total_impact) for row in found.rows if isinstance(row, SsvcRow)] == [
        ("CVE-2024-0001", "poc", None, None)
    ]


_GOOD_EPSS = samples.epss({"CVE-2021-44228": 0.5})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not as it should be"),
        (b"<html>404</html>", "is not as it should be"),
        (b"[]", "is not as it should be"),
        (b"{}", "no KEV catalogue"),
        (b"[" * 200_000, "is not as it should be|nested"),
        (b'{"format":' * 100_000, "is not as it should be|nested"),
        (samples.KEV.read_bytes()[:-30], "is not as it should be"),
        (samples.kev({"CVE-2021-44228": "2021-12-10"}, count=2), "says that it has 2 entries, and has 1"),
        (samples.kev({}), "says that it has 0 entries"),
        (samples.kev({"CVE-2021-44228": "10/12/2021"}), "dateAdded"),
        (samples.kev({"log4shell": "2021-12-10"}), "cveID"),
        (samples.kev({"CVE-2021-44228": "2021-12-10"}, dateReleased="yesterday"), "'yesterday' is not a time"),
        (samples.kev({"CVE-2021-44228": "2021-12-10"}, vulnerabilities=None), "vulnerabilities"),
        (_GOOD_EPSS.removesuffix(b"\n"), "cut"),
        (_GOOD_EPSS.replace(b"#model", b"#other"), ":1: does not begin"),
        (_GOOD_EPSS.replace(b"percentile", b"rank"), ":2: the columns"),
        (_GOOD_EPSS.replace(b"0.50000,0", b"1.50000,0"), ":3: is not a CVE with"),
        (_GOOD_EPSS.replace(b"0.50000,0", b"nan,0"), ":3: is not a CVE with"),
        (_GOOD_EPSS.replace(b",0.50000\n", b"\n"), ":3: is not a CVE with"),
        (_GOOD_EPSS + b"CVE-2021-44228,0.6,0.6\n", "twice"),
        (_GOOD_EPSS + b"CVE-2021-44229;0.6;0.6\n", ":4: is not a CVE with"),
        (_GOOD_EPSS + b"\n", ":4: is not a CVE with"),
        (_GOOD_EPSS.replace(b"CVE-2021-44228", "CVE-2021-4422８".encode()), ":3: is not plain ASCII"),
        (samples.epss({}), "no line of a CVE"),
        (samples.record("CVE-2024-0001", [{"Automatable": "maybe"}]), "CVE-2024-0001: SSVC: automatable is 'maybe'"),
        (samples.record("CVE-2024-0001", samples.points(), at="soon"), "SSVC"),
        (samples.record("CVE-24-1", samples.points()), "cveId"),
        (b"\x1f\x8b\x08\x00junk", "cannot be unpacked"),
        (gzip.compress(_GOOD_EPSS)[:-6], "cannot be unpacked"),
    ],
)
def test_a_bad_file_is_named_and_nothing_is_read(tmp_path: Path, content: bytes, said: str) -> None:
    bad = tmp_path / "known_exploited_vulnerabilities.json"
    bad.write_bytes(content)
    with pytest.raises(FileError, match=said) as caught:
        read_feeds([samples.KEV, tmp_path])
    assert caught.value.source == str(bad)


def test_a_bomb_takes_no_more_memory_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LIMIT_BYTES", 1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"#" * (1 << 20)) for _ in range(512)) + packer.flush()
    assert len(bomb) < 1 << 20
    path = tmp_path / "epss.csv.gz"
    path.write_bytes(bomb)
    with pytest.raises(FileError, match="larger than 1 MB"):
        read_feeds([path])
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(FileError, match="larger than 1 MB"):
        read_feeds([path])


def test_what_is_no_file_or_no_folder_of_feeds(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        read_feeds([tmp_path / "nowhere.json"])
    (tmp_path / "README.md").write_text("nothing of ours")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "CVE-2024-0001.json").write_bytes(samples.record("CVE-2024-0001", samples.points()))
    with pytest.raises(FileError, match="no file named as feeds are"):
        read_feeds([tmp_path])
    os.mkfifo(tmp_path / "nvd.json")
    with pytest.raises(FileError, match="is not a file"):
        read_feeds([tmp_path])


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 2)
    for number in range(1, 4):
        (tmp_path / f"CVE-2024-000{number}.json").write_bytes(samples.record(f"CVE-2024-000{number}", samples.points()))
    with pytest.raises(FileError, match="more than 2 files"):
        read_feeds([tmp_path])


def test_a_published_record_keeps_what_else_it_holds_out(tmp_path: Path) -> None:
    record = json.loads(samples.HEARTBLEED.read_text())
    record["containers"]["cna"]["x_generator"] = {"deep": [[[{"a": None}]]]}
    path = tmp_path / "CVE-2014-0160.json"
    path.write_text(json.dumps(record))
    assert read_feeds([path])[0].rows == read_feeds([samples.HEARTBLEED])[0].rows
