"""Microsoft SQL Server (MS-TDS): what it says before anybody logs in."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.data_stores import PRELOGIN, read_prelogin
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness


class MssqlFacts(Facts, frozen=True, kw_only=True):
    """``encryption`` is the server's word: off (the login only), on, required, not_supported."""

    kind: ClassVar[str] = "mssql"

    version: str | None = None
    encryption: str | None = None


class MssqlScanner:
    """PRELOGIN, and no login."""

    name = "mssql"
    version = "1"
    facts_type = MssqlFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "mssql"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            await wire.write(PRELOGIN)
            head = await wire.read_exactly(8)
            length = int.from_bytes(head[2:4], "big")
            found = read_prelogin(head + await wire.read_exactly(length - 8)) if 8 < length <= 4096 else None
            if found is None:
                raise ProtocolError("it does not answer PRELOGIN as SQL Server does")
            return Look(MssqlFacts(version=found[0], encryption=found[1]), wire.evidence)


SCANNER = MssqlScanner()
