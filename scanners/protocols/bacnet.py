"""BACnet/IP (ASHRAE 135, annex J): which device it is, who made it, and its firmware."""

from contextlib import suppress
from typing import ClassVar

import msgspec

from scanners.observation import Facts
from scanners.protocols.bacnet_packets import (
    ANY_DEVICE,
    FIRMWARE,
    MODEL_NAME,
    OBJECT_IDENTIFIER,
    OBJECT_NAME,
    VENDOR_NAME,
    WHICH_DEVICE,
    WHO_IS,
    instance_of,
    instance_of_i_am,
    read_property,
    read_value,
    text_of,
)
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

SECONDS = 2.0


class BacnetFacts(Facts, frozen=True, kw_only=True):
    """``instance`` is the number of its device object, ``name`` what its installer called it. Serial numbers are not read."""

    kind: ClassVar[str] = "bacnet"

    identified: bool | None = None
    instance: int | None = None
    name: str | None = None
    vendor: str | None = None
    product: str | None = None
    firmware: str | None = None


class BacnetScanner:
    """ReadProperty of five properties of the device object, and Who-Is where it must be named. Nothing is written."""

    name = "bacnet"
    version = "1"
    facts_type = BacnetFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 12.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "bacnet"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.identify_industrial

    async def look(self, target: Target, occasion: Occasion) -> Look:
        evidence = await _ask(target, occasion, WHICH_DEVICE)
        instance = instance_of(read_value(evidence, OBJECT_IDENTIFIER))
        if instance is None:  # older devices do not know "whichever it is"
            with suppress(TimeoutError):
                instance = instance_of_i_am(await _ask(target, occasion, WHO_IS))
        which = ANY_DEVICE if instance is None else instance
        texts: dict[str, str | None] = {}
        for name, number in (("name", OBJECT_NAME), ("vendor", VENDOR_NAME), ("product", MODEL_NAME), ("firmware", FIRMWARE)):
            try:
                answer = await _ask(target, occasion, read_property(number, which))
                texts[name] = text_of(read_value(answer, number))
            except (TimeoutError, ProtocolError):
                break  # it has said enough to be known; a device that stops answering is left alone
            evidence += answer
        return Look(msgspec.structs.replace(BacnetFacts(identified=True, instance=instance), **texts), evidence)


async def _ask(target: Target, occasion: Occasion, request: bytes) -> bytes:
    answers = await occasion.door.datagram(target, request, zone_id=occasion.zone.id, timeout_seconds=SECONDS)
    if not answers:
        raise TimeoutError
    return answers[0]


SCANNER = BacnetScanner()
