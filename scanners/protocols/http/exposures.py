"""Files and pages that nobody should be able to fetch, each proved by its content.

An answer of 200 proves nothing: many sites answer every path with their home page. So every hit must carry the signature of
what it should be, and a made-up neighbour must not.
"""

import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scanners.protocols.http.client import Answer, Browser, Exhausted
from scanners.protocols.http.inflate import inflate
from scanners.wire import ProtocolError

_HEAD_BYTES = 4096
_TAG = re.compile(rb"<(?:!doctype|html|head|body|script|!--)", re.IGNORECASE)
_REVLOG = {
    b"revlogv1",
    b"store",
    b"fncache",
    b"dotencode",
    b"generaldelta",
    b"sparserevlog",
    b"share-safe",
    b"persistent-nodemap",
}
_ENVIRONMENT = re.compile(rb"^(?:export )?[A-Z][A-Z0-9_]{1,80}=[^<]*$")
_PASSWORD_LINE = re.compile(rb"^[^\s:<>]{1,64}:(?:\$apr1\$|\$2[aby]\$|\$5\$|\$6\$|\{SHA\}|[A-Za-z0-9./]{13}$)")
_SQL = (
    b"-- MySQL dump",
    b"-- MariaDB dump",
    b"-- PostgreSQL database dump",
    b"-- phpMyAdmin SQL Dump",
    b"-- Adminer ",
    b"-- Host:",
    b"PRAGMA foreign_keys",
    b"CREATE TABLE",
    b"INSERT INTO",
    b"DROP TABLE",
)


@dataclass(frozen=True)
class Exposure:
    """A path, and what proves that its content is there. ``head_only``: the first 4 KiB are enough, and all that is asked for.
    ``follow``: redirects within the site lead to it."""

    path: str
    proves: Callable[[Answer], bool]
    head_only: bool = False
    follow: bool = False


class Undetermined(Exception):
    """Some answers did not come, and nothing was found in the others."""


async def exposed(browser: Browser, candidates: Sequence[Exposure]) -> tuple[str, ...]:
    """The paths of ``candidates`` whose content is really there.

    What was found counts even when other answers did not come. Raises :class:`Undetermined` when nothing was found and some
    did not come, or told us to go away (429, 503), and :class:`~scanners.door.RefusedByScope`.
    """
    found: list[str] = []
    missed = False
    for candidate in candidates:
        try:
            answer = await _ask(browser, candidate, candidate.path)
            missed |= answer.status in (429, 503)
            if _there(candidate, answer) and not await _anything_goes(browser, candidate):
                found.append(candidate.path)
        except (Exhausted, ProtocolError, OSError):
            missed = True
    if missed and not found:
        raise Undetermined
    return tuple(found)


def _there(candidate: Exposure, answer: Answer) -> bool:
    return answer.status in (200, 206) and candidate.proves(answer)


async def _anything_goes(browser: Browser, candidate: Exposure) -> bool:
    """Whether a path that nobody can have made, with the same ending, shows the same signature."""
    return _there(candidate, await _ask(browser, candidate, neighbour(candidate.path)))


def neighbour(path: str) -> str:
    """``path`` with a made-up first part, of the same kind: ``/.env`` gives ``/.k3j5…``, ``/info.php`` gives ``/k3j5….php``."""
    first, slash, rest = path[1:].partition("/")
    dot = "." if first.startswith(".") else ""
    ending = first[len(dot) :].partition(".")[2]
    return f"/{dot}{secrets.token_hex(6)}{'.' + ending if ending else ''}{slash}{rest}"


async def _ask(browser: Browser, candidate: Exposure, path: str) -> Answer:
    if candidate.follow:
        return (await browser.follow(path))[-1]
    if not candidate.head_only:
        return await browser.ask(path, accept_encoding="identity", body_bytes=64 * 1024)
    span = [("Range", f"bytes=0-{_HEAD_BYTES - 1}")]
    return await browser.ask(path, headers=span, accept_encoding="identity", body_bytes=_HEAD_BYTES)


def plain(proof: Callable[[bytes], bool]) -> Callable[[Answer], bool]:
    """A proof over the body, which must not be a page."""
    return lambda answer: not is_page(answer.body) and proof(answer.body)


def is_page(body: bytes) -> bool:
    return bool(_TAG.match(body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")))


def contains(*marks: str) -> Callable[[Answer], bool]:
    return lambda answer: all(mark in answer.lower for mark in marks)


def lines_of(body: bytes) -> list[bytes]:
    return [line.strip() for line in body.splitlines() if line.strip()]


def is_environment(body: bytes) -> bool:
    lines = [line for line in lines_of(body[:_HEAD_BYTES]) if not line.startswith(b"#")]
    told = lines[:-1] if len(body) > _HEAD_BYTES else lines  # the last line may be cut
    return bool(told) and all(_ENVIRONMENT.match(line) for line in told)


def _is_password_file(body: bytes) -> bool:
    lines = lines_of(body[:_HEAD_BYTES])[:5]
    return bool(lines) and all(_PASSWORD_LINE.match(line) for line in lines)


def is_php_source(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower() == b"<?php"


def is_sql(body: bytes) -> bool:
    head = body[:_HEAD_BYTES]
    return head.startswith(b"SQLite format 3\x00") or any(mark in head for mark in _SQL)


def _is_gzipped_archive(answer: Answer) -> bool:
    """A gzip file. Apache sends .gz as a content coding, so that only what is inside tells a file from a compressed page."""
    coding = answer.get("content-encoding")
    if not answer.raw.startswith(b"\x1f\x8b\x08"):
        return b"ustar" in answer.raw[257:263]
    inside = inflate(answer.raw, "gzip", _HEAD_BYTES)
    return b"ustar" in inside[257:263] or (not coding and bool(inside) and not is_page(inside))


VCS = (
    Exposure("/.git/HEAD", plain(lambda body: bool(re.match(rb"ref: refs/[\x21-\x7e]+\s*$|[0-9a-f]{40}\s*$", body[:300])))),
    Exposure("/.git/config", plain(lambda body: b"[core]" in body and b"repositoryformatversion" in body)),
    Exposure("/.svn/wc.db", plain(lambda body: body.startswith(b"SQLite format 3\x00")), head_only=True),
    Exposure("/.svn/entries", plain(lambda body: bool(re.match(rb"(?:12\n$|(?:8|9|10)\n\n(?:dir|file)\n)", body[:300])))),
    Exposure("/.hg/requires", plain(lambda body: len(lines_of(body)) > 1 and len(_REVLOG & set(lines_of(body))) > 1)),
    Exposure("/.env", plain(is_environment)),
    Exposure("/.DS_Store", plain(lambda body: body.startswith(b"\x00\x00\x00\x01Bud1")), head_only=True),
    Exposure("/.htpasswd", plain(_is_password_file)),
    Exposure("/wp-config.php.bak", plain(is_php_source)),
    Exposure("/wp-config.php.old", plain(is_php_source)),
    Exposure("/wp-config.php~", plain(is_php_source)),
    Exposure("/wp-config.php.save", plain(is_php_source)),
    Exposure("/config.php.bak", plain(is_php_source)),
    Exposure("/web.config.bak", lambda answer: "<configuration" in answer.lower and "<system.web" in answer.lower),
)


def backups(name: str | None) -> tuple[Exposure, ...]:
    """Archives and dumps under the names that people give them; ``name`` is the site's, if it has one."""

    def zipped(path: str) -> Exposure:
        return Exposure(path, plain(lambda body: body.startswith((b"PK\x03\x04", b"PK\x05\x06"))), head_only=True)

    def tarred(path: str) -> Exposure:
        return Exposure(path, _is_gzipped_archive, head_only=True)

    def dumped(path: str) -> Exposure:
        return Exposure(path, plain(is_sql), head_only=True)

    own = (zipped(f"/{name}.zip"), tarred(f"/{name}.tar.gz")) if name else ()
    return (
        zipped("/backup.zip"),
        zipped("/site.zip"),
        tarred("/backup.tar.gz"),
        dumped("/backup.sql"),
        dumped("/dump.sql"),
        dumped("/db.sql"),
        dumped("/database.sql"),
        *own,
    )


def json_object(answer: Answer) -> dict[str, Any]:
    """The JSON object that the answer is; empty when it is none."""
    try:
        found = json.loads(answer.text) if answer.body[:1] == b"{" else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _actuator_links(answer: Answer) -> list[str]:
    """The endpoints that Spring Boot's discovery page lists, without those that say nothing (health, info)."""
    links = json_object(answer).get("_links")
    if not isinstance(links, dict) or "self" not in links:
        return []
    return [name for name in links if name.partition("-")[0] not in ("self", "health", "info")]


def lists_heapdump(answer: Answer) -> bool:
    return answer.status == 200 and "heapdump" in _actuator_links(answer)


def is_heapdump(answer: Answer) -> bool:
    """A HPROF file, or the gzip of one."""
    head = answer.raw
    if head.startswith(b"\x1f\x8b\x08"):
        head = inflate(head, "gzip", 64)
    return answer.status in (200, 206) and head.startswith(b"JAVA PROFILE 1.0.")


ACTUATOR = Exposure("/actuator", lambda answer: bool(_actuator_links(answer)))
HEAPDUMP = Exposure("/actuator/heapdump", is_heapdump, head_only=True)

DEBUG = (
    Exposure("/phpinfo.php", contains("phpinfo()", "php version")),
    Exposure("/info.php", contains("phpinfo()", "php version")),
    Exposure("/server-status", contains("apache server status for")),
    Exposure("/server-info", contains("apache server information")),
    Exposure("/nginx_status", plain(lambda body: b"server accepts handled requests" in body[:500])),
    ACTUATOR,
    Exposure("/actuator/env", lambda answer: answer.body[:1] == b"{" and b'"propertySources"' in answer.body[:4096]),
    Exposure("/debug/pprof/", contains("<title>/debug/pprof/</title>")),
    Exposure("/_profiler/", contains("symfony profiler"), follow=True),
    Exposure("/trace.axd", contains("application trace", "requests to this application")),
    Exposure("/elmah.axd", contains("error log for", "elmah")),
)

# What frameworks in their debugging mode show instead of "not found": all substrings of one entry, in lower case.
_ERROR_PAGES = (
    ("django", "you're seeing this error because you have <code>debug = true</code>"),
    ("rails.root:", "routing error"),
    ("werkzeug", "__debugger__"),
    ("symfony exception", "exception-message"),
    ("ignition", "laravel", "stack"),
    ("whoops", "stack frames", "environment &amp; details"),
    ("version information:", "microsoft .net framework version", "stack trace"),
)
ERROR_PAGE = "(error page)"


def is_debug_page(answer: Answer) -> bool:
    """Whether the answer to a path that does not exist is a framework's debugging page."""
    return any(all(mark in answer.lower for mark in marks) for marks in _ERROR_PAGES)
