"""GLPI 10 and 11 by the first REST interface, ``apirest.php`` (https://github.com/glpi-project/glpi/blob/main/apirest.md).

What matters here: a session ends without notice and is opened again; GLPI 11 has a field for an external id and GLPI 10 drops it
without a word, so there the first line of the description is searched; *equals* compares a text with the number of the ticket, so
*contains* with anchors is used; a change that the profile forbids is answered like one that was made; moments have no time zone,
and only the header ``Last-Modified`` of a ticket tells it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from api.ticketing.answers import at, day, list_at, text_at
from api.ticketing.exchange import Answer, Exchange, segment
from api.ticketing.rich_text import from_html, to_html
from api.ticketing.ticketing import (
    ENDED,
    EXTERNAL_ID,
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
    owner_among,
    settle,
)
from api.ticketing.trouble import TicketingError

STATUSES = StatusMap(
    inward={
        "1": Status.NEW,
        "2": Status.OPEN,
        "3": Status.OPEN,
        "4": Status.WAITING,
        "5": Status.RESOLVED,
        "6": Status.CLOSED,
        "deleted": Status.REJECTED,
    },
    outward={Status.OPEN: "2"},
)
PRIORITIES: Mapping[Priority, str] = {Priority.CRITICAL: "5", Priority.HIGH: "4", Priority.MEDIUM: "3", Priority.LOW: "2"}
PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
FIRST_LINE = re.compile(r"\[(" + EXTERNAL_ID.pattern + r")\]")
_API = "/apirest.php"
_ASSIGNED = "2"  # the role of an actor
_JSON = {"content-type": "application/json"}  # also on a GET, which has no body
_SUMMER = timedelta(hours=1)  # what the clock over there may have been moved since an older ticket changed


class Session:
    """The login of each request: opened at the first, again after :meth:`end`. ``login`` is an exchange that sends the account's
    token (``header_login("authorization", secret, "user_token")``); ``app_token`` is the application's, if one is asked for."""

    def __init__(self, login: Exchange, app_token: Secret | None = None) -> None:
        self._login, self._app_token = login, app_token
        self._token = ""

    def __call__(self) -> Mapping[str, str]:
        application = {**_JSON, **({"app-token": self._app_token()} if self._app_token else {})}
        if not self._token:
            opened = self._login.ask("GET", f"{_API}/initSession", headers=application).data
            self._token = text_at(opened, "session_token")
            if not self._token:
                raise TicketingError("refused", "GLPI opened no session")
        return {**application, "session-token": self._token}

    def end(self) -> None:
        """The next request opens another."""
        self._token = ""


class Glpi:
    """``exchange`` has ``session`` as its login. ``group`` is assigned to tickets whose draft names no owner, ``entity`` is the
    number of the entity where tickets are made (``None``: the account's own)."""

    name = "glpi"

    def __init__(
        self,
        exchange: Exchange,
        session: Session,
        *,
        group: str | None = None,
        entity: int | None = None,
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, str] = PRIORITIES,
    ) -> None:
        self._exchange, self._session = exchange, session
        self._group, self._entity = group, entity
        self._statuses, self._priorities = statuses, priorities
        self._options: Mapping[str, str] = {}
        self._groups: dict[str, int] = {}

    def check(self) -> str:
        """Also that tickets can be searched and the configured group is seen; raises when not."""
        version = text_at(self._ask("GET", "/getGlpiConfig").data, "cfg_glpi", "version")
        self._option("date_mod")
        if self._group:
            self._group_number(self._group)
        return f"GLPI {version[:40]}".strip()

    def search(self, external_id: str) -> Reference | None:
        for field, value in (("externalid", f"^{external_id}$"), ("content", external_id)):
            option = self._option(field)
            for row in self._tickets([(option, value)], "id") if option else ():
                reference = self._reference(text_at(row, self._option("id")))
                if self._external_id(self._ask("GET", self._path(reference)).data) == external_id:
                    return reference
        return None

    def create(self, draft: Draft) -> Reference:
        level = int(self._priorities[draft.priority])
        fields: dict[str, object] = {
            "name": draft.title(),
            "content": to_html(draft.text()),
            "externalid": draft.external_id,
            "type": 1,
            "urgency": level,
            "impact": level,
            "priority": level,
        }
        if self._entity is not None:
            fields["entities_id"] = self._entity
        if draft.due:
            fields["time_to_resolve"] = f"{draft.due} 23:59:00"
        owner = draft.owner or self._group
        if owner:
            fields["_groups_id_assign"] = self._group_number(owner)
        reference = self._reference(text_at(self._ask("POST", "/Ticket", body={"input": fields}).data, "id"))
        if self._external_id(self._ask("GET", self._path(reference)).data) != draft.external_id:
            raise TicketingError(
                "refused",
                f"GLPI made ticket {reference.id} and changed its description: until Talaia finds its external id there, every"
                " attempt would make one more ticket",
            )
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """GLPI has no lock: what a person writes in the instant between our reading and our writing is lost."""
        before = changes.before.owner if changes.before else None
        remote = self._read(reference, None, changes.wanted.owner, before)[0]
        write, outcome = settle(changes, remote)
        fields: dict[str, object] = {}
        if write.priority:
            fields["priority"] = int(self._priorities[write.priority])
        if write.due:
            fields["time_to_resolve"] = f"{write.due} 23:59:00"
        if fields:
            self._ask("PUT", self._path(reference), body={"input": fields}, repeat=True)
        if write.owner:
            self._assign(reference, write.owner, remote.owner)
        if outcome.written:
            confirm(write, self._read(reference, None, write.owner)[0], "GLPI")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        said = {"itemtype": "Ticket", "items_id": _number(reference), "content": to_html(text), "is_private": 1}
        self._ask("POST", "/ITILFollowup", body={"input": said})

    def reopen(self, reference: Reference, text: str) -> None:
        """The status first: what its profile forbids is then refused before anything is said."""
        if self.read(reference).status in ENDED:
            status = int(self._statuses.outward[Status.OPEN])
            self._ask("PUT", self._path(reference), body={"input": {"status": status}}, repeat=True)
            confirm_status("open", self.read(reference), "GLPI")
        self.comment(reference, text)

    def propose_resolution(self, reference: Reference, text: str) -> None:
        """A solution, which sets the status with it; a comment on a ticket that is ended."""
        if self.read(reference).status in ENDED:
            self.comment(reference, text)
            return
        said = {"itemtype": "Ticket", "items_id": _number(reference), "content": to_html(text)}
        self._ask("POST", "/ITILSolution", body={"input": said})
        confirm_status("ended", self.read(reference), "GLPI")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        return self._read(reference, since)[0]

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older: what changes while we page moves to the front and pushes no other off the list."""
        marks = [(self._option("externalid"), "^posture:"), (self._option("content"), "posture:")]
        ahead: timedelta | None = None
        for row in self._tickets([mark for mark in marks if mark[0]], "date_mod"):
            changed = _naive(text_at(row, self._option("date_mod")))
            if ahead is not None and changed and (changed - ahead).replace(tzinfo=UTC) < when - _SUMMER:
                return
            try:
                remote, ahead = self._read(self._reference(text_at(row, self._option("id"))), when)
            except TicketingError as error:
                if error.found_nothing:  # it went between the list and now
                    continue
                raise
            if remote.external_id and remote.updated_at >= when:
                yield remote

    def _read(self, reference: Reference, since: datetime | None, *owners: str | None) -> tuple[Remote, timedelta]:
        """The ticket, and how far its clock is ahead of UTC. Of several groups its owner is the first of these that is there."""
        answer = self._ask("GET", self._path(reference))
        data, updated = answer.data, _last_modified(answer)
        changed = _naive(text_at(data, "date_mod"))
        if not text_at(data, "id") or updated is None or changed is None:
            raise TicketingError("refused", "GLPI sent a ticket without number or time of change")
        ahead = changed - updated.replace(tzinfo=None)
        level, status = text_at(data, "priority"), text_at(data, "status")
        names = {value: word for word, value in self._priorities.items()}
        raw_status = "deleted" if text_at(data, "is_deleted") == "1" or at(data, "is_deleted") is True else status
        remote = Remote(
            reference=reference,
            external_id=self._external_id(data) or None,
            status=self._statuses.read(raw_status),
            raw_status=raw_status,
            updated_at=updated,
            subject=_name(text_at(data, "name")),
            assignee=next(iter(self._assigned(reference, "Ticket_User", "users_id")), None),
            owner=owner_among(self._assigned(reference, "Group_Ticket", "groups_id"), *owners, self._group),
            priority=names.get(level),
            raw_priority="" if level == "0" else level,
            due=day(text_at(data, "time_to_resolve")),
            remarks=self._remarks(reference, since, ahead),
        )
        return remote, ahead

    def _remarks(self, reference: Reference, since: datetime | None, ahead: timedelta) -> tuple[Remark, ...]:
        """Followups and solutions: why a person ended a ticket is in its solution."""
        params = {"expand_dropdowns": "true", "order": "DESC", "range": f"0-{MOST_REMARKS - 1}"}
        remarks = []
        for kind, moment in (("ITILFollowup", "date"), ("ITILSolution", "date_creation")):
            for said in reversed(list_at(self._ask("GET", f"{self._path(reference)}/{kind}", params=params).data)):
                naive = _naive(text_at(said, moment))
                written = None if naive is None else (naive - ahead).replace(tzinfo=UTC)
                if written and (since is None or written >= since):
                    text = from_html(text_at(said, "content"))
                    remarks.append((written, Remark(author=text_at(said, "users_id"), text=text, written_at=written)))
        return tuple(remark for _, remark in sorted(remarks, key=lambda pair: pair[0])[-MOST_REMARKS:])

    def _assigned(self, reference: Reference, kind: str, field: str) -> dict[str, str]:
        """The assigned actors of a kind, by their names: the number of each one's line."""
        actors = self._ask("GET", f"{self._path(reference)}/{kind}", params={"expand_dropdowns": "true"}).data
        assigned = [actor for actor in list_at(actors) if text_at(actor, "type") == _ASSIGNED]
        return {text_at(actor, field): text_at(actor, "id") for actor in assigned}

    def _assign(self, reference: Reference, group: str, instead_of: str | None) -> None:
        """The new group first, then the one that it takes the place of: the ticket is never without. Groups of people stay."""
        number = self._group_number(group)
        assigned = self._assigned(reference, "Group_Ticket", "groups_id")
        if group not in assigned:
            added = {"tickets_id": _number(reference), "groups_id": number, "type": int(_ASSIGNED)}
            self._ask("POST", "/Group_Ticket", body={"input": added})
        if instead_of in assigned:
            self._ask("DELETE", f"/Group_Ticket/{segment(assigned[instead_of])}", repeat=True)

    def _group_number(self, group: str) -> int:
        if group not in self._groups:
            params = {"searchText[completename]": f"^{group}$", "range": "0-49"}
            for found in list_at(self._ask("GET", "/Group", params=params).data):
                if text_at(found, "completename") == group and text_at(found, "id").isdecimal():
                    self._groups[group] = int(text_at(found, "id"))
        if group not in self._groups:
            raise TicketingError("refused", f"GLPI has no group {group[:80]!r} that Talaia's account may see")
        return self._groups[group]

    def _tickets(self, marks: list[tuple[str, str]], order: str) -> Iterator[object]:
        """Rows of the search: by their number, oldest first, or by ``date_mod``, newest first. Each ticket once."""
        number = self._option("id")
        params = {"sort": self._option(order), "order": "ASC" if order == "id" else "DESC"}
        for place, (option, value) in enumerate(marks):
            mark = {"link": "OR", "field": option, "searchtype": "contains", "value": value}
            params |= {f"criteria[{place}][{key}]": text for key, text in mark.items()}
        params |= {f"forcedisplay[{place}]": self._option(name) for place, name in enumerate(("id", "date_mod"))}
        seen: set[str] = set()
        for page in range(MOST_PAGES):
            first = page * PAGE
            try:
                data = self._ask("GET", "/search/Ticket", params={**params, "range": f"{first}-{first + PAGE - 1}"}).data
            except TicketingError as error:
                if page and "ERROR_RANGE_EXCEED_TOTAL" in str(error):  # some went while we paged
                    return
                raise
            for row in list_at(data, "data"):
                if text_at(row, number) not in seen:
                    seen.add(text_at(row, number))
                    yield row
            total = text_at(data, "totalcount")
            if not total.isdecimal() or first + PAGE >= int(total):
                return

    def _option(self, field: str) -> str:
        """The number by which a column of tickets is searched; empty when this GLPI has none."""
        if not self._options:
            listed = self._ask("GET", "/listSearchOptions/Ticket").data
            numbers = sorted((number for number in listed if number.isdecimal()), key=int) if isinstance(listed, dict) else []
            ours = [number for number in reversed(numbers) if text_at(listed, number, "table") == "glpi_tickets"]
            self._options = {text_at(listed, number, "field"): number for number in ours}  # of two with one name, the lower
            if not {"id", "date_mod", "content"} <= set(self._options):
                raise TicketingError("refused", "GLPI does not let Talaia's account search tickets")
        return self._options.get(field, "")

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        repeat: bool | None = None,
    ) -> Answer:
        """As the exchange, and once more with a new session if this one had ended; nothing was done in that case."""
        try:
            return self._exchange.ask(method, _API + path, params=params, body=body, repeat=repeat)
        except TicketingError as error:
            if "ERROR_SESSION_TOKEN_INVALID" not in str(error):
                raise
        self._session.end()
        return self._exchange.ask(method, _API + path, params=params, body=body, repeat=repeat)

    def _external_id(self, data: object) -> str:
        field, written = text_at(data, "externalid"), FIRST_LINE.match(from_html(text_at(data, "content")))
        return field if EXTERNAL_ID.fullmatch(field) else written[1] if written else ""

    def _reference(self, number: str) -> Reference:
        if not (number.isascii() and number.isdecimal()):
            raise TicketingError("refused", "GLPI did not say the number of the ticket")
        return Reference(id=number, url=f"{self._exchange.url}/front/ticket.form.php?id={number}")

    def _path(self, reference: Reference) -> str:
        return f"/Ticket/{segment(reference.id)}"


def _number(reference: Reference) -> int:
    if not (reference.id.isascii() and reference.id.isdecimal()):
        raise TicketingError("refused", "tickets of GLPI have numbers")
    return int(reference.id)


def _name(sent: str) -> str:
    """GLPI 10 sends three signs escaped, 11 as they are."""
    if "<" in sent or ">" in sent:
        return sent
    return sent.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")


def _naive(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _last_modified(answer: Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("last-modified", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
