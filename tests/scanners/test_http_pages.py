"""The HTTP scanner against small servers: what it recognises, and what it must not mistake for a fault."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scanners.observation import Outcome
from scanners.protocols.http import SCANNER, HttpFacts
from scanners.scanner import observe
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness
from tests.scanners.looking import loopback_zone, occasion, serving
from tests.scanners.web_servers import answer, site

NOT_FOUND = answer("<html><title>Not found</title></html>", status="404 Not Found")


async def facts_of(respond: Callable[[str, str, dict[str, str]], bytes], *, name: str | None = None, **zone: Any) -> HttpFacts:
    async with site(respond) as port:
        there = occasion(loopback_zone(**zone), ServiceFacts(name="http", tls=False))
        observation = await observe(SCANNER, Target(address="127.0.0.1", port=port, name=name), there)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, HttpFacts)
    return observation.facts


def only(*pages: tuple[str, bytes]) -> Callable[[str, str, dict[str, str]], bytes]:
    """A server of these pages; every other path is not found."""
    found = dict(pages)
    return lambda method, path, headers: found.get(path, NOT_FOUND)


PANELS = [
    ("/", answer('<html><title>pfSense - Login</title><input type="password"></html>'), "pfSense"),
    ("/", answer("<html><title>Login to Webmin</title></html>"), "Webmin"),
    ("/", answer("<html><title>Proxmox - Proxmox Virtual Environment</title></html>"), "Proxmox VE"),
    ("/", answer("", status="403 Forbidden", headers={"X-Jenkins": "2.426"}), "Jenkins"),
    ("/wp-login.php", answer('<html><form id="loginform" action="/wp-login.php"></html>'), "WordPress"),
    ("/adminer.php", answer('<html><title>Login - Adminer</title><select name="auth[driver]"></html>'), "Adminer"),
    ("/adminer.php", answer("<html><title>Login - Adminer</title><select name='auth[driver]'></html>"), "Adminer"),
    (
        "/manager/html",
        answer(status="401 Unauthorized", headers={"WWW-Authenticate": 'Basic realm="Tomcat Manager Application"'}),
        "Tomcat Manager",
    ),
]


@pytest.mark.parametrize(("path", "page", "name"), PANELS)
async def test_panels_are_known_by_their_pages(path: str, page: bytes, name: str) -> None:
    assert (await facts_of(only((path, page)))).admin_panel == name


# Parts of these makers' public login pages: the appliances themselves cannot be had here.
DEVICES = [
    ("<html><title>EdgeOS</title><input type='password'></html>", "Ubiquiti EdgeOS", ""),
    ("<html><title>Vigor Login Page</title></html>", "DrayTek Vigor", ""),
    ("<html><title>RouterOS router configuration page</title></html>", "MikroTik RouterOS", ""),
    ('<html><body>Cockpit<input id="login-user-input"></body></html>', "Cockpit", ""),
    ("<html><script src='/remote/fgt_lang?lang=en'></script></html>", "", "FortiGate SSL VPN"),
    ('<html><form action="/dana-na/auth/url_default/login.cgi"></html>', "", "Ivanti Connect Secure"),
    ('<html><form action="/global-protect/login.esp"></html>', "", "GlobalProtect"),
    ("<html><title>Citrix Gateway</title></html>", "", "Citrix Gateway"),
    ("<html><script>document.location.replace('/+CSCOE+/logon.html')</script></html>", "", "Cisco AnyConnect"),
    ("<html><title>Ajuntament</title><p>VPN</p></html>", "", ""),
]


@pytest.mark.parametrize(("page", "panel", "portal"), DEVICES)
async def test_devices_and_vpn_portals_are_told_apart(page: str, panel: str, portal: str) -> None:
    facts = await facts_of(only(("/", answer(page))))
    assert (facts.admin_panel, facts.vpn_portal) == (panel, portal)


async def test_a_panel_behind_a_redirect_within_the_site() -> None:
    pages = only(
        ("/phpmyadmin/", answer(status="302 Found", headers={"Location": "index.php"})),
        ("/phpmyadmin/index.php", answer('<html>phpMyAdmin<input name="pma_username"></html>')),
    )
    assert (await facts_of(pages)).admin_panel == "phpMyAdmin"


async def test_an_article_about_panels_is_no_panel() -> None:
    page = answer("<html><title>Oficina unificada</title>How to install phpMyAdmin, Webmin, pfSense and WordPress</html>")
    facts = await facts_of(only(("/", page)))
    assert (facts.admin_panel, facts.default_page) == ("", "")


@pytest.mark.parametrize(
    "page",
    [
        answer("<html><title>Portada</title>phpinfo() PHP Version server-status CREATE TABLE [core]</html>"),
        answer("ref: refs/heads/main\n", kind="text/plain"),
        answer("DB_PASSWORD=x\n", kind="text/plain"),
        answer(b"PK\x03\x04" + bytes(100), kind="application/zip"),
        answer("-- MySQL dump 10.19\n", kind="text/plain"),
        answer('{"_links":{"self":{"href":"x"},"heapdump":{"href":"y"}}}', kind="application/json"),
        answer("<html><title>PHP - phpinfo()</title>PHP Version</html>"),
        answer("<?php\n", kind="text/plain"),
        answer("<html><title>Index of /anything</title><pre><a href='../'>../</a></pre></html>"),
    ],
)
async def test_a_site_that_answers_every_path_alike_exposes_no_file(page: bytes) -> None:
    facts = await facts_of(lambda method, path, headers: page, name="www.vilamar.example", intrusiveness=Intrusiveness.DEEP)
    assert (facts.exposed_vcs, facts.exposed_backups, facts.exposed_debug) == ((), (), ())
    assert facts.heapdump_exposed is False
    assert facts.directory_listing in ((), None)
    assert facts.admin_panel == ""


async def test_the_health_of_an_application_is_no_exposed_debugging() -> None:
    links = '{"_links":{"self":{"href":"/actuator"},"health":{"href":"/actuator/health"},"health-path":{"href":"x"}}}'
    facts = await facts_of(only(("/actuator", answer(links, kind="application/json"))))
    assert facts.exposed_debug == ()
    assert facts.heapdump_exposed is False


async def test_a_heap_dump_is_only_fetched_by_a_deep_look() -> None:
    asked: list[str] = []
    links = '{"_links": {"self": {"href": "/actuator"}, "heapdump": {"href": "/actuator/heapdump"}}}'

    def respond(method: str, path: str, headers: dict[str, str]) -> bytes:
        asked.append(path)
        pages = {
            "/actuator": answer(links, kind="application/vnd.spring-boot.actuator.v3+json"),
            "/actuator/heapdump": answer(b"JAVA PROFILE 1.0.2\x00", kind="application/octet-stream"),
        }
        return pages.get(path, NOT_FOUND)

    facts = await facts_of(respond)
    assert facts.heapdump_exposed is True
    assert "/actuator/heapdump" not in asked
    facts = await facts_of(respond, intrusiveness=Intrusiveness.DEEP)
    assert facts.heapdump_exposed is True
    assert "/actuator/heapdump" in asked
    asked.clear()


async def test_a_framework_in_debugging_mode() -> None:
    page = answer(
        "<title>Page not found at /x</title>You're seeing this error because you have <code>DEBUG = True</code> in your Django",
        status="404 Not Found",
    )
    facts = await facts_of(lambda method, path, headers: answer("home") if path == "/" else page)
    assert facts.exposed_debug == ("(error page)",)


@pytest.mark.parametrize(
    ("page", "provider"),
    [
        (answer("<p>There isn't a GitHub Pages site here.</p>", status="404 Not Found"), "GitHub Pages"),
        (answer("<Error><Code>NoSuchBucket</Code></Error>", status="404 Not Found", kind="application/xml"), "Amazon S3"),
        (answer("<title>No such app</title>", status="404 Not Found"), "Heroku"),
        (answer("<p>There isn't a GitHub Pages site here.</p>"), ""),
        (NOT_FOUND, ""),
    ],
)
async def test_hosting_that_nobody_claimed(page: bytes, provider: str) -> None:
    assert (await facts_of(lambda method, path, headers: page)).unclaimed == provider


@pytest.mark.parametrize(
    ("page", "product"),
    [
        ("<title>Welcome to nginx!</title>If you see this page, the nginx web server is successfully installed", "nginx"),
        ("<title>IIS Windows Server</title>", "Microsoft IIS"),
        ("<h2>If you're seeing this, you've successfully installed Tomcat. Congratulations!</h2>", "Tomcat"),
        ("<title>WordPress &rsaquo; Installation</title>", "WordPress"),
        ("<title>Ajuntament</title>We moved our servers to nginx and Tomcat", ""),
    ],
)
async def test_test_pages_of_products(page: str, product: str) -> None:
    assert (await facts_of(only(("/", answer(page))))).default_page == product


@pytest.mark.parametrize(
    ("allowed", "credentials", "open_to_all"),
    [
        ("*", "true", False),
        ("{origin}", "true", True),
        ("{origin}", "", False),
        ("https://ours.example", "true", False),
        ("null", "true", True),
        ("null", "", False),
    ],
)
async def test_cross_origin(allowed: str, credentials: str, open_to_all: bool) -> None:
    def respond(method: str, path: str, headers: dict[str, str]) -> bytes:
        origin = allowed.replace("{origin}", headers.get("origin", ""))
        return answer("x", headers={"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": credentials})

    assert (await facts_of(respond)).cors_any_origin_with_credentials is open_to_all


async def test_a_websocket() -> None:
    def respond(method: str, path: str, headers: dict[str, str]) -> bytes:
        if headers.get("upgrade") == "websocket":
            return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        return answer("x")

    facts = await facts_of(respond)
    assert facts.websocket is True
    assert facts.status == 200


async def test_a_server_that_closes_every_connection_is_read_to_the_end() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer("<title>x</title>") if line.split()[1] == b"/" else NOT_FOUND)
        await writer.drain()  # and closes, without having said so

    async with serving(handler) as port:
        there = occasion(service=ServiceFacts(name="http", tls=False))
        observation = await observe(SCANNER, Target(address="127.0.0.1", port=port), there)
    assert isinstance(observation.facts, HttpFacts)
    assert observation.facts.title == "x"
    assert observation.facts.exposed_vcs == ()
    assert observation.facts.websocket is False


async def test_an_ipv6_address() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        host = next(line for line in request.splitlines() if line.startswith(b"Host:"))
        writer.write(answer(b"<title>" + host + b"</title>"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handler, "::1", 0)
    port = server.sockets[0].getsockname()[1]
    zone = loopback_zone(networks=["::1/128"], intrusiveness=Intrusiveness.GENTLE)
    observation = await observe(SCANNER, Target(address="::1", port=port), occasion(zone, ServiceFacts(name="http", tls=False)))
    server.close()
    assert isinstance(observation.facts, HttpFacts)
    assert observation.facts.title == f"Host: [::1]:{port}"
