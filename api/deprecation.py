"""Operations that will go: said in the OpenAPI document and in the headers of every answer, long before (``docs/api.md``).

``Deprecation`` is that of RFC 9745 (since when), ``Sunset`` that of RFC 8594 (from when on it may be gone).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Deprecated:
    """``since`` when (UTC, its midnight), ``sunset`` from when on it may be gone, ``instead`` what to use: a sentence."""

    since: date
    sunset: date
    instead: str

    @property
    def headers(self) -> dict[str, str]:
        sunset = datetime.combine(self.sunset, time(), UTC)
        since = int(datetime.combine(self.since, time(), UTC).timestamp())
        return {"deprecation": f"@{since}", "sunset": format_datetime(sunset, usegmt=True)}


# Operation ids. An operation leaves this table only with the operation, and not before its sunset.
DEPRECATED: Mapping[str, Deprecated] = MappingProxyType({})

_HEADERS: dict[str, Any] = {
    "Deprecation": {"schema": {"type": "string"}, "description": "since when it is deprecated (RFC 9745)"},
    "Sunset": {"schema": {"type": "string"}, "description": "from when on it may be gone (RFC 8594)"},
}


class Deprecations:
    """Middleware around the routes: writes the headers into the answers of what is deprecated, problems too."""

    def __init__(self, app: ASGIApp, table: Mapping[str, Deprecated]) -> None:
        self.app = app
        self.table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = self.table.get(getattr(scope.get("route"), "operation_id", None) or "")
                if found is not None:
                    headers = MutableHeaders(raw=message["headers"])
                    headers.update(found.headers)
                    message["headers"] = headers.raw
            await send(message)

        await self.app(scope, receive, told if scope["type"] == "http" else send)


def mark(operation: dict[str, Any], found: Deprecated) -> None:
    """Say it in an operation of the OpenAPI document."""
    operation["deprecated"] = True
    said = f"Deprecated since {found.since}, may be gone from {found.sunset} on. {found.instead}"
    operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response.setdefault("headers", {}).update(_HEADERS)
