"""One look at one place on loopback, as tests make it."""

from datetime import date
from typing import Any

from scanners.door import Door
from scanners.observation import Facts, Observation, Outcome
from scanners.scanner import Occasion, Scanner, observe
from scanners.service_facts import ServiceFacts
from scanners.services import SERVICE
from scanners.target import Target, Transport
from scanners.zone import Zone


def loopback_zone(**more: Any) -> Zone:
    wanted: dict[str, Any] = {
        "id": "prova",
        "networks": ("127.0.0.0/8",),
        "authorised_by": "the test",
        "valid_from": date(2020, 1, 1),
        "valid_until": date(2099, 12, 31),
        "packets_per_second": 100_000,
        **more,
    }
    return Zone(**wanted)


async def look(
    place: tuple[str, int],
    scanner: Scanner = SERVICE,
    *,
    zone: Zone | None = None,
    service: ServiceFacts | None = None,
    transport: Transport = Transport.TCP,
) -> Observation:
    zone = zone or loopback_zone()
    target = Target(address=place[0], port=place[1], transport=transport)
    return await observe(scanner, target, Occasion(door=Door([zone]), zone=zone, service=service))


async def service_at(place: tuple[str, int], **more: Any) -> ServiceFacts:
    """The facts of a first look that must succeed."""
    observation = await look(place, **more)
    assert isinstance(observation.facts, ServiceFacts), observation
    return observation.facts


async def facts_of(scanner: Scanner, place: tuple[str, int], transport: Transport = Transport.TCP) -> Facts:
    """First look, then the scanner, as the probe does it: the facts of a look that must succeed."""
    service = await service_at(place, transport=transport)
    assert scanner.applies(service), service
    observation = await look(place, scanner, service=service, transport=transport)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, scanner.facts_type)
    return observation.facts
