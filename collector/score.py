"""The risk score, version 1: pure arithmetic, every step of it explained.

Scores run from 0 to 100. A finding's score is a product of named factors; an asset's is led by its worst finding (a noisy-or
with halving weights); a service's, department's or the city's is led by its worst asset and raised by how many bad ones there
are, measured against an inventory size N that is frozen at the start of the period, so that clean assets dilute nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from rules.verdict import Confidence

VERSION = 1

EXPOSURE: Mapping[str, float] = {
    "internet": 1.0,
    "authenticated": 0.85,  # on the internet, behind authentication
    "partner": 0.7,
    "internal": 0.5,
    "isolated": 0.3,
    "unknown": 0.85,
}
CATEGORY: Mapping[str, float] = {"ALTA": 1.0, "MEDIA": 0.8, "BASICA": 0.6, "unknown": 0.8}
CONFIDENCE: Mapping[Confidence, float] = {Confidence.CONFIRMED: 1.0, Confidence.INFERRED: 0.8, Confidence.POTENTIAL: 0.5}
COMPENSATION_LIMIT = 0.8
THREAT_OF_MISCONFIGURATION = 1.0  # how easy it is to use is in the base
THREAT_MINIMUM = 0.30
KNOWN_EXPLOITED_FLOOR: Mapping[str, float] = {"internet": 0.90, "authenticated": 0.85}
KNOWN_EXPLOITED_FLOOR_ELSEWHERE = 0.60
UNSCANNED_FLOOR = 30.0
BANDS: Sequence[tuple[float, str]] = ((80.0, "critical"), (60.0, "high"), (40.0, "medium"), (20.0, "low"), (0.0, "info"))


class Level(StrEnum):
    """What a score is of."""

    ASSET = "asset"
    SERVICE = "service"
    DEPARTMENT = "department"
    CITY = "city"


_SHARE_OF_WORST: Mapping[Level, float] = {Level.SERVICE: 0.8, Level.DEPARTMENT: 0.6, Level.CITY: 0.5}
_KAPPA: Mapping[Level, float] = {Level.SERVICE: 2.0, Level.DEPARTMENT: 4.0, Level.CITY: 8.0}


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """One named part of a score: its value and what that value was read from."""

    name: str
    value: float
    source: str


class FindingInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding's score is made from.

    ``base`` 0-100; ``exposure`` and ``category`` words of :data:`EXPOSURE` and :data:`CATEGORY` (None = unknown);
    ``compensation`` 0-0.8, of an approved compensating control; ``days_overdue`` and ``deadline_days`` in days, the latter
    None when there is no deadline; ``known_exploited``: KEV, EU KEV or SSVC active.
    """

    base: float
    threat: float = THREAT_OF_MISCONFIGURATION
    exposure: str | None = None
    category: str | None = None
    confidence: Confidence = Confidence.CONFIRMED
    compensation: float = 0.0
    days_overdue: float = 0.0
    deadline_days: float | None = None
    known_exploited: bool = False


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """``value`` 0-100 and the factors it came from, in the order they were applied."""

    value: float
    factors: tuple[Factor, ...]


def cve_threat(epss: float | None, public_poc: bool = False, active: bool = False) -> float:
    """``t`` of a CVE: at least 0.30, the cube root of EPSS, 0.60 with a public proof of concept, 1 when known exploited."""
    likely: float = (epss or 0.0) ** (1 / 3)
    return max(THREAT_MINIMUM, likely, 0.60 if public_poc else 0.0, 1.0 if active else 0.0)


def finding_risk(inputs: FindingInputs) -> Score:
    """``r``, 0-100. Values outside their range are taken as the nearest end of it."""
    exposure, category = _known(inputs.exposure, EXPOSURE), _known(inputs.category, CATEGORY)
    base = _within(inputs.base, 0.0, 100.0) / 100.0
    compensation = _within(inputs.compensation, 0.0, COMPENSATION_LIMIT)
    factors = [
        Factor(name="base", value=base, source="the rule's base score" if inputs.threat == 1.0 else "base score"),
        Factor(name="threat", value=0.4 + 0.6 * _within(inputs.threat, 0.0, 1.0), source=f"threat {inputs.threat:.2f}"),
        Factor(name="exposure", value=0.4 + 0.6 * EXPOSURE[exposure], source=exposure),
        Factor(name="ens_category", value=0.5 + 0.5 * CATEGORY[category], source=category),
        Factor(name="confidence", value=CONFIDENCE[inputs.confidence], source=inputs.confidence.value),
    ]
    if compensation:
        factors.append(Factor(name="compensation", value=1.0 - compensation, source="approved compensating control"))
    x = math.prod(factor.value for factor in factors)
    x = _overdue(x, inputs, factors)
    x = _floor(x, inputs, exposure, compensation, factors)
    return Score(value=100.0 * _within(x, 0.0, 1.0), factors=tuple(factors))


def _overdue(x: float, inputs: FindingInputs, factors: list[Factor]) -> float:
    if not inputs.deadline_days or inputs.days_overdue <= 0:
        return x
    power = 1.0 + 0.5 * min(1.0, inputs.days_overdue / inputs.deadline_days)
    raised: float = 1.0 - (1.0 - x) ** power
    source = f"{inputs.days_overdue:.1f} days over a deadline of {inputs.deadline_days:g}"
    factors.append(Factor(name="overdue", value=raised / x if x else 1.0, source=source))
    return raised


def _floor(x: float, inputs: FindingInputs, exposure: str, compensation: float, factors: list[Factor]) -> float:
    if not inputs.known_exploited or compensation or inputs.confidence is Confidence.POTENTIAL:
        return x
    floor = KNOWN_EXPLOITED_FLOOR.get(exposure, KNOWN_EXPLOITED_FLOOR_ELSEWHERE)
    factors.append(Factor(name="floor", value=floor, source=f"known to be exploited, {exposure}"))
    return max(x, floor)


def asset_risk(risks: Iterable[float]) -> float:
    """``R`` of an asset from the scores of its open findings, in any order; 0 when it has none."""
    clean = 1.0
    for place, risk in enumerate(sorted(risks, reverse=True)):
        if place > 60:  # 0.5^60 no longer changes a double near 1
            break
        clean *= 1.0 - risk / 100.0 * 0.5**place
    return 100.0 * (1.0 - clean)


def group_risk(level: Level, worst: float, sum_of_squares: float, inventory_size: int) -> float:
    """``R`` of a service, department or the city, in closed form over its assets.

    ``worst`` is the greatest asset score (0-100), ``sum_of_squares`` the sum of ``(R/100)²``, ``inventory_size`` the frozen N.
    """
    share = _SHARE_OF_WORST[level]
    spread = 1.0 - math.exp(-sum_of_squares / kappa(level, inventory_size))
    return share * worst + (1.0 - share) * 100.0 * spread


def kappa(level: Level, inventory_size: int) -> float:
    """How many bad assets it takes to spread: grows with the root of the inventory."""
    return _KAPPA[level] * max(1.0, math.sqrt(inventory_size / 100.0))


def group_factors(level: Level, worst: float, sum_of_squares: float, inventory_size: int) -> tuple[Factor, ...]:
    """The two parts of a group's score (they add up to it) and the numbers behind them."""
    share = _SHARE_OF_WORST[level]
    part = share * worst
    return (
        Factor(name="worst_asset", value=part, source=f"{share:g} of {worst:.1f}"),
        Factor(
            name="spread",
            value=group_risk(level, worst, sum_of_squares, inventory_size) - part,
            source=f"sum of squares {sum_of_squares:.3f}, kappa {kappa(level, inventory_size):.3f}, N {inventory_size}",
        ),
    )


def unscanned_prior(scanned_p75: float | None) -> float:
    """The score an asset that nobody looked at may have: the third quartile of its scanned peers, at least 30."""
    return max(UNSCANNED_FLOOR, scanned_p75 or 0.0)


def group_interval(
    level: Level, worst: float, sum_of_squares: float, inventory_size: int, *, unscanned: int, scanned_p75: float | None
) -> tuple[float, float]:
    """Between which values the score lies: every unscanned asset clean, or every one at the prior."""
    low = group_risk(level, worst, sum_of_squares, inventory_size)
    if unscanned <= 0:
        return low, low
    prior = unscanned_prior(scanned_p75)
    high = group_risk(level, max(worst, prior), sum_of_squares + unscanned * (prior / 100.0) ** 2, inventory_size)
    return low, high


def contributions(risks: Mapping[str, float]) -> list[tuple[str, float]]:
    """How much an asset's score falls when each finding is removed, greatest first; ties in order of id.

    Removing one gives each lesser one the weight of the next greater: both products are built once.
    """
    ranked = sorted(risks, key=lambda key: (-risks[key], key))
    after = [1.0]  # what the findings below a place leave clean, each moved up by one
    for place in range(len(ranked) - 1, 0, -1):
        after.append(after[-1] * (1.0 - risks[ranked[place]] / 100.0 * 0.5 ** (place - 1)))
    whole, before, found = asset_risk(risks.values()), 1.0, []
    for place, key in enumerate(ranked):
        without = 100.0 * (1.0 - before * after[len(ranked) - 1 - place])
        found.append((key, whole - without))
        before *= 1.0 - risks[key] / 100.0 * 0.5**place
    return sorted(found, key=lambda item: (-item[1], item[0]))


def group_contributions(level: Level, assets: Mapping[str, float], inventory_size: int) -> list[tuple[str, float]]:
    """How much a group's score falls when each asset is made clean, greatest first; ties in order of id."""
    total = math.fsum((risk / 100.0) ** 2 for risk in assets.values())
    ranked = sorted(assets.values(), reverse=True)
    first, second = [*ranked, 0.0, 0.0][:2]
    whole = group_risk(level, first, total, inventory_size)
    found = []
    for key, risk in assets.items():
        worst = second if risk == first else first
        found.append((key, whole - group_risk(level, worst, max(0.0, total - (risk / 100.0) ** 2), inventory_size)))
    return sorted(found, key=lambda item: (-item[1], item[0]))


def band(value: float) -> str:
    """critical from 80, high from 60, medium from 40, low from 20, else info."""
    return next(name for least, name in BANDS if value >= least)


def _known(word: str | None, words: Mapping[str, float]) -> str:
    return word if word is not None and word in words else "unknown"


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
