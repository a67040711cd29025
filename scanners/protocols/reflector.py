"""Reflectors: how much more a UDP service answers than it was asked, for one small question that any client sends."""

from dataclasses import dataclass
from typing import ClassVar

from scanners.communities import WELL_KNOWN
from scanners.observation import Facts
from scanners.protocols.snmp_messages import bulk_request
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services import asn1
from scanners.services.questions import RPC_XID
from scanners.services.reflections import COAP_CORE, MDNS_SERVICES, NODE_STATUS, SSDP_SEARCH
from scanners.target import Target, Transport
from scanners.zone import Intrusiveness, Zone

MOST_PACKETS = 64
BULK_REPETITIONS = 50
SECONDS = 1.5  # what comes later is not counted


@dataclass(frozen=True)
class Request:
    """``said`` names it in the protocol's own words."""

    said: str
    payload: bytes


# DUMP of the portmapper, version 2, no credentials: the list that rpcinfo -p shows (RFC 1833, 3)
_RPC_DUMP = RPC_XID + b"".join(word.to_bytes(4, "big") for word in (0, 2, 100000, 2, 4, 0, 0, 0, 0))
REQUESTS: dict[str, Request] = {
    "cldap": Request("search of the root DSE", asn1.WHOLE_ROOT_DSE_SEARCH),
    "ldap": Request("search of the root DSE", asn1.WHOLE_ROOT_DSE_SEARCH),
    "chargen": Request("one byte", b"\n"),
    # the server's counters; no key and no value (memcached's protocol.txt)
    "memcached": Request("stats", b"\0\1\0\0\0\1\0\0stats\r\n"),
    "snmp": Request("engine discovery, version 3", asn1.SNMP_DISCOVERY),
    "ssdp": Request("M-SEARCH ssdp:all", SSDP_SEARCH),
    "mdns": Request("PTR _services._dns-sd._udp.local", MDNS_SERVICES),
    "rpcbind": Request("DUMP", _RPC_DUMP),
    "netbios-ns": Request("node status", NODE_STATUS),
    "coap": Request("GET /.well-known/core", COAP_CORE),
}
"""By the service's name. NTP has a scanner of its own, open resolvers are found by the one of DNS."""


class ReflectorFacts(Facts, frozen=True, kw_only=True):
    """``factor`` is bytes received for a byte sent, UDP payload alone (US-CERT TA14-017A); ``packets`` how many came.

    ``request`` is what was asked. SNMP is asked for its engine, and for many values with the well-known communities that the zone
    lists; of those the largest answer counts.
    """

    kind: ClassVar[str] = "reflector"

    protocol: str | None = None
    request: str | None = None
    bytes_sent: int | None = None
    bytes_received: int | None = None
    packets: int | None = None
    factor: float | None = None


class ReflectorScanner:
    """One datagram, and whatever comes back within a second and a half is counted, not kept."""

    name = "reflector"
    version = "1"
    facts_type = ReflectorFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 30.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in REQUESTS

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        return target.transport is Transport.UDP

    async def look(self, target: Target, occasion: Occasion) -> Look:
        name = (occasion.service.name if occasion.service else None) or ""
        if name not in REQUESTS:
            return Look(ReflectorFacts())
        request = REQUESTS[name]
        answers = await occasion.door.datagram(
            target, request.payload, zone_id=occasion.zone.id, timeout_seconds=SECONDS, replies=MOST_PACKETS
        )
        if not answers:
            raise TimeoutError
        facts = measured(name, request, answers)
        if name == "snmp":
            facts = max([facts, *await _bulk(target, occasion)], key=lambda item: item.factor or 0)
        return Look(facts, answers[0])


async def _bulk(target: Target, occasion: Occasion) -> list[ReflectorFacts]:
    """What the communities that everybody knows bring, where the zone lists them. One that is the city's own is no stranger's."""
    found = []
    for community in occasion.zone.snmp_communities:
        if community.lower() not in WELL_KNOWN:
            continue
        request = Request(f"GETBULK with the community {community}", bulk_request(community, BULK_REPETITIONS))
        answers = await occasion.door.datagram(
            target, request.payload, zone_id=occasion.zone.id, timeout_seconds=SECONDS, replies=1
        )
        found += [measured("snmp", request, answers)] if answers else []
    return found


def measured(name: str, request: Request, answers: list[bytes]) -> ReflectorFacts:
    """Counts only: nothing of what was answered is read."""
    received = sum(map(len, answers))
    return ReflectorFacts(
        protocol=name,
        request=request.said,
        bytes_sent=len(request.payload),
        bytes_received=received,
        packets=len(answers),
        factor=round(received / len(request.payload), 1),
    )


SCANNER = ReflectorScanner()
