"""How each real server of the tests' city is configured and started. Each returns the commands to run on its host."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from talaia.demo.certificates import Authority, Wish

Command = list[str]


@dataclass(frozen=True)
class Yard:
    """Where one host's server keeps its files; ``address`` is the host's, ``authority`` signs its certificates."""

    folder: Path
    address: str
    name: str
    authority: Authority

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def certificate(self, **wish: object) -> Path:
        names = (f"{self.name}.vilamar.example", self.address)
        return self.authority.issue(self.name, Wish(**{"names": names, **wish}))  # type: ignore[arg-type]


GOOD_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=()",
}
HOME = "<!doctype html><html lang='ca'><head><title>Vilamar</title></head><body><p>Servei municipal</p></body></html>\n"
LOGIN = HOME.replace("<p>", "<form method='post'><input name='u'><input type='password' name='p'></form><p>")
SECURITY_TXT = "Contact: mailto:seguretat@vilamar.example\nExpires: 2035-01-01T00:00:00Z\n"


def nginx(yard: Yard, servers: str, *, files: dict[str, str] | None = None) -> list[Command]:
    """nginx with the given server blocks; ``ROOT`` in them is the document root."""
    for name, text in {"index.html": HOME, ".well-known/security.txt": SECURITY_TXT, **(files or {})}.items():
        yard.write(f"www/{name}", text)
    blocks = servers.replace("ROOT", str(yard.folder / "www"))
    temporary = "".join(
        f"{kind}_temp_path {yard.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = yard.write(
        "nginx.conf",
        f"user root; worker_processes 1; daemon off; pid {yard.folder}/nginx.pid; error_log {yard.folder}/error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\n{temporary}access_log off; types {{ text/html html; text/plain txt sql; }}\n"
        f"default_type application/octet-stream; {blocks}\n}}\n",
    )
    return [["nginx", "-c", str(path), "-p", str(yard.folder)]]


def headers(wanted: dict[str, str] = GOOD_HEADERS) -> str:
    return "".join(f'add_header {name} "{value}" always;\n' for name, value in wanted.items())


GOOD_TLS = (
    "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; ssl_session_tickets off;\n"
    "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
    ":ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384;\n"
)
OLD_TLS = (
    "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_prefer_server_ciphers off; ssl_ciphers ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0;\n"
)


def secure_site(
    yard: Yard, *, port: int = 443, tls: str = GOOD_TLS, pem: Path | None = None, extra: str = "", head: str | None = None
) -> str:
    pem = pem or yard.certificate()
    return (
        f"server {{ listen {yard.address}:{port} ssl; server_tokens off; ssl_certificate {pem}; ssl_certificate_key {pem};\n"
        f"{tls}{headers() if head is None else head}{extra} root ROOT; }}\n"
    )


def redirect_site(yard: Yard, *, to: int = 443) -> str:
    port = "" if to == 443 else f":{to}"
    return f"server {{ listen {yard.address}:80; server_tokens off; return 301 https://$host{port}$request_uri; }}\n"


def good_web(yard: Yard) -> list[Command]:
    return nginx(yard, secure_site(yard) + redirect_site(yard))


def old_web(yard: Yard) -> list[Command]:
    """TLS 1.0, weak suites, no headers, a careless cookie, and over HTTP a listing and no redirect."""
    pem = yard.certificate(rsa_bits=2048)
    cookie = 'add_header Set-Cookie "PHPSESSID=0123456789abcdef; path=/";\n'
    secure = secure_site(yard, tls=OLD_TLS, pem=pem, head=cookie).replace("server_tokens off;", "server_tokens on;")
    plain = f"server {{ listen {yard.address}:80; autoindex on; index none; root ROOT/pub; }}\n"
    return nginx(yard, secure + plain, files={"pub/padro-2025.txt": "1,2,3\n", "pub/actes.txt": "x\n"})


def expired_web(yard: Yard) -> list[Command]:
    return nginx(yard, secure_site(yard, pem=yard.certificate(days_left=-30)) + redirect_site(yard))


def self_signed_web(yard: Yard) -> list[Command]:
    """A certificate that signed itself, RSA 1024, SHA-1: made by openssl, for our library refuses to."""
    key, cert, pem = (yard.folder / name for name in ("key.pem", "cert.pem", "both.pem"))
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-sha1",
            "-newkey",
            "rsa:1024",
            "-nodes",
            "-days",
            "300",
            "-keyout",
            str(key),
            "-out",
            str(cert),
        ]
        + ["-subj", f"/CN={yard.name}.vilamar.example", "-addext", f"subjectAltName=IP:{yard.address}"],
        check=True,
        capture_output=True,
    )
    pem.write_bytes(key.read_bytes() + cert.read_bytes())
    tls = GOOD_TLS.replace("ssl_ciphers ", "ssl_ciphers @SECLEVEL=0:")
    return nginx(yard, secure_site(yard, pem=pem, tls=tls) + redirect_site(yard))


def soft_404_web(yard: Yard) -> list[Command]:
    """Hardened, and answering 200 with its home page to every path: no exposed file is to be believed here."""
    return nginx(yard, secure_site(yard, extra="error_page 404 =200 /index.html;") + redirect_site(yard))


def login_web(yard: Yard) -> list[Command]:
    site = f"server {{ listen {yard.address}:80; server_tokens off; root ROOT; }}\n"
    return nginx(yard, site, files={"index.html": LOGIN})


def default_page(yard: Yard) -> list[Command]:
    page = Path("/usr/share/nginx/html/index.html").read_text(encoding="utf-8")  # the one that Debian ships
    return nginx(yard, f"server {{ listen {yard.address}:80; server_tokens off; root ROOT; }}\n", files={"index.html": page})


def six_only_web(yard: Yard) -> list[Command]:
    return nginx(
        yard, f"server {{ listen [{yard.address}]:80 ipv6only=on; server_tokens off; root ROOT; }}\n", files={"index.html": LOGIN}
    )


def odd_ports(yard: Yard) -> list[Command]:
    """What is expected on 22 and 443 stands elsewhere here."""
    tls = OLD_TLS.replace("TLSv1 TLSv1.1 TLSv1.2", "TLSv1.1 TLSv1.2")
    web = nginx(yard, secure_site(yard, port=10443, tls=tls, pem=yard.certificate(rsa_bits=2048)))
    return [*web, *sshd(yard, GOOD_SSH, port=8022)]


def apache(yard: Yard, body: str, files: dict[str, str]) -> list[Command]:
    for name, text in files.items():
        yard.write(f"www/{name}", text)
    modules = (
        "mpm_event",
        "authz_core",
        "authz_host",
        "dir",
        "mime",
        "status",
        "autoindex",
        "headers",
        "ssl",
        "alias",
        "rewrite",
        "socache_shmcb",
    )
    loads = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in modules)
    path = yard.write(
        "apache.conf",
        f"ServerRoot {yard.folder}\nServerName {yard.name}\nPidFile {yard.folder}/httpd.pid\nErrorLog {yard.folder}/error.log\n"
        f"DefaultRuntimeDir {yard.folder}\nMutex file:{yard.folder}\n{loads}TypesConfig /etc/mime.types\nUser www-data\nGroup www-data\n"
        f"StartServers 1\nThreadsPerChild 16\nMinSpareThreads 4\nMaxSpareThreads 16\nServerLimit 2\nMaxRequestWorkers 32\n"
        f"DocumentRoot {yard.folder}/www\n<Directory {yard.folder}/www>\nRequire all granted\nOptions None\n</Directory>\n{body}\n",
    )
    return [["apache2", "-f", str(path), "-D", "FOREGROUND"]]


DEBIAN_PAGE = (
    "<html><head><title>Apache2 Debian Default Page: It works</title></head><body><h1>It works!</h1>"
    "<p>This is the default welcome page used to test the correct operation of the Apache2 server.</p></body></html>"
)
DUMP = (
    "-- MySQL dump 10.19  Distrib 10.11.6-MariaDB\nCREATE TABLE `padro` (\n  `id` int(11) NOT NULL\n);\n"
    "INSERT INTO `padro` VALUES (1);\n"
)


def bad_apache(yard: Yard) -> list[Command]:
    files = {
        "index.html": DEBIAN_PAGE,
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        ".env": "APP_KEY=base64:c2VjcmV0\nDB_PASSWORD=none\n",
        "dump.sql": DUMP,
    }
    status = "<Location /server-status>\nSetHandler server-status\nRequire all granted\n</Location>\nExtendedStatus On\n"
    return apache(yard, f"Listen {yard.address}:80\nServerTokens Full\nTraceEnable On\n{status}", files)


def good_apache(yard: Yard) -> list[Command]:
    pem = yard.certificate()
    yard_headers = "".join(f'Header always set {name} "{value}"\n' for name, value in GOOD_HEADERS.items())
    body = (
        f"Listen {yard.address}:80\nListen {yard.address}:443\nServerTokens Prod\nServerSignature Off\nTraceEnable Off\n"
        f"SSLSessionCache none\nFileETag None\n"
        f"<VirtualHost {yard.address}:80>\nRedirect permanent / https://{yard.name}.vilamar.example/\n</VirtualHost>\n"
        f"<VirtualHost {yard.address}:443>\nSSLEngine on\nSSLCertificateFile {pem}\nSSLCertificateKeyFile {pem}\n"
        f"SSLProtocol -all +TLSv1.2 +TLSv1.3\nSSLHonorCipherOrder on\nSSLCompression off\nSSLSessionTickets off\n"
        f"SSLCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20\n{yard_headers}</VirtualHost>\n"
    )
    return apache(yard, body, {"index.html": HOME, ".well-known/security.txt": SECURITY_TXT})


GOOD_SSH = (
    "KexAlgorithms curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group16-sha512\n"
    "Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr\n"
    "MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com\n"
    "HostKeyAlgorithms ssh-ed25519\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n"
)
BAD_SSH = (
    "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,curve25519-sha256\n"
    "Ciphers 3des-cbc,aes128-cbc,aes128-ctr\nMACs hmac-md5,hmac-sha1,umac-64@openssh.com,hmac-sha2-256\n"
    "PasswordAuthentication yes\nPermitRootLogin yes\n"
)


def sshd(yard: Yard, settings: str, *, port: int = 22) -> list[Command]:
    Path("/run/sshd").mkdir(exist_ok=True)
    keys = yard.folder / f"keys-{port}"
    keys.mkdir()
    kinds = ["ed25519"] if "HostKeyAlgorithms ssh-ed25519" in settings else ["ed25519", "rsa"]
    for kind in kinds:
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", "2048", "-N", "", "-f", str(keys / kind)], check=True)
    lines = "".join(f"HostKey {keys / kind}\n" for kind in kinds)
    path = yard.write(
        f"sshd-{port}.conf",
        f"Port {port}\nListenAddress {yard.address}\n{lines}PidFile none\nUsePAM no\nStrictModes no\nMaxStartups 100:30:200\n{settings}",
    )
    return [["/usr/sbin/sshd", "-D", "-e", "-f", str(path)]]


def good_ssh(yard: Yard) -> list[Command]:
    return sshd(yard, GOOD_SSH)


def bad_ssh(yard: Yard) -> list[Command]:
    return sshd(yard, BAD_SSH)


def dropbear(yard: Yard) -> list[Command]:
    key = yard.folder / "hostkey"
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(key)], check=True, capture_output=True)
    return [["dropbear", "-F", "-E", "-s", "-r", str(key), "-p", f"{yard.address}:22", "-P", str(yard.folder / "pid")]]


def vsftpd(yard: Yard, settings: str) -> list[Command]:
    (yard.folder / "ftp").mkdir(mode=0o755)
    empty = yard.folder / "empty"
    empty.mkdir(mode=0o755)
    path = yard.write(
        "vsftpd.conf",
        f"listen=YES\nbackground=NO\nlisten_address={yard.address}\nanon_root={yard.folder}/ftp\nsecure_chroot_dir={empty}\n"
        f"seccomp_sandbox=NO\nlocal_enable=YES\nftp_username=ftp\n{settings}",
    )
    shutil.chown(path, "root")
    return [["vsftpd", str(path)]]


def anonymous_ftp(yard: Yard) -> list[Command]:
    return vsftpd(yard, "anonymous_enable=YES\n")


def good_ftp(yard: Yard) -> list[Command]:
    pem = yard.certificate()
    return vsftpd(
        yard,
        f"anonymous_enable=NO\nssl_enable=YES\nrsa_cert_file={pem}\nrsa_private_key_file={pem}\nforce_local_logins_ssl=YES\n"
        "force_local_data_ssl=YES\nssl_tlsv1=NO\nssl_sslv2=NO\nssl_sslv3=NO\nssl_ciphers=ECDHE+AESGCM\nrequire_ssl_reuse=NO\n",
    )


def redis(yard: Yard, *arguments: str) -> list[Command]:
    return [["redis-server", "--bind", yard.address, "--dir", str(yard.folder), "--save", "", *arguments]]


def open_redis(yard: Yard) -> list[Command]:
    return redis(yard, "--protected-mode", "no")


def good_redis(yard: Yard) -> list[Command]:
    return redis(yard, "--requirepass", "not-in-any-word-list")


def postgresql(yard: Yard, auth: str) -> list[Command]:
    """A cluster of its own; the processes run as ``postgres``, which the folder is opened to."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    data = yard.folder / "data"
    data.mkdir()
    shutil.chown(data, "postgres")
    initdb = [str(programs / "initdb"), "-D", str(data), "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C"]
    subprocess.run(initdb, check=True, user="postgres", capture_output=True, cwd=yard.folder)
    (data / "pg_hba.conf").write_text(f"local all all reject\nhost all all 0.0.0.0/0 {auth}\n")
    argv = [str(programs / "postgres"), "-D", str(data), "-h", yard.address, "-c", "unix_socket_directories=", "-c", "fsync=off"]
    return [["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *argv]]


def open_postgresql(yard: Yard) -> list[Command]:
    return postgresql(yard, "trust")


def good_postgresql(yard: Yard) -> list[Command]:
    return postgresql(yard, "scram-sha-256")


def mariadb(yard: Yard, sql: str) -> list[Command]:
    data = yard.folder / "data"
    arguments = ["--no-defaults", f"--datadir={data}", "--user=mysql"]
    install = ["mariadb-install-db", *arguments, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    begin = yard.write("begin.sql", sql)
    server = ["mariadbd", *arguments, f"--bind-address={yard.address}", f"--socket={data}/s", f"--init-file={begin}"]
    return [[*server, f"--pid-file={data}/pid", "--innodb-buffer-pool-size=16M", "--skip-log-bin"]]


def open_mariadb(yard: Yard) -> list[Command]:
    return mariadb(yard, "CREATE USER IF NOT EXISTS root@'%' IDENTIFIED BY '';\nGRANT ALL ON *.* TO root@'%';\n")


def good_mariadb(yard: Yard) -> list[Command]:
    return mariadb(yard, "ALTER USER root@localhost IDENTIFIED BY 'not-in-any-word-list';\n")


def inetd(yard: Yard, lines: str) -> list[Command]:
    path = yard.write("inetd.conf", lines.replace("ADDRESS", yard.address))
    return [["inetutils-inetd", "-d", str(path)]]


def telnet(yard: Yard) -> list[Command]:
    return inetd(yard, "ADDRESS:23 stream tcp nowait root /usr/sbin/telnetd telnetd\n")


def forgotten(yard: Yard) -> list[Command]:
    """What the last century left running."""
    lines = "".join(f"ADDRESS:{port} stream tcp nowait root internal\n" for port in ("echo", "daytime", "chargen"))
    lines += "ADDRESS:login stream tcp nowait root /usr/sbin/in.rlogind in.rlogind\n"
    lines += "ADDRESS:shell stream tcp nowait root /usr/sbin/in.rshd in.rshd\n"
    boot = yard.folder / "tftp"
    boot.mkdir()
    tftp = ["in.tftpd", "--foreground", "--listen", "--address", f"{yard.address}:69", "--secure", str(boot)]
    # rlogind and rshd hang up on whom they cannot name, before they show what they are: this host can name the probe.
    probe = ".".join([*yard.address.split(".")[:2], "0.1"])
    names = yard.write("hosts", f"127.0.0.1 localhost\n{probe} talaia.vilamar.example\n")
    (start,) = inetd(yard, lines)
    return [["unshare", "--mount", "sh", "-c", f'mount --bind {names} /etc/hosts && exec "$@"', "sh", *start], tftp]


def ancient_tls(yard: Yard) -> list[Command]:
    """SSLv3, RC4 and 3DES (tlslite-ng) on 443; anonymous and NULL suites (openssl s_server) on 4443."""
    pem = yard.certificate(rsa_bits=2048)
    spec = yard.write("oldtls.json", json.dumps([{"address": yard.address, "port": 443, "pem": str(pem), "options": {}}]))
    null = ["openssl", "s_server", "-accept", f"{yard.address}:4443", "-cert", str(pem), "-key", str(pem), "-quiet"]
    null += ["-cipher", "aNULL:eNULL:@SECLEVEL=0", "-tls1_2"]
    return [[sys.executable, "-m", "talaia.demo.oldtls", str(spec)], null]


def hostile(yard: Yard, kind: str = "harm") -> list[Command]:
    return [[sys.executable, "-m", "tests.city.hostile", yard.address, kind]]


def tarpit(yard: Yard) -> list[Command]:
    return hostile(yard, "tarpit")


def maze(yard: Yard) -> list[Command]:
    return hostile(yard, "maze")
