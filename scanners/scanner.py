"""The contract of a scanner, and how the scanners of this room are found.

A scanner is one module (or package) in :mod:`scanners.protocols` with a module-level ``SCANNER``; adding one is that
file and its test.
"""

import asyncio
import errno
import importlib
import pkgutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol, runtime_checkable

import scanners.protocols
from scanners.clean_text import clean_text
from scanners.devices import DeviceClass
from scanners.door import Door, Refusal, RefusedByScope
from scanners.observation import EVIDENCE_LIMIT_BYTES, Facts, Observation, Outcome, digest, new_id
from scanners.pace import deadline
from scanners.passive.facts import NAME as PASSIVE
from scanners.passive.facts import PassiveFacts
from scanners.patience import HostPatience
from scanners.reported import REPORTERS, ReportedFacts
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.target import AddressError, Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone


@dataclass(frozen=True)
class Look:
    """What a scanner hands back: facts, and the raw bytes they were read from."""

    facts: Facts
    evidence: bytes = b""


@dataclass(frozen=True)
class Occasion:
    """What a scanner may know of the look it makes.

    ``service`` is what the first look said answers there (None when asked from the command line without one); ``zone``
    the zone that allows the look, as it is for this host; ``door`` the only way to the network. ``device`` is set for a fragile
    device that is to be spared: nothing is said to it that its port does not usually hear. ``patience`` is what its host has
    cost so far.
    """

    door: Door
    zone: Zone
    service: ServiceFacts | None = None
    device: DeviceClass | None = None
    patience: HostPatience | None = None


@runtime_checkable
class Scanner(Protocol):
    """One protocol. ``deadline_seconds`` bounds one whole look, however many connections it makes."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def facts_type(self) -> type[Facts]: ...
    @property
    def intrusiveness(self) -> Intrusiveness: ...
    @property
    def deadline_seconds(self) -> float: ...

    def applies(self, service: ServiceFacts) -> bool:
        """Whether this scanner has anything to ask a service that answered so. By what answered, never by port number."""
        ...

    async def look(self, target: Target, occasion: Occasion) -> Look:
        """State what is there.

        Raises ``ConnectionRefusedError``, ``TimeoutError``, :class:`~scanners.wire.ProtocolError`,
        :class:`~scanners.door.RefusedByScope` or ``OSError``; each becomes the observation's outcome.
        """
        ...


@runtime_checkable
class OfSomeZones(Protocol):
    """A scanner that needs something of its zone besides intrusiveness: a list of communities, a key, a permission."""

    def wanted_in(self, zone: Zone) -> bool:
        """Whether the zone gives what this scanner needs. Where it does not, the scanner makes no look at all."""
        ...


@runtime_checkable
class OfSomeTargets(Protocol):
    """A scanner that its zone names the targets of one by one, or that asks over one transport only."""

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        """Whether this look at ``target`` is wanted. Where it does not, nothing is sent and nothing is put down."""
        ...


@runtime_checkable
class OfDomains(Protocol):
    """A scanner that is asked once for each domain of a zone (the target's name), besides what it asks of endpoints."""

    def applies_to_domain(self, domain: str, zone: Zone) -> bool:
        """Whether there is anything to ask of ``domain``."""
        ...


def allowed_in(scanner: Scanner, zone: Zone) -> bool:
    """Whether ``zone`` lets this scanner look, and gives it what it needs."""
    if isinstance(scanner, OfSomeZones) and not scanner.wanted_in(zone):
        return False
    return zone.intrusiveness.allows(scanner.intrusiveness)


@cache
def scanners_by_name() -> Mapping[str, Scanner]:
    """Every scanner of :mod:`scanners.protocols`, by name, in order of name."""
    found: dict[str, Scanner] = {}
    for module in sorted(pkgutil.iter_modules(scanners.protocols.__path__), key=lambda item: item.name):
        scanner = getattr(importlib.import_module(f"scanners.protocols.{module.name}"), "SCANNER", None)
        if isinstance(scanner, Scanner):
            found[scanner.name] = scanner
    return found


@cache
def facts_types() -> Mapping[str, type[Facts]]:
    """The type of the facts of each scanner, ``host`` (the sweep), ``service`` (the first look), ``passive`` and the scanners
    of other makers included."""
    found: dict[str, type[Facts]] = {"host": HostFacts, "service": ServiceFacts, PASSIVE: PassiveFacts}
    found |= dict.fromkeys(REPORTERS, ReportedFacts)
    return found | {name: scanner.facts_type for name, scanner in scanners_by_name().items()}


async def observe(scanner: Scanner, target: Target, occasion: Occasion) -> Observation:
    """Make one look and put down how it ended. Never raises but when cancelled: a failed look is a result (law 3)."""
    started = occasion.door.clock()
    look: Look | None = None
    try:
        if not occasion.zone.intrusiveness.allows(scanner.intrusiveness):
            raise RefusedByScope(
                Refusal.TOO_HARD, f"a {scanner.intrusiveness.value} look is more than zone {occasion.zone.id} allows"
            )
        async with deadline(scanner.deadline_seconds):
            look = await scanner.look(target, occasion)
        outcome, detail = Outcome.OBSERVED, ""
    except Exception as error:  # noqa: BLE001 - a hostile host may make any parser fail: the failure is the result
        outcome, detail = how_it_ended(error)
    evidence = look.evidence[:EVIDENCE_LIMIT_BYTES] if look else b""
    return Observation(
        id=new_id(),
        zone=occasion.zone.id,
        vantage=occasion.zone.vantage,
        target=target,
        scanner=scanner.name,
        scanner_version=scanner.version,
        observed_at=started,
        outcome=outcome,
        detail=detail,
        facts=look.facts if look else None,
        evidence=evidence,
        evidence_sha256=digest(evidence),
    )


_FILTERED = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EHOSTDOWN})


def how_it_ended(error: Exception) -> tuple[Outcome, str]:
    """The outcome that an exception stands for, and a clean sentence."""
    if isinstance(error, RefusedByScope):
        return Outcome.REFUSED_BY_SCOPE, clean_text(str(error), 300)
    if isinstance(error, ConnectionRefusedError):
        return Outcome.CLOSED, "the port is closed"
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT, "no complete answer within the deadline"
    if isinstance(error, ProtocolError | ssl.SSLError | ConnectionError | asyncio.IncompleteReadError):
        return Outcome.PROTOCOL_ERROR, clean_text(f"{error}" or type(error).__name__, 300)
    if isinstance(error, OSError) and error.errno in _FILTERED:
        return Outcome.FILTERED, clean_text(error.strerror or "not reachable", 300)
    if isinstance(error, AddressError):
        return Outcome.REFUSED_BY_SCOPE, clean_text(str(error), 300)
    return Outcome.ERROR, clean_text(f"{type(error).__name__}: {error}", 300)
