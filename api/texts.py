"""Texts of rules in the language asked for, and the command that shows a finding to whoever doubts it."""

import ipaddress
import re
import shlex
from collections.abc import Mapping
from typing import Any

from api.parts import Rules
from rules.rule import Rule

LANGUAGES = ("ca", "es", "en")
_NAME = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}")
_PLAIN_HTTP_PORTS = frozenset({80, 8000, 8008, 8080, 8880})


def choose_language(asked: str | None, accepted: str, default: str) -> str:
    """``asked`` if it is one of ours, else the best of an Accept-Language header, else ``default``."""
    if asked in LANGUAGES:
        return asked
    weighed = []
    for part in accepted[:200].split(","):
        tag, _, weight = part.strip().partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)", weight) if weight else None
        language = tag.partition("-")[0].lower()
        if language in LANGUAGES:
            weighed.append((float(found.group(1)) if found else 1.0, language))
    weighed = [(weight, language) for weight, language in weighed if weight > 0]
    return max(weighed, key=lambda item: item[0])[1] if weighed else default


def rule_of(rules: Rules, rule_id: str) -> Rule | None:
    return rules.rules.get(rule_id) or rules.disabled.get(rule_id)


def rule_text(rules: Rules, rule_id: str, part: str, language: str) -> str:
    """``title``, ``rationale`` or ``remediation``; of a rule that is no longer known, its id as title and nothing else."""
    rule = rule_of(rules, rule_id)
    if rule is None:
        return rule_id if part == "title" else ""
    texts: Mapping[str, str] = getattr(rule, part)
    return texts[language]


def name_of(names: Any, key: str, language: str) -> str:
    """A department's or service's name in ``language``, or the nearest there is."""
    if isinstance(names, Mapping):
        for one in (language, *LANGUAGES):
            if names.get(one):
                return str(names[one])
    return key


def see_it_yourself(rule: str, address: str | None, port: int | None, name: str | None) -> str:
    """A command that shows the same from a machine at that vantage; empty when none can be given."""
    try:
        host = str(ipaddress.ip_address(address or ""))
    except ValueError:
        return ""
    server = name if name and _NAME.fullmatch(name) else ""
    family = rule.partition("-")[0]
    bracketed = f"[{host}]" if ":" in host else host
    if family in ("TLS", "CERT") and port:
        return _openssl(rule, bracketed, port, server)
    if family == "WEB" and port:
        return _curl(bracketed, port, server)
    if family == "SSH" and port:
        return f"nmap -Pn -p {port} --script ssh2-enum-algos,ssh-auth-methods {host}"
    if port:
        return f"nmap -Pn -sV -p {port} {host}"
    return f"nmap -Pn {host}"


def _openssl(rule: str, host: str, port: int, server: str) -> str:
    asked = f" -servername {shlex.quote(server)}" if server else ""
    oldest = {"TLS-001": " -ssl3", "TLS-002": " -tls1 -cipher ALL:@SECLEVEL=0"}.get(rule, "")
    show = " -showcerts" if rule.startswith("CERT") else ""
    return f"openssl s_client -connect {host}:{port}{asked}{oldest}{show} </dev/null"


def _curl(host: str, port: int, server: str) -> str:
    scheme = "http" if port in _PLAIN_HTTP_PORTS else "https"
    if not server:
        return f"curl -sSki --max-time 10 {scheme}://{host}:{port}/"
    resolve = shlex.quote(f"{server}:{port}:{host}")
    return f"curl -sSki --max-time 10 --resolve {resolve} {shlex.quote(f'{scheme}://{server}:{port}/')}"
