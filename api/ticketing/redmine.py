"""Redmine by its REST API (https://www.redmine.org/projects/redmine/wiki/Rest_api), read with Redmine 5.0.4.

The external id is in a custom field of issues (``PostureId``), because Redmine has no field of its own for it. Its habits
that matter here: a list shows open issues only unless it is asked for all; a filter it does not know is left out without a word,
so that everything is found; a value or status that the account may not set is ignored with 204, so every change is read back; and
nothing guards a change against another's, so that the history is looked at after each.
"""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from api.ticketing.answers import at, day, list_at, moment, text_at
from api.ticketing.exchange import Exchange, segment
from api.ticketing.ticketing import (
    ENDED,
    MOST_TEXT,
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
        "in progress": Status.OPEN,
        "feedback": Status.WAITING,
        "resolved": Status.RESOLVED,
        "closed": Status.CLOSED,
        "rejected": Status.REJECTED,
    },
    outward={Status.OPEN: "In Progress", Status.RESOLVED: "Resolved"},
)
PRIORITIES: Mapping[Priority, str] = {
    Priority.CRITICAL: "Immediate",
    Priority.HIGH: "High",
    Priority.MEDIUM: "Normal",
    Priority.LOW: "Low",
}
RIGHTS = ("view_issues", "add_issues", "edit_issues", "add_issue_notes", "view_private_notes", "set_notes_private")
PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
COLUMNS = 100
_FENCES = {"textile": ("<pre>\n", "\n</pre>"), "markdown": ("```\n", "\n```")}


class Redmine:
    """``project`` is the identifier of the project for tickets whose draft names no owner. ``tracker`` and the names in the maps
    are those of this installation, in its language. ``field`` is the name of the custom field, or its number. ``markup`` is the
    text formatting that the installation is set to: our texts are shown as they are written, and none of their signs acts."""

    name = "redmine"

    def __init__(
        self,
        exchange: Exchange,
        *,
        project: str,
        tracker: str,
        field: str = "PostureId",
        statuses: StatusMap = STATUSES,
        priorities: Mapping[Priority, str] = PRIORITIES,
        private_notes: bool = True,
        markup: Literal["textile", "markdown"] = "textile",
    ) -> None:
        self._exchange, self._project, self._tracker, self._field = exchange, project, tracker, field
        self._statuses, self._priorities = statuses, priorities
        self._private, self._fence = private_notes, _FENCES[markup]
        self._numbers: dict[str, dict[str, str]] = {}
        self._identifiers: dict[str, str] = {}
        self._field_number = field if field.isdecimal() else ""

    def check(self) -> str:
        """Also that the project is seen, that it has the tracker, the field, the priorities and statuses, that the field can be
        searched by, and that the account has its rights; raises when not."""
        me = self._exchange.ask("GET", "/users/current.json", params={"include": "memberships"}).data
        project = self._project_data()
        self._number("trackers", self._tracker)
        for priority in self._priorities.values():
            self._number("issue_priorities", priority)
        for status in self._statuses.outward.values():
            self._number("issue_statuses", status)
        for issue in self._issues({"project_id": self._project, self._filter(): "none", "sort": "id"}, 1):
            if self._external_id(issue) != "none":
                raise self._no_filter()
        if at(me, "user", "admin") is not True:
            self._check_rights(me, text_at(project, "id"))
        return f"Redmine, as {text_at(me, 'user', 'login')[:60]}"

    def search(self, external_id: str) -> Reference | None:
        found = list(self._issues({self._filter(): external_id, "sort": "id"}, 1))
        ours = [issue for issue in found if self._external_id(issue) == external_id]
        if found and not ours:
            raise self._no_filter()
        return self._reference(ours[0]) if ours else None

    def create(self, draft: Draft) -> Reference:
        first, middle, last = f"[{draft.external_id}]", self._as_written(draft.body), draft.link
        issue: dict[str, object] = {
            "project_id": draft.owner or self._project,
            "tracker_id": self._number("trackers", self._tracker),
            "subject": draft.title(),
            "description": f"{first}\n\n{middle}\n\n{last}\n",
            "priority_id": self._number("issue_priorities", self._priorities[draft.priority]),
            "custom_fields": [{"id": self._field_id(), "value": draft.external_id}],
            "start_date": "",  # Redmine would say today, and refuse a deadline that has passed
        }
        if draft.due:
            issue["due_date"] = draft.due.isoformat()
        made = at(self._exchange.ask("POST", "/issues.json", body={"issue": issue}).data, "issue")
        reference = self._reference(made)
        if self._external_id(made) != draft.external_id:
            raise TicketingError(
                "refused",
                f"Redmine made issue {reference.id} without {self._field}: the field has to be there for this project and"
                f" tracker, and writable for Talaia's role; until then every attempt would make one more issue",
            )
        return reference

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """Redmine has no guard against two people at once: the history after our change shows whether somebody else changed the
        same field since we read it. Then that person's value is put back, and the change is a conflict."""
        before = self._issue(reference, "journals")
        write, outcome = settle(changes, self._remote(before))
        issue: dict[str, object] = {}
        if write.priority:
            issue["priority_id"] = self._number("issue_priorities", self._priorities[write.priority])
        if write.due:
            issue["due_date"] = write.due.isoformat()
        if write.owner:
            issue["project_id"] = text_at(self._project_data(write.owner), "id")
        if issue:
            self._exchange.ask("PUT", self._path(reference), body={"issue": issue}, repeat=True)
            after = self._issue(reference, "journals")
            self._give_back(reference, issue, len(list_at(before, "journals")), after)
            confirm(write, self._remote(after), "Redmine")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._say(reference, text, None)

    def reopen(self, reference: Reference, text: str) -> None:
        self._end(reference, text, "open")

    def propose_resolution(self, reference: Reference, text: str) -> None:
        self._end(reference, text, "ended")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        return self._remote(self._issue(reference, "journals"), since)

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Newest first until one is older: what changes while we page moves to the front and pushes no other off the list."""
        seen: set[str] = set()
        for issue in self._issues({self._filter(): "~posture:", "sort": "updated_on:desc,id:desc"}, MOST_PAGES):
            changed = moment(text_at(issue, "updated_on"))
            if changed and changed < when:
                return
            reference = self._reference(issue)
            if self._external_id(issue) and reference.id not in seen:
                seen.add(reference.id)
                try:
                    yield self.read(reference, when)
                except TicketingError as error:
                    if not error.found_nothing:  # deleted since the list was made
                        raise

    def _end(self, reference: Reference, text: str, wanted: Literal["open", "ended"]) -> None:
        """What the workflow does not allow is refused before anything is written, so that no comment is left alone."""
        issue = self._issue(reference, "allowed_statuses")
        number = None
        if (self._remote(issue).status in ENDED) != (wanted == "ended"):
            name = self._statuses.outward[Status.OPEN if wanted == "open" else Status.RESOLVED]
            number = self._number("issue_statuses", name)
            allowed = [text_at(status, "id") for status in list_at(issue, "allowed_statuses")]
            if allowed and number not in allowed:
                raise TicketingError(
                    "refused", f"the workflow of Redmine does not let Talaia's role set issue {reference.id} to {name}"
                )
        self._say(reference, text, number)
        confirm_status(wanted, self.read(reference), "Redmine")

    def _say(self, reference: Reference, text: str, status: str | None) -> None:
        """A note, and a status in the same request: one does not arrive without the other."""
        notes = self._as_written(text[:MOST_TEXT])
        issue = {"notes": notes, "private_notes": self._private, **({"status_id": status} if status else {})}
        self._exchange.ask("PUT", self._path(reference), body={"issue": issue})
        journals = list_at(self._issue(reference, "journals"), "journals")
        said = [journal for journal in journals if text_at(journal, "notes") == notes]
        if not said or (self._private and at(said[-1], "private_notes") is not True):
            lost = "shown it to everybody who sees the issue" if said else "not kept it"
            raise TicketingError(
                "refused", f"Redmine took a private note on issue {reference.id} and has {lost}: see Talaia's rights"
            )

    def _give_back(self, reference: Reference, written: Mapping[str, object], known: int, after: object) -> None:
        details = [
            detail
            for journal in list_at(after, "journals")[known:]
            for detail in list_at(journal, "details")
            if at(detail, "property") == "attr"
        ]
        back: dict[str, str] = {}
        lost = False
        for name, value in written.items():
            changes = [detail for detail in details if at(detail, "name") == name]
            if len(changes) > 1:
                lost = True
                if text_at(changes[-1], "new_value") == str(value):
                    back[name] = text_at(changes[-1], "old_value")
        if back:
            self._exchange.ask("PUT", self._path(reference), body={"issue": back}, repeat=True)
        if lost:
            raise TicketingError("conflict", f"somebody changed issue {reference.id} of Redmine at the same moment")

    def _issues(self, params: Mapping[str, str], pages: int) -> Iterator[object]:
        for page in range(pages):
            asked = {"status_id": "*", "limit": str(PAGE), "offset": str(page * PAGE), **params}
            issues = list_at(self._exchange.ask("GET", "/issues.json", params=asked).data, "issues")
            yield from issues
            if len(issues) < PAGE:
                return

    def _issue(self, reference: Reference, include: str) -> object:
        return at(self._exchange.ask("GET", self._path(reference), params={"include": include}).data, "issue")

    def _remote(self, issue: object, since: datetime | None = None) -> Remote:
        updated = moment(text_at(issue, "updated_on"))
        if updated is None:
            raise TicketingError("refused", "Redmine sent an issue without the time of its last change")
        names = {name.casefold(): word for word, name in self._priorities.items()}
        raw_priority = text_at(issue, "priority", "name")
        return Remote(
            reference=self._reference(issue),
            external_id=self._external_id(issue) or None,
            status=self._status(issue),
            raw_status=text_at(issue, "status", "name"),
            updated_at=updated,
            subject=text_at(issue, "subject"),
            assignee=text_at(issue, "assigned_to", "name") or None,
            owner=self._identifier(text_at(issue, "project", "id")),
            priority=names.get(raw_priority.casefold()),
            raw_priority=raw_priority,
            due=day(text_at(issue, "due_date")),
            remarks=self._remarks(issue, since),
        )

    def _status(self, issue: object) -> Status:
        """A status in no map is read as open, unless Redmine itself says that it closes an issue."""
        name = text_at(issue, "status", "name")
        status = self._statuses.read(name)
        listed = {name, name.casefold()} & set(self._statuses.inward)
        return Status.CLOSED if not listed and at(issue, "status", "is_closed") is True else status

    def _remarks(self, issue: object, since: datetime | None) -> tuple[Remark, ...]:
        remarks: list[Remark] = []
        for journal in list_at(issue, "journals"):
            text, written = text_at(journal, "notes"), moment(text_at(journal, "created_on"))
            if text and written and (since is None or written >= since):
                remarks.append(Remark(author=text_at(journal, "user", "name"), text=self._plain(text), written_at=written))
        return tuple(sorted(remarks, key=lambda remark: remark.written_at)[-MOST_REMARKS:])

    def _as_written(self, text: str) -> str:
        """The text inside a fence that Redmine shows as it is, in lines short enough to be seen there: one that goes on ends with
        a space, and is whole again when it is read."""
        lines = (line.rstrip() for line in text.splitlines())
        short = (textwrap.wrap(line, COLUMNS, break_long_words=False, break_on_hyphens=False) or [""] for line in lines)
        start, end = self._fence
        last = end.strip()
        inside = "\n".join(" \n".join(parts) for parts in short).replace(last, f"{last[0]}\N{ZERO WIDTH SPACE}{last[1:]}")
        return f"{start}{inside}{end}"

    def _plain(self, text: str) -> str:
        start, end = self._fence
        text = text.replace("\r\n", "\n")
        ours = text.startswith(start) and text.endswith(end)
        return text[len(start) : -len(end)].replace(" \n", " ") if ours else text

    def _number(self, kind: Literal["trackers", "issue_priorities", "issue_statuses"], name: str) -> str:
        """The number of a tracker, priority or status. They are asked for once, and again when a name is not among them."""
        known = self._numbers.get(kind, {})
        if name.casefold() not in known:
            path = "/enumerations/issue_priorities.json" if kind == "issue_priorities" else f"/{kind}.json"
            items = list_at(self._exchange.ask("GET", path).data, kind)
            known = {text_at(item, "name").casefold(): text_at(item, "id") for item in items}
            self._numbers[kind] = known
        if not known.get(name.casefold()):
            raise TicketingError("refused", f"Redmine has no {name!r} among its {kind}: {', '.join(sorted(known))[:300]}")
        return known[name.casefold()]

    def _field_id(self) -> str:
        """The number of the custom field. Only an administrator may list fields; anybody sees those of a project, except fields
        for all projects, which only issues show."""
        if not self._field_number:
            fields = list_at(self._project_data(), "issue_custom_fields")
            newest = {"project_id": self._project, "sort": "id:desc"}
            for source in ([fields], (list_at(issue, "custom_fields") for issue in self._issues(newest, 1))):
                found = (text_at(field, "id") for fields in source for field in fields if at(field, "name") == self._field)
                self._field_number = self._field_number or next((number for number in found if number.isdecimal()), "")
        if not self._field_number:
            raise TicketingError(
                "refused",
                f"project {self._project} of Redmine shows no custom field {self._field}: tick the project at the field, or"
                f" configure the field's number",
            )
        return self._field_number

    def _filter(self) -> str:
        return f"cf_{self._field_id()}"

    def _no_filter(self) -> TicketingError:
        return TicketingError(
            "refused", f"the custom field {self._field} of Redmine cannot be searched by: tick 'Used as a filter'"
        )

    def _check_rights(self, me: object, project: str) -> None:
        rights: set[str] = set()
        for membership in list_at(me, "user", "memberships"):
            if text_at(membership, "project", "id") == project:
                for role in list_at(membership, "roles"):
                    data = self._exchange.ask("GET", f"/roles/{segment(text_at(role, 'id'))}.json").data
                    rights |= {text_at(right) for right in list_at(data, "role", "permissions")}
        missing = [right for right in RIGHTS if right not in rights and (self._private or "private" not in right)]
        if missing:
            raise TicketingError("refused", f"Talaia's role in project {self._project} of Redmine lacks {', '.join(missing)}")

    def _project_data(self, project: str | None = None) -> object:
        path = f"/projects/{segment(project or self._project)}.json"
        return at(self._exchange.ask("GET", path, params={"include": "trackers,issue_custom_fields"}).data, "project")

    def _identifier(self, number: str) -> str | None:
        if number.isdecimal() and number not in self._identifiers:
            self._identifiers[number] = text_at(self._project_data(number), "identifier")
        return self._identifiers.get(number) or None

    def _external_id(self, issue: object) -> str:
        fields = (field for field in list_at(issue, "custom_fields") if text_at(field, "id") == self._field_id())
        return next((text_at(field, "value") for field in fields), "")

    def _reference(self, issue: object) -> Reference:
        number = text_at(issue, "id")
        if not (number.isascii() and number.isdecimal()):
            raise TicketingError("refused", "Redmine did not say the number of the issue")
        return Reference(id=number, url=f"{self._exchange.url}/issues/{number}")

    def _path(self, reference: Reference) -> str:
        return f"/issues/{segment(reference.id)}.json"
