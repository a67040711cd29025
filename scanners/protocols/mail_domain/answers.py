"""The questions of one look at a domain's mail, each asked once and all of them counted."""

from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rdatatype

from scanners.clean_text import clean_bytes
from scanners.door import RefusedByScope
from scanners.resolver import ask_of_any_name, exists, records_of
from scanners.scanner import Occasion
from scanners.target import AddressError
from scanners.wire import ProtocolError

QUESTIONS = 150  # of one look: more than any honest set of policies takes
SILENCES = 4  # of the resolver, after which it is left alone
TEXT_LIMIT = 4096


@dataclass
class Answers:
    """What the zone's resolver says, of the zone's names and of those that they refer to."""

    occasion: Occasion
    left: int = QUESTIONS
    silences: int = 0
    _known: dict[tuple[str, str], dns.message.Message | None] = field(default_factory=dict)

    async def to(self, name: str, kind: str, *, dnssec: bool = False) -> dns.message.Message | None:
        """The answer; None when there was none, it was a failure or a refusal, or too much was asked."""
        key = (name.lower().removesuffix("."), kind)
        if key not in self._known:
            self._known[key] = await self._asked(*key, dnssec=dnssec)
        return self._known[key]

    async def _asked(self, name: str, kind: str, *, dnssec: bool) -> dns.message.Message | None:
        if self.left <= 0 or self.silences >= SILENCES:
            return None
        self.left -= 1
        try:
            answer = await ask_of_any_name(self.occasion.door, name, kind, self.occasion.zone, dnssec=dnssec)
        except OSError:  # TimeoutError among them
            self.silences += 1
            return None
        except (ProtocolError, RefusedByScope, AddressError):
            return None
        return None if exists(answer) is None or _unfinished(answer, kind) else answer

    async def records(self, name: str, kind: str) -> list[Any] | None:
        answer = await self.to(name, kind)
        return None if answer is None else records_of(answer, kind)

    async def texts(self, name: str) -> list[str] | None:
        """The TXT records of ``name``, the strings of each joined (RFC 7208 3.3)."""
        found = await self.records(name, "TXT")
        return None if found is None else [clean_bytes(b"".join(record.strings), TEXT_LIMIT) for record in found]

    async def addresses(self, name: str) -> list[str] | None:
        """A and AAAA, at most four of each."""
        found: list[str] = []
        for kind in ("A", "AAAA"):
            records = await self.records(name, kind)
            if records is None:
                return None
            found += [record.address for record in records[:4]]
        return found


def _unfinished(answer: dns.message.Message, kind: str) -> bool:
    """Whether a server that knows only its own zones left an alias that leads elsewhere unfollowed."""
    aliases = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.CNAME]
    return bool(aliases) and not records_of(answer, kind) and not answer.flags & dns.flags.RA


def tags_of(text: str) -> dict[str, str]:
    """A list of ``tag=value`` pairs between semicolons (RFC 6376 3.2); the first of each name counts."""
    found: dict[str, str] = {}
    for part in text.split(";")[:64]:
        name, equals, value = part.partition("=")
        if equals and name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found
