"""Remote administration: desktops, network devices, management controllers and VPN gateways, and their hardened twins."""

from pathlib import Path

from tests.city.host import Host
from tests.city.servers import Command, Yard
from tests.scanners.remote_servers import (
    IKE_GOOD,
    IKE_SECRET,
    IKE_WEAK,
    bmc_command,
    charon_command,
    ipmi_sim_command,
)

_PASSWORD = bytes.fromhex("dbd83cfd727a1458")  # of VNC, in its own obfuscation


def _display(yard: Yard) -> int:
    """X servers of all hosts share one /tmp: each has a number of its own, 700 and up."""
    return 700 + int(yard.address.rpartition(".")[2]) + 100 * int(yard.address.split(".")[2])


def careless_desktop(yard: Yard) -> list[Command]:
    """xrdp as it takes whatever comes: its own old security with 40 bits, or TLS, and no NLA."""
    pem = yard.certificate()
    wanted = {
        "port": f"tcp://{yard.address}:3389",
        "certificate": str(pem),
        "key_file": str(pem),
        "security_layer": "negotiate",
        "crypt_level": "low",
        "LogFile": str(yard.folder / "xrdp.log"),
    }
    lines = Path("/etc/xrdp/xrdp.ini").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        name = line.partition("=")[0].strip()
        if name in wanted:
            lines[number] = f"{name}={wanted.pop(name)}"
    return [["xrdp", "-n", "-c", str(yard.write("xrdp.ini", "\n".join(lines) + "\n"))]]


def good_desktop(yard: Yard) -> list[Command]:
    """FreeRDP's shadow server with NLA only, on an X server without a screen."""
    pem, display = yard.certificate(rsa_bits=2048), _display(yard)
    for kind in ("crt", "key"):
        yard.write(f"freerdp/shadow/shadow.{kind}", pem.read_bytes())
    start = 'for i in $(seq 60); do "$@"; sleep 0.5; done'  # until the X server is there
    shadow = ["freerdp-shadow-cli", "/port:3389", f"/bind-address:{yard.address}", "-auth", "/sec:nla"]
    suites = (
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
        "MinProtocol = TLSv1.2\nCipherString = ECDHE+AESGCM:ECDHE+CHACHA20\nOptions = ServerPreference\n"
    )
    environment = [
        "env",
        f"OPENSSL_CONF={yard.write('openssl.cnf', suites)}",
        f"DISPLAY=:{display}",
        f"HOME={yard.folder}",
        f"XDG_CONFIG_HOME={yard.folder}",
    ]
    return [
        ["Xvfb", f":{display}", "-screen", "0", "320x240x24", "-nolisten", "tcp", "-ac"],
        [*environment, "sh", "-c", start, "sh", *shadow],
    ]


def vnc(yard: Yard, *options: str) -> list[Command]:
    return [["Xtigervnc", f":{_display(yard)}", "-rfbport", "5900", "-localhost=0", "-geometry", "64x64", *options]]


def open_vnc(yard: Yard) -> list[Command]:
    return vnc(yard, "-SecurityTypes", "None")


def weak_vnc(yard: Yard) -> list[Command]:
    return vnc(yard, "-SecurityTypes", "VncAuth", "-PasswordFile", str(yard.write("passwd", _PASSWORD)))


def good_vnc(yard: Yard) -> list[Command]:
    pem = yard.certificate()
    password = str(yard.write("passwd", _PASSWORD))
    return vnc(yard, "-SecurityTypes", "X509Vnc", "-PasswordFile", password, "-X509Cert", str(pem), "-X509Key", str(pem))


def open_x11(yard: Yard) -> list[Command]:
    argv = ["Xvfb", ":0", "-screen", "0", "64x64x8", "-listen", "tcp", "-ac", "-nolock"]
    script = 'mkdir -p /tmp/.X11-unix && mount -t tmpfs none /tmp/.X11-unix && exec "$@"'
    return [["unshare", "--mount", "sh", "-c", script, "sh", *argv]]


def snmp(yard: Yard, settings: str) -> list[Command]:
    path = yard.write("snmpd.conf", f"agentaddress udp:{yard.address}:161\nsysName {yard.name}\n{settings}")
    state = f"SNMP_PERSISTENT_DIR={yard.folder}"
    return [["env", state, "snmpd", "-f", "-C", "-c", str(path), "-Lo", "-p", str(yard.folder / "snmpd.pid")]]


def switch(yard: Yard) -> list[Command]:
    return snmp(yard, "rocommunity public\nsysDescr Cisco IOS Software, C2960 Software, Version 12.2(55)SE\n")


def good_agent(yard: Yard) -> list[Command]:
    return snmp(yard, "rouser talaia priv\nsysDescr Cisco IOS Software, C2960 Software, Version 15.2(7)E\n")


def open_controller(yard: Yard) -> list[Command]:
    users = 'user 1 true "" "test" admin 10 none md2 md5 straight\n'
    return [ipmi_sim_command(yard.folder, yard.address, 623, auths="none md2 md5 straight", users=users)]


def good_controller(yard: Yard) -> list[Command]:
    return [bmc_command(yard.address, 623)]


def old_gateway(yard: Yard) -> list[Command]:
    return [charon_command(yard.folder, yard.address, IKE_WEAK, IKE_SECRET, aggressive=True)]


def good_gateway(yard: Yard) -> list[Command]:
    return [charon_command(yard.folder, yard.address, IKE_GOOD, IKE_SECRET)]


HOSTS: tuple[Host, ...] = (
    Host("10.77.3.20", "escriptori", careless_desktop, (3389,), {3389: "RDP-001 RDP-002 RDP-003"}),
    Host("10.77.3.21", "pantalla", open_vnc, (5900,), {5900: "VNC-001"}),
    Host("10.77.3.22", "vpn-vella", old_gateway, (), {500: "VPN-001"}),
    Host("10.77.3.23", "vpn", good_gateway, (), {}),
    Host("10.77.3.24", "gestor-obert", open_controller, (), {623: "IOT-007"}),
    Host("10.77.3.25", "commutador", switch, (), {161: "SNMP-001 SNMP-002"}),
    Host("10.77.3.26", "pantalla-feble", weak_vnc, (5900,), {5900: "VNC-001"}),
    Host("10.77.4.20", "terminal", good_desktop, (3389,), {}, "workplace"),
    Host("10.77.4.21", "pantalla-bona", good_vnc, (5900,), {}, "workplace"),
    Host("10.77.4.22", "gestor", good_controller, (), {}, "workplace"),
    Host("10.77.4.23", "commutador-bo", good_agent, (), {}, "workplace"),
    Host("10.77.4.24", "commutador-dins", switch, (), {161: "SNMP-001 SNMP-002 NETD-001"}, "workplace"),
    Host("10.77.4.25", "gestor-dins", open_controller, (), {623: "IOT-007"}, "workplace"),
    Host("10.77.4.26", "finestra", open_x11, (6000,), {6000: "NET-006"}, "workplace"),
)
