"""Apache ZooKeeper (ZooKeeper Administrator's Guide, "The Four Letter Words")."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.data_stores import ZOOKEEPER_SRVR, read_srvr
from scanners.services.heard import listen
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness


class ZookeeperFacts(Facts, frozen=True, kw_only=True):
    """``tells_status``: the command ``srvr`` is allowed to anybody, as it is where nothing was configured."""

    kind: ClassVar[str] = "zookeeper"

    tells_status: bool | None = None
    version: str | None = None


class ZookeeperScanner:
    """``srvr``. No node of its tree is read."""

    name = "zookeeper"
    version = "1"
    facts_type = ZookeeperFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "zookeeper"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            await wire.write(ZOOKEEPER_SRVR)
            version = read_srvr((await listen(wire, first_seconds=4.0)).data)
            if version is None:
                raise ProtocolError("it does not answer srvr as ZooKeeper does")
            return Look(ZookeeperFacts(tells_status=bool(version), version=version or None), wire.evidence)


SCANNER = ZookeeperScanner()
