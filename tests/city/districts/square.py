"""The square: a host with forty services, hosts that speak IPv6 only, and what stands on ports where nobody expects it."""

from tests.city import servers
from tests.city.host import WEB_BARE, Host
from tests.city.servers import LOGIN, Command, Yard

# All of these are in the ports that the zones of the tests look at.
FORTY = (3000, 4443, 5000, *range(8000, 8011), *range(8080, 8092), *range(8443, 8446), 8834, 8888, *range(9000, 9003),
         9080, 9090, 9091, 9443, 10000, 10443)  # fmt: skip


def forty_services(yard: Yard) -> list[Command]:
    """Forty sites of one nginx, each as it should be."""
    pem = yard.certificate()
    return servers.nginx(yard, "".join(servers.secure_site(yard, port=port, pem=pem) for port in FORTY))


def six(yard: Yard) -> Yard:
    """The same yard with its address as nginx writes it."""
    return Yard(yard.folder, f"[{yard.address}]", yard.name, yard.authority)


def good_six_web(yard: Yard) -> list[Command]:
    pem = yard.certificate()
    return servers.nginx(six(yard), servers.secure_site(six(yard), pem=pem) + servers.redirect_site(six(yard)))


def odd_web(yard: Yard) -> list[Command]:
    """A page with a login over HTTP where Prometheus usually stands, and Redis where the web does."""
    page = f"server {{ listen {yard.address}:9090; server_tokens off; root ROOT; }}\n"
    return [
        *servers.nginx(yard, page, files={"index.html": LOGIN}),
        *servers.redis(yard, "--port", "8081", "--protected-mode", "no"),
    ]


HOSTS: tuple[Host, ...] = (
    Host("10.77.4.61", "quaranta", forty_services, FORTY, {}, "workplace"),
    Host("10.77.3.61", "desplacat", odd_web, (8081, 9090), {8081: "DB-001", 9090: f"WEB-001 {WEB_BARE}"}),
    Host("fd77::1:25", "sis-cua", servers.open_redis, (6379,), {6379: "DB-001"}),
    Host("fd77::2:24", "sis-intranet", good_six_web, (80, 443), {}, "workplace"),
    Host("fd77::2:25", "sis-robots", servers.good_ssh, (22,), {}, "procedures"),
)
