"""NTP (RFC 5905): whether strangers are answered control (RFC 9327, mode 6) and monitor requests (ntpd's mode 7)."""

import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

TIME = b"\x23" + bytes(47)  # version 4, client
READ_VARIABLES = bytes.fromhex("160200010000000000000000")  # version 2, mode 6, opcode 2, sequence 1 (RFC 9327, 2)
GET_MONITOR_LIST = bytes.fromhex("1700032a00000000")  # version 2, mode 7, implementation XNTPD, request MON_GETLIST_1
MOST_PACKETS = 100
SECONDS = 1.5
_VERSION = re.compile(rb'\bversion="([^"\r\n]{1,120})"')
_SYSTEM = re.compile(rb'\bsystem="([^"\r\n]{1,120})"')


class NtpFacts(Facts, frozen=True, kw_only=True):
    """``mode6`` and ``monlist``: whether READVAR and MON_GETLIST were answered with what they ask for.

    ``factor`` is the greater of bytes received for a byte sent (UDP payload) of the two requests, 0 when neither was answered;
    ``bytes_received`` belongs to it. ``stratum`` is that of the time answer; ``version`` and ``system`` what READVAR told.
    """

    kind: ClassVar[str] = "ntp"

    mode6: bool | None = None
    monlist: bool | None = None
    factor: float | None = None
    bytes_received: int | None = None
    stratum: int | None = None
    version: str | None = None
    system: str | None = None


class NtpScanner:
    """The time, then one request of each mode. The time is asked first: silence after an answer is a refusal."""

    name = "ntp"
    version = "1"
    facts_type = NtpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ntp"

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        return target.transport is Transport.UDP

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async def ask(payload: bytes, replies: int) -> list[bytes]:
            return await occasion.door.datagram(
                target, payload, zone_id=occasion.zone.id, timeout_seconds=SECONDS, replies=replies
            )

        clock = await ask(TIME, 1)
        if not clock:
            raise TimeoutError
        if len(clock[0]) < 48 or clock[0][0] & 7 != 4:
            raise ProtocolError("its answer to a request for the time is none of NTP")
        control, monitor = await ask(READ_VARIABLES, 4), await ask(GET_MONITOR_LIST, MOST_PACKETS)
        return Look(read_answers(clock[0], control, monitor), b"".join([*clock, *control, *monitor]))


def read_answers(clock: bytes, control: list[bytes], monitor: list[bytes]) -> NtpFacts:
    """The facts, from the answers to the three requests; never raises."""
    mode6 = any(len(data) >= 12 and data[0] & 7 == 6 and data[1] & 0xDF == 0x82 for data in control)  # response, no error
    monlist = any(len(data) >= 8 and data[0] & 0x87 == 0x87 and data[3] == 0x2A and data[4] & 0xF0 == 0 for data in monitor)
    sizes = [(sum(map(len, control)) / len(READ_VARIABLES), sum(map(len, control)))] if mode6 else []
    sizes += [(sum(map(len, monitor)) / len(GET_MONITOR_LIST), sum(map(len, monitor)))] if monlist else []
    factor, received = max(sizes, default=(0.0, 0))
    text = b"".join(data[12:] for data in control)[:4096] if mode6 else b""
    version, system = _VERSION.search(text), _SYSTEM.search(text)
    return NtpFacts(
        mode6=mode6,
        monlist=monlist,
        factor=round(factor, 1),
        bytes_received=received,
        stratum=clock[1],
        version=clean_bytes(version[1], 120) if version else None,
        system=clean_bytes(system[1], 120) if system else None,
    )


SCANNER = NtpScanner()
