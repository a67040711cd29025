"""SPF records: read, and counted as a receiver counts them (RFC 7208).

The library that knows SPF best (checkdmarc) resolves by itself, beside the door; it is the oracle of the tests.
"""

import ipaddress
import re
from dataclasses import dataclass, field

from scanners.clean_text import clean_text
from scanners.protocols.mail_domain.answers import Answers
from scanners.target import AddressError, parse_name

LOOKUPS, VOID_LOOKUPS, MX_HOSTS = 10, 2, 10  # RFC 7208 4.6.4
_DEPTH, _STOP = 12, 40  # where walking ends: far over the limit nobody needs the exact number
_TERMS = 256
_MECHANISM = re.compile(r"^([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::(.*)|(/.*))?$", re.IGNORECASE)
_MODIFIER = re.compile(r"^([A-Za-z][A-Za-z0-9_.-]{0,62})=(.*)$")
_CIDR = re.compile(r"^([^/]*)(/[0-9]{1,3})?(//[0-9]{1,3})?$")


@dataclass(frozen=True)
class Term:
    """A mechanism: ``qualifier`` is one of ``+ - ~ ?``; ``domain`` is empty where it means the domain itself."""

    qualifier: str
    name: str
    domain: str = ""


@dataclass(frozen=True)
class SpfRecord:
    """``error`` is empty for a record that can be read. Terms after ``all`` are never evaluated, and left out."""

    terms: tuple[Term, ...] = ()
    redirect: str = ""
    error: str = ""

    @property
    def all(self) -> str:
        return next((term.qualifier for term in self.terms if term.name == "all"), "")


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record (RFC 7208 4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def parse_spf(text: str) -> SpfRecord:
    """Read a record. Never raises; what a receiver would call a permanent error is in ``error``."""
    terms: list[Term] = []
    redirects: list[str] = []
    words = text.split(" ")[1:]
    if len(words) > _TERMS:
        return SpfRecord(error="has too many terms")
    for word in (word for word in words if word):
        modifier = _MODIFIER.match(word)
        if modifier:
            if modifier[1].lower() == "redirect":
                redirects.append(modifier[2])
            continue
        term = _term(word)
        if term is None:
            return SpfRecord(error=f"cannot be read at {clean_text(word, 60)}")
        terms.append(term)
    if len(redirects) > 1 or redirects == [""]:
        return SpfRecord(error="has a wrong redirect")
    end = next((number for number, term in enumerate(terms, 1) if term.name == "all"), len(terms))
    whole = any(term.name == "all" for term in terms)
    return SpfRecord(tuple(terms[:end]), "" if whole or not redirects else redirects[0])


def _term(word: str) -> Term | None:
    found = _MECHANISM.match(word)
    if found is None:
        return None
    name, value = found[2].lower(), found[3]
    qualifier = found[1] or "+"
    if name == "all":
        return Term(qualifier, name) if value is None and found[4] is None else None
    if name in ("ip4", "ip6"):
        return Term(qualifier, name) if value is not None and _is_network(value, 4 if name == "ip4" else 6) else None
    if name in ("include", "exists"):
        return Term(qualifier, name, value) if value and "/" not in _without_macros(value) else None
    if value == "":
        return None
    parts = _CIDR.match(_without_macros(value or "") + (found[4] or ""))
    if parts is None or (name == "ptr" and (parts[2] or parts[3])):
        return None
    domain = (value or "").partition("/")[0] if "%" not in (value or "") else value
    return Term(qualifier, name, domain or "")


def _without_macros(value: str) -> str:
    return re.sub(r"%\{[^}]{0,40}\}", "x", value)


def _is_network(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).version == version
    except ValueError:
        return False


@dataclass
class SpfCount:
    """What evaluating the whole record costs a receiver. ``undetermined``: some answer on the way could not be had."""

    lookups: int = 0
    void_lookups: int = 0
    all: str = ""
    error: str = ""
    undetermined: bool = False
    path: list[str] = field(default_factory=list)

    def wrong(self, sentence: str) -> None:
        self.error = self.error or sentence

    @property
    def over(self) -> bool:
        return self.lookups > _STOP or bool(self.error)


async def count_spf(domain: str, text: str, answers: Answers) -> SpfCount:
    """Walk through ``text``, the record of ``domain``, and everything it includes, as if nothing matched before ``all``."""
    count = SpfCount(path=[domain])
    count.all = await _walk(domain, text, count, answers)
    return count


async def _walk(domain: str, text: str, count: SpfCount, answers: Answers) -> str:
    record = parse_spf(text)
    if record.error:
        count.wrong(f"the record of {domain} {record.error}")
    for term in record.terms:
        if count.over:
            break
        await _evaluate(domain, term, count, answers)
    if record.redirect and not count.over:
        return await _follow(record.redirect, count, answers)
    return record.all


async def _evaluate(domain: str, term: Term, count: SpfCount, answers: Answers) -> None:
    if term.name not in ("include", "a", "mx", "ptr", "exists"):
        return
    if term.name == "include":
        await _follow(term.domain, count, answers)
        return
    count.lookups += 1
    if "%" in term.domain or term.name == "ptr":
        return  # depends on who sends: one lookup, and no telling what it finds
    name = term.domain or domain
    if term.name == "mx":
        hosts = await answers.records(name, "MX")
        _note_void(None if hosts is None else len(hosts), count)
        if hosts is not None and len(hosts) > MX_HOSTS:
            count.wrong(f"mx:{clean_text(name, 100)} has more than {MX_HOSTS} hosts")
    elif term.name == "exists":
        found = await answers.records(name, "A")
        _note_void(None if found is None else len(found), count)
    else:
        addresses = await answers.addresses(name)
        _note_void(None if addresses is None else len(addresses), count)


def _note_void(found: int | None, count: SpfCount) -> None:
    count.undetermined = count.undetermined or found is None
    count.void_lookups += found == 0


async def _follow(target: str, count: SpfCount, answers: Answers) -> str:
    """Into an include or a redirect; returns the qualifier of the ``all`` found there."""
    count.lookups += 1
    if "%" in target:
        count.undetermined = True
        return ""
    shown = clean_text(target, 100)
    try:
        name = parse_name(target)
    except AddressError:
        count.wrong(f"{shown} is not a name")
        return ""
    if name in count.path:
        count.wrong(f"{shown} leads back to itself")
        return ""
    if len(count.path) > _DEPTH:
        count.wrong("includes go too deep")
        return ""
    texts = await answers.texts(name)
    if texts is None:
        count.undetermined = True
        return ""
    _note_void(len(texts), count)
    records = [text for text in texts if is_spf(text)]
    if len(records) != 1:
        count.wrong(f"{shown} has {len(records) or 'no'} SPF record{'s' if len(records) > 1 else ''}")
        return ""
    count.path.append(name)
    found = await _walk(name, records[0], count, answers)
    count.path.pop()
    return found
