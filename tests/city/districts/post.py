"""The post: mail servers, mailboxes, directories and copies of files, forgotten ones and their hardened twins."""

import shutil

from tests.city import servers
from tests.city.host import Host
from tests.city.servers import Command, Yard
from tests.scanners.mail_servers import dovecot_configuration, listener, write_postfix
from tests.scanners.nfs_servers import TO_ALL, export, ganesha_command
from tests.scanners.slapd_servers import NOBODY_READS, write_slapd

GOOD_SMTP_TLS = {
    "smtpd_tls_security_level": "may",
    "smtpd_tls_protocols": ">=TLSv1.2",
    "smtpd_tls_mandatory_protocols": ">=TLSv1.2",
    "smtpd_tls_ciphers": "high",
    "smtpd_tls_mandatory_ciphers": "high",
    "tls_preempt_cipherlist": "yes",
    "tls_high_cipherlist": "ECDHE+AESGCM:ECDHE+CHACHA20",
    "tls_ssl_options": "NO_TICKET, NO_COMPRESSION, NO_RENEGOTIATION",
}
# GnuTLS: what Debian's slapd speaks
_GOOD_PRIORITY = (
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:+AEAD:+SIGN-ALL"
    ":+GROUP-X25519:+GROUP-SECP256R1:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE"
)


def postfix(yard: Yard, listeners: str, **settings: object) -> list[Command]:
    """Postfix in a PID namespace of its own: its master would outlive the process group that it is started in."""
    line = "".join(f"{each.replace('ADDRESS', yard.address)}\n" for each in listeners.splitlines())
    named = {"inet_interfaces": yard.address, "maillog_file": yard.folder / "mail.log", "maillog_file_prefixes": yard.folder}
    config = write_postfix(yard.folder, {**named, **settings}, line)
    return [["unshare", "--pid", "--fork", "--kill-child", "postfix", "-c", str(config), "start-fg"]]


def dovecot(yard: Yard, settings: str) -> list[Command]:
    pem = yard.certificate()
    for name in ("cert.pem", "key.pem"):
        shutil.copy(pem, yard.folder / name)
    lines = listener("imap", yard.address, 143, 993) + listener("pop3", yard.address, 110, 995)
    path = yard.write("dovecot.conf", dovecot_configuration(yard.folder, lines, settings))
    return [["dovecot", "-F", "-c", str(path)]]


def slapd(yard: Yard, urls: str, *, settings: str = "", database: str = "", tls: bool = True) -> list[Command]:
    pem = yard.certificate() if tls else None
    path = write_slapd(yard.folder, settings=settings, database=database, certificate=(pem, pem) if pem else None)
    return [["slapd", "-d", "0", "-f", str(path), "-h", urls.replace("ADDRESS", yard.address)]]


def open_mail(yard: Yard) -> list[Command]:
    """Everything in clear: a relay for the world without STARTTLS, and mailboxes that take passwords as they come."""
    (yard.folder / "boxes").mkdir(mode=0o755)
    boxes = Yard(yard.folder / "boxes", yard.address, yard.name, yard.authority)
    auth = f"service auth {{\n unix_listener {boxes.folder}/auth {{\n mode = 0666\n }}\n}}\nauth_mechanisms = plain login\n"
    accounts = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": boxes.folder / "auth"}
    return [
        *dovecot(boxes, f"ssl = yes\ndisable_plaintext_auth = no\n{auth}"),
        *postfix(yard, "ADDRESS:25 inet n - n - - smtpd", mynetworks="0.0.0.0/0", **accounts),
    ]


def good_mail(yard: Yard) -> list[Command]:
    pem = yard.certificate()
    wrapped = "ADDRESS:25 inet n - n - - smtpd\nADDRESS:465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes"
    return postfix(
        yard, wrapped, smtpd_tls_chain_files=pem, smtpd_tls_auth_only="yes", disable_vrfy_command="yes", **GOOD_SMTP_TLS
    )


def broken_mail(yard: Yard) -> list[Command]:
    """STARTTLS is announced, and its key is not there."""
    none = yard.folder / "none.pem"
    return postfix(
        yard, "ADDRESS:25 inet n - n - - smtpd", smtpd_tls_security_level="may", smtpd_tls_cert_file=none, smtpd_tls_key_file=none
    )


def good_boxes(yard: Yard) -> list[Command]:
    return dovecot(
        yard,
        "ssl = required\nssl_prefer_server_ciphers = yes\nssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20\n"
        "ssl_options = no_ticket\n",
    )


def open_directory(yard: Yard) -> list[Command]:
    return slapd(yard, "ldap://ADDRESS", tls=False)


def good_directory(yard: Yard) -> list[Command]:
    settings = f"disallow bind_anon\nrequire authc\nsecurity tls=128\nTLSCipherSuite {_GOOD_PRIORITY}"
    return slapd(yard, "ldap://ADDRESS ldaps://ADDRESS", settings=settings, database=NOBODY_READS)


def rsync(yard: Yard, module: str) -> list[Command]:
    yard.write("files/padro.csv", "1,2,3\n")
    yard.write("secrets", "copies:not-in-any-word-list\n", 0o600)
    text = f"use chroot = no\nreverse lookup = no\n[copies]\npath = {yard.folder}/files\n{module}"
    path = yard.write("rsyncd.conf", text.replace("FOLDER", str(yard.folder)))
    return [["rsync", "--daemon", "--no-detach", f"--address={yard.address}", f"--config={path}"]]


def open_rsync(yard: Yard) -> list[Command]:
    return rsync(yard, "")


def good_rsync(yard: Yard) -> list[Command]:
    return rsync(yard, "auth users = copies\nsecrets file = FOLDER/secrets\n")


_DAV = "dav dav_fs auth_basic authn_core authn_file authz_user"


def webdav(yard: Yard, guard: str) -> list[Command]:
    """The hardened Apache with a WebDAV folder."""
    commands = servers.good_apache(yard)
    yard.write("www/webdav/padro.csv", "1,2,3\n")
    yard.write("users", "obres:$apr1$abcdefgh$0123456789abcdefghijkl\n")
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in _DAV.split())
    path, where = yard.folder / "apache.conf", guard.replace("FOLDER", str(yard.folder))
    folder = f"DavLockDB {yard.folder}/locks\n<Location /webdav>\nDav On\n{where}</Location>\n"
    path.write_text(f"{path.read_text()}{modules}{folder}")
    return commands


def open_webdav(yard: Yard) -> list[Command]:
    return webdav(yard, "")


def good_webdav(yard: Yard) -> list[Command]:
    return webdav(yard, "AuthType Basic\nAuthName obres\nAuthUserFile FOLDER/users\nRequire valid-user\n")


def nfs(yard: Yard, who: str) -> list[Command]:
    (yard.folder / "obres").mkdir()
    return [ganesha_command(yard.folder, export(1, "obres", who))]


def open_nfs(yard: Yard) -> list[Command]:
    return nfs(yard, TO_ALL)


_CLEAR = "MAIL-008"
HOSTS: tuple[Host, ...] = (
    Host(
        "10.77.3.10",
        "bustia",
        open_mail,
        (25, 110, 143),
        {25: f"MAIL-006 MAIL-007 {_CLEAR}", 110: _CLEAR, 143: _CLEAR},
        "mail_dns",
    ),
    Host("10.77.3.11", "carter", good_mail, (25, 465), {}, "mail_dns"),
    Host("10.77.3.12", "trencat", broken_mail, (25,), {25: "MAIL-006"}, "mail_dns"),
    Host("10.77.4.10", "apartat", good_boxes, (110, 143, 993, 995), {}, "mail_dns"),
    Host("10.77.4.11", "guia", open_directory, (389,), {389: "LDAP-001"}, "workplace"),
    Host("10.77.4.12", "llistat", good_directory, (389, 636), {}, "workplace"),
    Host("10.77.4.13", "copies", open_rsync, (873,), {873: "SMB-003"}, "workplace"),
    Host("10.77.4.14", "resguard", good_rsync, (873,), {}, "workplace"),
    Host("10.77.4.15", "compartits", open_nfs, (111, 2049, 20048), {111: "SMB-003 NET-006"}, "workplace"),
    Host("10.77.3.13", "obres", open_webdav, (80, 443), {443: "WEB-009"}, "workplace"),
    Host("10.77.3.14", "projectes", good_webdav, (80, 443), {}, "workplace"),
)
