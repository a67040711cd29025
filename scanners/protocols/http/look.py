"""The HTTP scanner: the front page first, then, as far as the zone allows, what should not be there."""

import secrets
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from posixpath import dirname
from typing import Any

from scanners.clean_text import clean_text
from scanners.observation import Facts
from scanners.pace import deadline
from scanners.protocols.http import devices, documents, exposures, headers, left_behind, libraries, security_txt, signatures
from scanners.protocols.http.client import Answer, Browser, Exhausted, forgiving_context, is_redirect
from scanners.protocols.http.facts import HttpFacts
from scanners.protocols.http.page import Page, read_page
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness

_SERVICES = frozenset({"http", "https", "http-alt", "http-proxy"})
_DIRECTORIES = ("/uploads/", "/files/", "/backup/")
_COLLECTIONS = ("/", "/webdav/", "/dav/")
_LISTINGS = 6  # directories that are asked for
_SCRIPTS = 2


@dataclass(frozen=True)
class HttpScanner:
    """``request_seconds`` bounds one request, ``total_seconds`` all after the front page; ``requests`` is the most of a look."""

    name: str = "http"
    version: str = "1"
    facts_type: type[Facts] = HttpFacts
    intrusiveness: Intrusiveness = Intrusiveness.GENTLE
    deadline_seconds: float = 60.0
    total_seconds: float = 40.0
    request_seconds: float = 8.0
    requests: int = 360

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in _SERVICES

    async def look(self, target: Target, occasion: Occasion) -> Look:
        browser = Browser(
            occasion.door,
            occasion.zone,
            target,
            await _scheme(target, occasion),
            requests=self.requests,
            request_seconds=self.request_seconds,
        )
        async with browser:
            visit = _Visit(browser, occasion)
            await visit.front()
            with suppress(TimeoutError):  # what was not reached stays undetermined
                async with deadline(self.total_seconds):
                    for step in visit.steps():
                        await visit.attempt(step)
            return Look(HttpFacts(**visit.facts), browser.evidence)


async def _scheme(target: Target, occasion: Occasion) -> str:
    """https where the first look saw TLS; without a first look, where a handshake succeeds."""
    if occasion.service is not None:
        return "https" if occasion.service.tls or occasion.service.name == "https" else "http"
    limits = WireLimits(deadline_seconds=4.0)
    try:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=limits, tls=forgiving_context()):
            return "https"
    except ConnectionRefusedError:
        raise
    except (ssl.SSLError, ConnectionError, TimeoutError, EOFError):
        return "http"


class _Visit:
    """One look at one server. Each step adds its facts; a step that fails leaves them undetermined."""

    def __init__(self, browser: Browser, occasion: Occasion) -> None:
        self.browser = browser
        self.occasion = occasion
        self.facts: dict[str, Any] = {"scheme": browser.scheme, "asked_as": browser.host}
        self.answer: Answer
        self.page = Page()
        self.nothing: Answer | None = None

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        gentle: list[Callable[[], Awaitable[None]]] = [self.security_txt] if self.browser.scheme == "https" else []
        if not self.occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL):
            return gentle
        return [
            *gentle,
            self.made_up_path,
            self.cross_origin,
            self.repositories,
            self.backups,
            self.debugging,
            self.panels,
            self.listings,
            self.webdav,
            self.libraries,
            self.documents,
            self.websocket,
            self.descriptions,
        ]

    async def attempt(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except (Exhausted, exposures.Undetermined, ProtocolError, OSError):
            return  # its facts stay undetermined

    async def front(self) -> None:
        """The front page and everything that it alone tells. Raises what the first request raises."""
        answers = await self.browser.follow("/")
        self.answer = answer = answers[-1]
        self.page = read_page(answer.text) if answer.html else Page()
        self.facts |= _front_facts(self.browser, answers, self.page)
        panel = signatures.recognised(signatures.PANELS, answer, self.page)
        if panel:
            self.facts["admin_panel"] = panel
        self.facts["vpn_portal"] = signatures.recognised(signatures.VPN_PORTALS, answer, self.page)

    async def security_txt(self) -> None:
        for path in security_txt.PATHS:
            answer = (await self.browser.follow(path))[-1]
            if is_redirect(answer) or answer.status in (429, 500, 502, 503, 504):
                return  # it may be elsewhere, or be there another time
            found = security_txt.judge(answer, self.occasion.door.clock())
            self.facts |= {"security_txt": found.state, "security_txt_expires": found.expires}
            if found != security_txt.MISSING:
                return

    async def made_up_path(self) -> None:
        """What the server says of a path that nobody can have made."""
        self.nothing = await self.browser.ask(f"/{secrets.token_hex(8)}")

    async def cross_origin(self) -> None:
        """Whether a stranger's origin is let in, or ``null``, which a page of anybody's sends from a sandboxed frame."""
        for origin in (f"https://{secrets.token_hex(6)}.example", "null"):
            answer = await self.browser.ask(self.answer.path, headers=[("Origin", origin)])
            allowed = answer.get("access-control-allow-origin")
            credentials = answer.get("access-control-allow-credentials").lower() == "true"
            self.facts["cors_any_origin_with_credentials"] = found = allowed == origin and credentials
            if found:
                return

    async def repositories(self) -> None:
        self.facts["exposed_vcs"] = await exposures.exposed(self.browser, (*exposures.VCS, *left_behind.SECRETS))

    async def backups(self) -> None:
        name = self.browser.target.name
        wanted = (*exposures.backups(name), *left_behind.copies(name))
        self.facts["exposed_backups"] = await exposures.exposed(self.browser, wanted)

    async def descriptions(self) -> None:
        self.facts["exposed_api"] = await exposures.exposed(self.browser, left_behind.DESCRIPTIONS)

    async def debugging(self) -> None:
        found = list(await exposures.exposed(self.browser, (*exposures.DEBUG, *left_behind.DIAGNOSTICS)))
        heapdump = False
        if exposures.ACTUATOR.path in found:
            heapdump = await self._heapdump()
        if self.nothing is not None and exposures.is_debug_page(self.nothing):
            found.append(exposures.ERROR_PAGE)
        if await self._traces():
            found.append("TRACE /")
        if heapdump:
            found.append(exposures.HEAPDUMP.path)
        self.facts |= {"exposed_debug": tuple(found), "heapdump_exposed": heapdump}

    async def _heapdump(self) -> bool:
        """Making a dump stops a Java program for seconds: only a deep look fetches the beginning of one."""
        if self.occasion.zone.intrusiveness.allows(Intrusiveness.DEEP):
            return bool(await exposures.exposed(self.browser, (exposures.HEAPDUMP,)))
        return exposures.lists_heapdump(await self.browser.ask(exposures.ACTUATOR.path))

    async def _traces(self) -> bool:
        """Whether the TRACE method (RFC 9110 §9.3.8) gives a request's headers back."""
        token = secrets.token_hex(8)
        answer = await self.browser.ask("/", method="TRACE", headers=[("X-Talaia", token)])
        return answer.status == 200 and token in answer.text and not answer.html

    async def panels(self) -> None:
        if "admin_panel" in self.facts:
            return
        for path in signatures.PANEL_PATHS:
            answer = (await self.browser.follow(path))[-1]
            panel = signatures.recognised(signatures.PANELS, answer)
            if panel and not (self.nothing and signatures.recognised(signatures.PANELS, self.nothing)):
                self.facts["admin_panel"] = panel
                return
        self.facts["admin_panel"] = ""

    async def listings(self) -> None:
        found = ["/"] if signatures.is_listing(self.answer, self.page) else []
        if self.nothing is not None and signatures.is_listing(self.nothing):
            return  # it lists what does not exist: nothing can be said
        for directory in self._directories():
            answer = await self.browser.ask(directory)
            if signatures.is_listing(answer):
                found.append(directory)
        self.facts["directory_listing"] = tuple(found)

    async def webdav(self) -> None:
        """WebDAV (RFC 4918), and where it describes a collection to anybody: depth 0, so that no name in it is read."""
        speaks, found = False, []
        for path in _COLLECTIONS:
            speaks |= bool((await self.browser.ask(path, method="OPTIONS")).get("dav"))
            if await self._describes(path) and not await self._describes(f"/{secrets.token_hex(8)}/"):
                found.append(path)
        self.facts |= {"webdav": speaks or bool(found), "webdav_open": tuple(found)}

    async def _describes(self, path: str) -> bool:
        answer = await self.browser.ask(path, method="PROPFIND", headers=[("Depth", "0")], body_bytes=64 * 1024)
        return answer.status == 207 and "multistatus" in answer.lower and "propstat" in answer.lower

    def _directories(self) -> list[str]:
        """Directories of this site that the page uses, and a few that people make."""
        inside = (self.browser.inside(link, self.answer.path) for link in (*self.page.scripts, *self.page.links))
        used = [dirname(path.partition("?")[0]).rstrip("/") + "/" for path in inside if path]
        wanted = dict.fromkeys(path for path in (*used[:200], *_DIRECTORIES) if path != "/")
        own = [path for path in wanted if path not in _DIRECTORIES][: _LISTINGS - len(_DIRECTORIES)]
        return [*own, *_DIRECTORIES]

    async def libraries(self) -> None:
        inside = (self.browser.inside(address, self.answer.path) for address in libraries.unversioned(self.page))
        scripts = []
        for path in [path for path in inside if path][:_SCRIPTS]:
            script = await self.browser.ask(path, body_bytes=4096)
            scripts.append(script.text if script.status == 200 and not script.html else "")
        self.facts["libraries"] = libraries.libraries(self.page, self.answer, scripts)

    async def documents(self) -> None:
        linked = documents.linked(self.browser, self.page, self.answer.path)
        self.facts["document_metadata"] = await documents.document_metadata(self.browser, linked)

    async def websocket(self) -> None:
        """Whether the front page's address also speaks WebSocket (RFC 6455 §4.1)."""
        asked = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGFsYWlhLWxvb2tpbmctMQ=="),
        ]
        answer = await self.browser.ask(self.answer.path, headers=asked)
        upgraded = answer.get("upgrade").lower() == "websocket"
        self.facts["websocket"] = upgraded and answer.status in (101, 426)


def _front_facts(browser: Browser, answers: list[Answer], page: Page) -> dict[str, Any]:
    answer = answers[-1]
    kind, device = devices.recognised_device(answer, page)
    https = browser.scheme == "https"
    policies = headers.policies(answer, page.meta("content-security-policy"))
    return {
        "status": answer.status,
        "title": clean_text(page.title, 200),
        "server": clean_text(answer.get("server"), 200),
        "powered_by": clean_text(answer.get("x-powered-by"), 200),
        "location": clean_text(answer.get("location"), 500),
        "redirects_to_https": None if https else any(_leads_to_https(browser, found) for found in answers),
        "login_form": page.password_field,
        "html": answer.html,
        "hsts_max_age": headers.hsts_max_age(answer) if https else None,
        "csp": clean_text(", ".join(policies), 2000),
        "csp_unsafe": headers.csp_unsafe(policies),
        "frame_protected": headers.frame_protected(answer),
        "x_content_type_options": clean_text(answer.get("x-content-type-options"), 200),
        "referrer_policy": clean_text(answer.get("referrer-policy"), 200),
        "permissions_policy": clean_text(answer.get("permissions-policy"), 500),
        "cookies": headers.cookies(answers),
        "default_page": signatures.recognised(signatures.DEFAULT_PAGES, answer, page),
        "version_disclosed": headers.version_disclosed(answer),
        "libraries": libraries.libraries(page, answer),
        "device_kind": kind,
        "device": device,
        "unclaimed": signatures.recognised(signatures.UNCLAIMED, answer, page),
    }


def _leads_to_https(browser: Browser, answer: Answer) -> bool:
    split = browser.absolute(answer.get("location"), answer.path) if is_redirect(answer) else None
    return split is not None and split.scheme == "https"


SCANNER = HttpScanner()
