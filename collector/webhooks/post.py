"""One POST to a receiver: to the address that was judged and no other, without redirects, bounded in bytes and in time."""

import email.utils
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore2

from collector.webhooks.target import Targets
from scanners.clean_text import clean_text

SECONDS = 15.0  # for all of it
_CONNECT_SECONDS = 5.0
_MOST_BYTES = 16 * 1024  # of an answer, which nobody reads
_LONGEST_WAIT = timedelta(days=1)


class PostFailed(Exception):
    """No answer came; the message says why and holds nothing of the request."""


@dataclass(frozen=True)
class Answer:
    """``retry_after`` is how long the receiver asks to be left alone."""

    status: int
    retry_after: timedelta | None = None


class Poster:
    """Posts to receivers that ``targets`` allow; ``authorities`` are PEM files trusted besides the machine's own."""

    def __init__(
        self,
        targets: Targets,
        *,
        authorities: tuple[Path, ...] = (),
        clock: Callable[[], datetime],
        seconds: float = SECONDS,
    ) -> None:
        self._targets = targets
        self._authorities = authorities
        self._clock = clock
        self._seconds = seconds

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises :class:`PostFailed`, and :class:`~collector.webhooks.target.TargetRefused` before anything was sent."""
        parts = self._targets.check(url)
        deadline = time.monotonic() + self._seconds
        try:
            address = self._targets.resolve(parts)
            backend = _Pinned(str(address), deadline)
            with (
                httpcore2.ConnectionPool(ssl_context=self._context(), network_backend=backend, http2=False) as pool,
                pool.stream("POST", url, headers=list(headers.items()), content=body) as response,
            ):
                size = 0
                for chunk in response.iter_stream():
                    size += len(chunk)
                    if size > _MOST_BYTES:
                        break
                return Answer(response.status, self._retry_after(response.headers))
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError, ssl.SSLError) as error:
            raise PostFailed(f"{type(error).__name__}: {clean_text(str(error), 200)}") from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for path in self._authorities:
            context.load_verify_locations(cafile=str(path))
        return context

    def _retry_after(self, headers: Iterable[tuple[bytes, bytes]]) -> timedelta | None:
        """Seconds or a date (RFC 9110 10.2.3), a day at most; None when there is none that can be read."""
        text = next((value.decode("latin-1").strip() for name, value in headers if name.lower() == b"retry-after"), "")
        if text.isascii() and text.isdigit():
            return min(timedelta(seconds=min(int(text[:9]), 10**9)), _LONGEST_WAIT)
        try:
            until = email.utils.parsedate_to_datetime(text)
            return min(max(until - self._clock(), timedelta(0)), _LONGEST_WAIT)
        except (ValueError, TypeError, OverflowError):
            return None


class _Pinned(httpcore2.NetworkBackend):
    """Connects to one address, whatever name is asked for, and ends everything at the deadline."""

    def __init__(self, address: str, deadline: float) -> None:
        self._address = address
        self._deadline = deadline
        self._real = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        left = min(_left(self._deadline), _CONNECT_SECONDS)
        return _Timed(self._real.connect_tcp(self._address, port, left, local_address, socket_options), self._deadline)


class _Timed(httpcore2.NetworkStream):
    """A stream whose every wait ends at the deadline: an answer of one byte a second is no way to hold us up."""

    def __init__(self, real: httpcore2.NetworkStream, deadline: float) -> None:
        self._real = real
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._real.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._real.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._real.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the receiver took too long")
    return left
