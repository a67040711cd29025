"""Five cron fields, as crontab(5) reads them: minute, hour, day of month, month, day of week."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS_LIMIT = 366 * 8 + 2  # 29 February may be eight years away
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class CronError(ValueError):
    """The text is not five cron fields; the message says which field and why."""


@dataclass(frozen=True)
class Cron:
    """Times of a wall clock. ``weekdays`` are 0 (Sunday) to 6. Days match as in cron: when both the day of month and the day of
    week are restricted, either is enough."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def on(self, day: date) -> bool:
        """Whether it is due at all on ``day``."""
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month or of_week if self.either_day else of_month and of_week

    def times(self, day: date) -> Iterator[datetime]:
        """Every due wall-clock time (naive) of ``day``, in order."""
        if self.on(day):
            for hour in self.hours:
                for minute in self.minutes:
                    yield datetime.combine(day, time(hour, minute))  # naive: a wall clock

    def dates(self, start: date, *, backwards: bool = False) -> Iterator[date]:
        """Days on which it is due, from ``start`` on (or back), within eight years."""
        step = timedelta(days=-1 if backwards else 1)
        for number in range(_DAYS_LIMIT):
            try:
                day = start + number * step
            except OverflowError:
                return
            if self.on(day):
                yield day


def parse_cron(text: str) -> Cron:
    """Read ``30 2 * * 1-5``: numbers, names (``mon``, ``jan``), lists, ranges, steps and ``*``; 7 is Sunday too.

    Raises :class:`CronError`, also for a date that never comes (``0 0 31 2 *``).
    """
    fields = _ALIASES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise CronError(f"{text!r} has {len(fields)} fields: write minute, hour, day of month, month and day of week")
    minutes = _field(fields[0], "minute", 0, 59)
    hours = _field(fields[1], "hour", 0, 23)
    days = _field(fields[2], "day of month", 1, 31)
    months = _field(fields[3], "month", 1, 12, _MONTHS)
    weekdays = {day % 7 for day in _field(fields[4], "day of week", 0, 7, _DAYS)}
    cron = Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )
    if next(cron.dates(date(2024, 1, 1)), None) is None:
        raise CronError(f"{text!r} is a date that never comes")
    return cron


def _field(text: str, name: str, low: int, high: int, words: tuple[str, ...] = ()) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        body, slash, step_text = part.partition("/")
        step = _number(step_text, name, 1, high) if slash else 1
        first, dash, last = body.partition("-")
        if body == "*":
            start, end = low, high
        else:
            start = _number(first, name, low, high, words)
            end = _number(last, name, low, high, words) if dash else (high if slash else start)
        if end < start:
            raise CronError(f"the {name} {part!r} runs backwards")
        found.update(range(start, end + 1, step))
    return found


def _number(text: str, name: str, low: int, high: int, words: tuple[str, ...] = ()) -> int:
    if text.lower() in words:
        return words.index(text.lower()) + (1 if words is _MONTHS else 0)
    if not re.fullmatch(r"[0-9]{1,2}", text) or not low <= int(text) <= high:
        raise CronError(f"the {name} {text!r} is not a number from {low} to {high}")
    return int(text)
