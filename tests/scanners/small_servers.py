"""Real servers of the small protocols, in processes of their own on loopback, as context managers that yield (address, port)."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import free_port, running

Place = tuple[str, int]
HERE = "127.0.0.1"
_numbers = itertools.count(1)


def own_address() -> str:
    """A loopback address that no other test of this machine uses: for servers whose ports are fixed."""
    return f"127.{78 + os.getpid() // 250 % 100}.{os.getpid() % 250 + 1}.{next(_numbers)}"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key, made once a folder."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    if not cert.exists():
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        subprocess.run(
            [*command, "-subj", "/CN=prova.example", "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
        )
    key.chmod(0o600)
    return cert, key


@contextmanager
def inetd(folder: Path, lines: Sequence[str]) -> Iterator[str]:
    """inetutils-inetd with ``lines`` (ADDRESS stands for its address). Yields the address."""
    address = own_address()
    config = folder / f"inetd-{address}.conf"
    config.write_text("".join(line.replace("ADDRESS", address) + "\n" for line in lines))
    first = lines[0].split()[0].partition(":")[2]
    port = int(first) if first.isdigit() else socket.getservbyname(first)
    with running(
        ["inetutils-inetd", "-d", f"--pidfile={folder / 'inetd.pid'}", str(config)],
        listens=(address, port),
        log=folder / "inetd.log",
    ):
        yield address


@contextmanager
def redis(folder: Path, *options: str, address: str = HERE, passing: str | None = None) -> Iterator[Place]:
    port = free_port(address)
    argv = ["redis-server", "--port", str(port), "--bind", address, "--save", "", "--dir", str(folder), *options]
    with running(argv, listens=(passing or address, port), log=folder / "redis.log"):
        yield passing or address, port


@contextmanager
def vsftpd(root: Path, **settings: str) -> Iterator[Place]:
    """vsftpd whose anonymous users see ``root`` (of :func:`folder_for`)."""
    port = free_port()
    empty = root.parent / f"{root.name}-empty"
    empty.mkdir(exist_ok=True)
    wanted = {
        "listen": "YES",
        "listen_address": HERE,
        "listen_port": str(port),
        "background": "NO",
        "anon_root": str(root),
        "secure_chroot_dir": str(empty),
        "seccomp_sandbox": "NO",
        "delay_failed_login": "0",
        **settings,
    }
    config = empty.parent / "vsftpd.conf"
    config.write_text("".join(f"{key}={value}\n" for key, value in wanted.items()))
    with running(["vsftpd", str(config)], listens=(HERE, port), log=empty.parent / "vsftpd.log"):
        yield HERE, port


@contextmanager
def folder_for(user: str) -> Iterator[Path]:
    """A folder that ``user`` can get to: pytest's own are closed to all but root, again at each start of pytest."""
    with tempfile.TemporaryDirectory(prefix="talaia-") as name:
        Path(name).chmod(0o755)
        inside = Path(name) / "data"
        inside.mkdir()
        shutil.chown(inside, user)
        yield Path(name)


class Postgresql:
    """A running cluster with TLS; its pg_hba.conf can be changed."""

    def __init__(self, data: Path, place: Place, programs: Path) -> None:
        self.data, self.place, self.programs = data, place, programs

    def allow(self, rules: str) -> None:
        """Put ``rules`` in force; returns once they are."""
        before = self._loaded()
        (self.data / "pg_hba.conf").write_text("local all all trust\n" + rules)
        subprocess.run(
            [str(self.programs / "pg_ctl"), "reload", "-D", str(self.data)], check=True, capture_output=True, user="postgres"
        )
        for _ in range(100):
            if self._loaded() != before:
                return
            time.sleep(0.05)
        raise TimeoutError("PostgreSQL did not read its rules again")

    def _loaded(self) -> str:
        command = ["psql", "-h", str(self.data), "-p", str(self.place[1]), "-U", "postgres", "-Atc", "SELECT pg_conf_load_time()"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def postgresql(folder: Path) -> Iterator[Postgresql]:
    programs = next(Path("/usr/lib/postgresql").glob("*/bin"))
    data, port = folder / "data", free_port()
    subprocess.run(
        [str(programs / "initdb"), "-D", str(data), "-A", "trust", "-N"], check=True, capture_output=True, user="postgres"
    )
    for made, name in zip(certificate(folder), ("server.crt", "server.key"), strict=True):
        shutil.copy(made, data / name)
        shutil.chown(data / name, "postgres")
        (data / name).chmod(0o600)
    argv = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", HERE, "-k", str(data), "-F", "-c", "ssl=on"]
    with running(argv, listens=(HERE, port), log=folder / "pg.log", user="postgres"):
        ready = [str(programs / "pg_isready"), "-h", str(data), "-p", str(port), "-t", "20"]
        while subprocess.run(ready, check=False, capture_output=True).returncode == 1:
            time.sleep(0.1)
        yield Postgresql(data, (HERE, port), programs)


class Mariadb:
    """A running server; root changes it over its socket."""

    def __init__(self, pipe: str, place: Place) -> None:
        self.pipe, self.place = pipe, place

    def run(self, statements: str) -> None:
        client = ["mariadb", "--no-defaults", f"--socket={self.pipe}", "-u", "root", "-e", statements]
        subprocess.run(client, check=True, capture_output=True)


@contextmanager
def mariadb(folder: Path) -> Iterator[Mariadb]:
    data, port = folder / "data", free_port()
    install = [
        "mariadb-install-db",
        f"--datadir={data}",
        "--user=mysql",
        "--skip-test-db",
        "--auth-root-authentication-method=normal",
    ]
    subprocess.run(install, check=True, capture_output=True)
    cert, key = certificate(folder)
    key.chmod(0o644)
    pipe = str(data / "socket")
    argv = ["mariadbd", "--no-defaults", f"--datadir={data}", "--user=mysql", f"--port={port}", f"--bind-address={HERE}"]
    argv += [f"--socket={pipe}", f"--pid-file={data / 'pid'}", "--skip-name-resolve", f"--ssl-cert={cert}", f"--ssl-key={key}"]
    with running(argv, listens=(HERE, port), log=folder / "mysql.log"):
        yield Mariadb(pipe, (HERE, port))


@contextmanager
def tftpd(folder: Path) -> Iterator[Place]:
    address = own_address()
    folder.chmod(0o755)
    argv = ["in.tftpd", "--foreground", "--listen", "--address", f"{address}:69", "--secure", str(folder)]
    with running(argv, log=folder / "tftpd.log"):
        wait_for_udp(address, 69)
        yield address, 69


def wait_for_udp(address: str, port: int, timeout_seconds: float = 60.0) -> None:
    """Return when something is bound to that UDP port; ``TimeoutError`` when nothing is in time."""
    wanted = bytes(reversed(socket.inet_aton(address))).hex().upper() + f":{port:04X}"
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if any(line.split()[1] == wanted for line in Path("/proc/net/udp").read_text().splitlines()[1:]):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing is bound to {address}:{port}/udp")
