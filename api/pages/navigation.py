"""The names of the pages at the side of every page: those that the caller may open, by what they are for."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.access import Caller
from api.pages.words import N_

_CITY = ("/departments/", "/services/")  # what the city's page leads to
_FINDINGS = ("/filters",)

# Heading ("" for the first group, which needs none), then path, name and the permission that opens it.
_GROUPS: Sequence[tuple[str, Sequence[tuple[str, str, str]]]] = (
    (
        "",
        (
            ("/", N_("City"), "risk.read"),
            ("/findings", N_("Findings"), "finding.read"),
            ("/overdue", N_("Overdue"), "finding.read"),
            ("/tickets", N_("Tickets"), "ticket.read"),
            ("/exceptions", N_("Exceptions"), "exception.read"),
            ("/assets", N_("Assets"), "asset.read"),
        ),
    ),
    (
        N_("The watch"),
        (
            ("/scans", N_("Scans"), "scan.read"),
            ("/schedules", N_("Schedules"), "schedule.read"),
            ("/zones", N_("Zones"), "zone.read"),
            ("/coverage", N_("Coverage"), "coverage.read"),
            ("/rules", N_("Rules"), "rule.read"),
            ("/health", N_("Health"), "health.read"),
        ),
    ),
    (
        N_("Access"),
        (
            ("/accounts", N_("Accounts"), "account.manage"),
            ("/tokens", N_("Tokens"), "token.manage"),
            ("/webhooks", N_("Webhooks"), "webhook.manage"),
            ("/audit", N_("Audit log"), "audit.read"),
        ),
    ),
)


@dataclass(frozen=True)
class Room:
    """One entry: where it leads, its name in English (translated where it is shown), and whether the page is in it."""

    path: str
    name: str
    here: bool


@dataclass(frozen=True)
class Group:
    heading: str
    rooms: Sequence[Room]


def rooms_of(caller: Caller, here: str) -> list[Group]:
    """What this caller may open; ``here`` is the path of the page. Groups without any entry are left out."""
    groups = []
    for heading, entries in _GROUPS:
        rooms = [
            Room(path, _name(caller, path, name), _inside(here, path)) for path, name, needed in entries if caller.may(needed)
        ]
        if rooms:
            groups.append(Group(heading, rooms))
    return groups


def _name(caller: Caller, path: str, name: str) -> str:
    if path != "/" or caller.may("city.read"):
        return name
    return N_("My department") if len(caller.reach_for("risk.read") or [""]) == 1 else N_("My departments")


def _inside(here: str, path: str) -> bool:
    if path == "/":
        return here == "/" or here.startswith(_CITY)
    also = _FINDINGS if path == "/findings" else ()
    return here in (path, *also) or here.startswith(f"{path}/")
