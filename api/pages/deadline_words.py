"""Why a deadline is what it is, as people read it: the row of the table that decided, or the severity."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates

from api.pages.language import Tongue
from api.pages.words import N_

# The better and the worse answer to each question of the table.
_ANSWERS: Mapping[str, tuple[str, str]] = {
    "in_kev": (N_("not in the catalogue of the exploited (KEV)"), N_("in the catalogue of the exploited (KEV)")),
    "exposed": (N_("not public"), N_("public")),
    "automatable": (N_("not automatable"), N_("automatable")),
    "total_impact": (N_("partial impact"), N_("total impact")),
}
_ASSUMED = N_("%s (assumed, for nobody said it)")
_WHOLE = N_("%(cve)s: %(answers)s. %(time)s, by row %(row)s of %(policy)s.")
_TIME = N_("%(days)s from %(since)s on")
_UPGRADE = N_("With the next upgrade")
_SEVERITY = N_("By the severity of the finding.")
_FORENSIC = N_("Forensic triage is asked for: its scope within 2 hours, volatile evidence saved within 24, a decision within 72.")
_SHORT = N_("%(cve)s, row %(row)s of %(policy)s")
_SHORT_SEVERITY = N_("its severity")


def tongue_without_clock(language: str) -> Tongue:
    """For texts that say no time of the day."""
    return Tongue(language, ZoneInfo("UTC"), lambda: datetime.now(UTC))


def deadline_text(tongue: Tongue, why: Mapping[str, Any] | None) -> str:
    """One paragraph. ``why`` is what :class:`collector.deadlines.DeadlinePolicy` keeps with the finding."""
    if not why:
        return tongue.gettext(_SEVERITY)
    answers = ", ".join(_answer(tongue, name, why) for name in _ANSWERS)
    filled = {"cve": why["cve"], "answers": answers, "time": _time(tongue, why), "row": str(why["row"]), "policy": why["policy"]}
    text = _filled(tongue.gettext(_WHOLE), filled)
    return f"{text} {tongue.gettext(_FORENSIC)}" if why["forensic"] else text


def deadline_short(tongue: Tongue, why: Mapping[str, Any] | None) -> str:
    """What decided, for a cell of a list."""
    if not why:
        return tongue.gettext(_SHORT_SEVERITY)
    return _filled(tongue.gettext(_SHORT), {"cve": why["cve"], "row": str(why["row"]), "policy": why["policy"]})


def _answer(tongue: Tongue, name: str, why: Mapping[str, Any]) -> str:
    text = tongue.gettext(_ANSWERS[name][bool(why[name])])
    return tongue.gettext(_ASSUMED).replace("%s", text) if name in why["assumed"] else text


def _time(tongue: Tongue, why: Mapping[str, Any]) -> str:
    if why["days"] is None:
        return tongue.gettext(_UPGRADE)
    days = dates.format_timedelta(timedelta(days=why["days"]), granularity="day", threshold=10**6, locale=tongue.locale)
    return _filled(tongue.gettext(_TIME), {"days": days, "since": tongue.date(datetime.fromisoformat(why["since"]))})


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"%({name})s", value)
    return text
