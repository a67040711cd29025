"""The other side of the generic webhook, as ``docs/integrations/tickets.md`` asks for it: a ticket system in memory."""

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.api.ticketing.doubles.server import Asked, Double, Refused, Reply

TALAIA = "talaia"


def _no(status: int, why: str) -> Refused:
    return Refused(Reply(status, {"title": why}))


class Receiver(Double):
    """``tickets`` by id, with every field of the contract. A request that comes again (the same
    ``webhook-id``) gets its first answer."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.signature = Webhook(secret)
        self.tickets: dict[str, dict[str, Any]] = {}
        self.owners = {"posture", "network"}
        self.page = 100
        self._done: dict[str, Reply] = {}
        self._ids = (f"T-{number}" for number in itertools.count(1))
        self._last: datetime | None = None

    def answer(self, asked: Asked) -> Reply:
        signed = asked.body or f"{asked.method} {asked.target}"
        try:
            self.signature.verify(signed, asked.headers, json_parse=False)
        except WebhookVerificationError as error:
            raise _no(401, str(error)) from None
        number = asked.headers["webhook-id"]
        if number not in self._done:
            reply = self._route(asked)
            if asked.method == "GET":
                return reply
            self._done[number] = reply
        return self._done[number]

    def _route(self, asked: Asked) -> Reply:
        match [asked.method, *asked.parts]:
            case ["GET", ""]:
                return Reply(200, {"talaia_tickets": 1, "name": "Receiver", "version": "1"})
            case ["GET", "tickets"] if "external_id" in asked.query:
                return Reply(200, {"tickets": self._with(asked.query["external_id"])})
            case ["GET", "tickets"]:
                return self._changed(asked.query)
            case ["GET", "tickets", number]:
                return self._shown(number)
            case ["POST", "tickets"]:
                return self._create(self._data(asked, "ticket.create"))
            case ["PATCH", "tickets", number]:
                return self._update(number, self._data(asked, "ticket.update", number), asked.headers.get("if-match"))
            case ["POST", "tickets", number, "comments"]:
                return self._comment(number, self._data(asked, "ticket.comment", number))
            case _:
                raise _no(404, "no such page")

    def _data(self, asked: Asked, kind: str, number: str | None = None) -> dict[str, Any]:
        message = asked.json()
        if message["type"] != kind or message["data"].get("id") != number:
            raise _no(400, "the body belongs to another request")
        data: dict[str, Any] = message["data"]
        return data

    def _with(self, external_id: str) -> list[dict[str, Any]]:
        return [ticket for ticket in self.tickets.values() if ticket["external_id"] == external_id]

    def _create(self, data: dict[str, Any]) -> Reply:
        if data["owner"] not in self.owners | {None}:
            raise _no(422, "no such owner")
        for ticket in self._with(data["external_id"]):
            return Reply(200, ticket)
        number = next(self._ids)
        self.tickets[number] = {
            "id": number,
            "url": f"https://tickets.test.invalid/{number}",
            "external_id": data["external_id"],
            "subject": data["subject"],
            "text": data["text"],
            "link": data["link"],
            "status": "new",
            "raw_status": "Nova",
            "priority": data["priority"],
            "raw_priority": data["priority"],
            "due": data["due"],
            "owner": data["owner"] or "posture",
            "assignee": None,
            "updated_at": self._tick(),
            "remarks": [],
        }
        return Reply(201, self.tickets[number])

    def _changed(self, query: dict[str, str]) -> Reply:
        since = datetime.fromisoformat(query["changed_since"])
        start, size = int(query.get("cursor", "0")), min(int(query["limit"]), self.page)
        found = sorted(
            (ticket for ticket in self.tickets.values() if datetime.fromisoformat(ticket["updated_at"]) >= since),
            key=lambda ticket: (ticket["updated_at"], ticket["id"]),
        )
        more = str(start + size) if start + size < len(found) else None
        return Reply(200, {"tickets": found[start : start + size], "next": more})

    def _shown(self, number: str) -> Reply:
        if number not in self.tickets:
            raise _no(404, "no such ticket")
        return Reply(200, self.tickets[number], {"etag": self._etag(number)})

    def _etag(self, number: str) -> str:
        return f'"{hash(json.dumps(self.tickets[number], sort_keys=True)):x}"'

    def _update(self, number: str, data: dict[str, Any], guard: str | None) -> Reply:
        self._shown(number)
        if guard is None:
            raise _no(428, "If-Match is needed")
        if guard != self._etag(number):
            raise _no(412, "changed meanwhile")
        if data.get("owner", "posture") not in self.owners:
            raise _no(422, "no such owner")
        changes = {name: data[name] for name in ("priority", "due", "owner") if name in data}
        self.change(number, **changes, **({"raw_priority": data["priority"]} if "priority" in data else {}))
        return self._shown(number)

    def _comment(self, number: str, data: dict[str, Any]) -> Reply:
        self._shown(number)
        self.write(number, TALAIA, data["text"])
        if data["status"]:
            self.change(number, status=data["status"], raw_status=data["status"].title())
        return self._shown(number)

    def change(self, number: str, **fields: object) -> None:
        """What anybody changes on a ticket."""
        self.tickets[number].update(fields, updated_at=self._tick())

    def write(self, number: str, author: str, text: str) -> None:
        """What anybody writes on a ticket."""
        at = self._tick()
        self.tickets[number]["remarks"].append({"author": author, "text": text, "written_at": at})
        self.tickets[number]["updated_at"] = at

    def _tick(self) -> str:
        """Now, later than ever before."""
        self._last = max(self.now(), (self._last or self.now()) + timedelta(microseconds=1))
        return self._last.isoformat()
