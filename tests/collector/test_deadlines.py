"""Deadlines: every row of BOD 26-04's table, what is missing, which clock; a worse input is never given more time."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.deadlines import DeadlinePolicy
from collector.remediation import Answers, bod_26_04, read_table
from collector.score import EXPOSURE
from collector.threats import Threat, Vulnerability
from rules.verdict import Severity
from scanners.located_yaml import FileError

OPENED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LISTED = datetime(2026, 11, 20, tzinfo=UTC)
FEEDS = {"kev": "2026.11.20", "epss": "v", "ssvc": "2.0.3"}
Y, N = True, False
# In KEV, exposed, automatable, total impact: row, days, forensic triage. As the directive has it.
TABLE = [
    (N, N, N, N, 0, None, N),
    (Y, N, N, N, 1, 14, N),
    (N, Y, N, N, 2, 60, N),
    (N, N, Y, N, 3, 60, N),
    (N, N, N, Y, 4, None, N),
    (Y, Y, N, N, 5, 14, N),
    (Y, N, Y, N, 6, 14, N),
    (N, Y, Y, N, 7, 14, N),
    (Y, N, N, Y, 8, 14, N),
    (N, Y, N, Y, 9, 14, N),
    (N, N, Y, Y, 10, 60, N),
    (Y, Y, Y, N, 11, 3, N),
    (Y, Y, N, Y, 12, 3, Y),
    (Y, N, Y, Y, 13, 3, Y),
    (N, Y, Y, Y, 14, 3, N),
    (Y, Y, Y, Y, 15, 3, Y),
]


def vulnerability(
    cve: str = "CVE-2026-0001", *, kev: bool = False, automatable: bool | None = None, total: bool | None = None
) -> Vulnerability:
    return Vulnerability(cve=cve, listed=LISTED if kev else None, automatable=automatable, total_impact=total)


def threat(*found: Vulnerability, whole: bool = True, feeds: dict[str, str] | None = None) -> Threat:
    return Threat(found, whole, FEEDS if feeds is None else feeds)


@pytest.mark.parametrize(("kev", "exposed", "automatable", "total", "row", "days", "forensic"), TABLE)
def test_every_row_of_the_table(
    kev: bool, exposed: bool, automatable: bool, total: bool, row: int, days: int | None, forensic: bool
) -> None:
    one = vulnerability(kev=kev, automatable=automatable, total=total)
    found = DeadlinePolicy().deadline(OPENED, Severity.LOW, "internet" if exposed else "internal", threat(one))
    since = LISTED if kev else OPENED
    assert (found.due, found.days) == (None if days is None else since + timedelta(days=days), days)
    assert found.why is not None
    said = [found.why[name] for name in ("policy", "row", "cve", "since", "days", "forensic")]
    assert said == ["cisa:BOD2604:1.0.0", row, "CVE-2026-0001", since.isoformat(), days, forensic]
    assert [found.why[name] for name in Answers._fields] == [kev, exposed, automatable, total]
    assert found.why["assumed"] == []


def test_the_table_has_no_other_row() -> None:
    assert {tuple(answers) for answers in bod_26_04().rows} == {row[:4] for row in TABLE} == set(product((N, Y), repeat=4))


def test_what_nobody_said_is_taken_as_not_automatable_and_total() -> None:
    found = DeadlinePolicy().deadline(OPENED, Severity.LOW, "internet", threat(vulnerability()))
    assert found.why is not None
    assert (found.why["row"], found.why["assumed"], found.days) == (9, ["automatable", "total_impact"], 14)


def test_the_clock_starts_when_it_was_listed_or_seen_whichever_was_earlier() -> None:
    exposed = threat(vulnerability(kev=True, automatable=True, total=True))
    policy = DeadlinePolicy()
    assert policy.deadline(OPENED, Severity.LOW, "internet", exposed).due == LISTED + timedelta(days=3)
    before = LISTED - timedelta(days=30)
    assert policy.deadline(before, Severity.LOW, "internet", exposed).due == before + timedelta(days=3)


def test_the_earliest_over_the_cves_counts_and_none_hides_that_triage_is_asked_for() -> None:
    slow = vulnerability("CVE-2026-0002", kev=True, automatable=True, total=True)
    fast = Vulnerability(cve="CVE-2026-0001", listed=LISTED - timedelta(days=9), automatable=True, total_impact=False)
    never = vulnerability("CVE-2026-0003")
    found = DeadlinePolicy().deadline(OPENED, Severity.LOW, "internet", threat(never, slow, fast))
    assert found.why is not None
    assert (found.due, found.why["cve"], found.why["row"]) == (LISTED - timedelta(days=6), "CVE-2026-0001", 11)
    assert found.why["forensic"] is True


def test_what_is_not_only_a_cve_keeps_the_deadline_of_its_severity_where_that_is_sooner() -> None:
    policy, slow = DeadlinePolicy(), vulnerability(automatable=False, total=False)
    mixed = policy.deadline(OPENED, Severity.CRITICAL, "internet", threat(slow, whole=False))
    assert (mixed.days, mixed.why) == (3, None)
    assert policy.deadline(OPENED, Severity.CRITICAL, "internet", threat(slow)).days == 60
    assert policy.deadline(OPENED, Severity.INFO, "internet", threat(slow, whole=False)).days == 60


def test_without_the_catalogue_or_the_table_the_severity_decides() -> None:
    one = vulnerability(automatable=True, total=True)
    for policy, feeds in ((DeadlinePolicy(), {"epss": "v"}), (DeadlinePolicy(table=None), FEEDS)):
        found = policy.deadline(OPENED, Severity.HIGH, "internet", threat(one, feeds=feeds))
        assert (found.days, found.why) == (14, None)
    assert DeadlinePolicy().deadline(OPENED, Severity.HIGH, "internal").days == 60


answers = st.tuples(st.booleans(), st.sampled_from([None, False, True]), st.sampled_from([None, False, True]))
_severities = list(Severity)


@given(
    found=st.lists(answers, min_size=0, max_size=4),
    exposure=st.sampled_from(sorted(EXPOSURE)),
    severity=st.sampled_from(_severities),
    whole=st.booleans(),
    data=st.data(),
)
def test_a_worse_input_is_never_given_more_time(
    found: list[tuple[bool, bool | None, bool | None]], exposure: str, severity: Severity, whole: bool, data: st.DataObject
) -> None:
    def due(given: list[tuple[bool, bool | None, bool | None]], exposure: str, severity: Severity, whole: bool) -> float:
        all_ = [vulnerability(f"CVE-2026-{n:04}", kev=kev, automatable=a, total=t) for n, (kev, a, t) in enumerate(given)]
        dated = DeadlinePolicy().deadline(OPENED, severity, exposure, threat(*all_, whole=whole) if all_ else None).due
        return dated.timestamp() if dated is not None else float("inf")

    before = due(found, exposure, severity, whole)
    worse = [exposure_ for exposure_ in EXPOSURE if EXPOSURE[exposure_] >= EXPOSURE[exposure]]
    assert due(found, data.draw(st.sampled_from(worse)), severity, whole) <= before
    later = data.draw(st.sampled_from(_severities[_severities.index(severity) :]))
    assert due(found, exposure, later, whole) <= before
    if not found:
        return
    assert due([*found, data.draw(answers)], exposure, severity, whole) <= before
    assert due(found, exposure, severity, False) <= before
    place = data.draw(st.integers(0, len(found) - 1))
    kev, automatable, total = found[place]
    for changed in ((True, automatable, total), (kev, True, total), (kev, automatable, True)):
        assert due([*found[:place], changed, *found[place + 1 :]], exposure, severity, whole) <= before


CSV = Path(__file__).parents[2] / "collector" / "cisa_bod_26_04_1_0_0.csv"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("15,yes,yes,yes,total,3 days & forensic investigation\n", "", "15 of the 16"),
        ("14,no,", "14,yes,", ":16: this combination|:17: this combination"),
        ("14,no,", "13,no,", ":16: this combination, or the number"),
        ("3 days & forensic investigation", "3 days and more", ":14: is not"),
        ("14,no,", "14,perhaps,", ":16: is not"),
        ("60 days", "0 days", ":4: is not"),
        ("Publicly Exposed", "Exposed", ":1: the columns"),
        ("15,yes,yes,yes,total,3 days &", "15,yes,yes,yes,total,4 days &", "row 15 gives more time than row"),
    ],
)
def test_a_table_with_a_mistake_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(CSV.read_text().replace(old, new, 1))
    with pytest.raises(FileError, match=said):
        read_table(path, "own")


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(CSV.read_text().replace("3 days", "1 day").replace("60 days", "30 days"))
    found = DeadlinePolicy(table=read_table(path, "own.csv"), exposed=frozenset({"internet"}))
    worst = threat(vulnerability(kev=True, automatable=True, total=True))
    assert found.deadline(OPENED, Severity.LOW, "internet", worst).due == LISTED + timedelta(days=1)
    assert found.deadline(OPENED, Severity.LOW, "unknown", threat(vulnerability(total=False, automatable=True))).days == 30
