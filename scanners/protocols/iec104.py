"""IEC 60870-5-104: whether an outstation keeps the connection's test (APCI, U format). No data transfer is started."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness, Zone

TEST_ACT, _TEST_CON = bytes.fromhex("680443000000"), bytes.fromhex("680483000000")
_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=4 * 1024)


class Iec104Facts(Facts, frozen=True, kw_only=True):
    """``identified``: TESTFR act was confirmed. The protocol names no maker before data transfer is started."""

    kind: ClassVar[str] = "iec104"

    identified: bool | None = None


def is_answer(data: bytes) -> bool:
    """TESTFR con, also after a test of its own."""
    return data.removeprefix(TEST_ACT)[:6] == _TEST_CON


class Iec104Scanner:
    """TESTFR act and nothing else: no STARTDT, no interrogation."""

    name = "iec104"
    version = "1"
    facts_type = Iec104Facts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "iec104"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.identify_industrial

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            await wire.write(TEST_ACT)
            answer = await wire.read_exactly(6)
            if answer == TEST_ACT:
                answer += await wire.read_exactly(6)
            if not is_answer(answer):
                raise ProtocolError("its answer is no confirmation of a test frame")
            return Look(Iec104Facts(identified=True), wire.evidence)


SCANNER = Iec104Scanner()
