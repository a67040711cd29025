"""Signed zones and the name servers that serve them, for the tests of the scanners and for the tests' city."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Command = list[str]


@dataclass(frozen=True)
class SignedZone:
    """``file`` is the signed zone, ``ds`` its DS record as the parent writes it, ``anchor`` its key-signing key."""

    file: Path
    ds: str
    anchor: str


def zone_text(name: str, records: str, servers: Mapping[str, str]) -> str:
    """A zone file: SOA, the name servers (``host: address``; addresses of hosts of other zones are left out) and ``records``."""
    lines = [f"$ORIGIN {name}.", "$TTL 300", "@ SOA ns1 hostmaster 1 3600 600 604800 300"]
    for host, address in servers.items():
        lines.append(f"@ NS {host}")
        if address and not host.endswith("."):
            lines.append(f"{host} {'AAAA' if ':' in address else 'A'} {address}")
    return "\n".join([*lines, records, ""])


def sign(folder: Path, name: str, text: str, *, expired: bool = False) -> SignedZone:
    """Sign a zone with keys of its own (ECDSA P-256), by BIND's tools; ``expired`` signatures ended two days ago."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / f"{name}.zone"
    plain.write_text(text)
    for flags in (["-f", "KSK"], []):
        subprocess.run(
            ["dnssec-keygen", "-q", "-K", str(folder), "-a", "ECDSAP256SHA256", *flags, name], check=True, capture_output=True
        )
    times = ["-P", "-s", "now-864000", "-e", "now-172800"] if expired else ["-s", "now-3600", "-e", "now+2592000"]
    signed = folder / f"{name}.signed"
    subprocess.run(
        ["dnssec-signzone", "-q", "-S", "-K", str(folder), "-d", str(folder), "-o", name, *times, "-f", str(signed), str(plain)],
        check=True,
        capture_output=True,
    )
    key = next(path for path in folder.glob(f"K{name}.+*.key") if " 257 " in path.read_text())
    made = subprocess.run(["dnssec-dsfromkey", "-2", str(key)], check=True, capture_output=True, text=True).stdout
    anchor = next(line for line in key.read_text().splitlines() if not line.startswith(";"))
    return SignedZone(signed, made.strip(), anchor)


def knot(folder: Path, listen: Iterable[str], zones: Mapping[str, Path], *, extra: str = "") -> list[Command]:
    """knotd on port 53 of the addresses, or ``address@port``, serving ``zones`` to all and transferring them to nobody."""
    folder.mkdir(parents=True, exist_ok=True)
    places = "".join(f"    listen: {place if '@' in place else place + '@53'}\n" for place in listen)
    blocks = "".join(f"  - domain: {name}\n    file: {file}\n" for name, file in zones.items())
    config = folder / "knot.conf"
    config.write_text(
        f"server:\n    rundir: {folder}\n{places}    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
        f"{extra}database:\n    storage: {folder}\nzone:\n{blocks}"
    )
    return [["/usr/sbin/knotd", "-c", str(config)]]


def named(folder: Path, place: str, zones: Mapping[str, Path], options: str) -> list[Command]:
    """BIND with ``options`` at ``address@port``, an address that an interface has.

    It has a root zone of its own: whatever it looks for, it asks nobody else; and it notifies nobody.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    address, _, port = place.partition("@")
    root = folder / "root.zone"
    root.write_text("$TTL 300\n. SOA a.invalid. b.invalid. 1 3600 600 604800 300\n. NS a.invalid.\na.invalid. A 127.0.0.1\n")
    blocks = "".join(f'zone "{name}" {{ type primary; file "{file}"; }};\n' for name, file in {".": root, **zones}.items())
    config = folder / "named.conf"
    config.write_text(
        f'options {{ directory "{folder}"; pid-file none; session-keyfile none; listen-on port {port or 53} {{ {address}; }};\n'
        f"listen-on-v6 {{ none; }}; query-source address {address}; notify no; dnssec-validation no; empty-zones-enable no;\n"
        f"{options} }};\ncontrols {{ }};\n{blocks}"
    )
    return [[shutil.which("named") or "/usr/sbin/named", "-g", "-n", "1", "-U", "1", "-c", str(config)]]


def unbound(
    folder: Path, place: str, stubs: Mapping[str, str], *, anchors: Iterable[str] = (), allow: str = "0.0.0.0/0 allow"
) -> list[Command]:
    """unbound at ``address@port``: asks the servers of ``stubs`` (domain: address@port) and refuses every other name.

    It validates where it has ``anchors`` (DS or DNSKEY lines). Clients outside ``allow`` are refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address, _, port = place.partition("@")
    config = folder / "unbound.conf"
    trusted = "".join(f"  trust-anchor: {chr(39)}{line}{chr(39)}\n" for line in anchors)
    config.write_text(
        f"server:\n  interface: {address}\n  port: {port or 53}\n  outgoing-interface: {address}\n  num-threads: 1\n"
        f'  username: ""\n  chroot: ""\n  directory: "{folder}"\n  pidfile: ""\n  use-syslog: no\n  do-daemonize: no\n'
        f'  do-not-query-localhost: no\n  module-config: "{"validator " if trusted else ""}iterator"\n{trusted}'
        f'  access-control: {allow}\n  local-zone: "." refuse\n'
        + "".join(f'  local-zone: "{name}" transparent\n' for name in stubs)
        + "".join(f'stub-zone:\n  name: "{name}"\n  stub-addr: {where}\n' for name, where in stubs.items())
        + "remote-control:\n  control-enable: no\n"
    )
    return [["/usr/sbin/unbound", "-d", "-c", str(config)]]
