"""Asking one web server, politely and within bounds, whatever it answers.

Requests go one after the other over one kept connection, made by the door. Nothing is taken from the environment, no cookie is
sent back, no redirect leaves the host, port and scheme that were asked.
"""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import httpcore2

from scanners.clean_text import clean_text
from scanners.door import Door
from scanners.observation import EVIDENCE_LIMIT_BYTES
from scanners.pace import deadline
from scanners.protocols.http.inflate import inflate
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Zone

USER_AGENT = "Talaia/0.1 (municipal security posture; authorised look)"
BODY_BYTES = 256 * 1024  # raw, of one answer
INFLATED_BYTES = 1024 * 1024
_HEAD_BYTES = 128 * 1024  # status lines, headers and chunk frames of one answer
_CONNECTION_BYTES = 32 * 1024 * 1024
_CONNECTION_SECONDS = 300.0  # far longer than a look: what ends a request is its own deadline
_REDIRECTS = 5
_HEADERS = 200
_FAILURES = 3  # in a row, after which a server is left alone
_LEGACY_SERVER_CONNECT = 0x4  # OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT; named in ssl since Python 3.12


class Exhausted(Exception):
    """This look may ask no more: its number of requests is used up, or the server has stopped answering."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``path`` is what was asked (path and query); ``headers`` are as sent, names in lower case.

    ``raw`` is the body as transferred, ``body`` without its content coding (empty where that could not be undone), both
    cut at the limit; ``whole`` says that nothing was cut.
    """

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes
    body: bytes
    whole: bool

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        """The first header of that name, stripped; empty when absent."""
        return next((value.strip() for key, value in self.headers if key == name), "")

    @property
    def media_type(self) -> str:
        return self.get("content-type").partition(";")[0].strip().lower()

    @cached_property
    def html(self) -> bool:
        """Whether a browser would show it as a page."""
        if self.media_type:
            return self.media_type in ("text/html", "application/xhtml+xml")
        return (
            self.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html", b"<head", b"<body"))
        )

    @cached_property
    def text(self) -> str:
        charset = self.get("content-type").lower().partition("charset=")[2].strip(" \"'").partition(";")[0]
        latin = charset in ("iso-8859-1", "iso-8859-15", "windows-1252", "latin1")
        return self.body.decode("windows-1252" if latin else "utf-8", "replace")

    @cached_property
    def lower(self) -> str:
        return self.text.lower()


def forgiving_context() -> ssl.SSLContext:
    """A client context that reaches old servers too. It proves nothing about the other end: the TLS scanner judges that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    context.set_alpn_protocols(["http/1.1"])
    return context


class Browser:
    """One web server: ``target`` over ``scheme`` (http or https). Use as an asynchronous context manager, in one task.

    ``requests`` bounds the whole visit, ``request_seconds`` one request from connecting to its last byte.
    """

    def __init__(self, door: Door, zone: Zone, target: Target, scheme: str, *, requests: int, request_seconds: float) -> None:
        self.scheme = scheme
        self.target = target
        self._door, self._zone = door, zone
        self._left = requests
        self._request_seconds = request_seconds
        self._failures = 0
        self._unkept = False  # it closes connections without saying so: each request gets its own
        self._backend = _Backend(door, zone, target, forgiving_context() if scheme == "https" else None)

    async def __aenter__(self) -> "Browser":
        self._pool = httpcore2.AsyncConnectionPool(max_connections=1, network_backend=self._backend)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._pool.aclose()

    @property
    def host(self) -> str:
        return self.target.name or self.target.address

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.target.port == (443 if self.scheme == "https" else 80)
        return host if usual else f"{host}:{self.target.port}"

    @property
    def evidence(self) -> bytes:
        """The first bytes that the server sent, 64 KiB at most."""
        return bytes(self._backend.evidence)

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
        body_bytes: int = BODY_BYTES,
        accept_encoding: str = "gzip, deflate, br",
        content: bytes = b"",
    ) -> Answer:
        """One request, with ``content`` for its body, and its answer; redirects are not followed.

        Raises :class:`Exhausted`, ``TimeoutError``, :class:`~scanners.wire.ProtocolError`, ``ssl.SSLError``, ``OSError`` or
        :class:`~scanners.door.RefusedByScope`.
        """
        sent = [("Host", self.authority), ("User-Agent", USER_AGENT), ("Accept", "*/*"), ("Accept-Encoding", accept_encoding)]
        if self._unkept:
            sent.append(("Connection", "close"))
        names = {name.lower() for name, _ in headers}
        sent = [pair for pair in sent if pair[0].lower() not in names] + list(headers)
        retried = False
        while True:
            self._count()
            kept = self._backend.answered  # a server may close a kept connection just as we use it
            try:
                answer = await self._exchange(method, path, sent, body_bytes, content)
            except (ProtocolError, OSError) as error:
                self._door.admit(self.target.address, zone_id=self._zone.id)  # stopped, or only failed?
                if kept and not retried and not isinstance(error, TimeoutError):
                    retried = self._unkept = True
                    self._left += 1
                    continue
                self._failures += 1
                raise
            self._failures = 0
            return answer

    def _count(self) -> None:
        if self._left <= 0 or self._failures >= _FAILURES:
            raise Exhausted(f"no more is asked of {self.authority} in this look")
        self._left -= 1

    async def _exchange(self, method: str, path: str, headers: list[tuple[str, str]], body_bytes: int, content: bytes) -> Answer:
        self._backend.allow(body_bytes + _HEAD_BYTES)
        url = httpcore2.URL(scheme=b"http", host=b"server", port=80, target=path.encode("ascii"))
        sent = [(name.encode(), value.encode()) for name, value in headers]
        raw = bytearray()
        whole = True
        try:
            async with (
                deadline(self._request_seconds),
                self._pool.stream(method, url, headers=sent, content=content or None) as response,
            ):
                if response.status != 101:
                    async for chunk in response.aiter_stream():
                        raw += chunk
                        if len(raw) > body_bytes:
                            whole = False
                            break
                self._backend.answered = True
                found = tuple((key.decode("latin-1").lower(), _decoded(value)) for key, value in response.headers[:_HEADERS])
                status = response.status
        except (httpcore2.ProtocolError, httpcore2.NetworkError) as error:
            raise ProtocolError(clean_text(str(error), 200) or type(error).__name__) from error
        coding = ",".join(value for key, value in found if key == "content-encoding")
        body = inflate(bytes(raw[:body_bytes]), coding, INFLATED_BYTES)
        return Answer(path, status, found, bytes(raw[:body_bytes]), body, whole)

    async def follow(self, path: str) -> list[Answer]:
        """Ask, and follow up to five redirects that stay on this host, port and scheme. All answers, the final one last.

        When an answer after the first fails, those before it are returned. Raises what :meth:`ask` raises.
        """
        answers = [await self.ask(path)]
        while len(answers) <= _REDIRECTS:
            onward = self.inside(answers[-1].get("location"), answers[-1].path) if is_redirect(answers[-1]) else None
            if onward is None or onward in {answer.path for answer in answers}:
                break
            try:
                answers.append(await self.ask(onward))
            except (Exhausted, ProtocolError, OSError):
                break
        return answers

    def absolute(self, reference: str, path: str = "/") -> SplitResult | None:
        """``reference`` as found on ``path``, made absolute; None when it is no URL."""
        if not reference or len(reference) > 4096:
            return None
        try:
            split = urlsplit(urljoin(f"{self.scheme}://{self.authority}{path}", reference.strip()))
            split.port  # noqa: B018 - reading it is what checks it
        except ValueError:
            return None
        return split

    def inside(self, reference: str, path: str = "/") -> str | None:
        """The path and query to ask for ``reference``, or None when it leaves this host, port or scheme."""
        split = self.absolute(reference, path)
        if split is None or split.scheme != self.scheme or (split.hostname or "").lower() != self.host.lower():
            return None
        if (split.port or (443 if self.scheme == "https" else 80)) != self.target.port:
            return None
        return as_target(f"{split.path or '/'}?{split.query}" if split.query else split.path or "/")


def as_target(path: str) -> str:
    """``path`` with everything escaped that a request line cannot carry (RFC 9112 §3.2.1)."""
    return quote(path, safe="/?%:@!$&'()*+,;=~-._")


def is_redirect(answer: Answer) -> bool:
    return answer.status in (301, 302, 303, 307, 308) and bool(answer.get("location"))


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


@dataclass
class _Backend(httpcore2.AsyncNetworkBackend):
    """Where httpcore asks for a connection: the door, and nothing else."""

    door: Door
    zone: Zone
    target: Target
    tls: ssl.SSLContext | None
    answered: bool = False
    evidence: bytearray = field(default_factory=bytearray)
    allowance: int = 0

    def allow(self, count: int) -> None:
        """Let ``count`` more bytes in, from now on."""
        self.allowance = count

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        limits = WireLimits(deadline_seconds=_CONNECTION_SECONDS, read_bytes=_CONNECTION_BYTES)
        held = _Held(self.door.open(self.target, zone_id=self.zone.id, limits=limits, tls=self.tls))
        wire = await held.opened()
        self.answered = False
        return _Stream(wire, held, self)

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore2.AsyncNetworkStream:
        raise NotImplementedError("only the door makes connections")


class _Held:
    """A connection of the door's, kept open by a task of its own: httpcore closes it when it wants, not where it was opened."""

    def __init__(self, opening: AbstractAsyncContextManager[Wire]) -> None:
        self._wire: asyncio.Future[Wire] = asyncio.get_running_loop().create_future()
        self._enough = asyncio.Event()
        self._task = asyncio.create_task(self._hold(opening))

    async def _hold(self, opening: AbstractAsyncContextManager[Wire]) -> None:
        async with opening as wire:
            self._wire.set_result(wire)
            await self._enough.wait()

    async def opened(self) -> Wire:
        """The open wire. Raises what the door raises."""
        either: set[asyncio.Future[Any]] = {self._task, self._wire}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if not self._wire.done():
            await self._task  # it can only have failed
        return await self._wire

    async def close(self) -> None:
        self._enough.set()
        await asyncio.gather(self._task, return_exceptions=True)


class _Stream(httpcore2.AsyncNetworkStream):
    def __init__(self, wire: Wire, held: _Held, backend: _Backend) -> None:
        self._wire = wire
        self._held = held
        self._backend = backend

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's interface
        data = await self._wire.read_some(max_bytes)
        self._backend.allowance -= len(data)
        if self._backend.allowance < 0:
            raise ProtocolError("an answer that does not end")
        room = EVIDENCE_LIMIT_BYTES - len(self._backend.evidence)
        self._backend.evidence += data[: max(room, 0)]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's interface
        await self._wire.write(buffer)

    async def aclose(self) -> None:
        await self._held.close()

    def get_extra_info(self, info: str) -> Any:
        return self._wire.at_end if info == "is_readable" else None
