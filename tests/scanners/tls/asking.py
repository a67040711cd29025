"""How the TLS tests look: the scanner as it is, through a door that allows loopback only."""

from datetime import datetime
from pathlib import Path

from scanners.observation import Observation
from scanners.protocols.tls import TlsScanner
from scanners.protocols.tls.attempt import Budget
from scanners.protocols.tls.facts import TlsFacts
from scanners.scanner import observe
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness
from tests.scanners.looking import NOW, loopback_zone, occasion

QUICK = Budget(handshake_seconds=2.0)


async def observed(
    port: int,
    *,
    level: Intrusiveness = Intrusiveness.NORMAL,
    name: str | None = "sede.example",
    starttls: str | None = None,
    store: Path | None = None,
    now: datetime = NOW,
    budget: Budget = QUICK,
    connections: int = 8,
) -> Observation:
    """One whole look at 127.0.0.1:``port``, however it ends."""
    zone = loopback_zone(intrusiveness=level, connections_per_host=connections)
    service = ServiceFacts(tls=starttls is None, starttls=starttls)
    scanner = TlsScanner(trust_store=store, budget=budget)
    return await observe(scanner, Target(address="127.0.0.1", port=port, name=name), occasion(zone, service, now))


async def facts(port: int, **how: object) -> TlsFacts:
    """The facts of a look that must succeed."""
    seen = await observed(port, **how)  # type: ignore[arg-type]
    assert isinstance(seen.facts, TlsFacts), f"{seen.outcome}: {seen.detail}"
    return seen.facts
