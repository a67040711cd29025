"""Znuny and OTOBO (and OTRS 6) by their generic interface, with the web service of ``deploy/znuny/Talaia.yml``.

The external id is in a dynamic field of tickets. What matters here: an error is answered with 200; a condition on a dynamic
field that is not there, or that comes in an address, is left out without a word and finds everything; lists have a limit and no
pages; a session ends without notice; an article is shown to the customer unless it says that it is not; moments have no time
zone.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parseaddr, parsedate_to_datetime

import msgspec

from api.ticketing.answers import at, day, list_at, text_at
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
    Secret,
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
        "pending reminder": Status.WAITING,
        "pending auto close+": Status.WAITING,
        "pending auto close-": Status.WAITING,
        "closed successful": Status.RESOLVED,
        "closed with workaround": Status.RESOLVED,
        "closed unsuccessful": Status.REJECTED,
        "merged": Status.CLOSED,
        "removed": Status.REJECTED,
    },
    outward={Status.OPEN: "open", Status.RESOLVED: "closed successful"},
)
PRIORITIES: Mapping[Priority, str] = {
    Priority.CRITICAL: "5 very high", Priority.HIGH: "4 high", Priority.MEDIUM: "3 normal", Priority.LOW: "2 low"}  # fmt: skip
PAGE, MOST_TICKETS, MOST_REMARKS = 100, 20_000, 100
_API = "/nph-genericinterface.pl/Webservice"
_NOBODY = "1"  # the account that owns what nobody took
_CLOCKS_APART = timedelta(minutes=10)


class Znuny:
    """``exchange`` has no login of its own (``lambda: {}``) and leads to the folder of the product (``https://host/znuny``).
    ``customer`` is the customer user of the tickets, which have to have one. ``field`` and ``due_field`` are dynamic fields of
    tickets, a text and a date; without the second, deadlines stay here. ``zone`` is the product's ``OTRSTimeZone``."""

    name = "znuny"

    def __init__(
        self,
        exchange: Exchange,
        user: str,
        password: Secret,
        *,
        queue: str,
        customer: str,
        service: str = "Talaia",
        field: str = "PostureId",
        due_field: str | None = "PostureDue",
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, str] = PRIORITIES,
        zone: tzinfo = UTC,
    ) -> None:
        self._exchange, self._user, self._password = exchange, user, password
        self._queue, self._customer, self._field, self._due_field = queue, customer, field, due_field
        self._statuses, self._priorities, self._zone = statuses, priorities, zone
        self._service = f"{_API}/{segment(service)}"
        self._session = ""

    def check(self) -> str:
        """Logs in and searches; raises when the search does not know the dynamic field. Its version is not told."""
        self._end_session()
        for number in self._search({"Like": "posture:*"}, 1)[:1]:
            self._ours(self._ticket(number).data)
        return f"Znuny or OTOBO, web service {self._service.rpartition('/')[2]}"

    def search(self, external_id: str) -> Reference | None:
        for number in sorted(self._search({"Equals": external_id}, 50), key=int):
            if self._ours(self._ticket(number).data) == external_id:
                return self._reference(number)
        return None

    def create(self, draft: Draft) -> Reference:
        ticket = {
            "Title": draft.title(),
            "Queue": draft.owner or self._queue,
            "State": "new",
            "Priority": self._priorities[draft.priority],
            "CustomerUser": self._customer,
        }
        fields = [{"Name": self._field, "Value": draft.external_id}]
        if draft.due and self._due_field:
            fields.append({"Name": self._due_field, "Value": f"{draft.due} 00:00:00"})
        body = {"Ticket": ticket, "Article": _article(draft.title(), draft.text()), "DynamicField": fields}
        made = self._ask("POST", "/Ticket", body).data
        reference = self._reference(text_at(made, "TicketID"))
        if self._value(self._ticket(reference.id).data, self._field) != draft.external_id:
            raise TicketingError(
                "refused",
                f"Znuny made ticket {text_at(made, 'TicketNumber')[:40]} without {self._field}: until tickets keep that dynamic"
                " field, every attempt would make one more ticket",
            )
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """The interface has no lock: what a person writes in the instant between our reading and our writing is lost."""
        if not self._due_field:
            changes = Changes(wanted=msgspec.structs.replace(changes.wanted, due=None), before=changes.before)
        write, outcome = settle(changes, self._remote(self._ticket(reference.id), ()))
        ticket: dict[str, object] = {}
        if write.priority:
            ticket["Priority"] = self._priorities[write.priority]
        if write.owner:
            ticket["Queue"] = write.owner
        body: dict[str, object] = {"Ticket": ticket} if ticket else {}
        if write.due:
            body["DynamicField"] = [{"Name": self._due_field, "Value": f"{write.due} 00:00:00"}]
        if body:
            self._ask("PATCH", self._path(reference), body)
            confirm(write, self._remote(self._ticket(reference.id), ()), "Znuny")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._say(reference, text, None)

    def reopen(self, reference: Reference, text: str) -> None:
        ended = self._remote(self._ticket(reference.id), ()).status in ENDED
        self._say(reference, text, self._statuses.outward[Status.OPEN] if ended else None)
        confirm_status("open", self._remote(self._ticket(reference.id), ()), "Znuny")

    def propose_resolution(self, reference: Reference, text: str) -> None:
        ended = self._remote(self._ticket(reference.id), ()).status in ENDED
        self._say(reference, text, None if ended else self._statuses.outward[Status.RESOLVED])
        confirm_status("ended", self._remote(self._ticket(reference.id), ()), "Znuny")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        answer = self._ticket(reference.id, articles=True)
        return self._remote(answer, self._remarks(answer.data, since))

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older. There are no pages: the list is asked for again, twice as long."""
        seen: set[str] = set()
        limit = PAGE
        while limit <= MOST_TICKETS:
            numbers = self._search({"Like": "posture:*"}, limit)
            for number in numbers:
                if number in seen:
                    continue
                seen.add(number)
                try:
                    remote = self.read(self._reference(number), when)
                except TicketingError as error:
                    if error.found_nothing:  # it went between the list and now
                        continue
                    raise
                if remote.updated_at < when:
                    return
                if remote.external_id:
                    yield remote
            if len(numbers) < limit:
                return
            limit *= 2

    def _say(self, reference: Reference, text: str, state: str | None) -> None:
        """An article, and a state in the same request: one does not arrive without the other."""
        body = {"Article": _article("Talaia", text), **({"Ticket": {"State": state}} if state else {})}
        self._ask("PATCH", self._path(reference), body)

    def _search(self, mark: Mapping[str, str], limit: int) -> list[str]:
        """Numbers of tickets, the last changed first."""
        body = {
            f"DynamicField_{self._field}": dict(mark),
            "SearchInArchive": "AllTickets",
            "SortBy": "Changed",
            "OrderBy": "Down",
            "Limit": limit,
        }
        data = self._ask("POST", "/TicketSearch", body, repeat=True).data
        found = at(data, "TicketID")
        numbers = [text_at(number) for number in (found if isinstance(found, list) else [found])]
        return [number for number in numbers if number.isascii() and number.isdecimal()]

    def _ticket(self, number: str, *, articles: bool = False) -> Answer:
        body: dict[str, object] = {"TicketID": number, "DynamicFields": 1}
        if articles:
            body |= {"AllArticles": 1, "ArticleOrder": "DESC", "ArticleLimit": MOST_REMARKS + 1}
        return self._ask("POST", "/TicketGet", body, repeat=True)

    def _ask(self, method: str, path: str, body: Mapping[str, object], *, repeat: bool = False) -> Answer:
        """The answer, if it holds no error; once more with a new session if this one had ended: nothing was done in that case."""
        for last in (False, True):
            session = self._open_session()
            sent = {**body, "SessionID": session}
            answer = self._exchange.ask(method, self._service + path, body=sent, repeat=repeat, secret=session)
            code = text_at(answer.data, "Error", "ErrorCode")
            if not code:
                break
            if last or not code.endswith(".AuthFail"):
                raise _refusal(code, answer.data)
            self._end_session()
        return answer

    def _open_session(self) -> str:
        if not self._session:
            password = self._password()
            body = {"UserLogin": self._user, "Password": password}
            opened = self._exchange.ask("POST", f"{self._service}/Session", body=body, repeat=True, secret=password).data
            self._session = text_at(opened, "SessionID")
            if not self._session:
                raise _refusal(text_at(opened, "Error", "ErrorCode") or "no session", opened)
        return self._session

    def _end_session(self) -> None:
        self._session = ""

    def _ours(self, data: object) -> str:
        """The external id of a ticket that the search found by it. One without any is found when the condition is left out."""
        value = self._value(data, self._field)
        if not value:
            raise TicketingError(
                "refused", f"Znuny knows no dynamic field {self._field} of tickets: its search left the condition out"
            )
        return value

    def _value(self, data: object, field: str) -> str:
        fields = list_at(data, "Ticket", 0, "DynamicField")
        return next((text_at(one, "Value") for one in fields if text_at(one, "Name") == field), "")

    def _remarks(self, data: object, since: datetime | None) -> tuple[Remark, ...]:
        """Articles in their order, the oldest of those that were asked for left out: that is our own body, or one too many."""
        articles = sorted(list_at(data, "Ticket", 0, "Article"), key=lambda one: int(text_at(one, "ArticleID") or 0))
        remarks = []
        for article in articles[1:]:
            written = self._moment(text_at(article, "CreateTime"))
            if written and (since is None or written >= since):
                author = parseaddr(text_at(article, "From"))[0] or text_at(article, "From")
                remarks.append(Remark(author=author, text=text_at(article, "Body"), written_at=written))
        return tuple(remarks)

    def _remote(self, answer: Answer, remarks: tuple[Remark, ...]) -> Remote:
        ticket = at(answer.data, "Ticket", 0)
        updated = self._moment(text_at(ticket, "Changed"))
        if updated is None:
            raise TicketingError("refused", "Znuny sent a ticket without the time of its change")
        self._same_clock(answer, ticket)
        raw_priority = text_at(ticket, "Priority")
        names = {value: word for word, value in self._priorities.items()}
        return Remote(
            reference=self._reference(text_at(ticket, "TicketID")),
            external_id=self._value(answer.data, self._field) or None,
            status=self._statuses.read(text_at(ticket, "State")),
            raw_status=text_at(ticket, "State"),
            updated_at=updated,
            subject=text_at(ticket, "Title"),
            assignee=None if text_at(ticket, "OwnerID") == _NOBODY else text_at(ticket, "Owner") or None,
            owner=text_at(ticket, "Queue") or None,
            priority=names.get(raw_priority),
            raw_priority=raw_priority,
            due=day(self._value(answer.data, self._due_field)) if self._due_field else None,
            remarks=remarks,
        )

    def _same_clock(self, answer: Answer, ticket: object) -> None:
        """The zone is the right one: with a wrong one, changes would be missed and nobody would know."""
        created, age = self._moment(text_at(ticket, "Created")), text_at(ticket, "Age")
        try:
            now = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError):
            return
        if created and age.isdecimal() and abs(now - timedelta(seconds=int(age)) - created) > _CLOCKS_APART:
            raise TicketingError(
                "refused", f"Znuny keeps its moments in another time zone than the configured one ({self._zone})"
            )

    def _moment(self, text: str) -> datetime | None:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self._zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _reference(self, number: str) -> Reference:
        if not (number.isascii() and number.isdecimal()):
            raise TicketingError("refused", "Znuny did not say the number of the ticket")
        return Reference(id=number, url=f"{self._exchange.url}/index.pl?Action=AgentTicketZoom;TicketID={number}")

    def _path(self, reference: Reference) -> str:
        return f"/Ticket/{segment(reference.id)}"


def _article(subject: str, text: str) -> dict[str, object]:
    return {
        "Subject": subject,
        "Body": text,
        "ContentType": "text/plain; charset=utf8",
        "CommunicationChannel": "Internal",
        "IsVisibleForCustomer": 0,
    }


def _refusal(code: str, data: object) -> TicketingError:
    said = text_at(data, "Error", "ErrorMessage")[:200]
    gone = code in ("TicketGet.AccessDenied", "TicketGet.NotValidTicketID")
    return TicketingError("refused", f"Znuny refused: {code[:60]} {said}".strip(), found_nothing=gone)
