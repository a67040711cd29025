"""Request Tracker 5 by its REST2 interface (https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html).

The external id is in a custom field of tickets (``PostureId``), because Request Tracker has no field of its own for it. Three of
its habits matter here: a change it refuses is answered with 200 and a sentence in the account's language, so every change is read
back; a value of a custom field that may not be set at creation is lost without a word; and a moment in a search is in the
account's time zone, while a deadline is stored as it is written and read as UTC.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from api.ticketing.answers import at, list_at, moment, text_at
from api.ticketing.exchange import Answer, Exchange, segment
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
        "new": Status.NEW,
        "open": Status.OPEN,
        "stalled": Status.WAITING,
        "resolved": Status.RESOLVED,
        "rejected": Status.REJECTED,
        "deleted": Status.REJECTED,
    },
    outward={Status.OPEN: "open", Status.RESOLVED: "resolved"},
)
PRIORITIES: Mapping[Priority, str] = {Priority.CRITICAL: "100", Priority.HIGH: "75", Priority.MEDIUM: "50", Priority.LOW: "25"}
PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
_API = "/REST/2.0"


class RequestTracker:
    """``queue`` takes tickets whose draft names no owner. ``zone`` is where a deadline's day ends."""

    name = "request_tracker"

    def __init__(
        self,
        exchange: Exchange,
        *,
        queue: str,
        field: str = "PostureId",
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, str] = PRIORITIES,
        zone: ZoneInfo | None = None,
    ) -> None:
        self._exchange, self._queue, self._field = exchange, queue, field
        self._statuses, self._priorities = statuses, priorities
        self._zone = zone or ZoneInfo("Europe/Madrid")
        self._queues: dict[str, str] = {}

    def check(self) -> str:
        """Also that the queue is seen and has the custom field; raises when not."""
        version = text_at(self._exchange.ask("GET", f"{_API}/rt").data, "Version")
        queue = self._exchange.ask("GET", f"{_API}/queue/{segment(self._queue)}").data
        if self._field not in (text_at(field, "name") for field in list_at(queue, "TicketCustomFields")):
            raise TicketingError(
                "refused",
                f"queue {self._queue} of Request Tracker has no custom field {self._field} that Talaia's account may see",
            )
        return f"Request Tracker {version[:40]}"

    def search(self, external_id: str) -> Reference | None:
        found = self._tickets(f"CF.{{{_quoted(self._field)}}} = '{_quoted(external_id)}'", 1)
        return next((self._reference(number) for number in found), None)

    def create(self, draft: Draft) -> Reference:
        body: dict[str, object] = {
            "Queue": draft.owner or self._queue,
            "Subject": draft.title(),
            "Content": draft.text(),
            "ContentType": "text/plain",
            "Priority": self._priorities[draft.priority],
            "CustomFields": {self._field: draft.external_id},
        }
        if draft.due:
            body["Due"] = self._end_of(draft.due)
        made = self._exchange.ask("POST", f"{_API}/ticket", body=body).data
        reference = self._reference(text_at(made, "id"))
        path = self._path(reference)
        if self._external_id(self._exchange.ask("GET", path).data) != draft.external_id:
            self._exchange.ask("PUT", path, body={"CustomFields": {self._field: draft.external_id}}, repeat=True)
            if self._external_id(self._exchange.ask("GET", path).data) != draft.external_id:
                raise TicketingError(
                    "refused",
                    f"Request Tracker made ticket {reference.id} without {self._field}: Talaia's account needs the right"
                    f" ModifyCustomField; until then every attempt would make one more ticket",
                )
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """Guarded by the ticket's ETag: what a person writes between our reading and our writing is a conflict, never lost."""
        answer = self._exchange.ask("GET", self._path(reference))
        write, outcome = settle(changes, self._remote(answer, ()))
        body: dict[str, object] = {}
        if write.priority:
            body["Priority"] = self._priorities[write.priority]
        if write.due:
            body["Due"] = self._end_of(write.due)
        if write.owner:
            body["Queue"] = write.owner
        if body:
            etag = answer.headers.get("etag", "")
            guard = {"if-match": etag} if etag else {}
            self._exchange.ask("PUT", self._path(reference), body=body, headers=guard)
            confirm(write, self.read(reference), "Request Tracker")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._say(reference, text, None)

    def reopen(self, reference: Reference, text: str) -> None:
        ended = self._remote(self._exchange.ask("GET", self._path(reference)), ()).status in ENDED
        self._say(reference, text, self._statuses.outward[Status.OPEN] if ended else None)
        confirm_status("open", self.read(reference), "Request Tracker")

    def propose_resolution(self, reference: Reference, text: str) -> None:
        ended = self._remote(self._exchange.ask("GET", self._path(reference)), ()).status in ENDED
        self._say(reference, text, None if ended else self._statuses.outward[Status.RESOLVED])
        confirm_status("ended", self.read(reference), "Request Tracker")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        answer = self._exchange.ask("GET", self._path(reference))
        return self._remote(answer, self._remarks(reference, since))

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older: what changes while we page moves to the front and pushes no other off the list.
        The search names no moment, because Request Tracker reads it in the account's time zone."""
        query = f"CF.{{{_quoted(self._field)}}} LIKE 'posture:'"
        for number in self._tickets(query, MOST_PAGES, when):
            remote = self.read(self._reference(number), when)
            if remote.external_id:
                yield remote

    def _say(self, reference: Reference, text: str, status: str | None) -> None:
        """A comment, and a status in the same request: one does not arrive without the other."""
        body = {"Content": text, "ContentType": "text/plain", **({"Status": status} if status else {})}
        self._exchange.ask("POST", f"{self._path(reference)}/comment", body=body)

    def _tickets(self, query: str, pages: int, when: datetime | None = None) -> Iterator[str]:
        """Numbers: in their order, or with ``when`` those changed since, newest first."""
        order = {"orderby": "LastUpdated", "order": "DESC"} if when else {"orderby": "id", "order": "ASC"}
        seen: set[str] = set()
        for page in range(1, pages + 1):
            params = {"query": query, "fields": "LastUpdated", "per_page": str(PAGE), "page": str(page), **order}
            items = list_at(self._exchange.ask("GET", f"{_API}/tickets", params=params).data, "items")
            for item in items:
                number, changed = text_at(item, "id"), moment(text_at(item, "LastUpdated"))
                if when and changed and changed < when:
                    return
                if number.isdecimal() and number not in seen:
                    yield number
                seen.add(number)
            if len(items) < PAGE:
                return

    def _remarks(self, reference: Reference, since: datetime | None) -> tuple[Remark, ...]:
        """Texts written on the ticket, its first one left out (that is our own body)."""
        remarks: list[Remark] = []
        for page in range(1, MOST_PAGES + 1):
            params = {"fields": "Content,ContentType,Creator,Created", "per_page": str(PAGE), "page": str(page)}
            items = list_at(self._exchange.ask("GET", f"{self._path(reference)}/attachments", params=params).data, "items")
            for item in items[1:] if page == 1 else items:
                written = moment(text_at(item, "Created"))
                if written and text_at(item, "ContentType") == "text/plain" and (since is None or written >= since):
                    author = text_at(item, "Creator", "id")
                    remarks.append(Remark(author=author, text=text_at(item, "Content"), written_at=written))
            if len(items) < PAGE:
                break
        return tuple(remarks[-MOST_REMARKS:])

    def _remote(self, answer: Answer, remarks: tuple[Remark, ...]) -> Remote:
        data = answer.data
        number, updated = text_at(data, "id"), moment(text_at(data, "LastUpdated"))
        if not number or updated is None:
            raise TicketingError("refused", "Request Tracker sent a ticket without number or time of change")
        raw_priority = text_at(data, "Priority")
        names = {value: word for word, value in self._priorities.items()}
        assignee, due = text_at(data, "Owner", "id"), moment(text_at(data, "Due"))
        return Remote(
            reference=self._reference(number),
            external_id=self._external_id(data) or None,
            status=self._statuses.read(text_at(data, "Status")),
            raw_status=text_at(data, "Status"),
            updated_at=updated,
            subject=text_at(data, "Subject"),
            assignee=None if assignee in ("", "Nobody") else assignee,
            owner=self._queue_name(text_at(data, "Queue", "id")),
            priority=names.get(raw_priority),
            raw_priority="" if raw_priority == "0" else raw_priority,
            due=due.astimezone(self._zone).date() if due and due.year > 1970 else None,
            remarks=remarks,
        )

    def _queue_name(self, number: str) -> str | None:
        if number.isdecimal() and number not in self._queues:
            self._queues[number] = text_at(self._exchange.ask("GET", f"{_API}/queue/{number}").data, "Name")
        return self._queues.get(number) or None

    def _external_id(self, data: object) -> str:
        fields = (field for field in list_at(data, "CustomFields") if at(field, "name") == self._field)
        return next((text_at(field, "values", 0) for field in fields), "")

    def _reference(self, number: str) -> Reference:
        if not (number.isascii() and number.isdecimal()):
            raise TicketingError("refused", "Request Tracker did not say the number of the ticket")
        return Reference(id=number, url=f"{self._exchange.url}/Ticket/Display.html?id={number}")

    def _path(self, reference: Reference) -> str:
        return f"{_API}/ticket/{segment(reference.id)}"

    def _end_of(self, due: date) -> str:
        end = datetime.combine(due, time(23, 59), self._zone).astimezone(UTC)
        return end.strftime("%Y-%m-%d %H:%M:%S")


def _quoted(text: str) -> str:
    """A value inside quotes of TicketSQL; what could end them is left out, which no id of ours has."""
    return "".join(sign for sign in text if sign not in "'\"\\{}")
