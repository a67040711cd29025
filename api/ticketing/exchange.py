"""One question to a ticket system over HTTP and its answer: bounded, never redirected, secrets in headers only."""

import asyncio
import base64
import email.utils
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from api.ticketing.ticketing import Secret
from api.ticketing.trouble import TicketingError
from collector.secret_files import without_secrets

MOST_BYTES = 8 * 1024 * 1024
MOST_EXCERPTED = 64 * 1024
MOST_WAIT_SECONDS = 3600.0
ATTEMPTS = 3
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Headers = Callable[[], Mapping[str, str]]


def header_login(name: str, secret: Secret, scheme: str = "") -> Headers:
    """A login by one header: ``Authorization: token …``, ``X-Redmine-API-Key: …``."""
    return lambda: {name: f"{scheme} {secret()}".strip()}


def basic_login(user: str, secret: Secret) -> Headers:
    """HTTP Basic (RFC 7617)."""
    return lambda: {"authorization": "Basic " + base64.b64encode(f"{user}:{secret()}".encode()).decode()}


def segment(text: str) -> str:
    """A part of a path that stays one part, whatever it holds."""
    return quote(text, safe="") if text not in (".", "..") else "%2E" * len(text)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``data`` is the decoded JSON, ``None`` when the body is empty. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: object


class Exchange:
    """Asks one ticket system. ``url`` is https, or http on loopback. ``login`` gives the headers of each request."""

    def __init__(
        self,
        url: str,
        login: Headers,
        *,
        system: str,
        ca_file: Path | None = None,
        timeout_seconds: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise TicketingError("refused", f"the address of {system} should be https://host/path, with no login in it")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise TicketingError("refused", f"the address of {system} has to be https: a login would cross the network in clear")
        self.url = url.rstrip("/")
        self.system = system
        self._login, self._ca_file, self._timeout = login, ca_file, timeout_seconds
        self._sleep = sleep
        self._trust: tuple[int, ssl.SSLContext] | None = None

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool | None = None,
        secret: str = "",
    ) -> Answer:
        """The answer, if it is a good one (2xx). ``repeat`` says that asking twice does no harm; it is so for GET unless said
        otherwise. ``body`` becomes JSON, but bytes are sent as they are; ``secret`` is one in it, which no message shows.
        For a thread without an event loop. Raises :class:`TicketingError`: temporary on 408, 429, 5xx and every failure of the
        network, conflict on 409 and 412, refused on the rest."""
        attempts = ATTEMPTS if (method == "GET" if repeat is None else repeat) else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._once(method, path, params or {}, body, headers or {}, secret=secret)
            except TicketingError as error:
                if error.kind != "temporary" or attempt == attempts or (error.retry_after or 0) > self._timeout:
                    raise
                self._sleep(error.retry_after or 0.5 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _once(
        self, method: str, path: str, params: Mapping[str, str], body: object, headers: Mapping[str, str], *, secret: str
    ) -> Answer:
        login = dict(self._login())
        sent = {"accept": "application/json", **login, **headers}
        content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        if content is not None:
            sent.setdefault("content-type", "application/json")
        where = f"{method} {path} at {self.system}"
        client = self._client()
        with self._network(where):
            request = client.build_request(method, self.url + path, params=dict(params) or None, content=content, headers=sent)
            status, lowered, raw = asyncio.run(self._answer(client, request, where))
        hidden = hidden_parts({**login, **headers, "": secret})
        if not 200 <= status < 300:
            raise _trouble(where, status, lowered, _excerpt(raw, hidden))
        return Answer(status=status, headers=lowered, data=_decoded(raw, where))

    async def _answer(self, client: httpx2.AsyncClient, request: httpx2.Request, where: str) -> tuple[int, dict[str, str], bytes]:
        """Asynchronous, because only so the whole of it has an end in time: a client's own limits begin again with each byte."""
        async with asyncio.timeout(self._timeout), client:
            response = await client.send(request, stream=True)
            try:
                raw = await self._body(response, where)
            finally:
                await response.aclose()
        return response.status_code, {name.lower(): value for name, value in response.headers.items()}, raw

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(verify=self._trusted(), trust_env=False, follow_redirects=False, timeout=self._timeout)

    def _trusted(self) -> ssl.SSLContext:
        """Read once, for it takes longer than a question; and again when the authority file changed."""
        try:
            changed = 0 if self._ca_file is None else self._ca_file.stat().st_mtime_ns
            if self._trust is None or self._trust[0] != changed:
                context = ssl.create_default_context(cafile=None if self._ca_file is None else str(self._ca_file))
                self._trust = (changed, context)
            return self._trust[1]
        except OSError as error:
            why = f"the authority file {self._ca_file} for {self.system} cannot be read: {type(error).__name__}"
            raise TicketingError("refused", why) from None

    @contextmanager
    def _network(self, where: str) -> Iterator[None]:
        try:
            yield
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, UnicodeError, ValueError) as error:
            raise TicketingError("temporary", f"{where}: no answer ({type(error).__name__})") from None

    async def _body(self, response: httpx2.Response, where: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise TicketingError("refused", f"{where}: the answer is longer than {MOST_BYTES} bytes")
            parts.append(part)
        return b"".join(parts)


def hidden_parts(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What of these headers no message may show: their values, the words in them, and what Basic encodes."""
    found: set[str] = set()
    for value in headers.values():
        for word in {value, *value.split()}:
            found.add(word)
            try:
                found.update(base64.b64decode(word, validate=True).decode().split(":", 1))
            except ValueError:
                continue
    return tuple(sorted((word for word in found if len(word) > 5), key=len, reverse=True))


def _excerpt(raw: bytes, hidden: tuple[str, ...]) -> str:
    text = without_secrets(raw[:MOST_EXCERPTED].decode("utf-8", "replace"), hidden)
    return "".join(sign if sign.isprintable() else " " for sign in text[:300]).strip()


def _decoded(raw: bytes, where: str) -> object:
    if not raw.strip():
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise TicketingError("refused", f"{where}: the answer is not JSON: does the address lead to the API?") from None


def _trouble(where: str, status: int, headers: Mapping[str, str], said: str) -> TicketingError:
    message = f"{where}: {status} {said}".strip()
    if status in (408, 425, 429) or status >= 500:
        return TicketingError("temporary", message, retry_after=retry_after(headers))
    if status in (409, 412):
        return TicketingError("conflict", message)
    if 300 <= status < 400:
        return TicketingError("refused", f"{where}: {status}: a redirect, not followed: configure the final address")
    return TicketingError("refused", message, found_nothing=status in (404, 410))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait (RFC 9110, 10.2.3), at most an hour; a date is measured from the answer's own ``Date``."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), MOST_WAIT_SECONDS)
    try:
        wait = email.utils.parsedate_to_datetime(said) - email.utils.parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), MOST_WAIT_SECONDS)
