"""What the demo city runs: one line a server. The truth that the demo's test holds a scan against stands here too.

Ports are above 1023 so that an ordinary user can run the city. ``faults`` are the ids of the rules that must fail there;
a server without faults is a hardened twin, and no rule but those of ``TOLERATED`` may accuse it.
"""

from dataclasses import dataclass, field

from talaia.demo.certificates import Wish

HTTP, HTTPS, SSH, FTP, TELNET, REDIS, POSTGRESQL = 8080, 8443, 2222, 2121, 2323, 6379, 5432
PORTS = (HTTP, HTTPS, SSH, FTP, TELNET, REDIS, POSTGRESQL)

GOOD_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Server:
    """One server process's listener. ``options`` are for the kind of server (see the module of its name)."""

    address: str
    port: int
    kind: str  # web, oldtls, ssh, ftp, telnet, redis, postgresql
    name: str
    faults: frozenset[str] = frozenset()
    options: dict[str, object] = field(default_factory=dict)
    certificate: Wish | None = None


def _faults(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _site(address: str, name: str, faults: str = "", *, wish: Wish | None = None, **options: object) -> tuple[Server, Server]:
    """A web site in the usual pair: HTTPS with good headers, and HTTP that redirects to it."""
    host = f"{name}.vilamar.example"
    secure = Server(
        address, HTTPS, "web", name, _faults(faults), {"headers": GOOD_HEADERS, **options}, wish or Wish((host, address))
    )
    plain = Server(address, HTTP, "web", name, frozenset(), {"redirect": f"https://{host}:{HTTPS}/"})
    return secure, plain


def _plain_site(address: str, name: str, faults: str, **options: object) -> tuple[Server]:
    return (Server(address, HTTP, "web", name, _faults(faults), {"headers": {}, **options}),)


_LOGIN = '<form action="/enter" method="post"><input name="user"><input type="password" name="pass"></form>'
_DEFAULT_PAGE = (
    "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully "
    "installed and working. Further configuration is required.</p><p><em>Thank you for using nginx.</em></p>"
)
_NO_HEADERS = "WEB-002 WEB-003 WEB-004 WEB-005"

CITY: tuple[Server, ...] = (
    # Seen from the internet.
    *_site("127.77.1.10", "seu"),
    *_site("127.77.1.11", "signatura", "TLS-002 TLS-007 TLS-011", tls_minimum="TLSv1"),
    *_site(
        "127.77.1.12",
        "registre-api",
        "WEB-007 CERT-002",
        wish=Wish(("registre-api.vilamar.example", "127.77.1.12"), days_left=5),
        cors_reflects=True,
    ),
    *_plain_site("127.77.1.20", "www", "WEB-001 WEB-003 WEB-004 WEB-005 WEB-006", body=_LOGIN, cookie="PHPSESSID=abc; Path=/"),
    *_site(
        "127.77.1.21",
        "gestor",
        "WEB-014 WEB-016",
        body='<meta name="generator" content="WordPress 5.2.1"><script src="/wp-includes/js/jquery-1.12.4.min.js"></script>',
        pages={"/wp-login.php": '<form name="loginform" id="loginform" action="/wp-login.php"><input id="user_login"></form>'},
    ),
    *_site("127.77.1.22", "app-api"),
    *_site(
        "127.77.1.30",
        "dades",
        "WEB-009 WEB-011",
        listing=True,
        files={"/dump.sql": "-- MySQL dump 10.19\nCREATE TABLE `veins` (id int);\n"},
    ),
    *_site(
        "127.77.1.31",
        "dades-api",
        "WEB-010",
        files={"/.git/HEAD": "ref: refs/heads/main\n", "/.git/config": "[core]\n\trepositoryformatversion = 0\n"},
    ),
    *_site("127.77.1.40", "tributs"),
    Server(
        "127.77.1.41",
        HTTPS,
        "oldtls",
        "pagaments",
        _faults("TLS-001 TLS-002 TLS-003 TLS-005 TLS-006"),
        {},
        Wish(("pagaments.vilamar.example", "127.77.1.41"), rsa_bits=2048),
    ),
    Server("127.77.1.42", POSTGRESQL, "postgresql", "tributs-bd", _faults("DB-006"), {"auth": "trust"}),
    *_site("127.77.1.50", "mapes", "WEB-012 WEB-017", files={"/phpinfo.php": "phpinfo"}, server="Apache/2.4.57 (Debian)"),
    *_site(
        "127.77.1.60",
        "teatre",
        "CERT-001 CERT-004",
        wish=Wish(("teatre.vilamar.example", "127.77.1.60"), days_left=-40, self_signed=True),
    ),
    Server("127.77.1.61", FTP, "ftp", "entrades", _faults("NET-002 NET-003"), {"anonymous": True}),
    *_site("127.77.1.70", "correu", _NO_HEADERS, headers={}, body="<p>Correu municipal</p>"),
    *_site("127.77.1.71", "acces-remot"),
    *_site("127.77.1.80", "aparcament", "CERT-003", wish=Wish(("parking.old-supplier.example",))),
    # Seen from inside.
    Server("127.77.2.10", SSH, "ssh", "robots", _faults("SSH-002 SSH-003 SSH-004"), {"weak": True}),
    Server("127.77.2.11", REDIS, "redis", "cua", _faults("DB-001"), {"password": ""}),
    Server("127.77.2.12", POSTGRESQL, "postgresql", "robots-bd", frozenset(), {"auth": "scram-sha-256"}),
    Server("127.77.2.13", REDIS, "redis", "cua-bessona", frozenset(), {"password": "vilamar"}),
    Server("127.77.2.20", TELNET, "telnet", "fitxers-vell", _faults("NET-001")),
    Server("127.77.2.21", SSH, "ssh", "fitxers", frozenset(), {}),
    *_plain_site("127.77.2.30", "nomines", "WEB-001", body=_LOGIN),
    *_site("127.77.2.31", "portal-persones"),
    *_site("127.77.2.40", "arxiu-policia", "TLS-002", tls_minimum="TLSv1.1"),
    Server("127.77.2.41", SSH, "ssh", "passarella-policia", frozenset(), {}),
    Server("127.77.2.50", FTP, "ftp", "inventari", _faults("NET-002"), {"anonymous": False}),
    Server(
        "127.77.2.51", FTP, "ftp", "documents", frozenset(), {"tls": True}, Wish(("documents.vilamar.example", "127.77.2.51"))
    ),
    *_site("127.77.2.60", "ciberdefensa"),
    *_plain_site("127.77.2.61", "sense-amo", "INV-001 INV-002 WEB-013", body=_DEFAULT_PAGE),
    *_plain_site("127.77.2.70", "flota", "WEB-001", body="<p>Flota de neteja</p>"),
    Server("127.77.2.80", TELNET, "telnet", "encaminador", _faults("NET-001")),
    Server("127.77.2.90", SSH, "ssh", "passarella-sensors", _faults("SSH-005"), {"rsa_bits": 1024}),
    # The control room's own network.
    Server("127.77.3.10", TELNET, "telnet", "regulador", _faults("NET-001")),
    *_site("127.77.3.11", "sala-control"),
)

# What may be said of a hardened twin: hygiene that a bare page cannot have, and opinions of the strict profile.
TOLERATED = frozenset({"WEB-008", "CERT-008", "INV-003"})
