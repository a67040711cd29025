"""A domain controller: Debian's Samba as Active Directory, provisioned in a few seconds in a folder of its own."""

import subprocess
from pathlib import Path

SERVICES = "s3fs, rpc, nbt, ldap, cldap"  # what is asked; without winbindd nobody can log in, and it says so


def samba_command(folder: Path, address: str, prefix: int, further: str = "") -> list[str]:
    """Make the directory of VILAMAR on ``address`` and its configuration; the command that serves it in the foreground."""
    target = folder / "ad"
    names = [
        "--realm=VILAMAR.EXAMPLE",
        "--domain=VILAMAR",
        "--host-name=dc1",
        "--server-role=dc",
        "--dns-backend=NONE",
        f"--host-ip={address}",
    ]
    subprocess.run(
        [
            "samba-tool",
            "domain",
            "provision",
            *names,
            "--adminpass=Prova-1234-x",
            f"--targetdir={target}",
            f"--host-ip={address}",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    path = target / "etc" / "smb.conf"
    wanted = (
        f"[global]\n interfaces = {address}/{prefix}\n bind interfaces only = yes\n server services = {SERVICES}\n"
        f" log file = {folder}/samba.txt\n pid directory = {target}\n ncalrpc dir = {target}/ncalrpc\n"
        f" winbindd socket directory = {target}/winbindd\n ntp signd socket directory = {target}/ntp\n"
        f" nsupdate command = /bin/true\n tls enabled = no\n panic action =\n{further}"
    )
    left = ("server services", "log file", "panic action", "[global]")
    kept = [line for line in path.read_text().splitlines() if not line.strip().startswith(left)]
    path.write_text(wanted + "\n".join(kept) + "\n")
    return ["samba", "-F", "--no-process-group", "-M", "standard", "-s", str(path)]
