"""Things: controllers, cameras and printers, and their twins that only those may reach who must.

Zone ``things`` is seen from the workplaces and lets controllers be asked who they are; in ``exposed`` their ports are only
listened to. Servers: tests/city/controllers.py, print_servers.py, rtsp_server.py; the ONVIF camera is simulated (camera.py).
"""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from tests.city import controllers, print_servers, servers
from tests.city.host import WEB_BARE, Host
from tests.city.servers import Command, Yard

PROBE = "10.77.0.1"
CAMERA_PAGE = (
    "<!doctype html><html><head><title>Network Camera</title></head><body><script>"
    "window.location.href='/doc/page/login.asp';</script></body></html>\n"
)


def controller(kind: str) -> Callable[[Yard], list[Command]]:
    def start(yard: Yard) -> list[Command]:
        return [controllers.command(kind, yard.address)]

    return start


def reserved(start: Callable[[Yard], list[Command]]) -> Callable[[Yard], list[Command]]:
    """The same behind an allow-list that the probe is not on: its packets are dropped."""

    def guarded(yard: Yard) -> list[Command]:
        rules = yard.write(
            "allow.nft",
            "table inet allow {\nchain in {\ntype filter hook input priority 0; policy accept;\n"
            f"ip saddr {PROBE} ip protocol {{ tcp, udp }} drop\n}}\n}}\n",
        )
        return [
            ["sh", "-c", f'nft -f {shlex.quote(str(rules))} && exec "$@"' if number == 0 else 'exec "$@"', "sh", *command]
            for number, command in enumerate(start(yard))
        ]

    return guarded


def stream(*login: str) -> Callable[[Yard], list[Command]]:
    def start(yard: Yard) -> list[Command]:
        program = str(Path(__file__).parents[1] / "rtsp_server.py")
        return [["env", "-u", "PYTHONPATH", "/usr/bin/python3", program, yard.address, "8554", *login]]

    return start


def onvif(how: str) -> Callable[[Yard], list[Command]]:
    def start(yard: Yard) -> list[Command]:
        return [[sys.executable, "-m", "tests.city.camera", yard.address, "8000", how]]

    return start


def camera_page(yard: Yard) -> list[Command]:
    site = f"server {{ listen {yard.address}:80; server_tokens off; root ROOT; }}\n"
    return servers.nginx(yard, site, files={"index.html": CAMERA_PAGE})


def open_printer(yard: Yard) -> list[Command]:
    return [
        *print_servers.cupsd(yard.folder, yard.address, allow=True),
        *print_servers.p910nd(yard.folder, yard.address),
    ]


def good_printer(yard: Yard) -> list[Command]:
    return print_servers.cupsd(yard.folder, yard.address, allow=False)


HOSTS: tuple[Host, ...] = (
    Host("10.77.5.1", "semafor", controller("modbus"), (502,), {502: "IOT-003"}),
    Host("10.77.5.2", "bomba", controller("s7"), (102,), {102: "IOT-003"}),
    Host("10.77.5.3", "clima", controller("bacnet"), (controllers.BACNET_READY,), {47808: "IOT-003"}),
    Host("10.77.5.4", "subestacio", controller("iec104"), (2404,), {2404: "IOT-003"}),
    Host("10.77.5.5", "cinta", controller("ethernet-ip"), (44818,), {44818: "IOT-003"}),
    Host("10.77.5.6", "diposit", controller("dnp3"), (20000,), {20000: "IOT-003"}),
    Host("10.77.5.11", "semafor-reservat", reserved(controller("modbus")), (502,), {}),
    Host("10.77.5.12", "bomba-reservada", reserved(controller("s7")), (102,), {}),
    Host("10.77.5.13", "clima-reservat", reserved(controller("bacnet")), (controllers.BACNET_READY,), {}),
    Host("10.77.5.20", "impressora", open_printer, (631, 9100), {631: "IOT-004 WEB-001", 9100: "IOT-004"}),
    Host("10.77.5.21", "impressora-reservada", reserved(open_printer), (631, 9100), {}),
    Host("10.77.5.30", "camera-interna", stream("camera:not-in-any-word-list"), (8554,), {}),
    Host("10.77.3.54", "semafor-exposat", controller("modbus"), (502,), {502: "IOT-002"}),
    Host("10.77.3.55", "semafor-tancat", reserved(controller("modbus")), (502,), {}),
    Host("10.77.3.56", "camera-oberta", stream(), (8554,), {8554: "IOT-005"}),
    Host("10.77.3.57", "camera-tancada", stream("camera:not-in-any-word-list"), (8554,), {}),
    Host("10.77.3.58", "camera-onvif", onvif("open"), (8000,), {8000: "IOT-005 WEB-001 WEB-017", 3702: "IOT-005"}),
    Host("10.77.3.59", "camera-panell", camera_page, (80,), {80: f"IOT-005 WEB-001 {WEB_BARE}"}),
    Host("10.77.3.60", "impressora-exposada", open_printer, (631, 9100), {631: "IOT-004 WEB-001 WEB-017", 9100: "IOT-004"}),
)
