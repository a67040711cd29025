"""The desk of ``docs/integrations/ticket-desk.md``: four requests over HTTP, tickets in memory."""

from datetime import UTC, datetime
from typing import Any

from tests.api.ticketing.doubles.server import Asked, Double, Refused, Reply


class SmallDesk(Double):
    """``tickets`` in the order in which they were made, with every field of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tickets: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Reply:
        match [asked.method, *asked.parts]:
            case ["GET", "tickets"]:
                wanted = asked.query.items()
                return Reply(200, {"tickets": [one for one in self.tickets if wanted <= one.items()]})
            case ["POST", "tickets"]:
                self.tickets.append({"id": str(len(self.tickets) + 1), **asked.json(), "status": "open", "comments": []})
                return self._touched(self.tickets[-1], 201)
            case ["PATCH", "tickets", number]:
                return self._change(number, asked.json())
            case _:
                raise Refused(Reply(404, {"error": "no such page"}))

    def _change(self, number: str, said: dict[str, str]) -> Reply:
        ticket = next((one for one in self.tickets if one["id"] == number), None)
        if ticket is None or not set(said) <= {"status", "comment"}:
            raise Refused(Reply(404 if ticket is None else 422, {"error": "no"}))
        ticket["status"] = said.get("status", ticket["status"])
        if "comment" in said:
            ticket["comments"].append(said["comment"])
        return self._touched(ticket, 200)

    def _touched(self, ticket: dict[str, Any], status: int) -> Reply:
        ticket["changed_at"] = datetime.now(UTC).isoformat()
        return Reply(status, ticket)

    def person(self, number: str, status: str) -> None:
        """Somebody who works at the desk sets a status."""
        with self.lock:
            self._change(number, {"status": status})
