"""Whole Debian hosts for tests: one base system made once by debootstrap, and hosts over it as overlays.

    with running(host_argv(folder, prepare), listens=(address, 22)): ...

``prepare`` is a shell script that runs inside the host before its sshd: it makes the accounts, settings and faults. What only
a kernel of its own could give (auditd, a clock that is synchronised, a virus scanner) are *stand-ins*: a process or a command
of that name, made by :data:`STAND_INS`, which says what the real one would. Everything else is the real Debian program.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.fetch_elasticsearch import cache

PACKAGES = (
    "openssh-server",
    "sudo",
    "procps",
    "iproute2",
    "libpam-pwquality",
    "logrotate",
    "rsyslog",
    "nftables",
    "unattended-upgrades",
)

_MOUNTED = """
set -e
mount -t overlay overlay -o lowerdir={base},upperdir={upper},workdir={work} {root}
mount -t proc proc {root}/proc
mkdir -p {root}/run/sshd
chroot {root} /bin/sh -e /prepare.sh >&2
exec chroot {root} {command}
"""

STAND_INS = """
stand_in() { cp /bin/sleep "/usr/sbin/$1"; setsid "/usr/sbin/$1" 86400 >/dev/null 2>&1 </dev/null & }
command_says() { printf '#!/bin/sh\\ncat <<"ANSWER"\\n%s\\nANSWER\\n' "$2" > "$1"; chmod 755 "$1"; }
"""


def base() -> Path:
    """The base system, made on first use and kept between runs."""
    wanted = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    path = cache() / f"debian-host-{wanted}"
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "debian-host.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (path / "complete").exists():
            shutil.rmtree(path, ignore_errors=True)
            root = path / "root"
            mirror, release = _mirror()
            argv = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", release, str(root), mirror]
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=1200)
            if done.returncode:
                raise RuntimeError(f"debootstrap ended with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
            shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
            (path / "complete").touch()
    return path / "root"


def _mirror() -> tuple[str, str]:
    """Where this machine's own apt takes Debian from, and which release."""
    argv = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(LABEL)", "Origin: Debian", "Created-By: Packages"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    for line in sorted(said):
        mirror, codename, label = line.split(" ", 2)
        if label == "Debian" and "-" not in codename:
            return mirror, codename
    raise RuntimeError(f"apt knows no mirror of Debian: {said}")


def host_argv(folder: Path, prepare: str, command: str = "/usr/sbin/sshd -D -e") -> list[str]:
    """The command that runs one host in the foreground; its files are below ``folder``. ``command`` is its last."""
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True, mode=0o755)
        (folder / name).chmod(0o755)
    script = folder / "upper/prepare.sh"
    script.write_text(STAND_INS + prepare)
    names = {name: shlex.quote(str(folder / name)) for name in ("upper", "work", "root")}
    start = _MOUNTED.format(base=shlex.quote(str(base())), command=command, **names)
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", start]


def key_pair(folder: Path, name: str) -> tuple[Path, str]:
    """A fresh ed25519 key: its private file and its public line."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    os.chmod(path, 0o600)
    return path, path.with_suffix(".pub").read_text().strip()
