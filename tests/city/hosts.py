"""Who lives in the tests' city, and the truth about each: which rule must fail on which port."""

from tests.city import districts, servers
from tests.city.host import TOLERATED, WEB_BARE, Host

__all__ = ["DOMAINS", "EXCLUDED", "HOSTILE", "HOSTILES", "HOSTS", "OUTSIDE", "TOLERATED", "TRUTH", "TWINS", "Host"]

_OLD_TOWN: tuple[Host, ...] = (
    # 10.77.1.0/26: seen from the internet
    Host("10.77.1.10", "seu", servers.good_web, (80, 443), {}),
    Host(
        "10.77.1.11",
        "tramits",
        servers.old_web,
        (80, 443),
        {
            443: f"TLS-002 TLS-003 TLS-006 TLS-007 TLS-011 TLS-010 WEB-002 {WEB_BARE} WEB-006 WEB-017",
            80: "WEB-001 WEB-009 WEB-017",
        },
    ),
    Host("10.77.1.12", "teatre", servers.expired_web, (80, 443), {443: "CERT-001"}),
    Host("10.77.1.13", "museu", servers.self_signed_web, (80, 443), {443: "CERT-004 CERT-005 CERT-006"}),
    Host("10.77.1.14", "mapes", servers.bad_apache, (80,), {80: f"WEB-001 {WEB_BARE} WEB-010 WEB-011 WEB-012 WEB-013 WEB-017"}),
    Host("10.77.1.15", "dades", servers.good_apache, (80, 443), {}),
    Host("10.77.1.16", "salt", servers.bad_ssh, (22,), {22: "SSH-002 SSH-003 SSH-004 SSH-006 SSH-010"}),
    Host("10.77.1.17", "arxiu", servers.soft_404_web, (80, 443), {}),
    Host("10.77.1.18", "entrades", servers.anonymous_ftp, (21,), {21: "NET-002 NET-003"}),
    Host("10.77.1.19", "padro", servers.open_postgresql, (5432,), {5432: "DB-006"}),
    Host("10.77.1.20", "cua", servers.open_redis, (6379,), {6379: "DB-001"}),
    Host("10.77.1.21", "encaminador", servers.telnet, (23,), {23: "NET-001"}),
    Host(
        "10.77.1.22",
        "oblidat",
        servers.forgotten,
        (7, 13, 19, 513, 514),
        {7: "NET-006", 13: "NET-006", 19: "NET-006", 513: "NET-004", 514: "NET-004", 69: "NET-005"},
    ),
    Host(
        "10.77.1.23",
        "pagaments",
        servers.ancient_tls,
        (443, 4443),
        {443: "TLS-001 TLS-002 TLS-003 TLS-005 TLS-006", 4443: "TLS-004"},
    ),
    Host("10.77.1.25", "estrany", servers.odd_ports, (8022, 10443), {8022: "SSH-010", 10443: "TLS-002 TLS-003"}),
    Host("10.77.1.27", "tributs", servers.open_mariadb, (3306,), {3306: "DB-006"}),
    Host("fd77::1:24", "sis", servers.six_only_web, (80,), {80: f"WEB-001 {WEB_BARE}"}),
    # 10.77.2.0/26: the municipal network
    Host("10.77.2.10", "robots", servers.good_ssh, (22,), {}, "procedures"),
    Host("10.77.2.11", "documents", servers.good_ftp, (21,), {}, "patrimony"),
    Host("10.77.2.12", "cua-bona", servers.good_redis, (6379,), {}, "procedures"),
    Host("10.77.2.13", "persones", servers.good_postgresql, (5432,), {}, "hr"),
    Host("10.77.2.14", "nomines", servers.good_mariadb, (3306,), {}, "hr"),
    Host("10.77.2.16", "sensor", servers.dropbear, (22,), {22: "SSH-004"}, "sensors"),
    Host("10.77.2.17", "ningu", servers.default_page, (80,), {0: "INV-001 INV-002", 80: "WEB-001 WEB-013"}, None),
    Host(
        "10.77.2.18", "policia", servers.odd_ports, (8022, 10443), {8022: "INV-004", 10443: "TLS-002 TLS-003"}, "police", (10443,)
    ),
    Host("10.77.2.19", "intranet", servers.good_web, (80, 443), {}, "workplace"),
    Host("10.77.2.20", "correu", servers.login_web, (80,), {80: "WEB-001"}, "mail_dns"),
)

HOSTS = (*_OLD_TOWN, *districts.hosts())
HOSTILE = Host("10.77.1.50", "hostil", servers.hostile, (21, 22, 25, 80, 443, 6379, 8080), {})
HOSTILES = (
    HOSTILE,
    Host("10.77.1.51", "panta", servers.tarpit, (22, 80, 443), {}),
    Host("10.77.2.51", "panta-intern", servers.tarpit, (22, 80, 443), {}),
    Host("10.77.1.52", "laberint", servers.maze, (80, 8080, 443), {}),
)
EXCLUDED = Host("10.77.1.60", "exclos", servers.login_web, (80,), {})
OUTSIDE = Host("10.77.1.70", "fora", servers.login_web, (80,), {})  # beyond the /26

TRUTH = frozenset().union(*(host.truth for host in HOSTS))
DOMAINS = {name: host for host in HOSTS for name in host.names}
TWINS = frozenset(host.address for host in HOSTS if not host.faults) | {
    name for name, host in DOMAINS.items() if not host.names[name]
}
