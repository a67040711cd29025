"""GLPI 11 by its high-level interface (``api.php/v2``), version 11.0.6 or later, for where ``apirest.php`` is switched off.

It can do less than the first interface: a ticket's deadline is not in it, so deadlines stay in Talaia. What matters here: a
token lasts an hour; a condition on a field that is not there is left out without a word; who is assigned cannot be said at
creation, and the role is asked for as a number though it is shown as a word; 11.0.7 answers *not found* to a comment that it
has kept.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from api.ticketing.answers import at, list_at, moment, text_at
from api.ticketing.exchange import Answer, Exchange, segment
from api.ticketing.glpi import FIRST_LINE, PRIORITIES, STATUSES
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

PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
_API = "/api.php/v2"
_TICKETS = f"{_API}/Assistance/Ticket"
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_ASSIGNED = 2
_HREF = re.compile(r"/(user|group)\.form\.php\?id=(\d+)")


class Token:
    """The login of each request: an OAuth2 token by the password grant, asked for at the first, again after :meth:`end`.
    ``login`` is an exchange with no login of its own (``lambda: {}``)."""

    def __init__(self, login: Exchange, user: str, password: Secret, *, client: str, client_secret: Secret) -> None:
        self._login, self._user, self._password = login, user, password
        self._client, self._client_secret = client, client_secret
        self._token = ""

    def __call__(self) -> Mapping[str, str]:
        if not self._token:
            password, secret = self._password(), self._client_secret()
            asked = {"grant_type": "password", "scope": "api", "client_id": self._client, "client_secret": secret}
            body = urlencode({**asked, "username": self._user, "password": password}).encode()
            hidden = f"{password} {secret}"
            given = self._login.ask("POST", "/api.php/token", body=body, headers=_FORM, repeat=True, secret=hidden).data
            self._token = text_at(given, "access_token")
            if not self._token:
                raise TicketingError("refused", "GLPI gave no token")
        return {"authorization": f"Bearer {self._token}"}

    def end(self) -> None:
        """The next request asks for another."""
        self._token = ""


class GlpiV2:
    """``exchange`` has ``token`` as its login. ``group`` is assigned to tickets whose draft names no owner, ``entity`` is the
    number of the entity where tickets are made (``None``: the account's own)."""

    name = "glpi_v2"

    def __init__(
        self,
        exchange: Exchange,
        token: Token,
        *,
        group: str | None = None,
        entity: int | None = None,
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, str] = PRIORITIES,
    ) -> None:
        self._exchange, self._token = exchange, token
        self._group, self._entity = group, entity
        self._statuses, self._priorities = statuses, priorities
        self._groups: dict[str, int] = {}

    def check(self) -> str:
        """Also that tickets are seen, and the configured group; raises when not. The version is not told."""
        self._ask("GET", _TICKETS, params={"limit": "1"})
        if self._group:
            self._group_number(self._group)
        return "GLPI 11, high-level interface"

    def search(self, external_id: str) -> Reference | None:
        for ticket in self._tickets(f'external_id=="{external_id}";is_deleted==false', "id:asc"):
            if _external_id(ticket) == external_id:
                return self._reference(ticket)
        return None

    def create(self, draft: Draft) -> Reference:
        """The ticket, then its group. A ticket without group is found again by its external id and gets it with an update."""
        level = int(self._priorities[draft.priority])
        fields: dict[str, object] = {
            "name": draft.title(),
            "content": to_html(draft.text()),
            "external_id": draft.external_id,
            "type": 1,
            "urgency": level,
            "impact": level,
            "priority": level,
        }
        if self._entity is not None:
            fields["entity"] = {"id": self._entity}
        owner = draft.owner or self._group
        group = self._group_number(owner) if owner else None
        reference = self._reference(self._ask("POST", _TICKETS, body=fields).data)
        if text_at(self._ticket(reference), "external_id") != draft.external_id:
            raise TicketingError(
                "refused",
                f"GLPI made ticket {reference.id} without its external id: until it keeps it, every attempt would make one more",
            )
        if group is not None:
            self._member("POST", reference, group)
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """GLPI has no lock: what a person writes in the instant between our reading and our writing is lost."""
        wanted = msgspec.structs.replace(changes.wanted, due=None)
        before = changes.before.owner if changes.before else None
        remote = self._remote(self._ticket(reference), (), wanted.owner, before)
        write, outcome = settle(Changes(wanted=wanted, before=changes.before), remote)
        if write.priority:
            level = int(self._priorities[write.priority])
            self._ask("PATCH", self._path(reference), body={"priority": level}, repeat=True)
        if write.owner:
            self._member("POST", reference, self._group_number(write.owner))
            if remote.owner:
                self._member("DELETE", reference, self._group_number(remote.owner))
        if outcome.written:
            confirm(write, self._remote(self._ticket(reference), (), write.owner), "GLPI")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._say(reference, "Followup", {"content": to_html(text), "is_private": True})

    def reopen(self, reference: Reference, text: str) -> None:
        """The status first: what its profile forbids is then refused before anything is said."""
        if self._remote(self._ticket(reference), ()).status in ENDED:
            status = {"status": {"id": int(self._statuses.outward[Status.OPEN])}}
            self._ask("PATCH", self._path(reference), body=status, repeat=True)
            confirm_status("open", self._remote(self._ticket(reference), ()), "GLPI")
        self.comment(reference, text)

    def propose_resolution(self, reference: Reference, text: str) -> None:
        """A solution, which sets the status with it; a comment on a ticket that is ended."""
        if self._remote(self._ticket(reference), ()).status in ENDED:
            self.comment(reference, text)
            return
        self._say(reference, "Solution", {"content": to_html(text)})
        confirm_status("ended", self._remote(self._ticket(reference), ()), "GLPI")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        ticket = self._ticket(reference)
        return self._remote(ticket, self._remarks(reference, since, ticket))

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older: what changes while we page moves to the front and pushes no other off the list."""
        for ticket in self._tickets('external_id=like="posture:*";is_deleted==false', "date_mod:desc"):
            changed = moment(text_at(ticket, "date_mod"))
            if changed and changed < when:
                return
            if not _external_id(ticket):
                continue
            try:
                yield self.read(self._reference(ticket), when)
            except TicketingError as error:
                if not error.found_nothing:  # otherwise it went between the list and now
                    raise

    def _say(self, reference: Reference, kind: str, body: Mapping[str, object]) -> None:
        """A line of the timeline. Where *not found* is answered, it may be there all the same: it is looked for."""
        path = f"{self._path(reference)}/Timeline/{kind}"
        before = self._lines(path)
        try:
            self._ask("POST", path, body=dict(body))
        except TicketingError as error:
            added = [text for number, text in self._lines(path).items() if number not in before]
            if not error.found_nothing or from_html(text_at(body, "content")) not in added:
                raise

    def _lines(self, path: str) -> dict[str, str]:
        lines = list_at(self._ask("GET", path).data)
        return {text_at(line, "item", "id"): from_html(text_at(line, "item", "content")) for line in lines}

    def _remarks(self, reference: Reference, since: datetime | None, ticket: object) -> tuple[Remark, ...]:
        """Followups and solutions. A solution may have no moment of its own: then it is that at which the ticket was solved, and
        an older one, of a ticket that was opened again, is left out."""
        remarks: list[Remark] = []
        for kind in ("Followup", "Solution"):
            for line in list_at(self._ask("GET", f"{self._path(reference)}/Timeline/{kind}").data):
                said = at(line, "item")
                written = moment(text_at(said, "date_creation") or text_at(ticket, "date_solve"))
                if written and (since is None or written >= since):
                    text = from_html(text_at(said, "content"))
                    remarks.append(Remark(author=text_at(said, "user", "name"), text=text, written_at=written))
        return tuple(sorted(remarks, key=lambda remark: remark.written_at)[-MOST_REMARKS:])

    def _member(self, method: str, reference: Reference, group: int) -> None:
        body = {"type": "Group", "id": group, "role": _ASSIGNED}
        self._ask(method, f"{self._path(reference)}/TeamMember", body=body)

    def _group_number(self, group: str) -> int:
        if group not in self._groups:
            query = f'completename=="{group.replace(chr(34), "")}"'
            for found in list_at(self._ask("GET", f"{_API}/Administration/Group", params={"filter": query}).data):
                if text_at(found, "completename") == group and text_at(found, "id").isdecimal():
                    self._groups[group] = int(text_at(found, "id"))
        if group not in self._groups:
            raise TicketingError("refused", f"GLPI has no group {group[:80]!r} that Talaia's account may see")
        return self._groups[group]

    def _tickets(self, query: str, order: str) -> Iterator[object]:
        """Tickets in an order, each once."""
        seen: set[str] = set()
        for page in range(MOST_PAGES):
            params = {"filter": query, "sort": order, "start": str(page * PAGE), "limit": str(PAGE)}
            answer = self._ask("GET", _TICKETS, params=params)
            for ticket in list_at(answer.data):
                if text_at(ticket, "id") not in seen:
                    seen.add(text_at(ticket, "id"))
                    yield ticket
            total = answer.headers.get("content-range", "").rpartition("/")[2]
            if not total.isdecimal() or (page + 1) * PAGE >= int(total):
                return

    def _ticket(self, reference: Reference) -> object:
        return self._ask("GET", self._path(reference)).data

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        repeat: bool | None = None,
    ) -> Answer:
        """As the exchange, and once more with a new token if this one had ended; nothing was done in that case."""
        try:
            return self._exchange.ask(method, path, params=params, body=body, repeat=repeat)
        except TicketingError as error:
            if f"{path} at {self._exchange.system}: 401 " not in f"{error} ":
                raise
        self._token.end()
        return self._exchange.ask(method, path, params=params, body=body, repeat=repeat)

    def _remote(self, ticket: object, remarks: tuple[Remark, ...], *owners: str | None) -> Remote:
        updated = moment(text_at(ticket, "date_mod"))
        if updated is None:
            raise TicketingError("refused", "GLPI sent a ticket without the time of its change")
        level = text_at(ticket, "priority")
        raw_status = "deleted" if at(ticket, "is_deleted") is True else text_at(ticket, "status", "id")
        names = {value: word for word, value in self._priorities.items()}
        team = [one for one in list_at(ticket, "team") if text_at(one, "role") == "assigned"]
        users = [text_at(one, "name") for one in team if _kind(one) == "user"]
        groups = (text_at(one, "name") for one in team if _kind(one) == "group")
        return Remote(
            reference=self._reference(ticket),
            external_id=_external_id(ticket) or None,
            status=self._statuses.read(raw_status),
            raw_status=raw_status,
            updated_at=updated,
            subject=text_at(ticket, "name"),
            assignee=users[0] if users else None,
            owner=owner_among(groups, *owners, self._group),
            priority=names.get(level),
            raw_priority="" if level == "0" else level,
            remarks=remarks,
        )

    def _reference(self, ticket: object) -> Reference:
        number = text_at(ticket, "id")
        if not (number.isascii() and number.isdecimal()):
            raise TicketingError("refused", "GLPI did not say the number of the ticket")
        return Reference(id=number, url=f"{self._exchange.url}/front/ticket.form.php?id={number}")

    def _path(self, reference: Reference) -> str:
        return f"{_TICKETS}/{segment(reference.id)}"


def _kind(member: object) -> str:
    """What a member of the team is; its type is said in some versions, its address in all."""
    found = _HREF.search(text_at(member, "href"))
    return text_at(member, "type").lower() or (found[1] if found else "")


def _external_id(ticket: object) -> str:
    field, written = text_at(ticket, "external_id"), FIRST_LINE.match(from_html(text_at(ticket, "content")))
    return field if EXTERNAL_ID.fullmatch(field) else written[1] if written else ""
