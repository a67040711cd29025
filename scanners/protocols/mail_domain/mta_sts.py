"""MTA-STS and TLS reporting (RFC 8461, RFC 8460): whether senders are told to insist on TLS, and the policy they are given."""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanners.clean_text import clean_text
from scanners.door import RefusedByScope
from scanners.protocols.http.client import Browser, Exhausted
from scanners.protocols.mail_domain.answers import Answers
from scanners.protocols.tls.attempt import Attempts, Budget, GivenUp
from scanners.protocols.tls.first import first_handshake
from scanners.protocols.tls.report import describe
from scanners.protocols.tls.trust import load_trust_store
from scanners.resolver import resolve
from scanners.scanner import Occasion
from scanners.target import Target
from scanners.wire import ProtocolError

PATH = "/.well-known/mta-sts.txt"
POLICY_BYTES = 64 * 1024  # RFC 8461 3.3
_RECORD = re.compile(r"^v=STSv1[ \t]*;")
_REPORTS = re.compile(r"^v=TLSRPTv1[ \t]*;")
_MODES = ("enforce", "testing", "none")
_MX_LIMIT = 64


@dataclass(frozen=True)
class Policy:
    """A policy, or in ``error`` why there is none that a sender would follow. None stands for what could not be seen."""

    mode: str | None = None
    max_age: int | None = None
    mx: tuple[str, ...] | None = None
    error: str | None = None


async def has_record(domain: str, answers: Answers) -> bool | None:
    texts = await answers.texts(f"_mta-sts.{domain}")
    return None if texts is None else sum(bool(_RECORD.match(text)) for text in texts) == 1


async def has_reports(domain: str, answers: Answers) -> bool | None:
    texts = await answers.texts(f"_smtp._tls.{domain}")
    return None if texts is None else sum(bool(_REPORTS.match(text)) and "rua=" in text for text in texts) == 1


async def policy_of(domain: str, occasion: Occasion, authorities: Sequence[Path]) -> Policy:
    """Fetch the policy, only from an address inside the zone, without following redirects (RFC 8461 3.3)."""
    host = f"mta-sts.{domain}"
    try:
        address = (await resolve(occasion.door, host, occasion.zone))[0]
        target = Target(address=str(address), port=443, name=host)
        async with Browser(occasion.door, occasion.zone, target, "https", requests=1, request_seconds=8.0) as browser:
            answer = await browser.ask(PATH, body_bytes=POLICY_BYTES)
    except LookupError:
        return Policy(error=f"{host} has no address")
    except ConnectionRefusedError:
        return Policy(error=f"nothing answers at https://{host}")
    except (RefusedByScope, TimeoutError):
        return Policy()
    except (ProtocolError, ssl.SSLError, OSError, Exhausted) as error:
        return Policy(error=clean_text(f"https://{host} failed: {error}", 200))
    if answer.status != 200:
        return Policy(error=f"https://{host}{PATH} answered {answer.status}")
    if answer.media_type and answer.media_type != "text/plain":
        return Policy(error=f"the policy is sent as {clean_text(answer.media_type, 60)}, not as text/plain")
    doubt = await _untrusted(target, occasion, authorities)
    return Policy(error=doubt) if doubt else read_policy(answer.body)


async def _untrusted(target: Target, occasion: Occasion, authorities: Sequence[Path]) -> str:
    """Why no sender would believe the policy host; empty when its certificate is good, or could not be seen this time."""
    budget = Budget(connections=4, seconds=10.0)
    attempts = Attempts(occasion.door, target, zone_id=occasion.zone.id, budget=budget)
    try:
        first = await first_handshake(attempts, target.name, ())
    except (GivenUp, ProtocolError, OSError):
        return ""
    store = load_trust_store(None, *authorities)
    seen = describe(first.flight, None, name=target.name, store=store, now=occasion.door.clock())
    if seen is None or (seen.trusted is not False and seen.name_matches is not False):
        return ""
    why = "is for other names" if seen.name_matches is False else "is not trusted"
    return f"the certificate of {target.name} {why}"


def read_policy(body: bytes) -> Policy:
    """Read a policy (RFC 8461 3.2). Never raises."""
    fields: dict[str, list[str]] = {}
    for line in body[:POLICY_BYTES].decode("utf-8", "replace").splitlines()[:1000]:
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), []).append(clean_text(value.strip(), 255))
    mode, age = (fields.get(key, [""])[0] for key in ("mode", "max_age"))
    if fields.get("version", [""])[0] != "STSv1" or mode not in _MODES:
        return Policy(error="the policy cannot be read")
    if not (age.isascii() and age.isdigit() and len(age) <= 10):
        return Policy(error="the policy has no max_age")
    mx = tuple(name.lower() for name in fields.get("mx", []))[:_MX_LIMIT]
    if not mx and mode != "none":
        return Policy(error="the policy names no mail host")
    return Policy(mode=mode, max_age=int(age), mx=mx, error="")


def covers(patterns: Sequence[str], hosts: Sequence[str]) -> bool:
    """Whether every mail host fits a pattern; ``*.`` stands for one label (RFC 8461 4.1)."""
    return all(any(_fits(pattern, host.lower()) for pattern in patterns) for host in hosts)


def _fits(pattern: str, host: str) -> bool:
    return host.partition(".")[2] == pattern[2:] if pattern.startswith("*.") else host == pattern
