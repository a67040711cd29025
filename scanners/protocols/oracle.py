"""The listener of Oracle Database: whether it answers strangers, and what it says of itself."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.data_stores import TNS_VERSION, read_tns
from scanners.services.heard import listen
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness


class OracleFacts(Facts, frozen=True, kw_only=True):
    """``answer``: accepted, refused, redirected or resend; ``version`` is the number the listener gives, refusing or not."""

    kind: ClassVar[str] = "oracle"

    answer: str | None = None
    version: str | None = None


class OracleScanner:
    """A connect packet with the command ``version``. No database is named, nobody logs in."""

    name = "oracle"
    version = "1"
    facts_type = OracleFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "oracle"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            await wire.write(TNS_VERSION)
            found = read_tns((await listen(wire, first_seconds=4.0)).data)
            if found is None:
                raise ProtocolError("it does not answer a connect packet as Oracle's listener does")
            return Look(OracleFacts(answer=found[0], version=found[1]), wire.evidence)


SCANNER = OracleScanner()
