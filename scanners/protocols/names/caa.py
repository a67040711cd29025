"""Who may certify a name (CAA, RFC 8659), and how far up a name may be asked about."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scanners.door import RefusedByScope
from scanners.resolver import ask, exists, records_of
from scanners.scanner import Occasion
from scanners.wire import ProtocolError
from scanners.zone import Zone

# Registries that register names of three labels: above such a name there is nobody to ask (dominios.es).
REGISTRIES = frozenset({"com.es", "nom.es", "org.es", "gob.es", "edu.es"})
_ISSUER = re.compile(r"^[ \t]*([A-Za-z0-9.-]*)")


def climb(name: str, zone: Zone) -> Iterator[str | None]:
    """``name`` and the names above it that belong to its owner. None last, when one above belongs to the owner but not to the
    zone: there may be something, and we may not ask."""
    labels = name.split(".")
    for depth in range(len(labels) - 1):
        at = ".".join(labels[depth:])
        if at in REGISTRIES:
            return
        if not zone.names_domain(at):
            yield None
            return
        yield at


@dataclass(frozen=True)
class Caa:
    """The closest set: whether there is one, and the issuers that it names."""

    present: bool
    issuers: tuple[str, ...] = ()


async def closest_caa(name: str, occasion: Occasion) -> Caa | None:
    """The closest CAA set at or above ``name`` (RFC 8659 §3), within the zone's domains; None when that cannot be told."""
    for at in climb(name, occasion.zone):
        if at is None:
            return None
        try:
            answer = await ask(occasion.door, at, "CAA", occasion.zone)
        except (ProtocolError, TimeoutError, RefusedByScope):
            return None
        if exists(answer) is None:
            return None
        if records := records_of(answer, "CAA"):
            return Caa(present=True, issuers=issuers(records))
    return Caa(present=False)


def issuers(records: Iterable[Any]) -> tuple[str, ...]:
    """The issuer domains that ``issue`` and ``issuewild`` properties name. ``issue ";"`` allows nobody and names none."""
    values = [record.value for record in records if record.tag.lower() in (b"issue", b"issuewild")]
    found = [_ISSUER.match(value.decode("ascii", "replace")) for value in values]
    return tuple(dict.fromkeys(match[1].lower() for match in found if match and match[1]))
