"""The score: the worked example of scoring.md to the printed precision, and its properties on any input."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.score import (
    CATEGORY,
    EXPOSURE,
    FindingInputs,
    Level,
    asset_risk,
    band,
    contributions,
    cve_threat,
    finding_risk,
    group_contributions,
    group_factors,
    group_interval,
    group_risk,
    unscanned_prior,
)
from rules.verdict import Confidence

INTERNET_MEDIA = {"exposure": "internet", "category": "MEDIA"}
F1 = FindingInputs(base=100, known_exploited=True, threat=cve_threat(None, active=True), **INTERNET_MEDIA)
F2 = FindingInputs(base=60, **INTERNET_MEDIA)
F3 = FindingInputs(base=55, **INTERNET_MEDIA)
F4 = FindingInputs(base=25, **INTERNET_MEDIA)
F5 = FindingInputs(base=78, threat=cve_threat(0.02), exposure="internal", category="BASICA", confidence=Confidence.INFERRED)
F6 = FindingInputs(base=90, exposure="internal", category="ALTA", days_overdue=7, deadline_days=14)

f1, f2, f3, f4, f5, f6 = (finding_risk(inputs).value for inputs in (F1, F2, F3, F4, F5, F6))
A1, A2, A3, A4 = asset_risk([f1, f2, f3, f4]), asset_risk([f2, f3, f4]), asset_risk([f5]), asset_risk([f6, f5])


def group(level: Level, assets: list[float], size: int) -> float:
    return group_risk(level, max(assets), sum((risk / 100) ** 2 for risk in assets), size)


def test_the_findings_of_the_worked_example() -> None:
    assert [round(value, 1) for value in (f1, f2, f3, f4, f5, f6)] == [90.0, 54.0, 49.5, 22.5, 20.3, 71.1]


def test_the_assets_of_the_worked_example() -> None:
    assert [round(value, 1) for value in (A1, A2, A3, A4)] == [93.8, 67.3, 20.3, 74.1]
    assert round(asset_risk([13.5] * 20), 1) == 24.7


def test_the_services_and_the_department_of_the_worked_example() -> None:
    first, second = [A1, A2], [A3] * 6 + [A4]
    assert round(group(Level.SERVICE, first, len(first)), 1) == 84.8
    assert round(group(Level.SERVICE, second, len(second)), 1) == 65.8
    assert round(group(Level.DEPARTMENT, first + second, 40), 1) == 72.8


def test_the_city_of_the_worked_example() -> None:
    bad = [A1, A2, *[A3] * 60, *[A4] * 4]
    clean = [0.0] * (2_000 - len(bad))
    assert round(group(Level.CITY, bad + clean, 2_000), 1) == 54.6
    assert round(group(Level.CITY, bad + clean + [0.0] * 5_000, 2_000), 1) == 54.6
    assert round(group(Level.CITY, bad[1:], 2_000), 1) == 43.7
    assert round(group(Level.CITY, bad + [A1] * 10, 2_000), 1) == 63.8
    assert round(group(Level.CITY, bad + [A1] * 80, 2_000), 1) == 91.0
    squares = sum((risk / 100) ** 2 for risk in bad)
    low, high = group_interval(Level.CITY, A1, squares, 2_000, unscanned=200, scanned_p75=0.0)
    assert (round(low, 1), round(high, 1)) == (54.6, 71.3)


def test_threat_of_a_cve() -> None:
    assert cve_threat(None) == cve_threat(0.02) == 0.30
    assert cve_threat(0.5) == pytest.approx(0.7937, abs=1e-4)
    assert (cve_threat(0.02, public_poc=True), cve_threat(0.02, active=True)) == (0.60, 1.0)


@pytest.mark.parametrize(
    ("exposure", "floor"),
    [("internet", 90.0), ("authenticated", 85.0), ("partner", 60.0), ("internal", 60.0), ("isolated", 60.0)],
)
def test_floor_of_what_is_known_to_be_exploited(exposure: str, floor: float) -> None:
    weak = FindingInputs(base=10, known_exploited=True, exposure=exposure, category="BASICA")
    assert finding_risk(weak).value == floor
    for lifted in ({"confidence": Confidence.POTENTIAL}, {"compensation": 0.1}):
        inputs = FindingInputs(base=10, known_exploited=True, exposure=exposure, category="BASICA", **lifted)
        assert finding_risk(inputs).value < floor


def test_bands() -> None:
    assert [band(value) for value in (100, 80, 79.9, 60, 40, 20, 19.9, 0)] == [
        "critical",
        "critical",
        "high",
        "high",
        "medium",
        "low",
        "info",
        "info",
    ]


def test_factors_name_their_source_and_multiply_to_the_value() -> None:
    score = finding_risk(F5)
    assert [factor.name for factor in score.factors] == ["base", "threat", "exposure", "ens_category", "confidence"]
    assert 100 * math.prod(factor.value for factor in score.factors) == pytest.approx(score.value)
    assert {factor.name: factor.source for factor in score.factors}["ens_category"] == "BASICA"
    late = finding_risk(F6)
    assert 100 * math.prod(factor.value for factor in late.factors) == pytest.approx(late.value)
    assert sum(factor.value for factor in group_factors(Level.CITY, A1, 6.0, 2_000)) == pytest.approx(
        group_risk(Level.CITY, A1, 6.0, 2_000)
    )


def test_unknown_is_not_zero() -> None:
    unknown = finding_risk(FindingInputs(base=60))
    assert unknown.value > finding_risk(FindingInputs(base=60, exposure="internal", category="BASICA")).value
    assert (unscanned_prior(None), unscanned_prior(10.0), unscanned_prior(45.0)) == (30.0, 30.0, 45.0)


RISK = st.floats(0, 100)
RISKS = st.lists(RISK, max_size=30)
INPUTS = st.builds(
    FindingInputs,
    base=st.floats(-10, 110),
    threat=st.floats(0, 1),
    exposure=st.sampled_from([*EXPOSURE, None, "elsewhere"]),
    category=st.sampled_from([*CATEGORY, None, "other"]),
    confidence=st.sampled_from(Confidence),
    compensation=st.floats(0, 1),
    days_overdue=st.floats(0, 1_000),
    deadline_days=st.sampled_from([None, 3, 14, 60]),
    known_exploited=st.booleans(),
)
_WORSE_CONFIDENCE = [Confidence.POTENTIAL, Confidence.INFERRED, Confidence.CONFIRMED]
_LEVELS = st.sampled_from([Level.SERVICE, Level.DEPARTMENT, Level.CITY])
SLACK = 1e-9


@given(INPUTS)
def test_p1_a_finding_is_bounded(inputs: FindingInputs) -> None:
    assert 0 <= finding_risk(inputs).value <= 100


@given(INPUTS, st.data())
def test_p2_no_worse_input_lowers_a_finding(inputs: FindingInputs, data: st.DataObject) -> None:
    exposures = sorted(EXPOSURE, key=EXPOSURE.__getitem__)
    categories = sorted(CATEGORY, key=CATEGORY.__getitem__)
    worse = {
        "base": st.floats(inputs.base, 110),
        "threat": st.floats(inputs.threat, 1),
        "compensation": st.floats(0, inputs.compensation),
        "days_overdue": st.floats(inputs.days_overdue, 2_000),
        "known_exploited": st.sampled_from([True]),
        "exposure": st.sampled_from([word for word in exposures if EXPOSURE[word] >= EXPOSURE.get(inputs.exposure or "", 0.85)]),
        "category": st.sampled_from([word for word in categories if CATEGORY[word] >= CATEGORY.get(inputs.category or "", 0.8)]),
        "confidence": st.sampled_from(_WORSE_CONFIDENCE[_WORSE_CONFIDENCE.index(inputs.confidence) :]),
    }
    name = data.draw(st.sampled_from(sorted(worse)))
    fields = {field: getattr(inputs, field) for field in inputs.__struct_fields__} | {name: data.draw(worse[name])}
    assert finding_risk(FindingInputs(**fields)).value >= finding_risk(inputs).value - SLACK


@given(RISKS, RISK)
def test_p2_p6_one_more_finding_never_lowers_an_asset(risks: list[float], another: float) -> None:
    before, after = asset_risk(risks), asset_risk([*risks, another])
    assert before - SLACK <= after <= 100
    assert after >= max([*risks, another]) - SLACK  # led by the worst


@given(RISKS, st.data())
def test_p2_a_worse_finding_never_lowers_an_asset(risks: list[float], data: st.DataObject) -> None:
    if risks:
        place = data.draw(st.integers(0, len(risks) - 1))
        worse = [*risks[:place], data.draw(st.floats(risks[place], 100)), *risks[place + 1 :]]
        assert asset_risk(worse) >= asset_risk(risks) - SLACK


@given(RISKS, st.randoms())
def test_order_changes_nothing(risks: list[float], random: object) -> None:
    shuffled = list(risks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert asset_risk(shuffled) == asset_risk(risks)


@given(_LEVELS, RISKS, RISK, st.integers(0, 100_000))
def test_p1_p2_a_group_is_bounded_and_never_falls_with_a_worse_asset(
    level: Level, assets: list[float], another: float, size: int
) -> None:
    before = group(level, [*assets, 0.0], size)
    after = group(level, [*assets, another, 0.0], size)
    assert 0 <= before <= after + SLACK <= 100 + 2 * SLACK


@given(_LEVELS, RISKS, st.integers(0, 100_000), st.integers(0, 100))
def test_p4_clean_assets_dilute_nothing(level: Level, assets: list[float], size: int, clean: int) -> None:
    assert group(level, [*assets, 0.0], size) == group(level, [*assets, *[0.0] * (clean + 1)], size)


@given(st.integers(100, 100_000))
def test_p5_one_critical_asset_does_not_fill_a_city_and_many_small_findings_are_no_critical_one(size: int) -> None:
    assert group(Level.CITY, [100.0], size) < 60
    assert asset_risk([13.5] * 10_000) < 80 <= asset_risk([80.0])


@given(_LEVELS, RISKS, st.integers(0, 10_000), st.integers(0, 500), st.one_of(st.none(), RISK))
def test_p7_the_interval_holds_the_score(level: Level, assets: list[float], size: int, unscanned: int, p75: float | None) -> None:
    squares = sum((risk / 100) ** 2 for risk in assets)
    worst = max(assets, default=0.0)
    low, high = group_interval(level, worst, squares, size, unscanned=unscanned, scanned_p75=p75)
    assert low == group_risk(level, worst, squares, size)
    assert (low < high or high > 99.9) if unscanned else low == high


@given(INPUTS)
def test_p8_the_same_inputs_give_the_same_score(inputs: FindingInputs) -> None:
    assert finding_risk(inputs) == finding_risk(inputs)


@given(st.dictionaries(st.text(min_size=1, max_size=4), RISK, max_size=12))
def test_contributions_are_what_removing_changes(risks: dict[str, float]) -> None:
    found = contributions(risks)
    assert [points for _, points in found] == sorted((points for _, points in found), reverse=True)
    for key, points in found:
        rest = [risk for other, risk in risks.items() if other != key]
        assert points == pytest.approx(asset_risk(risks.values()) - asset_risk(rest), abs=1e-9)


@given(_LEVELS, st.dictionaries(st.text(min_size=1, max_size=4), RISK, min_size=1, max_size=12), st.integers(0, 5_000))
def test_group_contributions_are_what_cleaning_changes(level: Level, assets: dict[str, float], size: int) -> None:
    for key, points in group_contributions(level, assets, size):
        cleaned = [0.0 if other == key else risk for other, risk in assets.items()]
        assert points == pytest.approx(group(level, list(assets.values()), size) - group(level, cleaned, size), abs=1e-7)
