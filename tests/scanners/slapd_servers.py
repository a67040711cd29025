"""OpenLDAP's slapd on loopback with a small directory: what tests and the tests' city start."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import free_port, running
from tests.scanners import small_servers

SUFFIX = "dc=vilamar,dc=example"
PEOPLE = (
    f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Vilamar\ndc: vilamar\n\n"
    f"dn: ou=persones,{SUFFIX}\nobjectClass: organizationalUnit\nou: persones\n"
)
NOBODY_READS = "access to * by users read by anonymous auth"


def write_slapd(folder: Path, *, settings: str = "", database: str = "", certificate: tuple[Path, Path] | None = None) -> Path:
    """A slapd.conf and its filled database in ``folder``; ``settings`` are global lines, ``database`` those of the database."""
    (folder / "data").mkdir()
    tls = f"TLSCertificateFile {certificate[0]}\nTLSCertificateKeyFile {certificate[1]}\n" if certificate else ""
    path = folder / "slapd.conf"
    path.write_text(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f'pidfile {folder}/slapd.pid\n{tls}{settings}\ndatabase mdb\nsuffix "{SUFFIX}"\ndirectory {folder}/data\n'
        f'rootdn "cn=admin,{SUFFIX}"\nrootpw not-in-any-word-list\n{database}\n'
    )
    subprocess.run(["slapadd", "-f", str(path)], input=PEOPLE, text=True, check=True, capture_output=True)
    return path


@contextmanager
def slapd(
    folder: Path, *, settings: str = "", database: str = "", tls: bool = True, implicit: bool = False
) -> Iterator[small_servers.Place]:
    """A running directory; ``implicit`` speaks LDAPS."""
    path = write_slapd(
        folder, settings=settings, database=database, certificate=small_servers.certificate(folder) if tls else None
    )
    port = free_port()
    scheme = "ldaps" if implicit else "ldap"
    argv = ["slapd", "-d", "0", "-f", str(path), "-h", f"{scheme}://127.0.0.1:{port}"]
    with running(argv, listens=("127.0.0.1", port), log=folder / "slapd.log"):
        yield "127.0.0.1", port
