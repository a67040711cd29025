"""The HTTP scanner against nginx and Apache: a site with every fault, and its hardened twin."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest

from scanners.observation import Outcome
from scanners.protocols.http import SCANNER, CookieFacts, HttpFacts, LibraryFacts
from scanners.scanner import observe, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness
from tests.scanners.looking import loopback_zone, occasion
from tests.scanners.web_servers import apache, nginx, write_site

NAME = "seu.vilamar.example"


async def facts_of(port: int, *, name: str | None = None, tls: bool | None = None, **zone: Any) -> HttpFacts:
    service = None if tls is None else ServiceFacts(name="http", tls=tls)
    target = Target(address="127.0.0.1", port=port, name=name)
    observation = await observe(SCANNER, target, occasion(loopback_zone(**zone), service))
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, HttpFacts)
    return observation.facts


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.php", "<?php")
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("index.php")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"<?php"))
    return out.getvalue()


def document() -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Author": "Joana Puig i Ferrer", "/Title": r"C:\Users\jpuig\Documents\acta.docx"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def letter(author: str) -> bytes:
    out = io.BytesIO()
    core = f'<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{author}</dc:creator></p>'
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("docProps/core.xml", core)
    return out.getvalue()


FAULTY = {
    "index.html": """<!DOCTYPE html><html><head><title> Seu  electrònica &amp; tràmits </title>
<meta name="generator" content="WordPress 5.8.1"><script src="/js/jquery-1.12.4.min.js"></script>
<script src="/js/bootstrap.min.js"></script><script>/*! lodash v4.17.10 */</script></head>
<body><form><input type=password name=p></form><a href="/docs/acta.pdf">acta</a><a href="docs/carta.docx">carta</a>
<a href="https://elsewhere.example/x.pdf">x</a><img src="/img/a.png"></body></html>""",
    "js/jquery-1.12.4.min.js": "x",
    "js/bootstrap.min.js": "/*!\n  * Bootstrap v4.1.0 (https://getbootstrap.com/)\n */",
    "img/a.png": "x",
    "docs/acta.pdf": document(),
    "docs/carta.docx": letter("Pere Soler"),
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": "[core]\n\trepositoryformatversion = 0\n",
    ".svn/wc.db": b"SQLite format 3\x00" + bytes(100),
    ".svn/entries": "12\n",
    ".hg/requires": "dotencode\nfncache\ngeneraldelta\nrevlogv1\nstore\n",
    ".env": "# production\nAPP_KEY=base64:abc\nDB_PASSWORD=secret\n",
    ".DS_Store": b"\x00\x00\x00\x01Bud1" + bytes(50),
    ".htpasswd": "admin:$apr1$abcdefgh$0123456789abcdefghijkl\n",
    "wp-config.php.bak": "<?php\ndefine('DB_PASSWORD', 'x');\n",
    "config.php.bak": "\n<?php $password = 'x';\n",
    "web.config.bak": "<?xml version='1.0'?><configuration><system.web/></configuration>",
    "backup.zip": zipped(),
    f"{NAME}.zip": zipped(),
    "backup.tar.gz": tarred(),
    "dump.sql": "-- MySQL dump 10.19\n" + "INSERT INTO people VALUES (1);\n" * 20_000,
    "phpinfo.php": "<html><title>PHP 7.4 - phpinfo()</title>PHP Version 7.4</html>",
    "actuator/index.html": '{"_links":{"self":{"href":"/actuator"},"heapdump":{"href":"/actuator/heapdump"}}}',
    "actuator/env": '{"activeProfiles":[],"propertySources":[]}',
    "actuator/heapdump": b"JAVA PROFILE 1.0.2\x00" + bytes(500_000),
    "debug/pprof/index.html": "<html><head><title>/debug/pprof/</title></head></html>",
    "phpmyadmin/index.html": '<html><title>phpMyAdmin</title><input name="pma_username"></html>',
    "uploads/a.txt": "x",
}

FAULTY_SERVER = """
  server_tokens on; root {root}; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0;
  location / { add_header Set-Cookie "PHPSESSID=abc; path=/"; add_header Set-Cookie "XSRF-TOKEN=x; Secure; SameSite=Lax";
    add_header X-Powered-By "PHP/7.4.3"; add_header Content-Security-Policy "script-src * 'unsafe-inline' 'unsafe-eval'";
    add_header Access-Control-Allow-Origin $http_origin; add_header Access-Control-Allow-Credentials true; }
  location /uploads/ { autoindex on; }
  location /js/ { autoindex on; }
  location = /actuator { default_type application/json; alias {root}/actuator/index.html; }
  location = /nginx_status { stub_status; }
"""

HARDENED_SERVER = """
  server_tokens off; root {root}; ssl_protocols TLSv1.2 TLSv1.3;
  add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;
  add_header Content-Security-Policy "default-src 'self'; frame-ancestors 'none'" always;
  add_header X-Content-Type-Options nosniff always; add_header Referrer-Policy no-referrer always;
  add_header Permissions-Policy "camera=()" always;
  add_header Set-Cookie "PHPSESSID=abc; Secure; HttpOnly; SameSite=Strict" always;
  location / { try_files $uri /index.html; }
  location = /.well-known/security.txt { default_type text/plain; }
"""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("faulty")
    site = write_site(folder / "site", FAULTY)
    with nginx(folder, FAULTY_SERVER.replace("{root}", str(site)), tls=NAME) as port:
        yield port


SECURITY_TXT = "Contact: mailto:seguretat@vilamar.example\nExpires: 2027-06-30T00:00:00Z\nPreferred-Languages: ca, es\n"


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Every path that does not exist is answered with the home page and status 200."""
    folder = tmp_path_factory.mktemp("hardened")
    home = "<!doctype html><html><title>Seu</title><script src='/app.js'></script><a href='/docs/a.pdf'>a</a></html>"
    files = {"index.html": home, "app.js": "1", ".well-known/security.txt": SECURITY_TXT, "docs/a.docx": letter("admin")}
    site = write_site(folder / "site", files)
    with nginx(folder, HARDENED_SERVER.replace("{root}", str(site)), tls=NAME) as port:
        yield port


async def test_a_faulty_site_shows_every_fault(faulty: int) -> None:
    facts = await facts_of(faulty, name=NAME, intrusiveness=Intrusiveness.DEEP)
    assert (facts.scheme, facts.asked_as, facts.status) == ("https", NAME, 200)
    assert facts.title == "Seu electrònica & tràmits"
    assert facts.server == "nginx/1.22.1"
    assert facts.powered_by == "PHP/7.4.3"
    assert facts.version_disclosed == "server: nginx/1.22.1; x-powered-by: PHP/7.4.3"
    assert facts.login_form is True
    assert facts.html is True
    assert facts.redirects_to_https is None
    assert facts.hsts_max_age == 0
    assert facts.csp_unsafe == ("unsafe-inline", "unsafe-eval", "*")
    assert facts.frame_protected is False
    assert (facts.x_content_type_options, facts.referrer_policy, facts.permissions_policy) == ("", "", "")
    assert facts.cookies == (
        CookieFacts(name="PHPSESSID", secure=False, http_only=False, same_site="", session=True),
        CookieFacts(name="XSRF-TOKEN", secure=True, http_only=False, same_site="lax", session=False),
    )
    assert facts.cors_any_origin_with_credentials is True
    assert facts.security_txt == "missing"


async def test_a_faulty_site_shows_every_file(faulty: int) -> None:
    facts = await facts_of(faulty, name=NAME, tls=True, intrusiveness=Intrusiveness.DEEP)
    exposed = {path for path in FAULTY if path.startswith(".") or path.endswith(".bak")}
    assert set(facts.exposed_vcs or ()) == {f"/{path}" for path in exposed}
    assert set(facts.exposed_backups or ()) == {"/backup.zip", f"/{NAME}.zip", "/backup.tar.gz", "/dump.sql"}
    assert set(facts.exposed_debug or ()) == {
        "/phpinfo.php",
        "/nginx_status",
        "/actuator",
        "/actuator/env",
        "/actuator/heapdump",
        "/debug/pprof/",
    }
    assert facts.heapdump_exposed is True
    assert facts.directory_listing == ("/js/", "/uploads/")
    assert facts.admin_panel == "phpMyAdmin"
    assert facts.default_page == ""
    assert set(facts.libraries or ()) == {
        LibraryFacts(name="wordpress", version="5.8.1"),
        LibraryFacts(name="jquery", version="1.12.4"),
        LibraryFacts(name="bootstrap", version="4.1.0"),
        LibraryFacts(name="lodash", version="4.17.10"),
        LibraryFacts(name="php", version="7.4.3"),
    }
    assert facts.document_metadata == (
        r"/docs/acta.pdf: author Joana Puig i Ferrer, path C:\Users\jpuig\Documents\acta.docx",
        "/docs/carta.docx: author Pere Soler",
    )
    assert facts.unclaimed == ""
    assert facts.websocket is False


async def test_its_hardened_twin_shows_none(hardened: int) -> None:
    facts = await facts_of(hardened, name=NAME, intrusiveness=Intrusiveness.DEEP)
    assert facts.server == "nginx"
    assert facts.version_disclosed == ""
    assert facts.hsts_max_age == 63072000
    assert facts.csp_unsafe == ()
    assert facts.frame_protected is True
    assert (facts.x_content_type_options, facts.referrer_policy) == ("nosniff", "no-referrer")
    assert facts.permissions_policy == "camera=()"
    assert facts.cookies == (CookieFacts(name="PHPSESSID", secure=True, http_only=True, same_site="strict", session=True),)
    assert facts.cors_any_origin_with_credentials is False
    assert facts.security_txt == "valid"
    assert facts.security_txt_expires == datetime(2027, 6, 30, tzinfo=UTC)
    nothing = (facts.exposed_vcs, facts.exposed_backups, facts.exposed_debug, facts.directory_listing, facts.document_metadata)
    assert nothing == ((), (), (), (), ())
    assert facts.heapdump_exposed is False
    assert (facts.admin_panel, facts.default_page, facts.unclaimed) == ("", "", "")
    assert facts.libraries == ()
    assert facts.login_form is False


async def test_a_gentle_look_asks_for_the_front_page_and_security_txt_only(hardened: int, tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"index.html": "<html>hello</html>"})
    with nginx(tmp_path, f"root {site};", tls=NAME) as port:
        facts = await facts_of(port, name=NAME, intrusiveness=Intrusiveness.GENTLE)
        asked = [line.split('"')[1] for line in (tmp_path / "access.log").read_text().splitlines()]
    assert asked == ["GET / HTTP/1.1", "GET /.well-known/security.txt HTTP/1.1", "GET /security.txt HTTP/1.1"]
    assert facts.security_txt == "missing"
    assert facts.exposed_vcs is None
    assert facts.admin_panel is None
    assert facts.cors_any_origin_with_credentials is None


async def test_few_requests_over_few_connections(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"index.html": "<html>hello</html>"})
    counting = "log_format c $connection; access_log {0}/connections c;".replace("{0}", str(tmp_path))
    with nginx(tmp_path, f"root {site};", before=counting) as port:
        await facts_of(port)
        served = (tmp_path / "connections").read_text().split()
    assert len(served) <= 180
    assert len(set(served)) <= 3  # one to learn whether it is TLS, one kept, one spare


@pytest.mark.parametrize(("redirect", "leads"), [("return 301 https://$host$request_uri;", True), ("return 302 /home;", False)])
async def test_redirect_to_https(redirect: str, leads: bool, tmp_path: Path) -> None:
    with nginx(tmp_path, f"location / {{ {redirect} }} location = /home {{ return 200 'home'; }}") as port:
        facts = await facts_of(port, name=NAME, tls=False)
    assert facts.redirects_to_https is leads
    assert facts.status == (301 if leads else 200)
    assert facts.location == (f"https://{NAME}/" if leads else "")
    assert facts.hsts_max_age is None
    assert facts.security_txt is None
    assert facts.exposed_vcs == ()


async def test_redirects_are_followed_on_this_server_only(tmp_path: Path) -> None:
    with nginx(tmp_path / "other", "location / { return 200 'the other server'; }") as other:
        chain = f"""location = / {{ add_header Set-Cookie "sid=1"; return 302 /a?b=c; }}
            location = /a {{ return 307 http://127.0.0.1:{{port}}/b; }}
            location = /b {{ return 303 http://127.0.0.1:{other}/; }}"""
        with nginx(tmp_path / "one", chain) as port:
            facts = await facts_of(port)
        reached = (tmp_path / "other" / "access.log").read_text()
    assert facts.status == 303
    assert facts.location == f"http://127.0.0.1:{other}/"
    assert [cookie.name for cookie in facts.cookies or ()] == ["sid"]
    assert reached == ""


async def test_the_name_is_asked_for_by_host_and_by_sni(tmp_path: Path) -> None:
    config = 'location / { default_type text/html; return 200 "<title>$http_host|$ssl_server_name</title>"; }'
    with nginx(tmp_path, config, tls=NAME) as port:
        named = await facts_of(port, name=NAME)
        plain = await facts_of(port)
    assert named.title == f"{NAME}:{port}|{NAME}"
    assert plain.title == f"127.0.0.1:{port}|"


EXPIRED = SECURITY_TXT.replace("2027", "2025")
SIGNED = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{SECURITY_TXT}-----BEGIN PGP SIGNATURE-----\nabc\n"


@pytest.mark.parametrize(
    ("text", "media_type", "state"),
    [
        (SECURITY_TXT, "text/plain", "valid"),
        (SIGNED, "text/plain; charset=utf-8", "valid"),
        (EXPIRED, "text/plain", "expired"),
        (SECURITY_TXT, "application/octet-stream", "invalid"),
        ("Contact: mailto:a@vilamar.example\n", "text/plain", "invalid"),
        (SECURITY_TXT + "Expires: 2028-01-01T00:00:00Z\n", "text/plain", "invalid"),
        (SECURITY_TXT.replace("mailto:", ""), "text/plain", "invalid"),
        ("<html><title>Home</title></html>", "text/html", "missing"),
    ],
)
@pytest.mark.parametrize("path", [".well-known/security.txt", "security.txt"])
async def test_security_txt(path: str, text: str, media_type: str, state: str, tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {path: text, "index.html": "x"})
    location = f'location = /{path} {{ types {{}} default_type "{media_type}"; }}'
    with nginx(tmp_path, f"root {site}; {location}", tls=NAME) as port:
        facts = await facts_of(port, intrusiveness=Intrusiveness.GENTLE)
    assert facts.security_txt == state


async def test_a_server_that_sends_us_away_leaves_the_facts_open(tmp_path: Path) -> None:
    config = "location = / { return 200 'x'; } location / { return 429; }"
    with nginx(tmp_path, config) as port:
        facts = await facts_of(port)
    assert facts.status == 200
    assert (facts.exposed_vcs, facts.exposed_backups, facts.exposed_debug) == (None, None, None)


@pytest.fixture(scope="module")
def faulty_apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("apache")
    default = Path("/usr/share/apache2/default-site/index.html").read_bytes()
    site = write_site(folder / "site", {"index.html": default, "files/a.txt": "x", "backup.tar.gz": tarred()})
    settings = f"""TraceEnable On
ServerTokens Full
AddEncoding x-gzip .gz
<Directory {site}>
  Options +Indexes
</Directory>
<Location /server-status>
  SetHandler server-status
</Location>
<Location /server-info>
  SetHandler server-info
</Location>"""
    with apache(folder, site, settings) as port:
        yield port


async def test_a_faulty_apache(faulty_apache: int) -> None:
    facts = await facts_of(faulty_apache)
    assert facts.default_page == "Apache"
    assert set(facts.exposed_debug or ()) == {"/server-status", "/server-info", "TRACE /"}
    assert facts.directory_listing == ("/files/",)
    assert facts.exposed_backups == ("/backup.tar.gz",)
    assert facts.version_disclosed is not None
    assert facts.version_disclosed.startswith("server: Apache/2.4")


async def test_a_hardened_apache(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"index.html": "<html><title>Arxiu</title></html>", "files/a.txt": "x"})
    with apache(tmp_path, site, "TraceEnable Off\nServerTokens Prod\nServerSignature Off") as port:
        facts = await facts_of(port)
    assert (facts.default_page, facts.version_disclosed, facts.admin_panel) == ("", "", "")
    assert (facts.exposed_debug, facts.directory_listing, facts.exposed_backups) == ((), (), ())


async def test_a_compressed_site_is_read(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"index.html": b"", "page.html": b""})
    page = gzip.compress(b"<html><title>Comprimit</title></html>")
    write_site(site, {"index.html": page})
    with nginx(tmp_path, f"root {site}; location / {{ add_header Content-Encoding gzip; }}") as port:
        facts = await facts_of(port)
    assert facts.title == "Comprimit"


async def test_a_server_that_speaks_only_old_tls_is_reached(tmp_path: Path) -> None:
    config = "ssl_protocols TLSv1; ssl_ciphers AES128-SHA:@SECLEVEL=0; location / { return 200 'old'; }"
    with nginx(tmp_path, config, tls=NAME) as port:
        facts = await facts_of(port)
    assert (facts.scheme, facts.status) == ("https", 200)


def test_it_is_found_and_applies_to_web_servers() -> None:
    assert scanners_by_name()["http"] is SCANNER
    assert SCANNER.applies(ServiceFacts(name="http"))
    assert SCANNER.applies(ServiceFacts(name="http", tls=True))
    assert not SCANNER.applies(ServiceFacts(name="ssh"))
