"""Where and when something was seen: what findings, coverage and endpoints need to know of an observation."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from scanners.observation import Facts, Observation
from scanners.plan import NO_ADDRESS
from scanners.protocols.tls.facts import TlsFacts
from scanners.protocols.tls.names import name_matches

HOST = "host"


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One look, placed on its asset. ``round_`` names the scan it belongs to; ``cause`` is the observation's id."""

    place: str
    vantage: str
    scanner: str
    zone: str
    address: str
    at: datetime
    cause: str
    round_: str
    port: int | None = None
    transport: str | None = None
    name: str | None = None
    observation: Observation | None = None


def place_of(observation: Observation) -> str:
    """Where on its asset a look was made: ``host``, ``tcp/443``, ``tcp/443/sede.example`` or ``name/sede.example``."""
    target = observation.target
    if target.port is None:
        return f"name/{target.name}" if target.name else HOST
    place = f"{target.transport!s}/{target.port}"
    return f"{place}/{target.name}" if target.name else place


def seen_by(observation: Observation, at: datetime, round_: str) -> Seen:
    target = observation.target
    return Seen(
        place=place_of(observation),
        vantage=str(observation.vantage),
        scanner=observation.scanner,
        zone=observation.zone,
        address="" if target.address == NO_ADDRESS else target.address,
        at=at,
        cause=observation.id,
        round_=round_,
        port=target.port,
        transport=str(target.transport) if target.port is not None else None,
        name=target.name,
        observation=observation,
    )


def matched_to_names(facts: Facts, names: Sequence[str]) -> Facts:
    """A certificate that was shown to somebody who asked by address, held against the names the inventory knows.

    One of them is enough: a server that serves several names shows a stranger only its first certificate (RFC 9525).
    """
    if not isinstance(facts, TlsFacts) or not names or facts.certificate is None or facts.certificate.name_matches is not None:
        return facts
    if facts.certificate.names is None:
        return facts
    matches = any(name_matches(name, facts.certificate.names) for name in names)
    return msgspec.structs.replace(facts, certificate=msgspec.structs.replace(facts.certificate, name_matches=matches))
