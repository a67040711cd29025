"""Real mail servers in processes of their own on loopback: Postfix in the configurations that tests want, and Dovecot."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.processes import free_port, running
from tests.scanners import small_servers as servers

HERE = "127.0.0.1"
THERE = "127.0.0.9"  # Dovecot trusts whoever comes from its own address: clients on loopback come from 127.0.0.1

PROGRAMS = (
    "pickup:pickup cleanup:cleanup qmgr:qmgr tlsmgr:tlsmgr rewrite:trivial-rewrite bounce:bounce defer:bounce anvil:anvil "
    "proxymap:proxymap scache:scache error:error smtp:smtp showq:showq verify:verify"
)
PUBLIC = ("pickup", "cleanup", "qmgr", "showq")  # smtpd looks for them in the public folder
MANY = ("cleanup", "bounce", "defer", "error", "smtp")


def write_postfix(folder: Path, settings: Mapping[str, object], listeners: str) -> Path:
    """The configuration of a Postfix of its own in ``folder``; ``listeners`` are lines of master.cf. Returns its folder."""
    config, spool = folder / "etc", folder / "spool"
    config.mkdir()
    spool.mkdir()
    wanted = {
        "compatibility_level": "3.6",
        "queue_directory": spool,
        "data_directory": folder / "data",
        "smtpd_peername_lookup": "no",
        "alias_maps": "",
        "myhostname": "correu.vilamar.example",
        "mydestination": "$myhostname, vilamar.example",
        "local_recipient_maps": "inline:{postmaster=x}",
        "mynetworks": "192.0.2.0/24",
        "maillog_file": "/dev/stdout",
        "maillog_file_prefixes": "/dev",
        **settings,
    }
    (config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in wanted.items()))
    named = [item.partition(":")[::2] for item in PROGRAMS.split()]
    services = [
        f"{name} unix {'n' if name in PUBLIC else '-'} - n - {0 if name in MANY else 1} {program}" for name, program in named
    ]
    services.append("postlog unix-dgram n - n - 1 postlogd")
    (config / "master.cf").write_text("\n".join(services) + f"\n{listeners}")
    return config


@contextmanager
def postfix(*, tls: bool = False, implicit: bool = False, **settings: object) -> Iterator[servers.Place]:
    """Postfix's smtpd with ``settings`` of main.cf; ``tls`` gives it a certificate, ``implicit`` wraps the port."""
    with servers.folder_for("postfix") as folder:
        port = free_port()
        if tls or implicit:
            cert, key = servers.certificate(folder)
            settings = {"smtpd_tls_security_level": "may", "smtpd_tls_cert_file": cert, "smtpd_tls_key_file": key} | settings
        more = " -o smtpd_tls_wrappermode=yes" if implicit else ""
        line = f"{HERE}:{port} inet n - n - - smtpd{more}\n"
        config = write_postfix(folder, {"inet_interfaces": HERE, **settings}, line)
        with running(["postfix", "-c", str(config), "start-fg"], listens=(HERE, port), log=folder / "log"):
            yield HERE, port
            # Its master leaves the process group that it was started in.
            subprocess.run(["postfix", "-c", str(config), "stop"], check=True, capture_output=True, timeout=30)


def dovecot_configuration(folder: Path, listeners: str, settings: str) -> str:
    """Dovecot's configuration: one password for everybody, certificate and key ``cert.pem`` and ``key.pem`` of ``folder``."""
    return (
        f"protocols = imap pop3\nbase_dir = {folder}/run\nlog_path = {folder}/dovecot.out\n"
        f"ssl_cert = <{folder}/cert.pem\nssl_key = <{folder}/key.pem\nssl_min_protocol = TLSv1.2\n"
        "passdb {\n driver = static\n args = password=not-in-any-word-list\n}\n"
        "userdb {\n driver = static\n args = uid=nobody gid=nogroup home=/tmp\n}\n"
        f"{listeners}{settings}"
    )


def listener(name: str, address: str, port: int, secure_port: int) -> str:
    return (
        f"service {name}-login {{\n chroot =\n inet_listener {name} {{\n address = {address}\n port = {port}\n }}\n"
        f" inet_listener {name}s {{\n address = {address}\n port = {secure_port}\n ssl = yes\n }}\n}}\n"
    )


@contextmanager
def dovecot(settings: str) -> Iterator[dict[str, servers.Place]]:
    """Dovecot with ``settings``; yields its four places by name (imap, imaps, pop3, pop3s)."""
    with servers.folder_for("nobody") as folder:
        servers.certificate(folder)
        ports = {name: free_port(THERE) for name in ("imap", "imaps", "pop3", "pop3s")}
        lines = listener("imap", THERE, ports["imap"], ports["imaps"]) + listener("pop3", THERE, ports["pop3"], ports["pop3s"])
        path = folder / "dovecot.conf"
        path.write_text(dovecot_configuration(folder, lines, settings))
        with running(["dovecot", "-F", "-c", str(path)], listens=(THERE, ports["imap"]), log=folder / "dovecot.log"):
            yield {name: (THERE, port) for name, port in ports.items()}
