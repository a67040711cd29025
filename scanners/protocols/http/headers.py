"""What the headers of an answer promise a browser."""

import re
from collections.abc import Iterable, Sequence

from scanners.clean_text import clean_text
from scanners.protocols.http.client import Answer
from scanners.protocols.http.facts import CookieFacts

NO_SCRIPT_SOURCES = "no script-src or default-src"

_COOKIES = 50
_SESSION = re.compile(
    r"sess|sid$|^sid|auth|token|jwt|login|logged_in|remember|cfid|\bsso|ident|ticket|aspnetcore\.cookies|^[bf]e_typo_user",
    re.IGNORECASE,
)
# A double-submit cookie must be readable by scripts, and consent, language and load-balancer cookies open no session.
_NO_SESSION = re.compile(r"csrf|xsrf|antiforgery|consent|^bigip|^aws(?:alb|elb)|^route", re.IGNORECASE)
_VERSION = re.compile(r"\d\.\d")
_VERSION_HEADERS = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "x-runtime-version")
_WEAK_SOURCES = ("'unsafe-inline'", "'unsafe-eval'", "*", "http:", "data:")


def hsts_max_age(answer: Answer) -> int:
    """The max-age of Strict-Transport-Security in seconds (RFC 6797 §6.1); 0 when absent or malformed."""
    header = answer.get("strict-transport-security")
    values = [
        value.strip().strip('"')
        for name, _, value in (directive.partition("=") for directive in header.split(";"))
        if name.strip().lower() == "max-age"
    ]
    return int(values[0]) if len(values) == 1 and re.fullmatch(r"[0-9]{1,12}", values[0]) else 0


def policies(answer: Answer, meta: str = "") -> list[str]:
    """The Content-Security-Policies in force (CSP3 §3): those of the header, and the one of a meta element."""
    found = [policy.strip() for value in answer.all("content-security-policy") for policy in value.split(",")]
    return [policy for policy in [*found, meta.strip()] if policy]


def directives(policy: str) -> dict[str, list[str]]:
    """The directives of one policy; of repeated ones the first counts (CSP3 §2.2.1)."""
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        words = part.split()
        if words:
            found.setdefault(words[0].lower(), words[1:])
    return found


def csp_unsafe(found: Sequence[str]) -> tuple[str, ...]:
    """What makes the policies weak against injected scripts; empty when they are not, or when there are none.

    Every policy has to be satisfied, so only what all of them allow is weak. ``unsafe-inline`` counts for nothing beside a
    nonce or hash, and addresses for nothing beside ``strict-dynamic`` (CSP3 §6.7.1.1, §8.2).
    """
    weak = [_weak_sources(directives(policy)) for policy in found]
    restricting = [sources for sources in weak if sources is not None]
    if not restricting:
        return (NO_SCRIPT_SOURCES,) if found else ()
    common = set.intersection(*restricting)
    return tuple(source.strip("'") for source in _WEAK_SOURCES if source in common)


def _weak_sources(policy: dict[str, list[str]]) -> set[str] | None:
    sources = policy.get("script-src", policy.get("default-src"))
    if sources is None:
        return None
    lowered = {source.lower() for source in sources}
    weak = lowered & set(_WEAK_SOURCES)
    if any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in lowered):
        weak.discard("'unsafe-inline'")
        if "'strict-dynamic'" in lowered:
            weak -= {"*", "http:", "data:"}
    return weak


def frame_protected(answer: Answer) -> bool:
    """Whether other sites may not frame the page: frame-ancestors (CSP3 §6.4.2), which overrides X-Frame-Options (RFC 7034)."""
    ancestors = [directives(policy).get("frame-ancestors") for policy in policies(answer)]
    restricting = [sources for sources in ancestors if sources is not None]
    if restricting:
        return any(not {"*", "http:", "https:"} & {source.lower() for source in sources} for sources in restricting)
    options = {part.strip().lower() for value in answer.all("x-frame-options") for part in value.split(",")}
    return len(options) == 1 and options <= {"deny", "sameorigin"}


def cookies(answers: Iterable[Answer]) -> tuple[CookieFacts, ...]:
    """The cookies that the answers set; of several with one name the last."""
    found: dict[str, CookieFacts] = {}
    for header in (value for answer in answers for value in answer.all("set-cookie")):
        cookie = _cookie(header)
        if cookie is not None and (cookie.name in found or len(found) < _COOKIES):
            found[cookie.name] = cookie
    return tuple(found.values())


def _cookie(header: str) -> CookieFacts | None:
    pair, *attributes = header[:8192].split(";")
    name = clean_text(pair.partition("=")[0].strip(), 100)
    if not name:
        return None
    settings = {key.strip().lower(): value.strip().lower() for key, _, value in (item.partition("=") for item in attributes)}
    if (
        settings.get("max-age", "1") == "0"
        or "01 jan 1970" in settings.get("expires", "")
        or "01-jan-1970" in settings.get("expires", "")
    ):
        return None  # it takes a cookie away
    same_site = settings.get("samesite", "")
    return CookieFacts(
        name=name,
        secure="secure" in settings,
        http_only="httponly" in settings,
        same_site=same_site if same_site in ("lax", "strict", "none") else "",
        session=bool(_SESSION.search(name)) and not _NO_SESSION.search(name),
    )


def version_disclosed(answer: Answer) -> str:
    """The headers that tell a version, as sent and joined by ``; ``; empty when none does."""
    found = [f"{name}: {value}" for name in _VERSION_HEADERS for value in answer.all(name)]
    telling = [text for text in found if _VERSION.search(text)]
    return clean_text("; ".join(telling), 300)
