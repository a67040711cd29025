"""SNMP: the engine that version 3 shows to everybody, and whether versions 1 and 2c answer to communities.

Only communities that the zone lists are tried, to read three values of the system group; writing is never tried. A community
that is none of the well-known defaults is not written into any fact.
"""

from typing import ClassVar

from scanners.clean_text import clean_bytes, clean_text
from scanners.communities import WELL_KNOWN, read_communities
from scanners.observation import Facts
from scanners.protocols.network_gear import maker_of, says_network_gear
from scanners.protocols.snmp_messages import (
    SYS_DESCR,
    SYS_NAME,
    SYS_OBJECT_ID,
    Engine,
    Response,
    enterprise_of,
    get_request,
    read_engine,
    read_response,
)
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.asn1 import SNMP_DISCOVERY
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

_VERSIONS = {0: "1", 1: "2c"}
_SECONDS = 1.5
_OF_THE_ZONE = "(one that the zone lists)"


class SnmpFacts(Facts, frozen=True, kw_only=True):
    """``versions`` that answered: 1, 2c, 3. ``communities`` that were accepted: a well-known one by its name, any other only as
    "(one that the zone lists)". ``community_accepted``: some listed one was; None where the zone lists none or the agent was
    silent to everything. ``default_community``: a well-known one was; None when none of those listed is well known.

    ``engine_id`` is hexadecimal; ``enterprise`` the IANA number of the maker, ``maker`` its name; ``engine_seconds`` since it
    started. ``network_device``: number or texts say router, switch, firewall or access point; None when nothing tells.
    """

    kind: ClassVar[str] = "snmp"

    versions: tuple[str, ...] | None = None
    communities: tuple[str, ...] | None = None
    community_accepted: bool | None = None
    default_community: bool | None = None
    engine_id: str | None = None
    engine_seconds: int | None = None
    enterprise: int | None = None
    maker: str | None = None
    network_device: bool | None = None
    sys_descr: str | None = None
    sys_object_id: str | None = None
    sys_name: str | None = None


class SnmpScanner:
    """One engine discovery, and two datagrams for each community that the zone lists (16 at most)."""

    name = "snmp"
    version = "1"
    facts_type = SnmpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 60.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "snmp"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        answers = await occasion.door.datagram(target, SNMP_DISCOVERY, zone_id=occasion.zone.id, timeout_seconds=_SECONDS)
        engine = read_engine(answers[0]) if answers else None
        accepted: dict[str, set[int]] = {}
        best: Response | None = None
        evidence = b"".join(answers)
        listed = read_communities(occasion.zone.snmp_communities)
        for number, community in enumerate(listed):
            for version in (1, 0):
                response = await _get(target, occasion, version, community, 2 * number + version + 1)
                if response is not None:
                    accepted.setdefault(community, set()).add(version)
                    best = best or response
        if not answers and not accepted:
            raise TimeoutError
        if engine is None and not accepted:
            raise ProtocolError("its answer to an engine discovery is none of SNMP")
        return Look(_facts(listed, engine, accepted, best), evidence)


async def _get(target: Target, occasion: Occasion, version: int, community: str, request_id: int) -> Response | None:
    """The answer to a GET with that community; None for silence, which is how agents refuse one."""
    asked = get_request(version, community, request_id)
    answers = await occasion.door.datagram(target, asked, zone_id=occasion.zone.id, timeout_seconds=_SECONDS)
    found = read_response(answers[0]) if answers else None
    return found if found is not None and found.request_id == request_id and found.version == version else None


def _facts(listed: tuple[str, ...], engine: Engine | None, accepted: dict[str, set[int]], best: Response | None) -> SnmpFacts:
    text, object_id, name = (best.values.get(key) if best else None for key in (SYS_DESCR, SYS_OBJECT_ID, SYS_NAME))
    descr = clean_bytes(text, 400) if isinstance(text, bytes) else None
    enterprise = engine.enterprise if engine else None
    if isinstance(object_id, str):
        enterprise = enterprise_of(object_id) or enterprise
    versions = {_VERSIONS[version] for found in accepted.values() for version in found} | ({"3"} if engine else set())
    shown = [community if community.lower() in WELL_KNOWN else _OF_THE_ZONE for community in accepted]
    defaults = [community for community in listed if community.lower() in WELL_KNOWN]
    gear = says_network_gear(descr, enterprise)
    return SnmpFacts(
        versions=tuple(sorted(versions)),
        communities=tuple(dict.fromkeys(clean_text(item, 64) for item in shown)) if listed else None,
        community_accepted=bool(accepted) if listed else None,
        default_community=any(community in accepted for community in defaults) if defaults else None,
        engine_id=engine.id.hex() if engine else None,
        engine_seconds=engine.seconds if engine else None,
        enterprise=enterprise,
        maker=maker_of(enterprise),
        network_device=gear if gear or descr is not None else None,
        sys_descr=descr,
        sys_object_id=object_id if isinstance(object_id, str) else None,
        sys_name=clean_bytes(name, 120) if isinstance(name, bytes) else None,
    )


SCANNER = SnmpScanner()
