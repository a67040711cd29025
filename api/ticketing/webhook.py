"""A ticket system that speaks our own contract (``docs/integrations/tickets.md``): the city or an integration tool provides it.

Every request is signed as Standard Webhooks does (https://www.standardwebhooks.com): a changing one over its body, a reading one
over its method and target. ``webhook-id`` is the same when a request is repeated, so that the other side does it once.
"""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
from standardwebhooks import Webhook as Signature

from api.ticketing.answers import at, day, list_at, moment, text_at
from api.ticketing.exchange import Answer, Exchange, segment
from api.ticketing.ticketing import (
    ENDED,
    MOST_TEXT,
    Changes,
    Draft,
    Fields,
    Outcome,
    Priority,
    Reference,
    Remark,
    Remote,
    Secret,
    Status,
    confirm,
    confirm_status,
    settle,
)
from api.ticketing.trouble import TicketingError

PAGE, MOST_PAGES, MOST_REMARKS = 100, 200, 100
SHORTEST_KEY = 24


class Webhook:
    """``secret`` gives the shared secret, ``whsec_`` and at least 24 bytes in base64. ``exchange`` may have a login besides."""

    name = "webhook"

    def __init__(self, exchange: Exchange, secret: Secret, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._exchange, self._secret, self._clock = exchange, secret, clock

    def check(self) -> str:
        """What the other side calls itself; raises when it speaks no version 1 of the contract."""
        data = self._get("/").data
        if at(data, "talaia_tickets") != 1:
            raise TicketingError("refused", 'the ticket webhook does not answer "talaia_tickets": 1: is this its address?')
        return f"Webhook: {text_at(data, 'name')[:60]} {text_at(data, 'version')[:40]}".strip()

    def search(self, external_id: str) -> Reference | None:
        found = list_at(self._get("/tickets", external_id=external_id).data, "tickets")
        ours = [ticket for ticket in found if text_at(ticket, "external_id") == external_id]
        if found and not ours:
            raise TicketingError("refused", "the ticket webhook answers a search by external_id with tickets of other ids")
        return self._reference(ours[0]) if ours else None

    def create(self, draft: Draft) -> Reference:
        """Repeated without harm: the contract makes one ticket of an external id."""
        data = {
            "external_id": draft.external_id,
            "subject": draft.title(),
            "text": draft.text(),
            "priority": draft.priority.value,
            "due": draft.due and draft.due.isoformat(),
            "owner": draft.owner,
            "link": draft.link,
        }
        made = self._send("POST", "/tickets", "ticket.create", data)
        if text_at(made, "external_id") != draft.external_id:
            raise TicketingError("refused", "the ticket webhook made a ticket and answered without its external id")
        return self._reference(made)

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """Guarded by the ticket's ETag: what a person writes between our reading and our writing is a conflict, never lost."""
        answer = self._get(self._path(reference))
        etag = answer.headers.get("etag", "")
        if not etag:
            raise TicketingError("refused", "the ticket webhook sends no ETag with a ticket: people's changes could be lost")
        write, outcome = settle(changes, self._remote(answer.data))
        if write != Fields():
            data = {
                "id": reference.id,
                **{name: value for name, value in msgspec.to_builtins(write).items() if value is not None},
            }
            self._send("PATCH", self._path(reference), "ticket.update", data, {"if-match": etag})
            confirm(write, self.read(reference), "the ticket webhook")
        return outcome

    def comment(self, reference: Reference, text: str) -> None:
        self._say(reference, text, None)

    def reopen(self, reference: Reference, text: str) -> None:
        ended = self.read(reference).status in ENDED
        self._say(reference, text, Status.OPEN if ended else None)
        confirm_status("open", self.read(reference), "the ticket webhook")

    def propose_resolution(self, reference: Reference, text: str) -> None:
        ended = self.read(reference).status in ENDED
        self._say(reference, text, None if ended else Status.RESOLVED)
        confirm_status("ended", self.read(reference), "the ticket webhook")

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        return self._remote(self._get(self._path(reference)).data, since)

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Oldest first, so that a ticket that changes meanwhile comes again at the end; it is given once, as it was first."""
        when = when.replace(microsecond=0)  # the other side may keep whole seconds
        seen: set[str] = set()
        cursors: set[str] = set()
        cursor = ""
        while cursor not in cursors and len(cursors) < MOST_PAGES:
            cursors.add(cursor)
            asked = {"changed_since": _said(when), "limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
            page = self._get("/tickets", **asked).data
            for ticket in list_at(page, "tickets"):
                remote = self._remote(ticket, when)
                if remote.external_id and remote.updated_at >= when and remote.reference.id not in seen:
                    seen.add(remote.reference.id)
                    yield remote
            cursor = text_at(page, "next")
            if not cursor:
                return

    def _say(self, reference: Reference, text: str, status: Status | None) -> None:
        """A comment, and a status in the same request: one does not arrive without the other."""
        data = {"id": reference.id, "text": text[:MOST_TEXT], "status": status and status.value}
        self._send("POST", f"{self._path(reference)}/comments", "ticket.comment", data)

    def _get(self, path: str, **params: str) -> Answer:
        target = f"{path}?{urlencode(params)}" if params else path
        return self._exchange.ask("GET", target, headers=self._signed(f"GET {target}"))

    def _send(
        self, method: str, path: str, kind: str, data: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> object:
        body = msgspec.json.encode({"type": kind, "timestamp": _said(self._clock()), "data": data})
        signed = self._signed(body.decode())
        return self._exchange.ask(method, path, body=msgspec.Raw(body), headers={**signed, **(headers or {})}, repeat=True).data

    def _signed(self, content: str) -> dict[str, str]:
        number, at_moment = f"msg_{uuid.uuid4().hex}", self._clock().astimezone(UTC)
        try:
            key = base64.b64decode(self._secret().removeprefix("whsec_"), validate=True)
        except ValueError:
            key = b""
        if len(key) < SHORTEST_KEY:
            raise TicketingError(
                "refused", f"the secret of the ticket webhook is not whsec_ and {SHORTEST_KEY} bytes or more in base64"
            )
        signature = Signature(key).sign(number, at_moment, content)
        return {"webhook-id": number, "webhook-timestamp": str(int(at_moment.timestamp())), "webhook-signature": signature}

    def _remote(self, ticket: object, since: datetime | None = None) -> Remote:
        updated = moment(text_at(ticket, "updated_at"))
        if updated is None:
            raise TicketingError("refused", "the ticket webhook sent a ticket without updated_at")
        priority, status = text_at(ticket, "priority"), text_at(ticket, "status")
        return Remote(
            reference=self._reference(ticket),
            external_id=text_at(ticket, "external_id") or None,
            status=Status(status) if status in set(Status) else Status.OPEN,
            raw_status=text_at(ticket, "raw_status") or status,
            updated_at=updated,
            subject=text_at(ticket, "subject"),
            assignee=text_at(ticket, "assignee") or None,
            owner=text_at(ticket, "owner") or None,
            priority=Priority(priority) if priority in set(Priority) else None,
            raw_priority=text_at(ticket, "raw_priority") or priority,
            due=day(text_at(ticket, "due")),
            remarks=_remarks(ticket, since),
        )

    def _reference(self, ticket: object) -> Reference:
        number, url = text_at(ticket, "id"), text_at(ticket, "url")
        if not number or len(number) > 200:
            raise TicketingError("refused", "the ticket webhook did not say the id of the ticket")
        if not url.startswith(("https://", "http://")) or len(url) > 2000:  # it becomes a link on our pages
            url = f"{self._exchange.url}/tickets/{segment(number)}"
        return Reference(id=number, url=url)

    def _path(self, reference: Reference) -> str:
        return f"/tickets/{segment(reference.id)}"


def _remarks(ticket: object, since: datetime | None) -> tuple[Remark, ...]:
    remarks: list[Remark] = []
    for remark in list_at(ticket, "remarks"):
        text, written = text_at(remark, "text"), moment(text_at(remark, "written_at"))
        if text and written and (since is None or written >= since):
            remarks.append(Remark(author=text_at(remark, "author"), text=text, written_at=written))
    return tuple(sorted(remarks, key=lambda remark: remark.written_at)[-MOST_REMARKS:])


def _said(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
