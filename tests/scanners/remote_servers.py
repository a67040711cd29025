"""Real servers of remote administration, in processes of their own on loopback: contexts that yield (address, port)."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanners.protocols.ipmi_messages import CAPABILITIES
from tests.namespaces import namespace
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
    argv = ["Xvfb", f":{display}", "-screen", "0", "320x240x24", "-noreset", "-listen", "tcp", *options]
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


def wait_for_answer(place: Place, question: bytes, timeout_seconds: float = 120.0) -> None:
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


def charon_command(folder: Path, address: str, connections: str, secrets: str = "", *, aggressive: bool = False) -> list[str]:
    """strongSwan's IKE daemon with ``connections`` of swanctl.conf, for a network namespace; its /run is a mount of its own."""
    settings, wanted = folder / "strongswan.conf", folder / "swanctl.conf"
    careless = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes" if aggressive else ""
    plugins = "random nonce aes gcrypt sha1 sha2 md5 hmac kdf gmp curve25519 x509 pubkey pem pkcs1 pkcs8 "
    plugins += "kernel-netlink socket-default vici"
    settings.write_text(
        f"charon {{\n load = {plugins}\n load_modular = no\n install_routes = no\n {careless}\n"
        f" filelog {{ stderr {{ default = 1 }} }}\n}}\n"
    )
    wanted.write_text(f"connections {{\n{connections}\n}}\nsecrets {{\n{secrets}\n}}\n".replace("ADDRESS", address))
    wanted.chmod(0o600)
    script = (
        f"mount -t tmpfs none /run || exit 1; export STRONGSWAN_CONF={settings}; "
        "(for i in $(seq 100); do test -S /run/charon.vici && break; sleep 0.1; done;"
        f" swanctl --load-all --noprompt --file {wanted}; echo loaded) & exec /usr/lib/ipsec/charon"
    )
    return ["unshare", "--mount", "sh", "-c", script]


IKE_WEAK = """
old { version = 0
 proposals = aes128-sha1-modp1024,3des-md5-modp1024,aes256-sha256-modp2048
 aggressive = yes
 local_addrs = ADDRESS
 remote_addrs = %any
 local { auth = psk }
 remote { auth = psk }
 children { net { } }
}"""
IKE_SECRET = 'ike-1 { secret = "not-in-any-word-list" }'
IKE_GOOD = """
new { version = 2
 proposals = aes256gcm16-prfsha384-modp3072,aes256-sha256-curve25519
 local_addrs = ADDRESS
 remote_addrs = %any
 local { auth = psk }
 remote { auth = psk }
 children { net { } }
}"""


@contextmanager
def charon(folder: Path, connections: str, *, aggressive: bool = False) -> Iterator[Place]:
    """In a network namespace of its own, which this thread is in as long as the context lasts."""
    folder.mkdir(exist_ok=True)
    with namespace(f"ike{os.getpid()}") as home:
        home.ip("link", "set", "lo", "up")
        argv = home.argv(*charon_command(folder, HERE, connections, IKE_SECRET, aggressive=aggressive))
        with running(argv, log=folder / "charon.log"), home.entered():
            deadline = time.monotonic() + 120
            while "\nloaded" not in (folder / "charon.log").read_text() and time.monotonic() < deadline:
                time.sleep(0.1)
            yield HERE, 500
