"""Jira by its REST interface: Cloud (version 3) and Data Center (version 2, 8.14 or later for personal access tokens).

The external id is in a property of the issue, which people neither see nor copy, and its hash in a label, which is searched.
What matters here: a status changes only by a transition that the workflow offers just then; Cloud's search runs behind its own
writes, so it is told which issues this process wrote and asked twice before it is believed that there is none; a list ends when
the answer says so, not when a page is short; a moment in a query is in the account's time zone, so no query names one.
"""

import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Literal

from api.ticketing.answers import at, day, list_at, moment, text_at
from api.ticketing.atlassian_document import from_document, to_document
from api.ticketing.exchange import Exchange, segment
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
        "done": Status.RESOLVED,
        "resolved": Status.RESOLVED,
        "closed": Status.CLOSED,
        "won't do": Status.REJECTED,
        "declined": Status.REJECTED,
        "rejected": Status.REJECTED,
        "canceled": Status.REJECTED,
        "cancelled": Status.REJECTED,
        "on hold": Status.WAITING,
        "pending": Status.WAITING,
        "blocked": Status.WAITING,
        "waiting for customer": Status.WAITING,
    },
    outward={Status.OPEN: "In Progress", Status.RESOLVED: "Done"},
)
PRIORITIES: Mapping[Priority, str] = {
    Priority.CRITICAL: "Highest", Priority.HIGH: "High", Priority.MEDIUM: "Medium", Priority.LOW: "Low"}  # fmt: skip
REJECTIONS = frozenset({"won't do", "won't fix", "declined", "cannot reproduce", "duplicate", "known error"})
PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
LABEL = "posture"
_CATEGORIES = {"new": Status.NEW, "indeterminate": Status.OPEN, "done": Status.RESOLVED}
_FIELDS = "summary,status,resolution,priority,duedate,components,assignee,updated"
_INTERNAL = [{"key": "sd.public.comment", "value": {"internal": True}}]  # in a service desk, a comment is mailed out otherwise
_MARKUP = re.compile(r"([{\[!])")  # what begins a macro, a link or mention, an image
_ESCAPED = re.compile(r"\\([{\[!])")


class Cloud:
    """Version 3: documents, opaque page tokens, a search that runs behind. Login: ``basic_login(address, token)``."""

    api: ClassVar[str] = "/rest/api/3"
    lag_seconds: ClassVar[float] = 5.0

    def written(self, text: str) -> object:
        return to_document(text)

    def text(self, body: object) -> str:
        return from_document(body)

    def person(self, data: object) -> str:
        return text_at(data, "displayName")

    def page(self, exchange: Exchange, query: str, after: str, recent: list[int]) -> tuple[list[object], str]:
        """Issues, and the token of the next page or nothing."""
        body: dict[str, object] = {"jql": query, "fields": ["updated"], "maxResults": PAGE}
        if recent:
            body["reconcileIssues"] = recent
        if after:
            body["nextPageToken"] = after
        data = exchange.ask("POST", f"{self.api}/search/jql", body=body, repeat=True).data
        return list_at(data, "issues"), "" if at(data, "isLast") is True else text_at(data, "nextPageToken")


class DataCenter:
    """Version 2: text with wiki markup, pages by position. Login: ``header_login("authorization", token, "Bearer")``."""

    api: ClassVar[str] = "/rest/api/2"
    lag_seconds: ClassVar[float] = 0.0

    def written(self, text: str) -> object:
        """What could become a macro, a mention or a picture stays text."""
        return _MARKUP.sub(r"\\\1", text)

    def text(self, body: object) -> str:
        return _ESCAPED.sub(r"\1", body).strip() if isinstance(body, str) else ""

    def person(self, data: object) -> str:
        return text_at(data, "name")

    def page(self, exchange: Exchange, query: str, after: str, recent: list[int]) -> tuple[list[object], str]:
        """Issues, and the position of the next or nothing. The server may give fewer than asked for."""
        body = {"jql": query, "fields": ["updated"], "maxResults": PAGE, "startAt": int(after or 0)}
        data = exchange.ask("POST", f"{self.api}/search", body=body, repeat=True).data
        issues, total = list_at(data, "issues"), text_at(data, "total")
        position = int(after or 0) + len(issues)
        return issues, str(position) if issues and total.isdecimal() and position < int(total) else ""


class Jira:
    """``project`` is the key of the one where issues are made, of the type ``issue_type``; ``component`` is set on those whose
    draft names no owner (an owner is a component). ``fields`` are further fields that the project asks for at creation."""

    name = "jira"

    def __init__(
        self,
        exchange: Exchange,
        dialect: Cloud | DataCenter,
        *,
        project: str,
        issue_type: str = "Task",
        component: str | None = None,
        fields: Mapping[str, object] | None = None,
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, str] = PRIORITIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._exchange, self._dialect = exchange, dialect
        self._project, self._issue_type, self._component = project, issue_type, component
        self._fields, self._statuses, self._priorities = fields or {}, statuses, priorities
        self._sleep = sleep
        self._recent: deque[int] = deque(maxlen=50)  # as many as a search takes

    def check(self) -> str:
        """Also the login, which the version does not ask for, and that the project has the component; raises when not."""
        if not self._dialect.person(self._get("/myself")):
            raise TicketingError("refused", "Jira did not say who Talaia's account is")
        project = self._get(f"/project/{segment(self._project)}")
        if self._component and self._component not in (text_at(one, "name") for one in list_at(project, "components")):
            raise TicketingError("refused", f"project {self._project} of Jira has no component {self._component}")
        info = self._get("/serverInfo")
        return f"Jira {text_at(info, 'deploymentType')[:20]} {text_at(info, 'version')[:20]}".strip()

    def search(self, external_id: str) -> Reference | None:
        for last in (False, True):
            for number in self._issues(f'labels = "{_label(external_id)}" ORDER BY created ASC'):
                data = self._issue(number)
                if _external_id(data) == external_id:
                    return self._reference(data)
            if last or not self._dialect.lag_seconds:
                break
            self._sleep(self._dialect.lag_seconds)
        return None

    def create(self, draft: Draft) -> Reference:
        fields: dict[str, object] = {
            **self._fields,
            "project": {"key": self._project},
            "issuetype": {"name": self._issue_type},
            "summary": draft.title(),
            "description": self._dialect.written(draft.text()),
            "labels": [LABEL, _label(draft.external_id)],
            "priority": {"name": self._priorities[draft.priority]},
        }
        if draft.due:
            fields["duedate"] = draft.due.isoformat()
        owner = draft.owner or self._component
        if owner:
            fields["components"] = [{"name": owner}]
        mark = {"external_id": draft.external_id}
        body = {"fields": fields, "properties": [{"key": LABEL, "value": mark}]}
        made = self._exchange.ask("POST", f"{self._dialect.api}/issue", body=body).data
        number = text_at(made, "id")
        reference = self._reference(made)
        self._wrote(number)
        if _external_id(self._issue(number)) != draft.external_id:
            path = f"{self._dialect.api}/issue/{segment(number)}/properties/{LABEL}"
            self._exchange.ask("PUT", path, body=mark, repeat=True)
            if _external_id(self._issue(number)) != draft.external_id:
                raise TicketingError(
                    "refused",
                    f"Jira made issue {text_at(made, 'key')} and keeps no property of it; until it does, every attempt would make"
                    " one more issue",
                )
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """Jira has no lock: what a person writes in the instant between our reading and our writing is lost."""
        before = changes.before.owner if changes.before else None
        remote = self._remote(self._issue(reference.id), (), changes.wanted.owner, before)
        write, outcome = settle(changes, remote)
        fields: dict[str, object] = {}
        if write.priority:
            fields["priority"] = {"name": self._priorities[write.priority]}
        if write.due:
            fields["duedate"] = write.due.isoformat()
        body: dict[str, object] = {"fields": fields} if fields else {}
        if write.owner:
            gone = [{"remove": {"name": remote.owner}}] if remote.owner else []
            body["update"] = {"components": [*gone, {"add": {"name": write.owner}}]}
        if body:
            self._exchange.ask("PUT", self._path(reference), body=body)
            self._wrote(reference.id)
            confirm(write, self._remote(self._issue(reference.id), (), write.owner), "Jira")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        body = {"body": self._dialect.written(text), "properties": _INTERNAL}
        self._exchange.ask("POST", f"{self._path(reference)}/comment", body=body)
        self._wrote(reference.id)

    def reopen(self, reference: Reference, text: str) -> None:
        """The transition first: what the workflow forbids is then refused before anything is said."""
        if self._remote(self._issue(reference.id), ()).status in ENDED:
            self._move(reference, Status.OPEN)
            confirm_status("open", self.read(reference), "Jira")
        self.comment(reference, text)

    def propose_resolution(self, reference: Reference, text: str) -> None:
        if self._remote(self._issue(reference.id), ()).status not in ENDED:
            self._move(reference, Status.RESOLVED)
            confirm_status("ended", self.read(reference), "Jira")
        self.comment(reference, text)

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        return self._remote(self._issue(reference.id), self._remarks(reference, since))

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older: what changes while we page moves to the front and pushes no other off the list."""
        for number in self._issues(f"labels = {LABEL} ORDER BY updated DESC", when):
            try:
                remote = self.read(Reference(id=number, url=""), when)
            except TicketingError as error:
                if error.found_nothing:  # the search still knows an issue that is gone
                    continue
                raise
            if remote.external_id:
                yield remote

    def _move(self, reference: Reference, wanted: Literal[Status.OPEN, Status.RESOLVED]) -> None:
        """The transition to the configured status, or else to one that means the same."""
        params = {"expand": "transitions.fields"}
        offered = list_at(self._exchange.ask("GET", f"{self._path(reference)}/transitions", params=params).data, "transitions")
        name = self._statuses.outward.get(wanted, "").casefold()
        named = [one for one in offered if text_at(one, "to", "name").casefold() == name]
        alike = [one for one in offered if self._status(at(one, "to")) is wanted]
        new = [one for one in offered if wanted is Status.OPEN and self._status(at(one, "to")) is Status.NEW]
        chosen = next(iter([*named, *alike, *new]), None)
        if chosen is None:
            names = ", ".join(text_at(one, "to", "name")[:40] for one in offered) or "none"
            raise TicketingError("refused", f"the workflow of Jira offers Talaia's account no way to {wanted} (only: {names})")
        body: dict[str, object] = {"transition": {"id": text_at(chosen, "id")}}
        if wanted is Status.RESOLVED and at(chosen, "fields", "resolution") is not None:
            values = [text_at(one, "name") for one in list_at(chosen, "fields", "resolution", "allowedValues")]
            good = [value for value in values if value.casefold() not in REJECTIONS]
            preferred = [value for value in good if value.casefold() in ("done", "fixed", "resolved")]
            if not good:
                raise TicketingError("refused", "Jira offers no resolution that means done")
            body["fields"] = {"resolution": {"name": (preferred or good)[0]}}
        self._exchange.ask("POST", f"{self._path(reference)}/transitions", body=body)
        self._wrote(reference.id)

    def _issues(self, query: str, when: datetime | None = None) -> Iterator[str]:
        """Numbers in the order of the query, each once; with ``when`` until one is older."""
        seen: set[str] = set()
        after = ""
        for _ in range(MOST_PAGES):
            issues, after = self._dialect.page(self._exchange, query, after, list(self._recent))
            for issue in issues:
                number, changed = text_at(issue, "id"), moment(text_at(issue, "fields", "updated"))
                if when and changed and changed < when:
                    return
                if number.isdecimal() and number not in seen:
                    yield number
                seen.add(number)
            if not after:
                return

    def _remarks(self, reference: Reference, since: datetime | None) -> tuple[Remark, ...]:
        params = {"orderBy": "-created", "maxResults": str(MOST_REMARKS)}
        data = self._exchange.ask("GET", f"{self._path(reference)}/comment", params=params).data
        remarks = []
        for said in reversed(list_at(data, "comments")):
            written = moment(text_at(said, "created"))
            if written and (since is None or written >= since):
                author, text = self._dialect.person(at(said, "author")), self._dialect.text(at(said, "body"))
                remarks.append(Remark(author=author, text=text, written_at=written))
        return tuple(remarks)

    def _issue(self, number: str) -> object:
        return self._get(f"/issue/{segment(number)}", {"fields": _FIELDS, "properties": LABEL})

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> object:
        return self._exchange.ask("GET", self._dialect.api + path, params=params).data

    def _remote(self, data: object, remarks: tuple[Remark, ...], *owners: str | None) -> Remote:
        fields = at(data, "fields")
        updated = moment(text_at(fields, "updated"))
        if updated is None:
            raise TicketingError("refused", "Jira sent an issue without the time of its change")
        raw_priority = text_at(fields, "priority", "name")
        names = {value: word for word, value in self._priorities.items()}
        return Remote(
            reference=self._reference(data),
            external_id=_external_id(data) or None,
            status=self._status(at(fields, "status"), text_at(fields, "resolution", "name")),
            raw_status=text_at(fields, "status", "name"),
            updated_at=updated,
            subject=text_at(fields, "summary"),
            assignee=self._dialect.person(at(fields, "assignee")) or None,
            owner=owner_among((text_at(one, "name") for one in list_at(fields, "components")), *owners, self._component),
            priority=names.get(raw_priority),
            raw_priority=raw_priority,
            due=day(text_at(fields, "duedate")),
            remarks=remarks,
        )

    def _status(self, status: object, resolution: str = "") -> Status:
        """By its name if that is in the map, otherwise by its category, which every status has; and by how it was resolved."""
        name, category = text_at(status, "name"), text_at(status, "statusCategory", "key")
        known = name in self._statuses.inward or name.casefold() in self._statuses.inward
        read = self._statuses.read(name) if known else _CATEGORIES.get(category, Status.OPEN)
        return Status.REJECTED if read in ENDED and resolution.casefold() in REJECTIONS else read

    def _wrote(self, number: str) -> None:
        if number.isdecimal() and int(number) not in self._recent:
            self._recent.append(int(number))

    def _reference(self, data: object) -> Reference:
        number, key = text_at(data, "id"), text_at(data, "key")
        if not number.isdecimal() or not key:
            raise TicketingError("refused", "Jira did not say the number and key of the issue")
        return Reference(id=number, url=f"{self._exchange.url}/browse/{segment(key)}")

    def _path(self, reference: Reference) -> str:
        return f"{self._dialect.api}/issue/{segment(reference.id)}"


def _label(external_id: str) -> str:
    return f"{LABEL}-{hashlib.sha256(external_id.encode()).hexdigest()[:32]}"


def _external_id(data: object) -> str:
    kept = text_at(data, "properties", LABEL, "external_id")
    return kept if EXTERNAL_ID.fullmatch(kept) else ""
