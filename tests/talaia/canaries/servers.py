"""The real servers of the story: a PostgreSQL that asks for a password, an SNMP agent, an SSH server."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from psycopg import sql

from tests.postgresql import postgresql
from tests.processes import free_port, running, wait_for_port
from tests.scanners.ssh_servers import make_key

HOST = "127.77.9.1"


@dataclass(frozen=True)
class Database:
    """``admin`` is the superuser's address; ``url`` Talaia's, without the password. Its log holds all that was asked of it."""

    admin: str
    url: str
    home: Path

    def change_password(self, password: str) -> None:
        """From now on it takes this one only; whoever is connected is thrown out."""
        with psycopg.connect(f"{self.admin}/postgres", autocommit=True) as admin:
            admin.execute("SET log_statement = 'none'")  # what the administrator types is not Talaia's doing
            admin.execute(sql.SQL("ALTER ROLE talaia PASSWORD {}").format(sql.Literal(password)))
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'talaia'")

    def everything(self) -> str:
        """Every row of every table, as text."""
        with psycopg.connect(f"{self.admin}/talaia") as admin:
            names = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            query = sql.SQL("SELECT row_to_json(t)::text FROM {} t")
            return "\n".join(row[0] for (name,) in names for row in admin.execute(query.format(sql.Identifier(name))))

    def run(self, statement: str) -> None:
        with psycopg.connect(f"{self.admin}/talaia", autocommit=True) as admin:
            admin.execute(statement)  # type: ignore[arg-type]  # the story's own words


@contextmanager
def database(home: Path, password: str) -> Iterator[Database]:
    with postgresql(home) as admin:
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE talaia LOGIN PASSWORD {}").format(sql.Literal(password)))
            connection.execute("CREATE DATABASE talaia OWNER talaia")
            connection.execute("ALTER SYSTEM SET log_statement = 'all'")  # with the parameters of each
            connection.execute("ALTER SYSTEM SET log_connections = on")
            rules = home / "data" / "pg_hba.conf"
            rules.write_text("host all talaia all scram-sha-256\n" + rules.read_text())
            connection.execute("SELECT pg_reload_conf()")
        host = admin.partition("@")[2]
        yield Database(admin, f"postgresql://talaia@{host}/talaia", home)


@contextmanager
def agent(folder: Path, community: str) -> Iterator[int]:
    """A real SNMP agent that takes this community only; its process id."""
    config = folder / "snmpd.conf"
    config.write_text(f'agentaddress udp:{HOST}:161\nsysName aparell\nrocommunity "{community}"\n')
    argv = ["snmpd", "-f", "-C", "-c", str(config), "-Lo", "-p", str(folder / "snmpd.pid")]
    with running(argv, log=folder / "snmpd.log", environment={"SNMP_PERSISTENT_DIR": str(folder)}) as process:
        yield process.pid


@dataclass(frozen=True)
class Door:
    """Where a real sshd listens, and the fingerprint of its key."""

    port: int
    pin: str
    process: int


def key_pair() -> tuple[str, bytes, str]:
    """A private key as OpenSSH writes it, its 32 bytes, and the public key."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return text, key.private_bytes_raw(), public


@contextmanager
def ssh(folder: Path, user: str, public: str) -> Iterator[Door]:
    """sshd; whoever has the key reads what the machine calls itself."""
    Path("/run/sshd").mkdir(exist_ok=True)
    port, key, allowed = free_port(HOST), make_key(folder, "ed25519"), folder / "allowed"
    allowed.write_text(public + "\n")
    lines = [f"Port {port}", f"ListenAddress {HOST}", "UsePAM no", "PidFile none", "StrictModes no", f"HostKey {key}"]
    lines += [f"AuthorizedKeysFile {allowed}", "PermitRootLogin prohibit-password", f"AllowUsers {user}"]
    lines += ["ForceCommand cat > /dev/null; uname -a; env"]
    (folder / "sshd.conf").write_text("\n".join([*lines, ""]))
    said = subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True).stdout
    argv = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd.conf")]
    with running(argv, log=folder / "sshd.log") as process:
        wait_for_port(HOST, port)
        yield Door(port, said.split()[1], process.pid)
