"""GLPI's ``apirest.php``, generations 10 and 11, as its apirest.md and its source (APIRest.php, API.php, Ticket.php) say."""

import html
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.api.ticketing.doubles.server import Asked, Double, Refused, Reply

USER_TOKEN, APP_TOKEN = "the-user-token-of-talaia", "the-app-token-of-talaia"
GROUPS = {5: "Posture", 6: "Network", 9: "Of people"}
USERS = {7: "talaia", 8: "laia"}
ASSIGN, REQUESTER = 2, 1

# number: (table, field, datatype); 50 is the parent's number, a second "id" of the same table
_OPTIONS = {
    1: ("glpi_tickets", "name", "itemlink"),
    2: ("glpi_tickets", "id", "number"),
    50: ("glpi_tickets", "id", "itemlink"),
    3: ("glpi_tickets", "priority", "specific"),
    12: ("glpi_tickets", "status", "specific"),
    18: ("glpi_tickets", "time_to_resolve", "datetime"),
    19: ("glpi_tickets", "date_mod", "datetime"),
    21: ("glpi_tickets", "content", "text"),
    8: ("glpi_groups", "completename", "dropdown"),
    80: ("glpi_entities", "completename", "dropdown"),
}
_EXTERNAL = 401  # since GLPI 11


@dataclass
class Row:
    """A line of one of the tables around tickets."""

    kind: str
    id: int
    ticket: int
    fields: dict[str, Any] = field(default_factory=dict)


def failed(status: int, code: str, message: object = "") -> Refused:
    return Refused(Reply(status, [code, message or f"see the documentation, #{code}"]))


class GlpiDouble(Double):
    """``generation`` is 10 or 11. ``may_set_priority`` and ``reopening_allowed`` are rights of the profile: what they
    forbid is dropped from a change without a word."""

    def __init__(self, generation: int = 11) -> None:
        super().__init__()
        self.generation = generation
        self.zone = ZoneInfo("America/New_York")
        self.sessions: set[str] = set()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.rows: list[Row] = []
        self.may_set_priority = True
        self.reopening_allowed = True

    # -- what people do there

    def stamp(self) -> str:
        return self.now().astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def change(self, number: int, **fields: object) -> None:
        self.tickets[number] |= fields
        self.tickets[number]["date_mod"] = self.stamp()

    def add_row(self, kind: str, number: int, **fields: object) -> Row:
        row = Row(kind, 1 + max((row.id for row in self.rows), default=0), number, dict(fields))
        self.rows.append(row)
        self.change(number)
        if kind in ("Group_Ticket", "Ticket_User") and fields.get("type") == ASSIGN and self.tickets[number]["status"] == 1:
            self.change(number, status=2)
        if kind == "ITILSolution":
            self.change(number, status=5)
        return row

    def write(self, kind: str, number: int, user: int, text: str) -> None:
        content = f"<p>{html.escape(text, quote=False)}</p>"
        moment = {"date" if kind == "ITILFollowup" else "date_creation": self.stamp()}
        self.add_row(kind, number, users_id=user, content=content, is_private=1, **moment)

    # -- the interface

    def answer(self, asked: Asked) -> Reply:
        if asked.parts[0] != "apirest.php":
            return Reply(404, None)
        resource, *rest = asked.parts[1:]
        if asked.method == "GET" and asked.body:
            raise failed(400, "ERROR_JSON_PAYLOAD_FORBIDDEN", "GET Request should not have json payload (http body)")
        if asked.headers.get("content-type") != "application/json":
            raise failed(400, "ERROR_BAD_CONTENT_TYPE")  # the documentation asks for it always; the product forgives some
        application = asked.headers.get("app-token", "")
        if application != APP_TOKEN:
            raise failed(400, "ERROR_WRONG_APP_TOKEN_PARAMETER" if application else "ERROR_APP_TOKEN_PARAMETERS_MISSING")
        if resource == "initSession":
            return self._open(asked)
        self._check_session(asked)
        if resource == "getGlpiConfig":
            return Reply(200, {"cfg_glpi": {"version": {10: "10.0.18", 11: "11.0.6"}[self.generation]}})
        if resource == "listSearchOptions":
            return Reply(200, self._search_options())
        if resource == "search":
            return self._search(asked.query)
        return self._items(asked, resource, rest)

    def _open(self, asked: Asked) -> Reply:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "user_token":
            raise failed(400, "ERROR_LOGIN_PARAMETERS_MISSING")
        if token != USER_TOKEN:
            raise failed(401, "ERROR_GLPI_LOGIN_USER_TOKEN")
        session = secrets.token_hex(20)
        self.sessions.add(session)
        return Reply(200, {"session_token": session})

    def _check_session(self, asked: Asked) -> None:
        if "authorization" in asked.headers:
            raise failed(400, "ERROR_LOGIN_NOT_HERE")  # stricter than the product: a token belongs to initSession only
        session = asked.headers.get("session-token", "")
        if not session:
            raise failed(400, "ERROR_SESSION_TOKEN_MISSING")
        if session not in self.sessions:
            raise failed(401, "ERROR_SESSION_TOKEN_INVALID", "session_token semble incorrect")

    def _search_options(self) -> dict[str, object]:
        listed: dict[str, object] = {"common": {"name": "Characteristics"}}
        for number, (table, name, datatype) in self._options().items():
            listed[str(number)] = {"table": table, "field": name, "datatype": datatype, "name": f"Un nom {number}"}
        return listed

    def _options(self) -> dict[int, tuple[str, str, str]]:
        return _OPTIONS | ({_EXTERNAL: ("glpi_tickets", "externalid", "string")} if self.generation >= 11 else {})

    def _search(self, query: dict[str, str]) -> Reply:
        options = self._options()
        found = [ticket for ticket in self.tickets.values() if not ticket["is_deleted"] and self._matches(ticket, query)]
        sort = options[int(query["sort"])][1]
        found.sort(key=lambda ticket: (ticket[sort], ticket["id"]), reverse=query["order"] == "DESC")
        first, last = (int(number) for number in query["range"].split("-"))
        if first > len(found):
            raise failed(400, "ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {len(found)}")
        shown = [int(value) for name, value in query.items() if name.startswith("forcedisplay[")]
        rows = [
            {str(number): ticket[options[number][1]] for number in {1, *shown} if options[number][0] == "glpi_tickets"}
            for ticket in found[first : last + 1]
        ]
        data: dict[str, object] = {"totalcount": len(found), "count": len(rows), "sort": query["sort"], "order": query["order"]}
        if rows:
            data["data"] = rows
        span = f"{first}-{min(last, len(found) - 1)}/{len(found)}"
        status = 200 if len(rows) >= len(found) else 206
        return Reply(status, data | {"content-range": span}, {"Content-Range": span} if found else {})

    def _matches(self, ticket: dict[str, Any], query: dict[str, str]) -> bool:
        verdict, place = True, 0
        while f"criteria[{place}][field]" in query:
            mark = {key: query.get(f"criteria[{place}][{key}]", "") for key in ("field", "searchtype", "value", "link")}
            if not mark["field"].isdigit() or int(mark["field"]) not in self._options():
                raise failed(400, "ERROR", "Bad field ID in search criteria")
            name = self._options()[int(mark["field"])][1]
            if mark["searchtype"] == "contains":
                here = _contains(str(ticket[name] or ""), mark["value"])
            elif mark["searchtype"] == "equals":  # of a text: with the ticket's number, for which nobody asks
                here = str(ticket["id"]) == mark["value"]
            else:
                raise AssertionError(mark)
            verdict = here if place == 0 else (verdict or here) if mark["link"] == "OR" else (verdict and here)
            place += 1
        return verdict

    def _items(self, asked: Asked, kind: str, rest: list[str]) -> Reply:
        match asked.method, kind, rest:
            case "GET", "Ticket", [number]:
                return self._ticket(self._found(number))
            case "GET", "Ticket", [number, rows]:
                self._found(number)
                return self._listed(rows, int(number), asked.query)
            case "GET", "Group", []:
                text = asked.query["searchText[completename]"]
                found = {number: name for number, name in GROUPS.items() if _contains(name, text)}
                return Reply(200, [{"id": number, "name": name, "completename": name} for number, name in found.items()])
            case "POST", "Ticket", []:
                return self._add_ticket(self._input(asked))
            case "PUT", "Ticket", [number]:
                self._change_ticket(self._found(number), self._input(asked))
                return Reply(200, [{number: True, "message": ""}])
            case "POST", ("ITILFollowup" | "ITILSolution" | "Group_Ticket") as rows, []:
                return self._add_row(rows, self._input(asked))
            case "DELETE", "Group_Ticket", [number]:
                gone = [row for row in self.rows if row.kind == "Group_Ticket" and row.id == int(number)]
                if not gone:
                    raise failed(400, "ERROR_GLPI_DELETE", "Item not found")
                self.rows.remove(gone[0])
                self.change(gone[0].ticket)
                return Reply(200, [{number: True, "message": ""}])
        raise failed(400, "ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM")

    def _found(self, number: str) -> dict[str, Any]:
        if not number.isdigit() or int(number) not in self.tickets:
            raise failed(404, "ERROR_ITEM_NOT_FOUND", "Item not found")
        return self.tickets[int(number)]

    def _ticket(self, ticket: dict[str, Any]) -> Reply:
        local = datetime.strptime(ticket["date_mod"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.zone)
        modified = local.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        shown = {name: self._as_sent(value) if isinstance(value, str) else value for name, value in ticket.items()}
        if self.generation < 11:
            shown.pop("externalid")
        return Reply(200, shown, {"Last-Modified": modified})

    def _as_sent(self, text: str) -> str:
        """GLPI 10 keeps and sends signs of markup escaped; 11 does not."""
        return text.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;") if self.generation < 11 else text

    def _listed(self, kind: str, number: int, query: dict[str, str]) -> Reply:
        found = [row for row in self.rows if row.kind == kind and row.ticket == number]
        found.sort(key=lambda row: row.id, reverse=query.get("order") == "DESC")
        first, last = (int(text) for text in query.get("range", "0-19").split("-"))
        shown = [{"id": row.id, **self._expanded(row.fields, query)} for row in found[first : last + 1]]
        return Reply(206 if len(shown) < len(found) else 200, shown)

    def _expanded(self, fields: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        sent = {name: self._as_sent(value) if isinstance(value, str) else value for name, value in fields.items()}
        if query.get("expand_dropdowns") == "true":
            names = {"users_id": USERS, "groups_id": GROUPS}
            sent |= {name: known[sent[name]] for name, known in names.items() if name in sent}
        return sent

    def _input(self, asked: Asked) -> dict[str, Any]:
        body = asked.json()
        if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
            raise failed(400, "ERROR_BAD_ARRAY", "input parameter must be an array of objects")
        return dict(body["input"])

    def _add_ticket(self, given: dict[str, Any]) -> Reply:
        if not given.get("name") or not given.get("content"):
            raise failed(400, "ERROR_GLPI_ADD", "Mandatory fields are not filled.")
        number = 1 + max(self.tickets, default=0)
        self.tickets[number] = {
            "id": number, "name": given["name"], "content": given["content"], "status": 1, "type": given.get("type", 1),
            "urgency": given.get("urgency", 3), "impact": given.get("impact", 3), "time_to_resolve": given.get("time_to_resolve"),
            "priority": given.get("priority", 3) if self.may_set_priority else 3, "is_deleted": 0, "date_mod": self.stamp(),
            "date_creation": self.stamp(), "externalid": given.get("externalid") if self.generation >= 11 else None,
            "entities_id": given.get("entities_id", 0),
        }  # fmt: skip
        if group := given.get("_groups_id_assign"):
            self.add_row("Group_Ticket", number, groups_id=group, type=ASSIGN)
        self.add_row("Ticket_User", number, users_id=7, type=REQUESTER)
        return Reply(201, {"id": number, "message": ""}, {"location": f"/apirest.php/Ticket/{number}"})

    def _change_ticket(self, ticket: dict[str, Any], given: dict[str, Any]) -> None:
        allowed = {"name", "content", "priority", "urgency", "impact", "status", "time_to_resolve", "type"}
        given = {name: value for name, value in given.items() if name in allowed}  # columns that it has not are dropped
        if not self.may_set_priority:
            given.pop("priority", None)
        if ticket["status"] in (5, 6) and not self.reopening_allowed:
            given.pop("status", None)
        if any(ticket[name] != value for name, value in given.items()):
            self.change(ticket["id"], **given)

    def _add_row(self, kind: str, given: dict[str, Any]) -> Reply:
        if kind == "Group_Ticket":
            number = given["tickets_id"]
            there = [row.fields["groups_id"] for row in self.rows if row.kind == kind and row.ticket == number]
            if given["groups_id"] in there or given["groups_id"] not in GROUPS:
                raise failed(400, "ERROR_GLPI_ADD", "")
            row = self.add_row(kind, number, groups_id=given["groups_id"], type=given["type"])
        else:
            if given.get("itemtype") != "Ticket" or not given.get("content"):
                raise failed(400, "ERROR_GLPI_ADD", "You don't have permission to perform this action.")
            number = self._found(str(given["items_id"]))["id"]
            moment = {"date" if kind == "ITILFollowup" else "date_creation": self.stamp()}
            private = given.get("is_private", 0)
            row = self.add_row(kind, number, users_id=7, content=given["content"], is_private=private, **moment)
        return Reply(201, {"id": row.id, "message": ""})


def _contains(text: str, wanted: str) -> bool:
    """LIKE of the search: ``^`` and ``$`` are its anchors, ``_`` and ``%`` its wild cards, and case is one."""
    start, end = wanted.startswith("^"), wanted.endswith("$")
    pattern = re.escape(wanted[start : len(wanted) - end]).replace("_", ".").replace("%", ".*")
    return re.search(f"{'^' if start else ''}{pattern}{'$' if end else ''}", text, re.IGNORECASE | re.DOTALL) is not None
