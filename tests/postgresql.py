"""A real PostgreSQL server on loopback, from Debian's package, in a folder of its own."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import free_port, wait_for_port

POSTGRESQL = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


@contextmanager
def postgresql(home: Path, *, safe: bool = False) -> Iterator[str]:
    """The URL of a server without its database name. ``home`` is short (a socket's path has to be) and in a folder open to user
    postgres; what lies there of an earlier server is served again. ``safe`` syncs each commit to disk, as a city's does."""
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    home.mkdir(mode=0o755, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    data, port = home / "data", free_port()
    try:
        if not (data / "PG_VERSION").exists():
            _run("initdb", "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C", "-D", str(data))
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync={'on' if safe else 'off'} -c max_connections=100"
        _run("pg_ctl", "-D", str(data), "-l", str(home / "log"), "-w", "-o", options, "start")
        wait_for_port("127.0.0.1", port)
        yield f"postgresql://{user}@127.0.0.1:{port}"
    finally:
        if (data / "postmaster.pid").exists():
            _run("pg_ctl", "-D", str(data), "-m", "fast" if safe else "immediate", "-w", "stop")


def _run(program: str, *arguments: str) -> None:
    """PostgreSQL refuses to run as root; an ordinary user runs it as itself."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    argv = [*prefix, str(POSTGRESQL / program), *arguments]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300, cwd="/")
