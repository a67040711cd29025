"""TLS: our own ClientHello enumerator."""

from dataclasses import dataclass, field
from pathlib import Path

from scanners.protocols.tls.attempt import Attempts, Budget, GivenUp
from scanners.protocols.tls.facts import TlsFacts
from scanners.protocols.tls.first import first_handshake
from scanners.protocols.tls.look import Seen, answers, certificate_of, normal_look
from scanners.protocols.tls.report import assemble, describe
from scanners.protocols.tls.trust import load_trust_store
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness


@dataclass(frozen=True)
class TlsScanner:
    """Looks at one TLS endpoint, or one that a STARTTLS leads to.

    A gentle zone gets one handshake (certificate, newest version), a normal one the enumeration, a deep one the flaws
    too. ``trust_store`` is a PEM file of roots; without it the system's, which ``SSL_CERT_FILE`` may name. ``authorities`` are
    PEM files of roots trusted besides.
    """

    name: str = "tls"
    version: str = "1"
    facts_type: type[TlsFacts] = TlsFacts
    intrusiveness: Intrusiveness = Intrusiveness.GENTLE
    deadline_seconds: float = 150.0
    trust_store: Path | None = None
    authorities: tuple[Path, ...] = ()
    budget: Budget = field(default_factory=Budget)

    def applies(self, service: ServiceFacts) -> bool:
        return bool(service.tls) or service.starttls is not None

    async def look(self, target: Target, occasion: Occasion) -> Look:
        """State everything that the zone allows to ask. Raises as :meth:`scanners.scanner.Scanner.look` says."""
        service = occasion.service
        starttls = service.starttls if service and not service.tls else None
        attempts = Attempts(occasion.door, target, zone_id=occasion.zone.id, starttls=starttls, budget=self.budget)
        alpn = ("h2", "http/1.1") if starttls is None else ()
        try:
            first = await first_handshake(attempts, target.name, alpn)
        except GivenUp as error:
            raise error.__cause__ if isinstance(error.__cause__, OSError | ProtocolError) else TimeoutError(str(error)) from error
        seen: Seen | None = None
        if occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL):
            enumeration, seen = await normal_look(attempts, target.name, first)
            if seen.complete:
                await answers(enumeration, first, seen, deep=occasion.zone.intrusiveness.allows(Intrusiveness.DEEP))
        if not first.in_tls and not (seen and (seen.spoken() or seen.ssl2)):
            raise ProtocolError("did not answer any ClientHello in TLS")
        flight = await certificate_of(attempts, target.name, first, seen)
        store, now = load_trust_store(self.trust_store, *self.authorities), occasion.door.clock()
        certificate = describe(flight, seen, name=target.name, store=store, now=now)
        return Look(assemble(first, seen, certificate, starttls), attempts.evidence)


SCANNER = TlsScanner()
