"""Fragile devices: a printer, a controller, a camera and a telephone that write down every byte they get.

No real one can stand in a test: ``tests.scanners.device_server`` answers as they do. Their zone allows deep looks.
"""

import json
import sys

from tests.city.host import Host
from tests.city.servers import Command, Yard

RECEIVED = "received.jsonl"


def device(yard: Yard, ports: dict[int, str]) -> list[Command]:
    spec = yard.write("spec.json", json.dumps({yard.address: ports}))
    return [[sys.executable, "-m", "tests.scanners.device_server", str(spec), str(yard.folder / RECEIVED)]]


def printer(yard: Yard) -> list[Command]:
    return device(
        yard, {80: "web HP HTTP Server|HP LaserJet M428", 631: "web HP HTTP Server|IPP", 9100: "silent", 9999: "silent"}
    )


def controller(yard: Yard) -> list[Command]:
    return device(yard, {80: "web Boa/0.94|Regulador", 9600: "silent", 9999: "silent"})


def camera(yard: Yard) -> list[Command]:
    return device(yard, {80: "web Web Server|Càmera", 554: "rtsp", 9999: "silent"})


def telephone(yard: Yard) -> list[Command]:
    """No port betrays it: its first page does."""
    return device(yard, {80: "web Mongoose|Yealink T46 IP Phone", 9999: "silent", 50000: "silent"})


HOSTS: tuple[Host, ...] = (
    Host("10.77.5.41", "impressora-planta", printer, (80, 631, 9100), {80: "WEB-001", 631: "WEB-001"}, "workplace"),
    Host("10.77.5.42", "regulador", controller, (80, 9600), {80: "WEB-001"}, "mobility"),
    Host("10.77.5.43", "camera", camera, (80, 554), {80: "WEB-001"}, "mobility"),
    Host("10.77.5.44", "telefon", telephone, (80, 9999), {80: "WEB-001"}, "workplace"),
)
