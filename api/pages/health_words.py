"""What :mod:`collector.health` found, as people read it: one sentence, and what to do where something is to be done."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from api.pages.language import Tongue
from api.pages.words import N_
from collector.health import Check

PARTS: Mapping[str, str] = {
    "store": N_("Database"),
    "schema": N_("Database version"),
    "stop": N_("Stop button"),
    "scheduler": N_("Scheduler"),
    "workers": N_("Workers"),
    "zone": N_("Looking"),
    "delivery": N_("Delivery"),
    "feeds": N_("Vulnerability feeds"),
    "disk": N_("Disk"),
    "clock": N_("Clock"),
}
STATES: Mapping[str, str] = {"ok": N_("in order"), "warning": N_("warning"), "trouble": N_("trouble")}
# What is said, and what is to be done about it ("" = nothing).
TEXTS: Mapping[str, tuple[str, str]] = {
    "store-ok": (N_("It can be read (%(kind)s)."), ""),
    "store-unreadable": (
        N_("It cannot be read (%(error)s). Nothing can be shown or kept until it can."),
        N_("Start the database, or give its disk and its files back; Talaia goes on by itself."),
    ),
    "schema-ok": (N_("It is the one this program needs."), ""),
    "schema-other": (
        N_("The tables are of version %(found)s, which is not the one this program needs."),
        N_("Restart Talaia: it brings the tables up to date when it starts."),
    ),
    "stop-released": (N_("Looking is allowed."), ""),
    "stop-pressed": (
        N_("All looking is stopped by %(by)s, %(at)s: %(reason)s"),
        N_("Let it go on, on the page of scans, once the reason is gone."),
    ),
    "scheduler-ok": (N_("Last tick: %(ticked)s. Next run: %(next)s."), ""),
    "scheduler-asleep": (
        N_("Last tick: %(ticked)s. Nothing starts by itself until it ticks again."),
        N_("See whether talaia serve runs, and what its log says; restart it."),
    ),
    "scheduler-never": (
        N_("No scheduler runs. Nothing starts by itself."),
        N_("Start talaia serve: it holds the scheduler."),
    ),
    "workers-ok": (N_("%(running)s parts of scans are being looked at; none was left behind."), ""),
    "workers-lost": (
        N_("%(lost)s parts of scans were taken up and nobody carries them on."),
        N_("See whether talaia serve runs: it takes up again what was left."),
    ),
    "workers-waiting": (
        N_("%(waiting)s scans have waited for a quarter of an hour and nothing runs."),
        N_("See whether their zones are open at this time, and whether talaia serve runs."),
    ),
    "zone-ok": (N_("%(zone)s: last looked at %(last)s."), ""),
    "zone-never": (
        N_("%(zone)s: no look was ever completed."),
        N_("Start a scan of the zone, and see how it ends."),
    ),
    "zone-silent": (
        N_("%(zone)s: two turns in a row brought no completed look; the last was %(last)s. What is shown of it grows old."),
        N_("See on the page of scans how its last scans ended, and whether the zone's window and permission still hold."),
    ),
    "zone-unseen": (
        N_("%(zone)s: last looked at %(last)s, and no schedule names it."),
        N_("Add a schedule to the settings, or start a scan."),
    ),
    "zone-deaf": (
        N_("%(zone)s: the last look (%(last)s) heard nobody, the one before it heard %(heard)s hosts. Nothing was closed by it."),
        N_("See whether a cable, a route or a firewall rule of the probe changed; then look again."),
    ),
    "delivery-empty": (N_("Nothing waits to be sent."), ""),
    "delivery-ok": (N_("%(sink)s: %(waiting)s wait to be sent, the oldest since %(oldest)s."), ""),
    "delivery-slow": (
        N_("%(sink)s: %(waiting)s wait to be sent, the oldest since %(oldest)s."),
        N_("See whether the other side answers; what waits is kept and sent by itself."),
    ),
    "delivery-stuck": (
        N_("%(sink)s: nothing leaves. %(waiting)s wait, the oldest since %(oldest)s."),
        N_("See whether the other side answers and whether the credentials still hold; what waits is kept."),
    ),
    "delivery-refused": (
        N_("%(sink)s: %(refused)s of %(waiting)s that wait were refused by the other side; they are kept."),
        N_("The log of talaia serve has the reason; mend it there, they are sent again by themselves."),
    ),
    "feeds-none": (N_("None is loaded: what is known to be exploited does not weigh more than the rest."), ""),
    "feeds-ok": (N_("%(feed)s: %(entries)s vulnerabilities, published %(published)s."), ""),
    "feeds-pending": (
        N_("%(feed)s: loaded, but not all findings are weighed by it yet."),
        N_("If this stays, load it again; talaia serve does it too, every six hours."),
    ),
    "feeds-stale": (
        N_("%(feed)s: published %(published)s. What became known since then is not in the scores and deadlines."),
        N_("See whether the timer that fetches it runs, and load it: talaia feeds load FILE."),
    ),
    "disk-ok": (N_("The database takes %(size)s; %(free)s of %(total)s are free."), ""),
    "disk-elsewhere": (N_("The database takes %(size)s on its own machine, whose disk is watched there."), ""),
    "disk-low": (
        N_("Only %(free)s of %(total)s are free; the database takes %(size)s."),
        N_("Make room on that disk, or move the database to a larger one, in the next days."),
    ),
    "disk-full": (
        N_("Only %(free)s of %(total)s are left; soon nothing can be kept."),
        N_("Make room on that disk now."),
    ),
    "clock-ok": (N_("It agrees with what was written."), ""),
    "clock-back": (
        N_("Something was written at %(latest)s, which is later than now: the clock was set back."),
        N_("Set the clock by NTP; deadlines and windows are judged by it."),
    ),
    "clock-apart": (
        N_("The database's machine says %(latest)s."),
        N_("Set both clocks by NTP; deadlines and windows are judged by them."),
    ),
}


class Said(NamedTuple):
    """A check in words; ``to_do`` is empty where nothing is to be done."""

    part: str
    state: str
    found: str
    to_do: str


def said(tongue: Tongue, check: Check) -> Said:
    """The check in one language."""
    sentence, to_do = TEXTS[check.code]
    text = tongue.gettext(sentence)
    for name, value in check.facts.items():
        text = text.replace(f"%({name})s", _shown(tongue, name, value))
    return Said(tongue.gettext(PARTS[check.part]), tongue.gettext(STATES[check.state.value]), text, tongue.gettext(to_do))


def _shown(tongue: Tongue, name: str, value: object) -> str:
    if isinstance(value, datetime):
        return tongue.minute(value) if name in ("latest", "now") else tongue.relative(value)
    if name in ("size", "free", "total") and isinstance(value, int):
        return _bytes(tongue, value)
    if isinstance(value, int):
        return tongue.number(value)
    return "–" if value is None else str(value)


def _bytes(tongue: Tongue, count: int) -> str:
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{tongue.number(count / size, 1)} {unit}"
    return f"{tongue.number(max(1, count // 1000))} kB"
