"""Real servers of remote administration, in processes of their own on loopback: contexts that yield (address, port)."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanners.protocols.ipmi_messages import CAPABILITIES
from tests.processes import free_port, running
from tests.scanners.small_servers import HERE, Place, certificate


def free_display() -> int:
    """A number of an X display that nobody uses now, neither over TCP nor by its socket."""
    start = 20 + os.getpid() % 400
    taken = {path.name for path in Path("/tmp/.X11-unix").glob("X*")} if Path("/tmp/.X11-unix").exists() else set()
    return next(number for number in range(start, start + 200) if f"X{number}" not in taken)


@contextmanager
def xrdp(folder: Path, **settings: str) -> Iterator[Place]:
    """xrdp with ``settings`` of its section Globals changed."""
    port = free_port()
    cert, key = certificate(folder)
    wanted = {
        "port": f"tcp://{HERE}:{port}",
        "certificate": str(cert),
        "key_file": str(key),
        "LogFile": str(folder / "xrdp.log"),
        **settings,
    }
    lines = Path("/etc/xrdp/xrdp.ini").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        name = line.partition("=")[0].strip()
        if name in wanted:
            lines[number] = f"{name}={wanted.pop(name)}"
    config = folder / "xrdp.ini"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with running(["xrdp", "-n", "-c", str(config)], listens=(HERE, port), log=folder / "out"):
        yield HERE, port


@contextmanager
def xvfb(folder: Path, *options: str) -> Iterator[int]:
    """An X server without a screen; yields the number of its display, which it listens on over TCP."""
    display = free_display()
    argv = ["Xvfb", f":{display}", "-screen", "0", "320x240x24", "-listen", "tcp", *options]
    with running(argv, listens=(HERE, 6000 + display), log=folder / "xvfb.log"):
        yield display


@contextmanager
def shadow(folder: Path, *options: str) -> Iterator[Place]:
    """FreeRDP's shadow server on an X server of its own."""
    port = free_port()
    home = folder / "home"
    home.mkdir(exist_ok=True)
    with xvfb(folder, "-ac") as display:
        environment = {"DISPLAY": f":{display}", "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        argv = ["freerdp-shadow-cli", f"/port:{port}", f"/bind-address:{HERE}", "-auth", *options]
        with running(argv, listens=(HERE, port), log=folder / "shadow.log", environment=environment):
            yield HERE, port


@contextmanager
def xvnc(folder: Path, *options: str) -> Iterator[Place]:
    """TigerVNC's X server."""
    port, display = free_port(), free_display()
    argv = ["Xtigervnc", f":{display}", "-rfbport", str(port), "-localhost=1", "-geometry", "64x64", *options]
    with running(argv, listens=(HERE, port), log=folder / "xvnc.log"):
        yield HERE, port


@contextmanager
def x11vnc(folder: Path, *options: str) -> Iterator[Place]:
    """x11vnc (LibVNCServer) on an X server of its own."""
    port = free_port()
    with xvfb(folder, "-ac") as display:
        argv = ["x11vnc", "-display", f":{display}", "-rfbport", str(port), "-listen", HERE, "-forever", "-noipv6", *options]
        with running(argv, listens=(HERE, port), log=folder / "x11vnc.log"):
            yield HERE, port


def free_udp_port(address: str = HERE) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_answer(place: Place, question: bytes, timeout_seconds: float = 20.0) -> None:
    """Return when the UDP server there answers ``question``."""
    deadline = time.monotonic() + timeout_seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.3)
        asking.connect(place)
        while time.monotonic() < deadline:
            try:
                asking.send(question)
                asking.recv(4096)
            except OSError:
                time.sleep(0.05)
            else:
                return
    raise TimeoutError(f"{place} answers nothing")


def ipmi_sim_command(folder: Path, address: str, port: int, *, auths: str, users: str) -> list[str]:
    """OpenIPMI's controller: ``auths`` it allows to an administrator, and lines of ``users``."""
    config, begin, state = folder / "lan.conf", folder / "sim.cmd", folder / "state"
    state.mkdir(exist_ok=True)
    allowed = f"allowed_auths_admin {auths}\n" if auths else ""
    config.write_text(
        f'name "bmc"\nset_working_mc 0x20\nstartlan 1\naddr {address} {port}\npriv_limit admin\n{allowed}'
        f"guid a123456789abcdefa123456789abcdef\nendlan\n{users}"
    )
    begin.write_text("mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n")
    return ["ipmi_sim", "-n", "-c", str(config), "-f", str(begin), "-s", str(state)]


@contextmanager
def ipmi_sim(folder: Path, *, auths: str, users: str) -> Iterator[Place]:
    port = free_udp_port()
    with running(ipmi_sim_command(folder, HERE, port, auths=auths, users=users), log=folder / "bmc.log"):
        wait_for_answer((HERE, port), CAPABILITIES)
        yield HERE, port


def bmc_command(address: str, port: int) -> list[str]:
    """pyghmi's controller: named users only, and cipher suite 3 whatever is proposed."""
    program = (
        "import sys\nfrom pyghmi.ipmi.bmc import Bmc\n"
        "Bmc({'ops': 'not-in-any-list'}, port=int(sys.argv[2]), address=sys.argv[1]).listen()\n"
    )
    return [sys.executable, "-c", program, address, str(port)]


@contextmanager
def bmc(folder: Path) -> Iterator[Place]:
    port = free_udp_port()
    with running(bmc_command(HERE, port), log=folder / "bmc.log"):
        wait_for_answer((HERE, port), CAPABILITIES)
        yield HERE, port
