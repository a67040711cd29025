"""Who is behind a web server: one of the platforms that are known, and does it ask who comes?"""

from dataclasses import dataclass
from typing import Any

from scanners.observation import Facts
from scanners.protocols.http.client import Answer, Browser, Exhausted
from scanners.protocols.platforms.facts import PlatformsFacts
from scanners.protocols.platforms.reading import Verdict, version_of
from scanners.protocols.platforms.table import ASKED, PLATFORMS, Platform, Proof
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

REQUESTS = 10  # of one whole look; a web site that is none of these gets one, and its redirects
_BODY_BYTES = 512 * 1024
_SILENT = (200, 400, 401, 403, 404, 503)


@dataclass(frozen=True)
class PlatformsScanner:
    """The front page; where that says nothing, three paths; and of a platform that is recognised the request that proves.

    No credential is sent, nothing is changed, and of what is listed only the number is kept.
    """

    name: str = "platforms"
    version: str = "1"
    facts_type: type[Facts] = PlatformsFacts
    intrusiveness: Intrusiveness = Intrusiveness.NORMAL
    deadline_seconds: float = 40.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("http", "https")

    async def look(self, target: Target, occasion: Occasion) -> Look:
        scheme = "https" if occasion.service and (occasion.service.tls or occasion.service.name == "https") else "http"
        browser = Browser(occasion.door, occasion.zone, target, scheme, requests=REQUESTS, request_seconds=8.0)
        async with browser:
            found = await _recognise(browser)
            if found is None:
                return Look(PlatformsFacts(product="", tls=scheme == "https"), browser.evidence)
            platform, answer = found
            facts = await _prove(browser, platform)
            version = facts.pop("version", None) or version_of(platform.version(answer))
            return Look(PlatformsFacts(product=platform.name, version=version, tls=scheme == "https", **facts), browser.evidence)


async def _recognise(browser: Browser) -> tuple[Platform, Answer] | None:
    """The platform, and the answer that gave it away. Raises what the first request raises."""
    front = await browser.follow("/")
    for answer in front:
        if (platform := recognised(answer)) is not None:
            return platform, answer
    if front[-1].status not in _SILENT or front[-1].html:
        return None
    for path in ASKED:
        try:
            answer = await browser.ask(path)
        except (Exhausted, ProtocolError, OSError):
            return None
        if (platform := recognised(answer)) is not None:
            return platform, answer
    return None


def recognised(answer: Answer) -> Platform | None:
    """The first platform of the table whose signature ``answer`` has."""
    return next((platform for platform in PLATFORMS if platform.recognise(answer)), None)


async def _prove(browser: Browser, platform: Platform) -> dict[str, Any]:
    """The facts that the platform's proofs give: of the first that lets us in, else whether one asked for credentials."""
    closed: dict[str, Any] = {}
    for proof in platform.proofs:
        try:
            verdict = await _ask(browser, proof)
        except (Exhausted, ProtocolError, OSError):
            break
        said = {"unauthenticated": verdict.entered, "proof": proof.path, "counted": verdict.counted, "version": verdict.version}
        if verdict.entered:
            return said
        if verdict.entered is False:
            closed = closed or said
    return closed


async def _ask(browser: Browser, proof: Proof) -> Verdict:
    if proof.content:
        kind = [("Content-Type", "application/json")]
        return proof.judge(
            await browser.ask(proof.path, method="POST", headers=kind, content=proof.content, body_bytes=_BODY_BYTES)
        )
    return proof.judge(await browser.ask(proof.path, body_bytes=_BODY_BYTES))


SCANNER = PlatformsScanner()
