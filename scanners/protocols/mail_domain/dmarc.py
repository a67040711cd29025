"""DMARC: what a receiver does with mail that pretends to come from the domain (RFC 7489)."""

from dataclasses import dataclass

from scanners.clean_text import clean_text
from scanners.protocols.mail_domain.answers import Answers, tags_of
from scanners.protocols.names.caa import climb
from scanners.zone import Zone

_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True)
class Dmarc:
    """The record in force for a name: ``policy`` is the one for the name itself, ``subdomains`` the one for names below it."""

    text: str = ""
    at: str = ""
    policy: str = ""
    subdomains: str = ""
    pct: int = 100
    rua: tuple[str, ...] = ()


async def dmarc_of(domain: str, answers: Answers, zone: Zone) -> Dmarc | None:
    """The record at the name or the closest domain above it that belongs to the zone; empty when there is none.

    None when that cannot be told: no answer, or the domain above is not the zone's.
    """
    for at in climb(domain, zone):
        if at is None:
            return None
        texts = await answers.texts(f"_dmarc.{at}")
        if texts is None:
            return None
        records = [text for text in texts if is_dmarc(text)]
        if len(records) == 1:  # several count as none (RFC 7489 6.6.3)
            return read_dmarc(records[0], at, below=at != domain)
        if records:
            return Dmarc(text=records[0], at=at)
    return Dmarc()


def is_dmarc(text: str) -> bool:
    head, _, _ = text.partition(";")
    return "".join(head.split()) == "v=DMARC1"


def read_dmarc(text: str, at: str, *, below: bool) -> Dmarc:
    """Read a record found at ``at``; ``below`` when it is asked for a name under that. A policy that is none reads as ``none``
    where reports are asked for, else the record counts as missing (RFC 7489 6.6.3)."""
    tags = tags_of(text)
    rua = tuple(clean_text(one.strip(), 200) for one in tags.get("rua", "").split(",")[:10] if one.strip())
    policy = tags.get("p", "").lower()
    if policy not in _POLICIES:
        policy = "none" if rua else ""
    subdomains = tags.get("sp", policy).lower()
    subdomains = subdomains if subdomains in _POLICIES else policy
    pct = tags.get("pct", "100")
    share = min(int(pct), 100) if pct.isascii() and pct.isdigit() and len(pct) < 4 else 100
    return Dmarc(clean_text(text, 500), at, subdomains if below else policy, subdomains, share, rua)
