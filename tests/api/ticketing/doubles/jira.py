"""Jira's REST interface as Atlassian's reference describes it: Cloud (version 3) and Data Center (version 2)."""

import base64
import re
import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.api.ticketing.doubles.server import Asked, Double, Refused, Reply

ADDRESS, TOKEN = "talaia@test.invalid", "the-api-token-of-talaia"
COMPONENTS = ("Posture", "Network")
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
STATUSES = {
    "To Do": "new",
    "In Progress": "indeterminate",
    "On Hold": "indeterminate",
    "Done": "done",
    "Closed": "done",
    "Won't Do": "done",
}
RESOLUTIONS = ("Won't Do", "Duplicate", "Done")
# from: what the workflow offers, in its order; the first way to an end is not the one that is meant
WORKFLOW = {
    "To Do": ("Won't Do", "In Progress", "Done"),
    "In Progress": ("Won't Do", "On Hold", "Done", "To Do"),
    "On Hold": ("Won't Do", "In Progress", "Done"),
    "Done": ("Closed", "To Do", "In Progress"),
    "Closed": ("To Do",),
    "Won't Do": ("To Do",),
}
_IDS = {name: str(11 + 10 * number) for number, name in enumerate(STATUSES)}
_CREATE = {"project", "issuetype", "summary", "description", "labels", "priority", "duedate", "components", "customfield_10042"}
_EDIT = {"summary", "description", "labels", "priority", "duedate", "components"}
_QUERY = re.compile(r'labels = "?(?P<label>[\w-]+)"? ORDER BY (?P<field>created|updated) (?P<order>ASC|DESC)')


def failed(status: int, *messages: str, **errors: str) -> Refused:
    return Refused(Reply(status, {"errorMessages": list(messages), "errors": errors}))


def _document(node: object, expected: str = "doc") -> None:
    """Refuses what is no Atlassian document."""
    wrong = failed(400, description="Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    if not isinstance(node, dict) or node.get("type") != expected:
        raise wrong
    if expected == "doc":
        if node.get("version") != 1 or set(node) != {"type", "version", "content"} or not node["content"]:
            raise wrong
        for child in node["content"]:
            _document(child, "paragraph")
    else:
        for child in node["content"]:
            text = child == {"type": "text", "text": child.get("text")} and isinstance(child["text"], str) and child["text"]
            if not text and child != {"type": "hardBreak"}:
                raise wrong


class JiraDouble(Double):
    """``cloud`` tells the two apart. ``lag`` is how many searches a new or changed issue stays out of the index of Cloud.
    ``most`` is how many issues a page holds at most, whatever is asked for."""

    def __init__(self, *, cloud: bool) -> None:
        super().__init__()
        self.cloud = cloud
        self.zone = ZoneInfo("America/New_York")
        self.issues: dict[int, dict[str, Any]] = {}
        self.lag = 1 if cloud else 0
        self.most = 3
        self.workflow = dict(WORKFLOW)
        self.keeps_properties = True
        self._behind: dict[int, int] = {}
        self._index: dict[int, dict[str, Any]] = {}
        self._tokens: dict[str, tuple[str, int]] = {}
        self._number = 10000

    # -- what people do there

    def stamp(self, at: datetime | None = None) -> str:
        return (
            (at or self.now())
            .astimezone(self.zone)
            .isoformat(timespec="milliseconds")
            .replace("-05:00", "-0500")
            .replace("-04:00", "-0400")
        )

    def change(self, number: int, **fields: object) -> None:
        self.issues[number] |= fields
        self.issues[number]["updated"] = self.stamp()
        self._behind[number] = self.lag

    def set_status(self, number: int, name: str, resolution: str | None = None) -> None:
        ended = STATUSES[name] == "done"
        self.change(number, status=name, resolution=(resolution or "Done") if ended else None)

    def write(self, number: int, user: str, body: object, properties: object = None) -> dict[str, Any]:
        said = {
            "id": secrets.token_hex(4),
            "author": self.person(user),
            "body": body,
            "created": self.stamp(),
            "properties": properties,
        }
        self.issues[number]["comments"].append(said)
        self.change(number)
        return said

    def body(self, text: str) -> object:
        """What a person types into a comment, as it is kept."""
        if not self.cloud:
            return text
        return {"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text, "marks": [{"type": "strong"}]}]}]}  # fmt: skip

    def person(self, name: str) -> dict[str, str]:
        if self.cloud:
            return {"accountId": f"5b10{name}", "accountType": "atlassian", "displayName": name}
        return {"name": name, "key": f"JIRAUSER{name}", "displayName": f"The name of {name}"}

    # -- the interface

    def answer(self, asked: Asked) -> Reply:
        api = "/rest/api/3/" if self.cloud else "/rest/api/2/"
        if not asked.path.startswith(api):
            raise failed(404, "null for uri")
        self._check_login(asked)
        if asked.method == "GET" and asked.body:
            raise failed(400, "a body on GET")
        if asked.method in ("POST", "PUT") and asked.headers.get("content-type") != "application/json":
            raise Refused(Reply(415))
        match asked.method, asked.parts[3:]:
            case "GET", ["myself"]:
                return Reply(200, self.person("talaia"))
            case "GET", ["serverInfo"]:
                return Reply(
                    200,
                    {"version": "1001.0.0" if self.cloud else "9.12.5", "deploymentType": "Cloud" if self.cloud else "Server"},
                )
            case "GET", ["project", "VILA"]:
                return Reply(200, {"id": "1", "key": "VILA", "components": [{"name": name} for name in COMPONENTS]})
            case (("GET" | "POST"), ["search"]) if self.cloud:
                raise failed(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
            case "POST", ["search", "jql"] if self.cloud:
                return self._search_cloud(asked.json())
            case "POST", ["search"]:
                return self._search_data_center(asked.json())
            case "POST", ["issue"]:
                return self._create(asked.json())
            case _, ["issue", number, *rest]:
                return self._issue(asked, self._found(number), rest)
        raise failed(404, "null for uri")

    def _check_login(self, asked: Asked) -> None:
        good = f"Basic {base64.b64encode(f'{ADDRESS}:{TOKEN}'.encode()).decode()}" if self.cloud else f"Bearer {TOKEN}"
        if asked.headers.get("authorization") != good:
            raise failed(401, "Client must be authenticated to access this resource.")

    def _issue(self, asked: Asked, issue: dict[str, Any], rest: list[str]) -> Reply:
        number = int(issue["id"])
        match asked.method, rest:
            case "GET", []:
                return Reply(200, self._shown(issue, asked.query))
            case "PUT", []:
                self._edit(number, asked.json())
                return Reply(204)
            case "GET", ["comment"]:
                said = issue["comments"][:: -1 if asked.query.get("orderBy") == "-created" else 1]
                most = int(asked.query.get("maxResults", "50"))
                shown = [{key: value for key, value in one.items() if key != "properties"} for one in said]
                return Reply(200, {"startAt": 0, "maxResults": most, "total": len(said), "comments": shown[:most]})
            case "POST", ["comment"]:
                body = asked.json()
                self._known(body, {"body", "properties", "visibility"})
                self._check_text(body.get("body"), "comment")
                return Reply(201, self.write(number, "talaia", body["body"], body.get("properties")))
            case "PUT", ["properties", key]:
                if self.keeps_properties:
                    issue["properties"][key] = asked.json()
                return Reply(201)
            case "GET", ["transitions"]:
                return Reply(200, {"transitions": self._transitions(issue, asked.query)})
            case "POST", ["transitions"]:
                return self._move(issue, asked.json())
        raise failed(405)

    def _known(self, body: object, keys: set[str]) -> None:
        if not isinstance(body, dict) or set(body) - keys:
            raise failed(400, f"Unrecognized fields: {sorted(set(body) - keys) if isinstance(body, dict) else body}")

    def _check_text(self, value: object, name: str) -> None:
        if self.cloud:
            _document(value)
        elif not isinstance(value, str) or not value:
            raise failed(400, **{name: "Operation value must be a string"})

    def _create(self, body: Any) -> Reply:
        self._known(body, {"fields", "properties", "update"})
        fields = body["fields"]
        self._check_fields(fields, _CREATE)
        if fields.get("project") != {"key": "VILA"} or fields.get("issuetype") != {"name": "Task"}:
            raise failed(400, project="valid project is required", issuetype="valid issue type is required")
        summary = fields.get("summary") or ""
        if not summary or "\n" in summary or len(summary) > 255:
            raise failed(400, summary="You must specify a summary of the issue.")
        self._check_text(fields.get("description"), "description")
        self._number += 1
        number = self._number
        kept = {one["key"]: one["value"] for one in body.get("properties", [])} if self.keeps_properties else {}
        self.issues[number] = {
            "id": str(number), "key": f"VILA-{number - 10000}", "summary": summary, "description": fields["description"],
            "labels": fields.get("labels", []), "priority": fields.get("priority", {}).get("name", "Medium"), "assignee": None,
            "duedate": fields.get("duedate"), "components": [one["name"] for one in fields.get("components", [])],
            "status": "To Do", "resolution": None, "created": self.stamp(), "updated": self.stamp(), "comments": [],
            "properties": kept,
        }  # fmt: skip
        self._behind[number] = self.lag
        issue = self.issues[number]
        return Reply(201, {"id": issue["id"], "key": issue["key"], "self": f"/rest/api/issue/{number}"})

    def _check_fields(self, fields: dict[str, Any], screen: set[str]) -> None:
        wrong = {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            for name in set(fields) - screen
        }
        if fields.get("priority", {}).get("name", "Low") not in PRIORITIES:
            wrong["priority"] = "The priority selected is invalid."
        if any(one.get("name") not in COMPONENTS for one in fields.get("components", [])):
            wrong["components"] = "Component name is not valid"
        if any(" " in label or len(label) > 255 for label in fields.get("labels", [])):
            wrong["labels"] = "The label can't contain spaces."
        if fields.get("duedate") and not re.fullmatch(r"\d{4}-\d\d-\d\d", fields["duedate"]):
            wrong["duedate"] = "Error parsing date string"
        if wrong:
            raise failed(400, **wrong)

    def _edit(self, number: int, body: Any) -> None:
        self._known(body, {"fields", "update", "properties"})
        fields = body.get("fields", {})
        self._check_fields(fields, _EDIT)
        change: dict[str, Any] = {}
        for name, value in fields.items():
            change[name] = (
                value["name"] if name == "priority" else [one["name"] for one in value] if name == "components" else value
            )
        components = list(self.issues[number]["components"])
        for step in body.get("update", {}).get("components", []):
            ((verb, one),) = step.items()
            if one["name"] not in COMPONENTS:
                raise failed(400, components=f"Component name '{one['name']}' is not valid")
            if verb == "remove":
                components = [name for name in components if name != one["name"]]
            else:
                components.append(one["name"])
            change["components"] = components
        self.change(number, **change)

    def _transitions(self, issue: dict[str, Any], query: dict[str, str]) -> list[dict[str, Any]]:
        offered = []
        for name in self.workflow[issue["status"]]:
            screen = {"resolution": {"required": True, "allowedValues": [{"name": one} for one in RESOLUTIONS]}}
            fields = screen if STATUSES[name] == "done" and name != "Closed" else {}
            one = {"id": _IDS[name], "name": f"Go to {name}", "to": self._status(name)}
            offered.append(one | ({"fields": fields} if query.get("expand") == "transitions.fields" else {}))
        return offered

    def _move(self, issue: dict[str, Any], body: Any) -> Reply:
        self._known(body, {"transition", "fields", "update"})
        offered = {one["id"]: one for one in self._transitions(issue, {"expand": "transitions.fields"})}
        chosen = offered.get(body["transition"].get("id"))
        if chosen is None:
            raise failed(
                400, "It seems that you have tried to perform a workflow operation that is not valid for the current state"
            )
        fields = body.get("fields", {})
        self._check_fields(fields, set(chosen["fields"]))
        if chosen["fields"] and fields.get("resolution", {}).get("name") not in RESOLUTIONS:
            raise failed(400, resolution="Resolution is required.")
        self.set_status(int(issue["id"]), chosen["to"]["name"], fields.get("resolution", {}).get("name"))
        return Reply(204)

    def _search_cloud(self, body: Any) -> Reply:
        self._known(
            body, {"jql", "fields", "maxResults", "nextPageToken", "reconcileIssues", "expand", "properties", "fieldsByKeys"}
        )
        reconciled = body.get("reconcileIssues", [])
        if len(reconciled) > 50 or any(not isinstance(number, int) for number in reconciled):
            raise failed(400, "The number of issues to reconcile should be at most 50")
        start = 0
        if token := body.get("nextPageToken"):
            query, start = self._tokens.get(token, ("", 0))
            if query != body["jql"]:
                raise failed(400, "The provided next page token is invalid or expired.")
        self._catch_up(reconciled)
        found = self._matching(body["jql"], self._index)
        size = min(body.get("maxResults", 50), self.most)
        page = found[start : start + size]
        data: dict[str, Any] = {"issues": [self._brief(issue, body.get("fields", [])) for issue in page]}
        data["isLast"] = start + size >= len(found)
        if not data["isLast"]:
            data["nextPageToken"] = secrets.token_urlsafe(16)
            self._tokens[data["nextPageToken"]] = (body["jql"], start + size)
        return Reply(200, data)

    def _catch_up(self, reconciled: list[int]) -> None:
        """The index learns what it is told to, and each issue after as many searches as it lags behind."""
        for number in set(self._index) - set(self.issues):
            del self._index[number]
        for number, issue in self.issues.items():
            if number in reconciled or self._behind[number] <= 0:
                self._index[number] = dict(issue)
            self._behind[number] -= 1

    def _search_data_center(self, body: Any) -> Reply:
        self._known(body, {"jql", "fields", "maxResults", "startAt", "validateQuery", "expand"})
        found = self._matching(body["jql"], self.issues)
        start, size = body.get("startAt", 0), min(body.get("maxResults", 50), self.most)
        shown = [self._brief(issue, body.get("fields", [])) for issue in found[start : start + size]]
        return Reply(200, {"startAt": start, "maxResults": size, "total": len(found), "issues": shown})

    def _matching(self, query: str, index: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
        read = _QUERY.fullmatch(query)
        if not read:
            raise failed(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        found = [issue for issue in index.values() if read["label"] in issue["labels"]]
        return sorted(found, key=lambda issue: (issue[read["field"]], int(issue["id"])), reverse=read["order"] == "DESC")

    def _brief(self, issue: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        return (
            {"id": issue["id"], "key": issue["key"], "fields": {name: issue[name] for name in fields}}
            if fields
            else {"id": issue["id"]}
        )

    def _found(self, number: str) -> dict[str, Any]:
        if not number.isdigit() or int(number) not in self.issues:
            raise failed(404, "Issue does not exist or you do not have permission to see it.")
        return self.issues[int(number)]

    def _shown(self, issue: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        named = {"priority", "resolution"}
        fields: dict[str, Any] = {}
        for name in query.get("fields", "summary").split(","):
            value = issue[name]
            if name in named:
                value = value and {"name": value, "id": "3"}
            elif name == "status":
                value = self._status(value)
            elif name == "components":
                value = [{"name": one} for one in value]
            elif name == "assignee":
                value = value and self.person(value)
            fields[name] = value
        kept = {key: issue["properties"][key] for key in query.get("properties", "").split(",") if key in issue["properties"]}
        return {"id": issue["id"], "key": issue["key"], "fields": fields, "properties": kept}

    def _status(self, name: str) -> dict[str, Any]:
        return {"name": name, "id": _IDS[name], "statusCategory": {"id": 1, "key": STATUSES[name], "name": "Una categoria"}}
