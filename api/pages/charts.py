"""Geometry of the charts. The templates draw; a table with the same numbers stands beside each."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

WIDTH, HEIGHT = 720.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 64.0, 16.0, 26.0


@dataclass(frozen=True)
class Mark:
    """A place on the curve with a word to it."""

    x: float
    y: float
    at: datetime
    value: float
    change: float
    anchor: str


@dataclass(frozen=True)
class Curve:
    """A curve of scores with its interval. ``ticks`` are (y, value), ``days`` (x, date)."""

    line: str
    area: str
    ticks: tuple[tuple[float, int], ...]
    days: tuple[tuple[float, datetime], ...]
    last: Mark
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Step:
    """One factor in a waterfall: from one running score to the next; x and width in percent."""

    name: str
    value: float
    source: str
    before: float
    after: float

    @property
    def left(self) -> float:
        return min(self.before, self.after)

    @property
    def width(self) -> float:
        return max(abs(self.after - self.before), 0.4)


def curve(points: Sequence[Any], now: datetime, days: int = 90) -> Curve | None:
    """The curve of ``points`` (rows of ``score_history``, oldest first); None when fewer than two have a value."""
    known = [point for point in points if point.value is not None]
    if len(known) < 2:
        return None
    start = max(now - timedelta(days=days), known[0].at - timedelta(hours=12))
    span: float = max((now - start).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        gone: float = (at - start).total_seconds()
        return round(LEFT + (WIDTH - LEFT - RIGHT) * max(0.0, gone) / span, 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / 100.0), 1)

    line = " ".join(f"{'M' if index == 0 else 'L'}{x(one.at)} {y(one.value)}" for index, one in enumerate(known))
    highs = [f"{'M' if index == 0 else 'L'}{x(one.at)} {y(_high(one))}" for index, one in enumerate(known)]
    lows = [f"L{x(one.at)} {y(_low(one))}" for one in reversed(known)]
    last = known[-1]
    return Curve(
        line=line,
        area=" ".join([*highs, *lows, "Z"]),
        ticks=tuple((y(value), value) for value in (0, 20, 40, 60, 80, 100)),
        days=tuple((x(at), at) for at in _days(start, now)),
        last=Mark(x(last.at), y(last.value), last.at, last.value, 0.0, "start"),
        marks=_moves(known, x, y),
    )


def waterfall(factors: Sequence[Mapping[str, Any]], score: float) -> list[Step]:
    """A finding's factors as steps from its base to its score."""
    steps: list[Step] = []
    running = 100.0
    for factor in factors:
        value = float(factor["value"])
        after = max(running, 100.0 * value) if factor["name"] == "floor" else min(100.0, running * value)
        before = 0.0 if factor["name"] == "base" else running
        steps.append(Step(str(factor["name"]), value, str(factor["source"]), before, after))
        running = after
    return steps if steps and abs(running - score) < 0.5 else []


def _moves(known: Sequence[Any], x: Any, y: Any) -> tuple[Mark, ...]:
    """The two greatest moves between neighbouring days, if they are worth a word."""
    moved = [(abs(after.value - before.value), index) for index, (before, after) in enumerate(itertools.pairwise(known), 1)]
    best = sorted((index for change, index in sorted(moved, reverse=True)[:2] if change >= 2.0))
    marks: list[Mark] = []
    for index in best:
        one = known[index]
        place = x(one.at)
        if (marks and place - marks[-1].x < 70) or place > WIDTH - RIGHT - 40:
            continue
        anchor = "start" if place < LEFT + 40 else "middle"
        marks.append(Mark(place, y(one.value), one.at, one.value, one.value - known[index - 1].value, anchor))
    return tuple(marks)


def _days(start: datetime, now: datetime) -> list[datetime]:
    step = (now - start) / 4
    return [start + step * index for index in range(5)]


def _high(point: Any) -> float:
    return float(point.high if point.high is not None else point.value)


def _low(point: Any) -> float:
    return float(point.low if point.low is not None else point.value)
