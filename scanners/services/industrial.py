"""The one request by which a controller says what it is, asked on its usual port and only where the zone allows it."""

from collections.abc import Callable

from scanners.protocols import bacnet_packets, dnp3, ethernet_ip, iec104, modbus, s7_packets
from scanners.service_facts import ServiceFacts
from scanners.services.heard import Heard
from scanners.services.questions import Question

SECONDS = 2.0  # a controller on a slow line, behind a gateway


def _question(name: str, port: int, payload: bytes, is_answer: Callable[[bytes], bool]) -> Question:
    def read(heard: Heard) -> ServiceFacts | None:
        return ServiceFacts(name=name, tls=False, said_by="probe") if is_answer(heard.data) else None

    return Question(name=name, payload=payload, read=read, usual=frozenset((port,)), seconds=SECONDS)


IDENTIFICATIONS: dict[int, Question] = {
    102: _question("iso-tsap", 102, s7_packets.CONNECT, s7_packets.is_confirm),
    502: _question("modbus", 502, modbus.IDENTIFY, modbus.is_answer),
    2404: _question("iec104", 2404, iec104.TEST_ACT, iec104.is_answer),
    20000: _question("dnp3", 20000, dnp3.REQUEST_LINK_STATUS, dnp3.is_answer),
    44818: _question("ethernet-ip", 44818, ethernet_ip.LIST_IDENTITY, ethernet_ip.is_answer),
}

IDENTIFICATIONS_UDP: dict[int, Question] = {
    44818: _question("ethernet-ip", 44818, ethernet_ip.LIST_IDENTITY, ethernet_ip.is_answer),
    47808: _question("bacnet", 47808, bacnet_packets.WHICH_DEVICE, bacnet_packets.is_answer),
}
