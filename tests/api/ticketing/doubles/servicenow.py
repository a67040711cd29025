"""ServiceNow's Table API as its public reference describes it, with the rules of a new instance's incidents."""

import base64
import secrets
from typing import Any

from tests.api.ticketing.doubles.server import Asked, Double, Refused, Reply

USER, PASSWORD = "talaia", "the-password-of-talaia"
PRIORITIES = {
    "11": "1",
    "12": "2",
    "21": "2",
    "13": "3",
    "22": "3",
    "31": "3",
    "23": "4",
    "32": "4",
    "33": "5",
}  # impact, urgency
CLOSE_CODES = ("Solution provided", "Duplicate", "No resolution provided")
_WRITABLE = {"short_description", "description", "impact", "urgency", "correlation_id", "correlation_display", "due_date",
             "state", "assignment_group", "assigned_to", "close_code", "close_notes"}  # fmt: skip
_JOURNALS = {"work_notes", "comments"}
_PARAMETERS = {"sysparm_query", "sysparm_fields", "sysparm_limit", "sysparm_offset"}
_OPERATORS = ("STARTSWITH", "IN", "=")


def failed(status: int, message: str, detail: str = "") -> Refused:
    return Refused(Reply(status, {"error": {"message": message, "detail": detail}, "status": "failure"}))


class ServiceNowDouble(Double):
    """``forbidden`` are fields that the account may not write: they are left out of what it writes. ``hidden`` are rows that it
    may not see: they are taken off each page. ``old`` answers an empty list with 404. ``may_reopen``: it may write
    what is closed."""

    def __init__(self) -> None:
        super().__init__()
        groups, users = ("Posture", "Network"), ("talaia", "laia")
        self.groups = {secrets.token_hex(16): {"name": name} for name in groups}
        self.users = {secrets.token_hex(16): {"user_name": name} for name in users}
        self.incidents: dict[str, dict[str, str]] = {}
        self.journal: list[dict[str, str]] = []
        self.forbidden: set[str] = set()
        self.hidden: set[str] = set()
        self.old = False
        self.may_reopen = True

    # -- what people do there

    def stamp(self) -> str:
        return self.now().strftime("%Y-%m-%d %H:%M:%S")

    def id_of(self, kind: str, name: str) -> str:
        rows, field = (self.groups, "name") if kind == "group" else (self.users, "user_name")
        return next(number for number, row in rows.items() if row[field] == name)

    def change(self, number: str, user: str, **fields: str) -> None:
        incident = self.incidents[number]
        for element in _JOURNALS & set(fields):
            if text := fields.pop(element):
                said = {"element_id": number, "element": element, "name": "task", "value": text}
                self.journal.append(said | {"sys_created_by": user, "sys_created_on": self.stamp()})
        incident |= fields
        incident["priority"] = PRIORITIES[incident["impact"] + incident["urgency"]]
        incident["sys_updated_on"], incident["sys_updated_by"] = self.stamp(), user

    # -- the interface

    def answer(self, asked: Asked) -> Reply:
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            raise failed(401, "User Not Authenticated", "Required to provide Auth information")
        if asked.parts[:3] != ["api", "now", "table"]:
            raise failed(400, "Requested URI does not represent any resource")
        if asked.headers.get("accept") != "application/json" or set(asked.query) - _PARAMETERS:
            raise failed(400, "Exception while reading request", str(asked.query))
        if asked.method == "GET" and asked.body:
            raise failed(400, "Exception while reading request", "a body on GET")
        if asked.method in ("POST", "PATCH") and asked.headers.get("content-type") != "application/json":
            raise failed(415, "Unsupported media type")
        match asked.method, asked.parts[3:]:
            case "GET", ["incident" | "sys_user_group" | "sys_journal_field" as table]:
                return self._listed(table, asked.query)
            case "GET", ["incident", number]:
                return Reply(200, {"result": self._shown(self._found(number), asked.query)})
            case "POST", ["incident"]:
                number = self._create(asked.json())
                return Reply(
                    201, {"result": self._shown(self.incidents[number], asked.query)}, {"Location": f"/incident/{number}"}
                )
            case "PATCH", ["incident", number]:
                self._patch(self._found(number), asked.json())
                return Reply(200, {"result": self._shown(self.incidents[number], asked.query)})
        raise failed(400, "Invalid table")

    def _create(self, body: dict[str, Any]) -> str:
        number = secrets.token_hex(16)
        empty = dict.fromkeys(_WRITABLE | {"assigned_to"}, "")
        times = {"sys_created_on": self.stamp(), "sys_updated_on": self.stamp()}
        self.incidents[number] = empty | times | {
            "sys_id": number, "number": f"INC{len(self.incidents) + 10001:07}", "state": "1",
            "impact": "3", "urgency": "3"}  # fmt: skip
        self.change(number, USER, **self._allowed(body))
        return number

    def _allowed(self, body: dict[str, Any]) -> dict[str, str]:
        """What of a body is written: the rest is left out and nothing says so. Texts are cut to their columns."""
        given = {name: str(value) for name, value in body.items() if name in (_WRITABLE | _JOURNALS) - self.forbidden}
        if "short_description" in given:
            given["short_description"] = given["short_description"][:160]
        if given.get("assignment_group") and given["assignment_group"] not in self.groups:
            given["assignment_group"] = ""
        return given

    def _patch(self, incident: dict[str, str], body: dict[str, Any]) -> None:
        if incident["state"] == "7" and not self.may_reopen:
            raise failed(403, "Operation Failed", "ACL Exception Update Failed due to security constraints")
        given = self._allowed(body)
        after = incident | given
        if after["state"] in ("6", "7") and not (after["close_code"] in CLOSE_CODES and after["close_notes"]):
            raise failed(403, "Operation Failed", "Data Policy Exception: Resolution code, notes are mandatory")
        self.change(incident["sys_id"], USER, **given)

    def _listed(self, table: str, query: dict[str, str]) -> Reply:
        rows = {
            "incident": list(self.incidents.values()),
            "sys_user_group": [{"sys_id": number, **row} for number, row in self.groups.items()],
            "sys_journal_field": [{"sys_id": str(place), **row} for place, row in enumerate(self.journal)],
        }[table]
        for condition in filter(None, query.get("sysparm_query", "").split("^")):
            rows = self._narrowed(rows, condition)
        start, size = int(query.get("sysparm_offset", "0")), int(query.get("sysparm_limit", "10000"))
        page = [row for row in rows[start : start + size] if row["sys_id"] not in self.hidden]
        if self.old and not page:
            raise failed(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
        return Reply(200, {"result": [self._shown(row, query) for row in page]}, {"X-Total-Count": str(len(rows))})

    def _narrowed(self, rows: list[dict[str, str]], condition: str) -> list[dict[str, str]]:
        if condition.startswith("ORDERBY"):
            descending = condition.startswith("ORDERBYDESC")
            field = condition.removeprefix("ORDERBYDESC" if descending else "ORDERBY")
            ordered = sorted(enumerate(rows), key=lambda pair: (pair[1].get(field, ""), pair[0]), reverse=descending)
            return [row for _, row in ordered]
        for operator in _OPERATORS:
            field, found, value = condition.partition(operator)
            if not found or not field.islower():
                continue
            if rows and field not in rows[0]:
                return rows  # a field that is not there: the condition is left out
            if operator == "IN":
                return [row for row in rows if row[field] in value.split(",")]
            return [row for row in rows if (row[field].startswith(value) if operator == "STARTSWITH" else row[field] == value)]
        raise failed(400, "Invalid query", condition)

    def _found(self, number: str) -> dict[str, str]:
        if number not in self.incidents or number in self.hidden:
            raise failed(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
        return self.incidents[number]

    def _shown(self, row: dict[str, str], query: dict[str, str]) -> dict[str, object]:
        shown: dict[str, object] = {}
        for name in query.get("sysparm_fields", "sys_id").split(","):
            field, _, of = name.partition(".")
            value = row.get(field, "")
            if of:
                shown[name] = {**self.groups, **self.users}.get(value, {}).get(of, "")
            elif field in ("assignment_group", "assigned_to") and value:
                shown[name] = {"link": f"/api/now/table/x/{value}", "value": value}
            else:
                shown[name] = value
        return shown
