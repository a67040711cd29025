"""Apache Cassandra and ScyllaDB (native_protocol_v4.spec): whether a session begins without credentials."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.data_stores import CQL_OPTIONS, is_cql
from scanners.services.heard import listen
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

_READY, _AUTHENTICATE = 2, 3
_OPTIONS = b"\0\1\0\x0bCQL_VERSION\0\x053.0.0"


class CassandraFacts(Facts, frozen=True, kw_only=True):
    """``without_password``: STARTUP was answered READY. ``protocol`` is the version of the native protocol that was spoken."""

    kind: ClassVar[str] = "cassandra"

    without_password: bool | None = None
    protocol: int | None = None


class CassandraScanner:
    """OPTIONS, then STARTUP. No query is made, no credential sent."""

    name = "cassandra"
    version = "1"
    facts_type = CassandraFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "cassandra"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        context = lenient_context() if occasion.service and occasion.service.tls else None
        async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context) as wire:
            await wire.write(CQL_OPTIONS)
            supported = (await listen(wire, first_seconds=4.0)).data
            evidence = wire.evidence
        if not is_cql(supported):
            raise ProtocolError("it does not answer OPTIONS as Cassandra does")
        protocol = min(supported[0] & 0x7F, 4)  # an error about versions comes in one that the server speaks
        async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context) as wire:
            await wire.write(startup(protocol))
            without = read_startup((await listen(wire, first_seconds=4.0)).data)
            return Look(CassandraFacts(without_password=without, protocol=protocol), evidence + wire.evidence)


def startup(protocol: int) -> bytes:
    """STARTUP of that version of the protocol; until version 2 a stream's number has one byte."""
    stream = b"\0" if protocol < 3 else b"\0\0"
    return bytes((protocol, 0)) + stream + b"\1" + len(_OPTIONS).to_bytes(4, "big") + _OPTIONS


def read_startup(data: bytes) -> bool | None:
    """Whether it is READY (True) or AUTHENTICATE (False); None for anything else."""
    if len(data) < 8 or not data[0] & 0x80:
        return None
    code = data[4] if data[0] & 0x7F >= 3 else data[3]
    return {_READY: True, _AUTHENTICATE: False}.get(code)


SCANNER = CassandraScanner()
