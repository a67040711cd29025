"""ServiceNow by its Table API, for incidents or another table that extends Task and has the same fields.

The external id is in ``correlation_id``, the field of every task for it. What matters here: a field that the account may not
write is left out without a word, and a condition on a field that is not there is left out too and finds everything, so every
answer is looked at; rows that the account may not see are taken off a page after it was cut, so a list ends by its count and
not by a short page; the priority is worked out from impact and urgency; moments are in UTC.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from api.ticketing.answers import at, list_at, moment, text_at
from api.ticketing.exchange import Exchange, segment
from api.ticketing.ticketing import (
    ENDED,
    Changes,
    Draft,
    Outcome,
    Priority,
    Reference,
    Remark,
    Remote,
    Status,
    StatusMap,
    confirm,
    confirm_status,
    settle,
)
from api.ticketing.trouble import TicketingError

STATUSES = StatusMap(
    inward={
        "1": Status.NEW,
        "2": Status.OPEN,
        "3": Status.WAITING,
        "6": Status.RESOLVED,
        "7": Status.CLOSED,
        "8": Status.REJECTED,
    },
    outward={Status.OPEN: "2", Status.RESOLVED: "6"},
)
# impact, urgency, and the priority that the table of priorities of a new instance works out from them
PRIORITIES: Mapping[Priority, tuple[str, str, str]] = {
    Priority.CRITICAL: ("1", "1", "1"),
    Priority.HIGH: ("2", "1", "2"),
    Priority.MEDIUM: ("2", "2", "3"),
    Priority.LOW: ("3", "2", "4"),
}
PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
_API = "/api/now/table"
_FIELDS = (
    "sys_id,number,correlation_id,state,sys_updated_on,short_description,assigned_to.user_name,assignment_group.name,"
    "priority,due_date"
)
_MOST_SUBJECT = 160  # as long as the column is; what is longer would be cut there
_SYS_ID = re.compile(r"[0-9a-f]{32}")


class ServiceNow:
    """``group`` takes tickets whose draft names no owner. ``close_code`` is the word for a resolution that this instance offers
    (*Solution provided* in newer ones, *Solved (Permanently)* before). ``zone`` is where a deadline's day ends. The login is
    ``basic_login``, or ``header_login`` with ``x-sn-apikey``, or with ``authorization`` and ``Bearer``."""

    name = "servicenow"

    def __init__(
        self,
        exchange: Exchange,
        *,
        group: str | None = None,
        table: str = "incident",
        close_code: str = "Solution provided",
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, tuple[str, str, str]] = PRIORITIES,
        zone: ZoneInfo | None = None,
    ) -> None:
        self._exchange, self._group, self._table, self._close_code = exchange, group, table, close_code
        self._statuses, self._priorities = statuses, priorities
        self._zone = zone or ZoneInfo("Europe/Madrid")
        self._groups: dict[str, str] = {}

    def check(self) -> str:
        """Also that the table, its journal and the group are seen; raises when not."""
        for table in (self._table, "sys_journal_field"):
            self._rows(table, {"sysparm_limit": "1", "sysparm_fields": "sys_id"})
        if self._group:
            self._group_id(self._group)
        return f"ServiceNow, table {self._table}"

    def search(self, external_id: str) -> Reference | None:
        query = f"correlation_id={external_id}^ORDERBYsys_created_on"
        found = self._tickets(query, 1)
        return next((self._reference(row) for row in found if text_at(row, "correlation_id") == external_id), None)

    def create(self, draft: Draft) -> Reference:
        impact, urgency, _ = self._priorities[draft.priority]
        body = {
            "short_description": draft.title()[:_MOST_SUBJECT],
            "description": draft.text(),
            "impact": impact,
            "urgency": urgency,
            "correlation_id": draft.external_id,
            "correlation_display": "Talaia",
        }
        if draft.due:
            body["due_date"] = self._end_of(draft.due)
        owner = draft.owner or self._group
        if owner:
            body["assignment_group"] = self._group_id(owner)
        params = {"sysparm_fields": "sys_id,number,correlation_id"}
        made = at(self._exchange.ask("POST", f"{_API}/{segment(self._table)}", params=params, body=body).data, "result")
        reference = self._reference(made)
        if text_at(self._row(reference), "correlation_id") != draft.external_id:
            raise TicketingError(
                "refused",
                f"ServiceNow made {text_at(made, 'number')[:40]} without its correlation id: Talaia's account has to be allowed"
                " to write that field; until then every attempt would make one more ticket",
            )
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """The Table API has no lock: what a person writes in the instant between our reading and our writing is lost."""
        write, outcome = settle(changes, self._remote(self._row(reference), ()))
        body: dict[str, object] = {}
        if write.priority:
            body["impact"], body["urgency"], _ = self._priorities[write.priority]
        if write.due:
            body["due_date"] = self._end_of(write.due)
        if write.owner:
            body["assignment_group"] = self._group_id(write.owner)
        if body:
            self._change(reference, body)
            confirm(write, self._remote(self._row(reference), ()), "ServiceNow")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._change(reference, {"work_notes": text})

    def reopen(self, reference: Reference, text: str) -> None:
        ended = self._remote(self._row(reference), ()).status in ENDED
        state = {"state": self._statuses.outward[Status.OPEN]} if ended else {}
        self._change(reference, {"work_notes": text, **state})
        confirm_status("open", self._remote(self._row(reference), ()), "ServiceNow")

    def propose_resolution(self, reference: Reference, text: str) -> None:
        """The note, the state and what the state asks for, in one request."""
        body: dict[str, object] = {"work_notes": text}
        if self._remote(self._row(reference), ()).status not in ENDED:
            body |= {"state": self._statuses.outward[Status.RESOLVED], "close_code": self._close_code, "close_notes": text}
        self._change(reference, body)
        confirm_status("ended", self._remote(self._row(reference), ()), "ServiceNow")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        return self._remote(self._row(reference), self._remarks(reference, since))

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older: what changes while we page moves to the front and pushes no other off the list."""
        for row in self._tickets("correlation_idSTARTSWITHposture:^ORDERBYDESCsys_updated_on", MOST_PAGES):
            changed = moment(text_at(row, "sys_updated_on"))
            if changed and changed < when:
                return
            if not text_at(row, "correlation_id").startswith("posture:"):
                continue
            try:
                remote = self.read(self._reference(row), when)
            except TicketingError as error:
                if error.found_nothing:  # it went between the list and now
                    continue
                raise
            yield remote

    def _change(self, reference: Reference, body: Mapping[str, object]) -> None:
        self._exchange.ask("PATCH", self._path(reference), params={"sysparm_fields": "sys_id"}, body=dict(body))

    def _row(self, reference: Reference) -> object:
        return at(self._exchange.ask("GET", self._path(reference), params={"sysparm_fields": _FIELDS}).data, "result")

    def _tickets(self, query: str, pages: int) -> Iterator[object]:
        """Rows in the order of the query, each once."""
        seen: set[str] = set()
        for page in range(pages):
            params = {"sysparm_query": query, "sysparm_fields": "sys_id,correlation_id,sys_updated_on"}
            rows, total = self._rows(self._table, {**params, "sysparm_limit": str(PAGE), "sysparm_offset": str(page * PAGE)})
            for row in rows:
                if text_at(row, "sys_id") not in seen:
                    seen.add(text_at(row, "sys_id"))
                    yield row
            if (page + 1) * PAGE >= total:
                return

    def _rows(self, table: str, params: Mapping[str, str]) -> tuple[list[object], int]:
        """Some rows of a table, and how many there are in all. An older instance says *not found* where it found none."""
        try:
            answer = self._exchange.ask("GET", f"{_API}/{segment(table)}", params=params)
        except TicketingError as error:
            if error.found_nothing and "No Record found" in str(error):
                return [], 0
            raise
        rows, total = list_at(answer.data, "result"), answer.headers.get("x-total-count", "")
        return rows, int(total) if total.isascii() and total.isdecimal() else len(rows)

    def _remarks(self, reference: Reference, since: datetime | None) -> tuple[Remark, ...]:
        params = {
            "sysparm_query": f"element_id={reference.id}^elementINwork_notes,comments^ORDERBYDESCsys_created_on",
            "sysparm_fields": "element_id,value,sys_created_by,sys_created_on",
            "sysparm_limit": str(MOST_REMARKS),
        }
        remarks = []
        for said in reversed(self._rows("sys_journal_field", params)[0]):
            written = moment(text_at(said, "sys_created_on"))
            if text_at(said, "element_id") == reference.id and written and (since is None or written >= since):
                author, text = text_at(said, "sys_created_by"), text_at(said, "value")
                remarks.append(Remark(author=author, text=text, written_at=written))
        return tuple(remarks)

    def _group_id(self, group: str) -> str:
        if group not in self._groups:
            query = f"name={group.replace('^', '')}"
            found, _ = self._rows(
                "sys_user_group", {"sysparm_query": query, "sysparm_fields": "sys_id,name", "sysparm_limit": "10"}
            )
            self._groups |= {text_at(one, "name"): text_at(one, "sys_id") for one in found}
        if not self._groups.get(group):
            raise TicketingError("refused", f"ServiceNow has no group {group[:80]!r} that Talaia's account may see")
        return self._groups[group]

    def _remote(self, row: object, remarks: tuple[Remark, ...]) -> Remote:
        updated, due = moment(text_at(row, "sys_updated_on")), moment(text_at(row, "due_date"))
        if updated is None:
            raise TicketingError("refused", "ServiceNow sent a ticket without the time of its change")
        raw_priority, raw_status = text_at(row, "priority"), text_at(row, "state")
        names = {priority: word for word, (_, _, priority) in self._priorities.items()}
        return Remote(
            reference=self._reference(row),
            external_id=text_at(row, "correlation_id") or None,
            status=self._statuses.read(raw_status),
            raw_status=raw_status,
            updated_at=updated,
            subject=text_at(row, "short_description"),
            assignee=text_at(row, "assigned_to.user_name") or None,
            owner=text_at(row, "assignment_group.name") or None,
            priority=names.get(raw_priority),
            raw_priority=raw_priority,
            due=due.astimezone(self._zone).date() if due else None,
            remarks=remarks,
        )

    def _reference(self, row: object) -> Reference:
        number = text_at(row, "sys_id")
        if not _SYS_ID.fullmatch(number):
            raise TicketingError("refused", "ServiceNow did not say the sys_id of the ticket")
        return Reference(id=number, url=f"{self._exchange.url}/{segment(self._table)}.do?sys_id={number}")

    def _path(self, reference: Reference) -> str:
        return f"{_API}/{segment(self._table)}/{segment(reference.id)}"

    def _end_of(self, due: date) -> str:
        return datetime.combine(due, time(23, 59), self._zone).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
