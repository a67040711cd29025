"""Catalan, Castilian and English: texts by gettext, numbers and times by Babel, on the clock of the city."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.support import NullTranslations, Translations

from api.pages.words import WORDS

LOCALES = Path(__file__).parent.parent / "locale"
_LOCALE_NAMES = {"ca": "ca_ES", "es": "es_ES", "en": "en_GB"}


@lru_cache(maxsize=8)
def translations(language: str) -> NullTranslations:
    return Translations.load(LOCALES, [language], domain="talaia")


# A page writes hundreds of numbers, most of them again and again, and Babel reads its locale for each.
@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALE_NAMES[language])


@lru_cache(maxsize=32_768)
def _decimal(value: float, digits: int, language: str) -> str:
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return numbers.format_decimal(value, format=pattern, locale=_locale(language))


@lru_cache(maxsize=4_096)
def _percent(share: float, language: str) -> str:
    return numbers.format_percent(share, format="#,##0\u00a0%" if language != "en" else "#,##0%", locale=_locale(language))


@lru_cache(maxsize=8_192)
def _moment(at: datetime, pattern: str, zone: ZoneInfo, language: str) -> str:
    return dates.format_datetime(at, pattern, tzinfo=zone, locale=_locale(language))


@lru_cache(maxsize=1_024)
def _day(day: date, language: str) -> str:
    return dates.format_date(day, "d MMM", locale=_locale(language))


@lru_cache(maxsize=4_096)
def _length(seconds: int, language: str, *, directed: bool) -> str:
    return dates.format_timedelta(timedelta(seconds=seconds), add_direction=directed, locale=_locale(language), threshold=1.4)


def _about(seconds: float) -> int:
    """Nobody counts the seconds of what is hours away, nor the minutes of days: so that the same words are found again."""
    grain = 1 if abs(seconds) < 3_600 else 60 if abs(seconds) < 86_400 else 3_600
    return round(seconds / grain) * grain


@dataclass(frozen=True)
class Tongue:
    """One language, on one clock: what templates format and translate with."""

    language: str
    timezone: ZoneInfo
    clock: Callable[[], datetime]

    @property
    def locale(self) -> Locale:
        return _locale(self.language)

    def gettext(self, text: str) -> str:
        return translations(self.language).ugettext(text) if text else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        return translations(self.language).ungettext(one, many, count)

    def word(self, kind: str, value: object) -> str:
        """A word of the data; one that is not known is shown as it is."""
        known = WORDS.get(kind, {}).get(str(value))
        return self.gettext(known) if known else str(value).replace("_", " ")

    def source(self, text: str) -> str:
        """What a factor of a score was read from, as ``collector.score`` writes it, in the reader's words."""
        if found := re.fullmatch(r"threat ([\d.]+)", text):
            return self.gettext("threat %s").replace("%s", self.number(float(found[1]), 2))
        if found := re.fullmatch(r"([\d.]+) days over a deadline of ([\d.]+)", text):
            late, deadline = (self.number(float(one), digits) for one, digits in ((found[1], 1), (found[2], 0)))
            whole = self.gettext("%(late)s days over a deadline of %(deadline)s")
            return whole.replace("%(late)s", late).replace("%(deadline)s", deadline)
        if text.startswith("known to be exploited"):
            return self.gettext("it is known to be exploited")
        return self.word("source", text)

    def number(self, value: float | None, digits: int = 0) -> str:
        return "–" if value is None else _decimal(value, digits, self.language)

    def signed(self, value: float, digits: int = 1) -> str:
        """With its sign, a true minus; nothing that would read as −0."""
        shown = self.number(abs(value), digits)
        if not any(character in "123456789" for character in shown):
            return f"±{shown}"
        return f"+{shown}" if value > 0 else f"−{shown}"

    def percent(self, value: float | None) -> str:
        """A share of 0 to 1. What is not all is never rounded up to all."""
        if value is None:
            return "–"
        return _percent(min(value, 0.99) if value < 1 else 1.0, self.language)

    def exactly(self, at: datetime) -> str:
        return f"{_moment(at, 'd MMM y, HH:mm:ss', self.timezone, self.language)} ({self.timezone.key})"

    def relative(self, at: datetime) -> str:
        """``3 days ago``, ``in 2 weeks``, in the language's own words."""
        away = at - self.clock()
        if abs(away) < timedelta(seconds=10):
            return self.gettext("now")
        return _length(_about(away.total_seconds()), self.language, directed=True)

    def length(self, seconds: float) -> str:
        return _length(_about(max(1, seconds)), self.language, directed=False)

    def day(self, at: datetime | date) -> str:
        return _day(at.astimezone(self.timezone).date() if isinstance(at, datetime) else at, self.language)

    def date(self, at: datetime) -> str:
        """A day with its year."""
        return dates.format_date(at.astimezone(self.timezone).date(), "long", locale=self.locale)

    def minute(self, at: datetime) -> str:
        return _moment(at, "EEE d MMM, HH:mm", self.timezone, self.language)
