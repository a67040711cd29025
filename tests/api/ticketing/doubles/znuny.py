"""The generic interface of Znuny and OTOBO as their source says (Transport/HTTP/REST.pm, Operation/Ticket/*.pm), with the routes
of the web service that Talaia ships."""

import fnmatch
import re
import secrets
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import yaml

from tests.api.ticketing.doubles.server import Asked, Double, Refused, Reply

SERVICE = Path(__file__).parents[4] / "deploy/znuny/Talaia.yml"
USER, PASSWORD = "talaia", "the-password-of-talaia"
USERS = {1: "root@localhost", 2: "talaia", 3: "laia"}
QUEUES = ("Posture", "Network")
PRIORITIES = ("1 very low", "2 low", "3 normal", "4 high", "5 very high")
STATES = {"new": "new", "open": "open", "pending reminder": "pending reminder", "closed successful": "closed",
          "closed unsuccessful": "closed", "merged": "merged"}  # fmt: skip
_TICKET = {"Title", "Queue", "State", "Priority", "CustomerUser", "Owner"}
_ARTICLE = {"Subject", "Body", "ContentType", "CommunicationChannel", "IsVisibleForCustomer"}
_SEARCH = {"SearchInArchive", "SortBy", "OrderBy", "Limit"}


def error(operation: str, code: str, message: str = "") -> Refused:
    return Refused(
        Reply(200, {"Error": {"ErrorCode": f"{operation}.{code}", "ErrorMessage": f"{operation}: {message or code}!"}})
    )


class ZnunyDouble(Double):
    """``fields`` are the dynamic fields of tickets. ``zone`` is its OTRSTimeZone. ``frozen`` states may not be left."""

    def __init__(self) -> None:
        super().__init__()
        self.zone: tzinfo = UTC
        self.fields = {"PostureId", "PostureDue"}
        self.frozen: set[str] = set()
        self.sessions: set[str] = set()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: dict[int, list[dict[str, Any]]] = {}
        provider = yaml.safe_load(SERVICE.read_text())["Provider"]
        types = {name: one["Type"].partition("::")[2] for name, one in provider["Operation"].items()}
        self.routes = [
            (set(one["RequestMethod"]), re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", one["Route"])), types[name])
            for name, one in sorted(provider["Transport"]["Config"]["RouteOperationMapping"].items())
        ]

    # -- what people do there

    def stamp(self) -> str:
        return self.now().astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def change(self, number: int, **fields: object) -> None:
        self.tickets[number] |= fields
        self.tickets[number]["Changed"] = self.stamp()

    def set_field(self, number: int, name: str, value: str) -> None:
        self.tickets[number]["fields"][name] = value
        self.change(number)

    def write(self, number: int, user: str, article: dict[str, Any]) -> int:
        count = sum(len(articles) for articles in self.articles.values())
        sender = f'"{user}" <{user}@test.invalid>'
        made = {"ArticleID": str(count + 1), "From": sender, "SenderType": "agent", "CreateTime": self.stamp(), **article}
        self.articles[number].append(made)
        self.change(number)
        return count + 1

    # -- the interface

    def answer(self, asked: Asked) -> Reply:
        prefix = "/znuny/nph-genericinterface.pl/Webservice/Talaia"
        if not asked.path.startswith(prefix + "/"):
            return Reply(500, {"faultcode": "Server", "faultstring": "Could not determine WebserviceID"})
        for methods, pattern, operation in self.routes:
            found = pattern.fullmatch(asked.path.removeprefix(prefix))
            if asked.method in methods and found:
                data = {} if asked.method == "GET" or not asked.body else asked.json()
                if not isinstance(data, dict):
                    return Reply(500, {"faultcode": "Server", "faultstring": "Unsupported request content structure."})
                return self._operation(operation, data | asked.query | found.groupdict())
        return Reply(500, {"faultcode": "Server", "faultstring": "HTTP::REST Error while determine Operation for request URI"})

    def _operation(self, operation: str, data: dict[str, Any]) -> Reply:
        if operation == "SessionCreate":
            if (data.get("UserLogin"), data.get("Password")) != (USER, PASSWORD):
                raise error(operation, "AuthFail", "Authorization failing")
            session = secrets.token_hex(16)
            self.sessions.add(session)
            return Reply(200, {"SessionID": session})
        if data.pop("SessionID", None) not in self.sessions:
            raise error(operation, "AuthFail", "Authorization failing")
        match operation:
            case "TicketCreate":
                return self._create(data)
            case "TicketUpdate":
                return self._update(data)
            case "TicketGet":
                return self._get(data)
            case "TicketSearch":
                return self._search(data)
        raise AssertionError(operation)

    def _create(self, data: dict[str, Any]) -> Reply:
        ticket, article = data.get("Ticket"), data.get("Article")
        if not isinstance(ticket, dict) or not isinstance(article, dict):
            raise error("TicketCreate", "MissingParameter", "Ticket and Article parameters are required")
        for needed in ("Title", "CustomerUser", "Queue", "State", "Priority"):
            if not ticket.get(needed):
                raise error("TicketCreate", "MissingParameter", f"Ticket->{needed} parameter is missing")
        self._check("TicketCreate", ticket, article, data.get("DynamicField", []))
        number = 1 + max(self.tickets, default=0)
        self.tickets[number] = {
            "TicketID": str(number), "TicketNumber": f"2026{number:08}", "Title": ticket["Title"].strip(), "created": self.now(),
            "Queue": ticket["Queue"], "State": ticket["State"], "Priority": ticket["Priority"], "Owner": "root@localhost",
            "OwnerID": "1", "Lock": "unlock", "Created": self.stamp(), "Changed": self.stamp(), "fields": {},
        }  # fmt: skip
        self.articles[number] = []
        return self._written(number, data)

    def _check(
        self, operation: str, ticket: dict[str, Any], article: dict[str, Any] | None, fields: list[dict[str, Any]]
    ) -> None:
        wrong = (
            set(ticket) - _TICKET
            or ticket.get("Queue", QUEUES[0]) not in QUEUES
            or ticket.get("State", "new") not in STATES
            or ticket.get("Priority", PRIORITIES[0]) not in PRIORITIES
        )
        if wrong:
            raise error(operation, "InvalidParameter", "a Ticket parameter is invalid")
        if article is not None and (set(article) != _ARTICLE or not article["Subject"] or not article["Body"]):
            raise error(operation, "InvalidParameter", "an Article parameter is invalid")
        if article is not None and not re.fullmatch(r"text/plain; charset=utf-?8", article["ContentType"]):
            raise error(operation, "InvalidParameter", "Article->ContentType parameter is invalid")
        for field in fields:
            date = field["Name"] != "PostureDue" or re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00", field["Value"])
            if field["Name"] not in self.fields or not date:
                raise error(operation, "InvalidParameter", "DynamicField->Name parameter is invalid")

    def _written(self, number: int, data: dict[str, Any]) -> Reply:
        for field in data.get("DynamicField", []):
            self.set_field(number, field["Name"], field["Value"])
        answer: dict[str, object] = {"TicketID": str(number), "TicketNumber": self.tickets[number]["TicketNumber"]}
        if article := data.get("Article"):
            answer["ArticleID"] = self.write(number, USER, article)
        return Reply(200, answer)

    def _update(self, data: dict[str, Any]) -> Reply:
        number = self._accessible("TicketUpdate", data["TicketID"])
        ticket = data.get("Ticket", {})
        self._check("TicketUpdate", ticket, data.get("Article"), data.get("DynamicField", []))
        if "State" in ticket and self.tickets[number]["State"] in self.frozen:
            raise error("TicketUpdate", "InvalidParameter", "Ticket->StateID or Ticket->State parameter is invalid")
        self.change(number, **ticket)
        return self._written(number, data)

    def _accessible(self, operation: str, number: object) -> int:
        if not str(number).isdigit() or int(str(number)) not in self.tickets:
            raise error(operation, "AccessDenied", "User does not have access to the ticket")
        return int(str(number))

    def _get(self, data: dict[str, Any]) -> Reply:
        number = self._accessible("TicketGet", data.get("TicketID"))
        kept = self.tickets[number]
        shown = {name: value for name, value in kept.items() if name not in ("fields", "created")}
        shown["Age"] = int((self.now() - kept["created"]).total_seconds())
        shown["StateType"] = STATES[kept["State"]]
        if data.get("DynamicFields"):
            shown["DynamicField"] = [{"Name": name, "Value": kept["fields"].get(name)} for name in sorted(self.fields)]
        if data.get("AllArticles"):
            newest = list(reversed(self.articles[number])) if data.get("ArticleOrder") == "DESC" else list(self.articles[number])
            shown["Article"] = newest[: int(data.get("ArticleLimit") or len(newest))]
        return Reply(200, {"Ticket": [shown]})

    def _search(self, data: dict[str, Any]) -> Reply:
        marks = {name: value for name, value in data.items() if name.startswith("DynamicField_")}
        if set(data) - _SEARCH - set(marks):
            raise error("TicketSearch", "InvalidParameter", str(sorted(data)))  # stricter than the product, which leaves them out
        found = list(self.tickets.values())
        for name, value in marks.items():
            field = name.removeprefix("DynamicField_")
            if field not in self.fields or not isinstance(value, dict):
                continue  # left out without a word
            ((operator, wanted),) = value.items()
            found = [one for one in found if _matches(str(one["fields"].get(field) or ""), operator, wanted)]
        found.sort(key=lambda one: (one[data["SortBy"]], int(one["TicketID"])), reverse=data["OrderBy"] == "Down")
        numbers = [one["TicketID"] for one in found[: int(data.get("Limit") or 500)]]
        return Reply(200, {"TicketID": numbers} if numbers else {})


def _matches(value: str, operator: str, wanted: str) -> bool:
    """As the database compares: case is one."""
    if operator == "Equals":
        return value.casefold() == wanted.casefold()
    assert operator == "Like"
    return fnmatch.fnmatchcase(value.casefold(), wanted.casefold())
