"""What people do in the large city of :mod:`benchmarks.million`: tickets, exceptions, saved filters, access, audit, scans.

Everything open has a ticket that is followed; there are years of closed ones, of decided exceptions and of audit rows.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from benchmarks.filling import fill
from benchmarks.million import DEPARTMENTS, SERVICES, ZONES, City
from collector import tables
from collector.audit import GENESIS, digest_of
from collector.store import Store

_STEPS = 3
_REASON = "The supplier delivers the new version in the spring; until then only the management network reaches it."


def seed_desk(store: Store, city: City) -> None:
    """Fill the tables of a city that has its findings (:func:`benchmarks.million.seed_city`)."""
    desk = Desk(city)
    fill(store, tables.exception, desk.exceptions())
    fill(store, tables.ticket, desk.tickets())
    fill(store, tables.ticket_finding, desk.ticket_findings())
    fill(store, tables.ticket_step, desk.steps())
    fill(store, tables.ticket_remark, desk.remarks())
    fill(store, tables.saved_filter, desk.filters())
    fill(store, tables.account, desk.accounts())
    fill(store, tables.account_grant, desk.grants())
    fill(store, tables.token, desk.tokens())
    fill(store, tables.webhook, desk.webhooks())
    fill(store, tables.webhook_letter, desk.letters())
    fill(store, tables.scan, desk.scans())
    fill(store, tables.unit, desk.units())
    fill(store, tables.schedule, desk.schedules())
    fill(store, tables.zone_change, desk.zone_changes())
    fill(store, tables.audit, desk.audit())


def _id(of: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, of))


class Desk:
    """The rows, table by table; how many grows with the findings."""

    def __init__(self, city: City) -> None:
        self.city, self.at = city, city.at
        self.scale = city.size.findings / 1_000_000
        self.live = [(fault.rule, service) for fault in city.faults for service in range(len(SERVICES))]
        self.closed = self._many(20_000)

    def _many(self, at_a_million: int) -> int:
        return max(10, round(at_a_million * self.scale))

    # --- exceptions ----------------------------------------------------------------------------------------------------

    def exceptions(self) -> Iterator[dict[str, Any]]:
        """One in force for each rule and department, which the waived findings name; those that wait; those of the past."""
        for fault in self.city.faults:
            for place, department in enumerate(DEPARTMENTS):
                key = _id(f"exception {fault.rule} {department}")
                yield self._exception(key, "approved", fault.rule, department, timedelta(days=10 + place * 30))
        for number in range(self._many(300)):
            yield self._exception(
                _id(f"asked {number}"), "requested", self._rule(number), self._owner(number), timedelta(days=90)
            )
        for number in range(self._many(6_000)):
            state = ("expired", "ended", "refused", "withdrawn", "void")[number % 5]
            yield self._exception(
                _id(f"past {number}"), state, self._rule(number), self._owner(number), -timedelta(days=number % 900)
            )

    def _exception(self, key: str, state: str, rule: str, department: str, ends: timedelta) -> dict[str, Any]:
        asked = min(self.at, self.at + ends) - timedelta(days=100)
        decided = {"decided_by": "approver", "decided_by_id": "token:approver", "decided_at": asked + timedelta(days=1)}
        return {
            "id": key,
            "state": state,
            "rule": rule,
            "kind": "department",
            "key": department,
            "reason": _REASON,
            "control": "",
            "strength": 0.0,
            "department_id": department,
            "requested_by": "analyst",
            "requested_by_id": "token:analyst",
            "requested_at": asked,
            "until": self.at + ends,
            **(decided if state != "requested" else dict.fromkeys(decided)),
            "closed_at": None if state in ("requested", "approved") else self.at + min(ends, timedelta()),
            "closed_by": None,
        }

    def _rule(self, number: int) -> str:
        return self.city.faults[number % len(self.city.faults)].rule

    def _owner(self, number: int) -> str:
        return DEPARTMENTS[number % len(DEPARTMENTS)]

    # --- tickets -------------------------------------------------------------------------------------------------------

    def tickets(self) -> Iterator[dict[str, Any]]:
        for number, (rule, service) in enumerate(self.live):
            yield self._ticket(number, f"live {rule} {service}", rule, service, live=True)
        for number in range(self.closed):
            yield self._ticket(number, f"closed {number}", self._rule(number), number % len(SERVICES), live=False)

    def _ticket(self, number: int, key: str, rule: str, service: int, *, live: bool) -> dict[str, Any]:
        department, ticket_id = DEPARTMENTS[service // 2], _id(f"ticket {key}")
        opened = self.at - timedelta(days=number % 50 if live else 60 + number % 900, seconds=number)
        kept = ["priority"] if number % 10 == 0 else []  # one in ten was given another priority over there
        remote = {
            "raw_status": "open" if live else "resolved",
            "status": "open" if live else "resolved",
            "assignee": "desk",
            "owner": department,
            "priority": "high",
            "due": None,
            "updated_at": opened.isoformat(),
        }
        return {
            "id": ticket_id,
            "external_id": f"posture:vilamar:{ticket_id}",
            "live_key": f"{rule}|{department}|{SERVICES[service]}" if live else None,
            "rule": rule,
            "department_id": department,
            "service_id": SERVICES[service],
            "state": ("review" if number % 40 == 0 else "open") if live else "closed",
            "review": "not_proved" if live and number % 40 == 0 else None,
            "closed_because": None if live else "proved",
            "subject": f"{rule}: {SERVICES[service]}",
            "opened_by": "analyst",
            "opened_by_id": "token:analyst",
            "opened_at": opened,
            "closed_at": None if live else opened + timedelta(days=9),
            "wanted": {"priority": "medium", "due": None, "owner": department},
            "written": {"priority": "medium", "due": None, "owner": department},
            "kept": kept,
            "remote_id": str(number + (0 if live else 1_000_000)),
            "remote_url": f"https://tickets.vilamar.example/{number}",
            "remote": remote,
            "read_at": self.at - timedelta(minutes=5),
            "tested_from": None,
            "next_test_at": None,
        }

    def ticket_findings(self) -> Iterator[dict[str, Any]]:
        known = set(self.live)
        for number in range(self.city.size.findings):
            which = number % self.city.size.assets
            group = (self.city.fault(number).rule, which % len(SERVICES))
            if self.city.state(number) == "open" and group in known:
                yield self._about(f"live {group[0]} {group[1]}", number, None)
        for number in range(self.closed):
            for place in range(10):
                yield self._about(f"closed {number}", (number * 10 + place) % self.city.size.findings, "resolved")

    def _about(self, key: str, finding: int, outcome: str | None) -> dict[str, Any]:
        joined = self.at - timedelta(days=40)
        return {
            "ticket_id": _id(f"ticket {key}"),
            "finding_id": self.city.finding_id(finding),
            "joined_at": joined,
            "told": True,
            "outcome": outcome,
        }

    def _keys(self) -> Iterator[str]:
        yield from (f"live {rule} {service}" for rule, service in self.live)
        yield from (f"closed {number}" for number in range(self.closed))

    def steps(self) -> Iterator[dict[str, Any]]:
        for number, key in enumerate(self._keys()):
            for place, kind in enumerate(("create", "update", "comment")):
                done = place < _STEPS - 1 or number % 100
                yield {
                    "ticket_id": _id(f"ticket {key}"),
                    "kind": kind,
                    "text": "Tested again: 12 of 40 are fixed.",
                    "made_at": self.at - timedelta(days=30 - place),
                    "attempts": 1,
                    "tried_at": self.at - timedelta(days=30 - place),
                    "next_at": None,
                    "trouble": None if done else "the ticket system refused it: the queue is closed",
                    "done_at": self.at - timedelta(days=30 - place) if done else None,
                }

    def remarks(self) -> Iterator[dict[str, Any]]:
        for key in self._keys():
            for place in range(3):
                written = self.at - timedelta(days=20 - place)
                said = {"author": "desk", "text": "We look at it on Thursday.", "written_at": written}
                yield {"ticket_id": _id(f"ticket {key}"), "digest": f"{place:064x}", **said}

    # --- people and programs -------------------------------------------------------------------------------------------

    def filters(self) -> Iterator[dict[str, Any]]:
        """Shared with the city or with a department, so that everybody is shown many."""
        for number in range(self._many(300)):
            shared = ("city", None) if number % 3 == 0 else ("department", self._owner(number))
            yield {
                "id": _id(f"filter {number}"),
                "owner_id": f"token:{number % 50}",
                "owner": f"analyst {number % 50}",
                "name": f"What waits for the supplier {number:04}",
                "audience": shared[0],
                "department_id": shared[1],
                "query": {"state": ["open"], "department": self._owner(number), "service": SERVICES[number % 9 * 2]},
                "changed_at": self.at - timedelta(days=3),
            }

    def accounts(self) -> Iterator[dict[str, Any]]:
        for number in range(self._many(1_000)):
            known = {"name": f"person{number}", "display_name": f"Person {number}", "email": f"person{number}@vilamar.example"}
            rest = dict.fromkeys(("language", "password", "issuer", "subject", "disabled_at"))
            yield {"id": _id(f"account {number}"), **known, **rest, "created_at": self.at - timedelta(days=300)}

    def grants(self) -> Iterator[dict[str, Any]]:
        for number in range(self._many(1_000)):
            yield {"account_id": _id(f"account {number}"), "role": "department", "department": self._owner(number)}

    def tokens(self) -> Iterator[dict[str, Any]]:
        for number in range(self._many(300)):
            yield {
                "id": _id(f"token {number}"),
                "name": f"program {number}",
                "digest": f"{number:064x}",
                "role": "viewer",
                "departments": None,
                "permissions": None,
                "created_at": self.at - timedelta(days=200),
                "expires_at": self.at + timedelta(days=200),
                "revoked_at": None,
                "last_used_at": self.at - timedelta(days=1),
            }

    def webhooks(self) -> Iterator[dict[str, Any]]:
        """As many as there may be; paused, so that a server on this database tells nobody anything."""
        for number in range(100):
            yield {
                "id": _id(f"webhook {number}"),
                "url": f"https://hooks.vilamar.example/{number}",
                "kinds": None,
                "departments": None,
                "secret": "sealed",
                "state": "paused",
                "place": 0,
                "created_at": self.at - timedelta(days=100 - number / 2),
                "created_by": "administrator",
                **dict.fromkeys(("failing_since", "next_at", "last_error", "delivered_at")),
            }

    def letters(self) -> Iterator[dict[str, Any]]:
        for number in range(self._many(20_000)):
            at = self.at - timedelta(hours=number % 500)
            told = {"event_id": _id(f"letter {number}"), "at": at, "reason": "the receiver answered 422"}
            yield {"webhook_id": _id(f"webhook {number % 20}"), "seq": number + 1, **told}

    def audit(self) -> Iterator[dict[str, Any]]:
        """A chain that `talaia audit verify` accepts."""
        previous, dice = GENESIS, random.Random(3)
        for number in range(self._many(200_000)):
            row: dict[str, Any] = {
                "id": _id(f"audit {number}"),
                "at": self.at - timedelta(days=400) + timedelta(seconds=number * 100),
                "actor": "analyst",
                "actor_id": "token:analyst",
                "address": "192.0.2.7",
                "action": dice.choice(("open_ticket", "ask_exception", "test_finding_again", "POST /sign-in")),
                "outcome": "done",
                "subject": "finding",
                "subject_id": _id(f"finding {number}"),
                "department_id": self._owner(number),
                "detail": {"rule": self._rule(number)},
                "previous": previous,
            }
            previous = digest_of(row)
            yield {**row, "digest": previous}

    # --- looking -------------------------------------------------------------------------------------------------------

    def scans(self) -> Iterator[dict[str, Any]]:
        """Four years of nights in every zone."""
        counted = {"hosts_done": 4_096, "hosts_total": 4_096, "hosts_alive": 900, "units_done": 20, "units_total": 20}
        for number in range(self._many(17_520)):
            begun = self.at - timedelta(hours=5 + number * 2)
            yield {
                "id": _id(f"scan {number}"),
                "zone": ZONES[number % len(ZONES)],
                "targets": None,
                "asked_by": f"nightly-{number % len(ZONES)}",
                "schedule_id": f"nightly-{number % len(ZONES)}",
                "state": "finished",
                "created_at": begun,
                "started_at": begun,
                "ended_at": begun + timedelta(hours=1),
                "progress": {"phase": "done", **counted},
                "detail": "",
            }

    def units(self) -> Iterator[dict[str, Any]]:
        numbers = count()
        for number in range(min(500, self._many(17_520))):
            for _ in range(20):
                of = {"scan_id": _id(f"scan {number}"), "kind": "look", "body": {}, "state": "finished"}
                yield {"id": _id(f"unit {next(numbers)}"), **of, "checkpoint": None, "leased_until": None}

    def schedules(self) -> Iterator[dict[str, Any]]:
        for number, zone in enumerate(ZONES):
            when = {"cron": "30 2 * * *", "interval_seconds": None, "timezone": "Europe/Madrid"}
            yield {"id": f"nightly-{number}", "zone": zone, **when, "created_at": self.at - timedelta(days=700)}

    def zone_changes(self) -> Iterator[dict[str, Any]]:
        for number in range(self._many(200)):
            people = {"proposed_by": "administrator", "decided_by": "approver"}
            ids = {"proposed_by_id": "token:administrator", "decided_by_id": "token:approver"}
            moments = {"proposed_at": self.at - timedelta(days=number + 2), "decided_at": self.at - timedelta(days=number + 1)}
            said = {"text": "", "base": "0" * 64, "reason": "A new network", "differences": []}
            yield {"id": _id(f"change {number}"), "state": "approved", **said, **people, **ids, **moments}
