"""Brings NTPsec's ntpd without installing it: its package and chrony's exclude each other. ``python -m tests.fetch_ntpsec``."""

import fcntl
import subprocess
from pathlib import Path

from tests.fetch_elasticsearch import cache


def ntpd() -> Path:
    """The program, unpacked from Debian's package into the cache if it is not there."""
    folder = cache() / "ntpsec"
    program = folder / "usr" / "sbin" / "ntpd"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            subprocess.run(["apt-get", "download", "-qq", "ntpsec"], cwd=folder, check=True, capture_output=True, timeout=300)
            archive = next(folder.glob("ntpsec_*.deb"))
            subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True, capture_output=True)
    return program


if __name__ == "__main__":
    print(ntpd())
