"""The first look over UDP: one datagram of each protocol that the port may speak, and its answer read."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanners.clean_text import clean_bytes
from scanners.contact import Refusal, RefusedByScope
from scanners.ports import LISTEN_ONLY
from scanners.protocols import ike_messages, ws_discovery
from scanners.protocols.ipmi_messages import CAPABILITIES, read_capabilities
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services import asn1, reflections
from scanners.services.greeting import is_chargen, read_daytime, read_time
from scanners.services.heard import Heard, banner_of
from scanners.services.industrial import IDENTIFICATIONS_UDP
from scanners.services.questions import DNS_VERSION_QUERY, RPC_NULL, read_dns_message, rpc_service
from scanners.target import Target
from scanners.zone import Intrusiveness

SECONDS = 1.0
AT_ONCE = 8  # questions asked beside each other
TFTP_REQUEST = b"\0\1talaia-presence-check\0octet\0"
"""Asks for a file that no server is meant to have: the answer is an error, and that is proof enough (RFC 1350)."""


@dataclass(frozen=True)
class Datagram:
    """``any_port``: the answer comes from a port of its own (TFTP transfer identifiers)."""

    name: str
    payload: bytes
    read: Callable[[bytes], ServiceFacts | None]
    usual: frozenset[int]
    any_port: bool = False


def _said(name: str, banner: str | None = None, **more: str | None) -> ServiceFacts:
    return ServiceFacts(name=name, tls=False, banner=banner, said_by="probe", **more)


def read_tftp(data: bytes) -> ServiceFacts | None:
    """ERROR, DATA or OACK (RFC 1350, RFC 2347)."""
    if len(data) < 4 or data[0] != 0:
        return None
    if data[1] == 5 and data[2] == 0 and data[3] <= 8:
        return _said("tftp", banner_of(data[4:].rstrip(b"\0")))
    return _said("tftp") if data[1] == 3 and data[2:4] == b"\0\1" else None


def _read_ntp(data: bytes) -> ServiceFacts | None:
    """Mode 4 (server), version 1 to 4, at least the 48 bytes of the header (RFC 5905, 7.3)."""
    if len(data) >= 48 and data[0] & 7 == 4 and 1 <= data[0] >> 3 & 7 <= 4:
        return _said("ntp", extra=f"stratum {data[1]}")
    return None


def _read_snmp(data: bytes) -> ServiceFacts | None:
    return _said("snmp", extra="version 3") if asn1.is_snmp3(data) else None


def _read_rpc(data: bytes) -> ServiceFacts | None:
    return rpc_service(data, "rpcbind") if len(data) >= 24 else None


def _read_memcached(data: bytes) -> ServiceFacts | None:
    if data[8:16] != b"VERSION ":
        return None
    return _said("memcached", product="Memcached", version=clean_bytes(data[16:48].strip(), 30))


def _read_dns(data: bytes) -> ServiceFacts | None:
    return read_dns_message(data, DNS_VERSION_QUERY)


def _read_ipmi(data: bytes) -> ServiceFacts | None:
    found = read_capabilities(data)
    return None if found is None else _said("ipmi", extra="version 2.0" if found.version_2 else "version 1.5")


def _read_ws_discovery(data: bytes) -> ServiceFacts | None:
    return _said("ws-discovery", extra=ws_discovery.of_what(data)) if ws_discovery.is_answer(data) else None


def _read_ike(data: bytes) -> ServiceFacts | None:
    found = ike_messages.read_answer(data)
    return None if found is None else _said("ike", extra=f"version {found.version}")


def _read_nat_t(data: bytes) -> ServiceFacts | None:
    found = ike_messages.read_answer(data[4:]) if data[:4] == bytes(4) else None
    return None if found is None else _said("ike", extra="NAT traversal")


def _read_echo(data: bytes) -> ServiceFacts | None:
    return _said("echo") if data == _ECHO else None


def _read_chargen(data: bytes) -> ServiceFacts | None:
    return _said("chargen") if is_chargen(data) else None


def _read_daytime(data: bytes) -> ServiceFacts | None:
    return read_daytime(Heard(data, ended=True))


def _read_time(data: bytes) -> ServiceFacts | None:
    return read_time(Heard(data, ended=True))


_ECHO = b"talaia: is this RFC 862?"
DATAGRAMS: tuple[Datagram, ...] = (
    Datagram("mdns", reflections.MDNS_SERVICES, reflections.read_mdns, frozenset((5353,))),
    Datagram("dns", DNS_VERSION_QUERY, _read_dns, frozenset((53, 5353))),
    Datagram("ntp", b"\x23" + bytes(47), _read_ntp, frozenset((123,))),
    Datagram("snmp", asn1.SNMP_DISCOVERY, _read_snmp, frozenset((161,))),
    Datagram("tftp", TFTP_REQUEST, read_tftp, frozenset((69,)), any_port=True),
    Datagram("rpcbind", RPC_NULL, _read_rpc, frozenset((111,))),
    Datagram("memcached", b"\0\1\0\0\0\1\0\0version\r\n", _read_memcached, frozenset((11211,))),
    Datagram("ipmi", CAPABILITIES, _read_ipmi, frozenset((623, 664))),
    Datagram("ws-discovery", ws_discovery.PROBE, _read_ws_discovery, frozenset((3702,))),
    Datagram("ike", ike_messages.FIRST, _read_ike, frozenset((500,))),
    Datagram("ike", ike_messages.FIRST_1, _read_ike, frozenset((500,))),
    Datagram("ike", bytes(4) + ike_messages.FIRST, _read_nat_t, frozenset((4500,))),
    Datagram("echo", _ECHO, _read_echo, frozenset((7,))),
    Datagram("chargen", b"\n", _read_chargen, frozenset((19,))),
    Datagram("daytime", b"\n", _read_daytime, frozenset((13,))),
    Datagram("time", b"\n", _read_time, frozenset((37,))),
    Datagram("netbios-ns", reflections.NODE_STATUS, reflections.read_node_status, frozenset((137,))),
    Datagram("cldap", asn1.ROOT_DSE_SEARCH, reflections.read_cldap, frozenset((389,))),
    Datagram("ssdp", reflections.SSDP_SEARCH, reflections.read_ssdp, frozenset((1900,))),
    Datagram("coap", reflections.COAP_PING, reflections.read_coap, frozenset((5683,))),
)


async def look_at_datagrams(target: Target, occasion: Occasion) -> Look:
    """Ask the datagram usual for the port, and in a zone that is more than gentle all others, until one is recognised.

    A fragile device is asked the usual one only.

    Raises ``TimeoutError`` when nothing came back, ``ConnectionRefusedError`` (ICMP port unreachable), ``OSError``.
    """
    port = target.port or 0
    if port in LISTEN_ONLY:
        return await _identify(target, occasion)
    usual = [item for item in DATAGRAMS if port in item.usual]
    others = [item for item in DATAGRAMS if item not in usual]
    guess = occasion.device is None and (occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL) or not usual)
    heard = b""
    # a lone datagram may get lost on the way: silence is asked once more before anything else is said
    rounds = [usual] * (1 if occasion.device else 2) if usual else []
    rounds += [others[at : at + AT_ONCE] for at in range(0, len(others), AT_ONCE)] if guess else []
    for number, items in enumerate(rounds):
        if heard and number and items is rounds[number - 1]:
            continue
        facts, said = await _ask_beside(target, occasion, items)
        heard = heard or said
        if facts is not None:
            return Look(facts, said)
    if not heard:
        raise TimeoutError(f"{target} answered none of the datagrams we know")
    return Look(ServiceFacts(name="unknown", tls=False, banner=banner_of(heard), said_by="probe"), heard)


async def _ask_beside(target: Target, occasion: Occasion, items: Sequence[Datagram]) -> tuple[ServiceFacts | None, bytes]:
    """All of ``items`` beside each other: the first answer that is recognised, in their order, or else the first that came."""
    door, zone = occasion.door, occasion.zone
    asked = (
        door.datagram(target, item.payload, zone_id=zone.id, timeout_seconds=SECONDS, any_port=item.any_port) for item in items
    )
    came = await asyncio.gather(*asked, return_exceptions=True)
    heard = b""
    for item, answers in zip(items, came, strict=True):
        if isinstance(answers, BaseException):
            raise answers
        heard = heard or (answers[0] if answers else b"")
        for answer in answers:
            if (facts := _read(answer, item)) is not None:
                return facts, answer
    return None, heard


async def _identify(target: Target, occasion: Occasion) -> Look:
    """The one identification request of a controller's port, where the zone allows it."""
    item = IDENTIFICATIONS_UDP.get(target.port or 0) if occasion.zone.identify_industrial else None
    if item is None:
        raise RefusedByScope(Refusal.TOO_HARD, f"{target} may be a controller and its zone does not allow asking it")
    answers = await occasion.door.datagram(target, item.payload, zone_id=occasion.zone.id, timeout_seconds=SECONDS)
    if not answers:
        raise TimeoutError(f"{target} did not answer")
    facts = item.read(Heard(answers[0])) or ServiceFacts(name="unknown", tls=False, banner=banner_of(answers[0]), said_by="probe")
    return Look(facts, answers[0])


def _read(answer: bytes, item: Datagram) -> ServiceFacts | None:
    """What was asked for, or what answers so whatever it is asked."""
    readers = (item.read, _read_chargen, _read_daytime, _read_time)
    return next((facts for read in readers if (facts := read(answer)) is not None), None)
