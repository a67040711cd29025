"""GLPI 11's high-level interface (``api.php/v2``) as its source (ITILController.php, ResourceAccessor.php, RSQL/) and its issues
describe it, over the tickets of the first interface's double."""

import re
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tests.api.ticketing.doubles.glpi import ASSIGN, GROUPS, REQUESTER, USERS, GlpiDouble
from tests.api.ticketing.doubles.server import Asked, Refused, Reply

USER, PASSWORD, CLIENT, CLIENT_SECRET = "talaia", "the-password-of-talaia", "the-client-id", "the-client-secret"
_ROLES = {REQUESTER: "requester", ASSIGN: "assigned", 3: "observer"}
_KINDS = {"Followup": "ITILFollowup", "Solution": "ITILSolution"}
_CONDITION = re.compile(r'(?P<name>[a-zA-Z0-9_.]+)(?P<operator>==|=like=)(?:"(?P<quoted>[^"]*)"|(?P<plain>[^;,()"]*))')


def failed(status: int, code: str, title: str = "") -> Refused:
    return Refused(Reply(status, {"title": title or code.lower(), "detail": None, "status": code}))


class GlpiV2Double(GlpiDouble):
    """``lies``: it answers *not found* to lines of the timeline that it keeps, as 11.0.7 does."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()
        self.lies = False
        self.keeps_external_ids = True

    def answer(self, asked: Asked) -> Reply:
        if asked.parts == ["api.php", "token"] and asked.method == "POST":
            return self._give(asked)
        if asked.parts[:2] != ["api.php", "v2"]:
            raise failed(404, "ERROR_ITEM_NOT_FOUND", "No route found")
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise failed(401, "ERROR_UNAUTHENTICATED", "You are not authenticated")
        if asked.method == "GET" and asked.body:
            raise failed(400, "ERROR_INVALID_PARAMETER", "a body on GET")
        if asked.body and asked.headers.get("content-type") != "application/json":
            raise failed(415, "ERROR_INVALID_PARAMETER")
        match asked.method, asked.parts[2:]:
            case "GET", ["Administration", "Group"]:
                groups = [{"id": number, "name": name, "completename": name} for number, name in GROUPS.items()]
                return self._page(groups, asked.query)
            case "GET", ["Assistance", "Ticket"]:
                return self._page([self._seen(number) for number in self.tickets], asked.query)
            case "POST", ["Assistance", "Ticket"]:
                return self._make(asked.json())
            case _, ["Assistance", "Ticket", number, *rest]:
                return self._one(asked, self._known(number), rest)
        raise failed(404, "ERROR_ITEM_NOT_FOUND", "No route found")

    def _give(self, asked: Asked) -> Reply:
        """By the form of RFC 6749, for a user: the grant without one gives a token that opens nothing."""
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded" or form.get("grant_type") != "password":
            return Reply(400, {"error": "unsupported_grant_type"})
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, CLIENT_SECRET) or "scope" not in form:
            return Reply(401, {"error": "invalid_client"})
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return Reply(400, {"error": "invalid_grant"})
        token = secrets.token_urlsafe(24)
        self.tokens.add(token)
        return Reply(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": token})

    def _one(self, asked: Asked, number: int, rest: list[str]) -> Reply:
        match asked.method, rest:
            case "GET", []:
                return Reply(200, self._seen(number))
            case "PATCH", []:
                given = {name: value["id"] if isinstance(value, dict) else value for name, value in asked.json().items()}
                self._change_ticket(self.tickets[number], given)
                return Reply(200, self._seen(number))
            case "GET", ["Timeline", ("Followup" | "Solution") as kind]:
                lines = [row for row in self.rows if row.kind == _KINDS[kind] and row.ticket == number]
                return Reply(200, [{"type": kind, "item": self._line(row.id, row.fields)} for row in lines])
            case "POST", ["Timeline", ("Followup" | "Solution") as kind]:
                body = asked.json()
                row = self._add_row(
                    _KINDS[kind], {**body, "itemtype": "Ticket", "items_id": number, "is_private": body.get("is_private")}
                )
                if self.lies:
                    raise failed(404, "ERROR_ITEM_NOT_FOUND", "The requested item has not been found.")
                return Reply(201, row.data, {"Location": f"/Assistance/Ticket/{number}/Timeline/{kind}/1"})
            case ("POST" | "DELETE") as method, ["TeamMember"]:
                return self._team(method, number, asked.json())
        raise failed(404, "ERROR_ITEM_NOT_FOUND", "No route found")

    def _known(self, number: str) -> int:
        if not number.isdigit() or int(number) not in self.tickets:
            raise failed(404, "ERROR_ITEM_NOT_FOUND", "The requested item has not been found.")
        return int(number)

    def _make(self, body: dict[str, Any]) -> Reply:
        """What is not in the schema is dropped: also the team, which has to be said afterwards."""
        schema = {"name", "content", "type", "urgency", "impact", "priority", "external_id"}
        given = {name: value for name, value in body.items() if name in schema}
        external_id = given.pop("external_id", None) if self.keeps_external_ids else None
        made = self._add_ticket({**given, "externalid": external_id})
        number = made.headers["location"].rpartition("/")[2]
        return Reply(201, {"id": int(number), "href": f"/Assistance/Ticket/{number}"})

    def _team(self, method: str, number: int, body: dict[str, Any]) -> Reply:
        role = body.get("role")
        if role not in _ROLES:  # a word is what the documentation shows, and fails
            raise Refused(Reply(500, {"title": "Internal Server Error"}))
        same = [
            row
            for row in self.rows
            if row.kind == "Group_Ticket" and row.ticket == number and row.fields["groups_id"] == body["id"]
        ]
        if body.get("type") != "Group" or body["id"] not in GROUPS or bool(same) == (method == "POST"):
            raise failed(400, "ERROR_INVALID_PARAMETER")
        if method == "POST":
            self.add_row("Group_Ticket", number, groups_id=body["id"], type=role)
            return Reply(201, None)
        self.rows.remove(same[0])
        self.change(number)
        return Reply(200, None)

    def _moment(self, naive: str) -> str:
        return datetime.strptime(naive, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.zone).isoformat()

    def _line(self, number: int, fields: dict[str, Any]) -> dict[str, Any]:
        """A solution has no moment."""
        user = {"id": fields["users_id"], "name": USERS[fields["users_id"]]}
        line = {"id": number, "itemtype": "Ticket", "content": fields["content"], "user": user}
        return line | ({"date_creation": self._moment(fields["date"]), "is_private": True} if "date" in fields else {})

    def _seen(self, number: int) -> dict[str, Any]:
        ticket = self.tickets[number]
        solved = [row.fields["date_creation"] for row in self.rows if row.kind == "ITILSolution" and row.ticket == number]
        return {
            "id": number, "name": ticket["name"], "content": ticket["content"], "is_deleted": bool(ticket["is_deleted"]),
            "urgency": ticket["urgency"], "impact": ticket["impact"], "priority": ticket["priority"], "type": ticket["type"],
            "external_id": ticket["externalid"], "status": {"id": ticket["status"], "name": "Un estat"},
            "date_creation": self._moment(ticket["date_creation"]), "date_mod": self._moment(ticket["date_mod"]),
            "date_solve": self._moment(solved[-1]) if solved and ticket["status"] in (5, 6) else None,
            "team": self._members(number),
        }  # fmt: skip

    def _members(self, number: int) -> list[dict[str, Any]]:
        members = []
        for row in self.rows:
            if row.ticket == number and row.kind in ("Ticket_User", "Group_Ticket"):
                kind, names, field = ("user", USERS, "users_id") if row.kind == "Ticket_User" else ("group", GROUPS, "groups_id")
                there = row.fields[field]
                href = f"/front/{kind}.form.php?id={there}"
                members.append(
                    {"role": _ROLES[row.fields["type"]], "name": names[there], "display_name": names[there], "href": href}
                )
        return members

    def _page(self, items: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        for condition in filter(None, query.get("filter", "").split(";")):
            read = _CONDITION.fullmatch(condition)
            if not read:
                raise failed(400, "ERROR_INVALID_PARAMETER", "Invalid RSQL query")
            if items and read["name"] in items[0]:  # a property that is not there is left out without a word
                items = [
                    item for item in items if _holds(item[read["name"]], read["operator"], read["quoted"] or read["plain"] or "")
                ]
        order, _, direction = query.get("sort", "id:asc").partition(":")
        items = sorted(items, key=lambda item: (item[order], item["id"]), reverse=direction == "desc")
        start, limit = int(query.get("start", "0")), int(query.get("limit", "100"))
        total = len(items)
        headers = {"Content-Range": f"{start}-{max(0, min(start + limit, total) - 1)}/{total}"}
        return Reply(206 if start + limit < total else 200, items[start : start + limit], headers)


def _holds(value: Any, operator: str, wanted: str) -> bool:
    if isinstance(value, bool):
        return value == (wanted.lower() in ("true", "1"))
    if operator == "==":
        return str(value if value is not None else "").casefold() == wanted.casefold()
    pattern = ".*".join(re.escape(part) for part in wanted.split("*"))
    return re.fullmatch(pattern, str(value or ""), re.DOTALL) is not None
