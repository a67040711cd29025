"""What people leave on web servers, served by nginx: each file is found, and none that only looks like it.

The contents are written here in the form that each product gives them, not recorded from it.
"""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from scanners.observation import Outcome
from scanners.protocols.http import SCANNER, HttpFacts, exposures, left_behind
from scanners.protocols.http.client import Answer
from scanners.scanner import observe
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from tests.scanners.looking import loopback_zone, occasion
from tests.scanners.web_servers import nginx, write_site

NAME = "www.vilamar.example"
ENVIRONMENT = "APP_KEY=base64:abc\nDB_PASSWORD=x\n"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA\n-----END OPENSSH PRIVATE KEY-----\n"
PHP = "<?php\n$password = 'x';\n"
PHPINFO = "<html><title>PHP 8.2.7 - phpinfo()</title><h1>PHP Version 8.2.7</h1></html>"
SQL = "-- MariaDB dump 10.19\nCREATE TABLE `padro` (`id` int);\n"
POOL = "pool:                 www\nprocess manager:      dynamic\nstart time: 25/Nov/2026\n"
JOLOKIA = '{"request":{"type":"version"},"value":{"agent":"1.7.2","protocol":"7.2","info":{}},"status":200}'


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("index.php"))
    return out.getvalue()


SECRETS: dict[str, str | bytes] = {
    **{f".env.{name}": ENVIRONMENT for name in ("local", "production", "prod", "dev", "backup", "bak", "old", "save")},
    ".bzr/branch-format": "Bazaar-NG meta directory, format 1\n",
    "CVS/Entries": "/index.php/1.4/Thu Mar  2 10:00:00 2023//\nD/images////\n",
    ".aws/credentials": "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n",
    ".npmrc": "registry=https://registry.example/\n//registry.example/:_authToken=abc\n",
    ".git-credentials": "https://copies:secret@git.vilamar.example\n",
    ".netrc": "machine git.vilamar.example login copies password x\n",
    ".docker/config.json": '{"auths": {"registry.vilamar.example": {"auth": "eA=="}}}',
    **dict.fromkeys((".ssh/id_rsa", ".ssh/id_ed25519", "id_rsa", "server.key", "privkey.pem", "ssl/server.key"), KEY),
    "docker-compose.yml": "version: '3'\nservices:\n  web:\n    image: nginx\n",
    "docker-compose.yaml": "services:\n  web:\n    build: .\n",
    ".htaccess": "RewriteEngine On\nRewriteRule ^x$ y\n",
    "web.config": "<?xml version='1.0'?><configuration><system.webServer/></configuration>",
    "WEB-INF/web.xml": "<?xml version='1.0'?><web-app><servlet><servlet-name>a</servlet-name></servlet></web-app>",
    "appsettings.json": '{"ConnectionStrings": {"Default": "Server=db;Password=x"}}',
    "application.properties": "spring.datasource.url=jdbc:postgresql://db/padro\nspring.datasource.password=x\n",
    **dict.fromkeys(("wp-config.php.txt", "wp-config.bak", "configuration.php.bak", "settings.php.bak"), PHP),
    **dict.fromkeys(("config.php~", "config.inc.php.bak", "index.php.bak", "index.php~"), PHP),
    ".wp-config.php.swp": b"b0VIM 9.0\x00\x00" + bytes(100),
    ".index.php.swp": b"b0VIM 9.0\x00\x00" + bytes(100),
    ".bash_history": "cd /var/www\nsudo systemctl restart nginx\nmysql -u root\nexit\n",
    ".vscode/sftp.json": '{"name": "web", "host": "10.0.0.1", "username": "a", "remotePath": "/"}',
    "sftp-config.json": '{\n  // The tab key\n  "type": "sftp",\n  "host": "10.0.0.1", "user": "a", "remote_path": "/"\n}',
    ".idea/workspace.xml": '<?xml version="1.0"?>\n<project version="4">\n  <component name="ChangeListManager"/></project>',
}
COPIES: dict[str, str | bytes] = {
    "users.sql": SQL,
    "vilamar.sql": SQL,
    "backup.sql.gz": gzip.compress(SQL.encode(), mtime=0),
    "www.zip": b"PK\x03\x04" + bytes(60),
    "vilamar.zip": b"PK\x03\x04" + bytes(60),
    "backup/backup.zip": b"PK\x03\x04" + bytes(60),
    "backup.tar": tarred(),
    "www.tar.gz": gzip.compress(tarred(), mtime=0),
    "backup.rar": b"Rar!\x1a\x07\x01\x00" + bytes(60),
    "backup.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(60),
    "db.sqlite3": b"SQLite format 3\x00" + bytes(100),
    "dump.rdb": b"REDIS0011\xfa\tredis-ver",
}
DIAGNOSTICS: dict[str, str | bytes] = {
    **dict.fromkeys(("phpinfo", "test.php", "i.php", "php.php", "pi.php"), PHPINFO),
    "status": POOL,
    "fpm-status": POOL,
    "haproxy": "<html><title>Statistics Report for HAProxy</title></html>",
    "metrics": "# HELP go_goroutines Number.\n# TYPE go_goroutines gauge\ngo_goroutines 9\n# HELP up x\n# TYPE up gauge\nup 1\n",
    "env": '{"profiles":[],"server.ports":{"local.server.port":8080},"systemProperties":{"java.home":"/x"}}',
    "actuator/configprops": '{"contexts":{"application":{"beans":{"x":{}}}}}',
    "actuator/httptrace": '{"traces":[{"timestamp":"2026-11-25T10:00:00Z"}]}',
    "jolokia/index.json": JOLOKIA,
    "actuator/jolokia/index.json": JOLOKIA,
    "debug/vars": '{\n"cmdline": ["/app"],\n"memstats": {"Alloc":1}\n}',
    "console": "<html><title>Console // Werkzeug Debugger</title><script>var CONSOLE_MODE = true,</script>werkzeug</html>",
    "h2-console/index.html": "<html><head><title>H2 Console</title></head></html>",
    "telescope": "<html><title>Telescope - Laravel</title><script>window.Telescope = {};</script></html>",
    "_ignition/health-check": '{"can_execute_commands":true}',
    "app_dev.php/_profiler/index.html": "<html><title>Symfony Profiler</title></html>",
    "rails/info/properties": "<h2>Rails info</h2><table><tr><td>Rails version</td><td>Application root</td></tr></table>",
    "composer.lock": '{\n "_readme": ["x"],\n "content-hash": "abc",\n "packages": [' + "0," * 9000,
    "storage/logs/laravel.log": "[2026-11-25 10:00:00] production.ERROR: SQLSTATE[HY000]\n",
    "wp-content/debug.log": "[25-Nov-2026 10:00:00 UTC] PHP Warning:  x in /var/www/a.php on line 3\n",
    "error_log": "[25-Nov-2026 10:00:00 UTC] PHP Fatal error:  x in /var/www/a.php on line 3\n",
    "npm-debug.log": "0 info it worked if it ends with ok\n1 verbose cli\n",
}
DESCRIPTIONS: dict[str, str | bytes] = {
    "openapi.json": '{"openapi":"3.1.0","info":{"title":"x"},"paths":{' + '"/a":{},' * 9000,
    "v2/api-docs": '{"swagger": "2.0", "paths": {}}',
    "graphql": '{"data":{"__schema":{"queryType":{"name":"Query"}}}}',
}
SITE = "root {root}; absolute_redirect off; index index.html index.json; location / { }"


async def facts_of(port: int) -> HttpFacts:
    target = Target(address="127.0.0.1", port=port, name=NAME)
    observation = await observe(SCANNER, target, occasion(loopback_zone(), ServiceFacts(name="http", tls=False)))
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, HttpFacts)
    return observation.facts


def asked_as(name: str) -> str:
    """The path at which the site's file ``name`` is asked for."""
    queries = {"haproxy": "?stats", "graphql": "?query=%7B__schema%7BqueryType%7Bname%7D%7D%7D"}
    return "/" + name.removesuffix("index.json").removesuffix("index.html") + queries.get(name, "")


async def test_everything_left_behind_is_found(tmp_path: Path) -> None:
    files = {"index.html": "<html>hello</html>", **SECRETS, **COPIES, **DIAGNOSTICS, **DESCRIPTIONS}
    site = write_site(tmp_path / "site", files)
    with nginx(tmp_path, SITE.replace("{root}", str(site))) as port:
        facts = await facts_of(port)
    assert set(facts.exposed_vcs or ()) == {asked_as(name) for name in SECRETS}
    assert set(facts.exposed_backups or ()) == {asked_as(name) for name in COPIES}
    assert set(facts.exposed_debug or ()) == {asked_as(name) for name in DIAGNOSTICS}
    assert set(facts.exposed_api or ()) == {asked_as(name) for name in DESCRIPTIONS}


async def test_an_ordinary_site_leaves_nothing_behind(tmp_path: Path) -> None:
    files = {
        "index.html": "<html>hello</html>",
        "status": "OK\n",
        "metrics": "<html><title>Metrics of the city</title></html>",
        "console": "<html><title>Our console</title></html>",
        "env": '{"stage":"production"}',
        "test.php": "<html>phpinfo</html>",
        ".npmrc": "save-exact=true\n",
        "docker-compose.yml": "services we offer to citizens\n",
        "server.key": "-----BEGIN PUBLIC KEY-----\nabc\n",
        "graphql": '{"errors":[{"message":"introspection is not allowed"}]}',
    }
    site = write_site(tmp_path / "site", files)
    with nginx(tmp_path, SITE.replace("{root}", str(site))) as port:
        facts = await facts_of(port)
    assert (facts.exposed_vcs, facts.exposed_backups, facts.exposed_debug, facts.exposed_api) == ((), (), (), ())


def test_every_path_of_the_lists_has_its_own_content_here() -> None:
    lists = (left_behind.SECRETS, left_behind.DIAGNOSTICS)
    wanted = {exposure.path for each in lists for exposure in each}
    assert wanted == {asked_as(name) for name in (*SECRETS, *DIAGNOSTICS)}


@pytest.mark.parametrize("body", [*SECRETS.values(), *COPIES.values(), *DIAGNOSTICS.values()])
def test_no_content_proves_a_file_of_another_list(body: str | bytes) -> None:
    """A private key is no dump, a dump no environment: each proof knows its own kind only."""
    raw = body.encode() if isinstance(body, str) else body
    answer = Answer("/", 200, (), raw, raw, True)
    lists = (
        (*exposures.VCS, *left_behind.SECRETS),
        (*exposures.backups(NAME), *left_behind.copies(NAME)),
        (*exposures.DEBUG, *left_behind.DIAGNOSTICS),
    )
    known = sum(any(exposure.proves(answer) for exposure in each) for each in lists)
    assert known == (2 if raw.startswith(b"SQLite") else 1)  # Subversion keeps its working copy in SQLite
