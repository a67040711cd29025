"""Debian's Samba on loopback, as careless and as careful as an administrator can make it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.processes import running
from tests.scanners.small_servers import Place, own_address

FAULTY = """ server min protocol = NT1
 server signing = disabled
 map to guest = Bad User
 restrict anonymous = 0
"""
HARDENED = """ server min protocol = SMB3_00
 server signing = mandatory
 map to guest = Never
 restrict anonymous = 2
"""
SHARES = """[obres]
 path = FOLDER/share
 guest ok = yes
 read only = no
[plens]
 path = FOLDER/share
 guest ok = yes
 read only = yes
[padro]
 path = FOLDER/share
 read only = no
"""


def smbd_command(folder: Path, address: str, settings: str, *, name: str = "ARXIU", shares: str = SHARES) -> list[str]:
    """Write the configuration of an smbd for ports 139 and 445 of ``address``, and the folders that it wants; its command."""
    # Samba gives up over an address that no interface has: it takes one inside an interface's network where the prefix is given
    prefix = 8 if address.startswith("127.") else 16
    for inside in ("share", "private", "state"):
        (folder / inside).mkdir(parents=True, exist_ok=True)
    (folder / "share").chmod(0o777)
    (folder / "smb.conf").write_text(
        f"[global]\n workgroup = VILAMAR\n netbios name = {name}\n smb ports = 445 139\n interfaces = {address}/{prefix}\n"
        f" bind interfaces only = yes\n private dir = {folder}/private\n lock directory = {folder}/state\n"
        f" state directory = {folder}/state\n cache directory = {folder}/state\n pid directory = {folder}/state\n"
        f" ncalrpc dir = {folder}/state/ncalrpc\n log file = {folder}/smbd.txt\n load printers = no\n disable spoolss = yes\n"
        + settings
        + shares.replace("FOLDER", str(folder))
    )
    return ["smbd", "-F", "--no-process-group", "-s", str(folder / "smb.conf")]


def nmbd_command(folder: Path) -> list[str]:
    """nmbd with the configuration that :func:`smbd_command` wrote."""
    return ["nmbd", "-F", "--no-process-group", "-s", str(folder / "smb.conf")]


@contextmanager
def smbd(folder: Path, settings: str, **more: str) -> Iterator[Place]:
    """Yields the place of direct hosting; the NetBIOS session service is on port 139 of the same address."""
    address = own_address()
    try:
        with running(smbd_command(folder, address, settings, **more), listens=(address, 445), log=folder / "smbd.log"):
            yield address, 445
    finally:
        _end_helpers(folder)


def _end_helpers(folder: Path) -> None:
    """What smbd started to answer remote procedure calls has a session of its own, and would stay."""
    for found in (folder / "state").glob("samba-dcerpcd*.pid"):
        with suppress(ProcessLookupError):
            os.killpg(int(found.read_text()), signal.SIGTERM)
