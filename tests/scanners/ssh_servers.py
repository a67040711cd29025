"""Real SSH servers for tests: OpenSSH and dropbear with the keys and settings that a test wants."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import free_port, running


def make_key(folder: Path, kind: str, bits: int | None = None) -> Path:
    path = folder / f"host_{kind}_{bits or 0}"
    size = ["-b", str(bits)] if bits else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-f", str(path)], check=True)
    return path


def fingerprint(key: Path) -> str:
    return subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True).stdout.split()[1]


@contextmanager
def openssh(folder: Path, keys: Sequence[Path], *settings: str) -> Iterator[int]:
    """Debian's sshd in the foreground; yields its port."""
    Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    lines = [f"Port {port}", "ListenAddress 127.0.0.1", "UsePAM no", "PidFile none", "StrictModes no"]
    config = folder / f"sshd_{port}.conf"
    config.write_text("\n".join([*lines, *(f"HostKey {key}" for key in keys), *settings, ""]))
    log = folder / f"sshd_{port}.log"
    with running(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], listens=("127.0.0.1", port), log=log):
        yield port


@contextmanager
def dropbear(folder: Path, kinds: Sequence[str], *options: str) -> Iterator[int]:
    port = free_port()
    keys: list[str] = []
    for kind in kinds:
        path = folder / f"dropbear_{kind}"
        subprocess.run(["dropbearkey", "-t", kind, "-f", str(path)], check=True, capture_output=True)
        keys += ["-r", str(path)]
    argv = ["/usr/sbin/dropbear", "-F", "-E", "-p", f"127.0.0.1:{port}", *keys, *options]
    with running(argv, listens=("127.0.0.1", port), log=folder / "dropbear.log"):
        yield port


def audited(port: int) -> dict[str, Any]:
    """What ssh-audit says of the server, as its JSON."""
    program = Path(sys.executable).with_name("ssh-audit")
    argv = [str(program), "-j", "-p", str(port), "127.0.0.1"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
    said: dict[str, Any] = json.loads(done.stdout)
    return said
