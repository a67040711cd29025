"""What people and tools leave on web servers, beyond the first list: keys, credentials, editors' files, dumps, logs, diagnostics.

The paths are those that the field's open template collections ask for; each hit is proved by its content (see
:mod:`scanners.protocols.http.exposures`), and only the beginning of a file is ever asked for.
"""

import re
from collections.abc import Callable

from scanners.protocols.http.client import Answer
from scanners.protocols.http.exposures import (
    Exposure,
    contains,
    is_environment,
    is_page,
    is_php_source,
    is_sql,
    json_object,
    lines_of,
    plain,
)
from scanners.protocols.http.inflate import inflate

_KEY = re.compile(rb"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----")
_CREDENTIAL_URL = re.compile(rb"https?://[^\s/:@<>]{1,200}:[^\s/@<>]{1,200}@[A-Za-z0-9.-]{1,200}")
_NPM = re.compile(rb"^(?://[^\s]{1,200}/:_authToken|_auth|_authToken|//[^\s]{1,200}/:_password) ?=", re.MULTILINE)
_NETRC = re.compile(rb"\A(?:#[^\n]{0,200}\n)*machine +[^\s<>]{1,200}\s+login +[^\s<>]{1,200}\s+password +")
_CVS = re.compile(rb"(?:/[^/\n]{1,200}(?:/[^/\n]{0,100}){4}|D(?:/[^/\n]{0,200}){0,6})$")
_SHELL = re.compile(
    rb"(?:sudo |cd |ls\b|apt(?:-get)? |yum |ssh |scp |git |vi(?:m)? |nano |mysql |psql |systemctl |service |cat |rm |exit$)"
)
_COMPOSE = re.compile(rb"^services:[ \t]*\r?\n", re.MULTILINE)
_COMPOSED = re.compile(rb"^[ \t]+(?:image|build):", re.MULTILINE)
_SPRING = re.compile(rb"^(?:spring\.[a-z][a-z.-]{1,80}|server\.port) ?[=:]", re.MULTILINE)
_APACHE_RULE = re.compile(
    rb"^\s*(?:RewriteEngine|AuthUserFile|AuthType|Require |Options |<IfModule |<Files|ErrorDocument )", re.MULTILINE
)
_LARAVEL = re.compile(
    rb"^\[[0-9]{4}-[0-9]{2}-[0-9]{2}[^\]\n]{0,40}\] [a-z]{1,40}\.(?:ERROR|DEBUG|INFO|WARNING|CRITICAL|NOTICE)", re.MULTILINE
)
_PHP_LOG = re.compile(rb"^\[[^\]\n]{8,60}\] PHP (?:Warning|Notice|Fatal error|Parse error|Deprecated|Stack trace)", re.MULTILINE)
_OPENAPI = re.compile(rb'"(?:openapi|swagger)"\s{0,4}:\s{0,4}"[23]\.')
_METRICS = re.compile(rb"^# (?:HELP|TYPE) [A-Za-z_:][A-Za-z0-9_:]{0,200} ", re.MULTILINE)


def _text(path: str, proof: Callable[[bytes], bool]) -> Exposure:
    return Exposure(path, plain(proof), head_only=True)


def _key(path: str) -> Exposure:
    return _text(path, lambda body: bool(_KEY.match(body.lstrip())))


def _environment(path: str) -> Exposure:
    return _text(path, is_environment)


def _php(path: str) -> Exposure:
    return _text(path, is_php_source)


def _is_history(body: bytes) -> bool:
    lines = [line for line in lines_of(body)[:40] if not line.startswith(b"#")]
    return len(lines) > 2 and sum(bool(_SHELL.match(line)) for line in lines) * 2 >= len(lines)


def _is_cvs(body: bytes) -> bool:
    lines = lines_of(body)[:5]
    return bool(lines) and lines[0] != b"D" and all(_CVS.match(line) for line in lines)


def _is_compose(body: bytes) -> bool:
    return bool(_COMPOSE.search(body)) and bool(_COMPOSED.search(body))


def _is_aws(body: bytes) -> bool:
    return body.lstrip().startswith(b"[") and b"aws_access_key_id" in body


def _is_sftp(answer: Answer) -> bool:
    """The settings of an editor's upload: JSON, in one of them with comments."""
    body = answer.body
    return body.lstrip().startswith(b"{") and all(mark in body for mark in (b'"host"', b'"remote')) and b'"user' in body


def _is_settings(answer: Answer) -> bool:
    found = json_object(answer)
    return "ConnectionStrings" in found or ("AllowedHosts" in found and "Logging" in found)


SECRETS = (
    *(_environment(f"/.env.{name}") for name in ("local", "production", "prod", "dev", "backup", "bak", "old", "save")),
    _text("/.bzr/branch-format", lambda body: body.startswith(b"Bazaar-NG meta directory")),
    _text("/CVS/Entries", _is_cvs),
    _text("/.aws/credentials", _is_aws),
    _text("/.npmrc", lambda body: bool(_NPM.search(body))),
    _text("/.git-credentials", lambda body: bool(_CREDENTIAL_URL.match(body))),
    _text("/.netrc", lambda body: bool(_NETRC.match(body))),
    Exposure("/.docker/config.json", lambda answer: isinstance(json_object(answer).get("auths"), dict)),
    *(_key(path) for path in ("/.ssh/id_rsa", "/.ssh/id_ed25519", "/id_rsa", "/server.key", "/privkey.pem", "/ssl/server.key")),
    _text("/docker-compose.yml", _is_compose),
    _text("/docker-compose.yaml", _is_compose),
    _text("/.htaccess", lambda body: bool(_APACHE_RULE.search(body))),
    Exposure("/web.config", contains("<configuration", "<system.web")),
    Exposure("/WEB-INF/web.xml", contains("<web-app", "</servlet")),
    Exposure("/appsettings.json", _is_settings),
    _text("/application.properties", lambda body: bool(_SPRING.search(body))),
    *(_php(f"/{name}") for name in ("wp-config.php.txt", "wp-config.bak", "configuration.php.bak", "settings.php.bak")),
    *(_php(f"/{name}") for name in ("config.php~", "config.inc.php.bak", "index.php.bak", "index.php~")),
    _text("/.wp-config.php.swp", lambda body: body.startswith(b"b0VIM ")),
    _text("/.index.php.swp", lambda body: body.startswith(b"b0VIM ")),
    _text("/.bash_history", _is_history),
    Exposure("/.vscode/sftp.json", _is_sftp),
    Exposure("/sftp-config.json", _is_sftp),
    Exposure(
        "/.idea/workspace.xml", lambda answer: b"<project version=" in answer.body[:300] and b"<component name=" in answer.body
    ),
)


def _starts(path: str, *marks: bytes) -> Exposure:
    return _text(path, lambda body: body.startswith(marks))


def _zipped(path: str) -> Exposure:
    return _starts(path, b"PK\x03\x04", b"PK\x05\x06")


def _is_gzipped_sql(answer: Answer) -> bool:
    if not answer.raw.startswith(b"\x1f\x8b\x08"):
        return not is_page(answer.body) and is_sql(answer.body)
    inside = inflate(answer.raw, "gzip", 4096)
    return not is_page(inside) and is_sql(inside)


def _is_tar(answer: Answer) -> bool:
    raw = answer.raw
    head = inflate(raw, "gzip", 4096) if raw.startswith(b"\x1f\x8b\x08") else raw
    return b"ustar" in head[257:263]


def copies(name: str | None) -> tuple[Exposure, ...]:
    """Copies of a site and its data under the names that people give them; ``name`` is the site's, if it has one."""
    dumps = ["data", "mysql", "db_backup", "sql", "localhost", "site", "wordpress", "users", "backup/backup", "backup/dump"]
    zips = ["www", "html", "wwwroot", "web", "public_html", "htdocs", "website", "backup/backup", "wp-content"]
    if name:
        label = name.removeprefix("www.").partition(".")[0]
        dumps += [name, *([label] if label != name else [])]
        zips += [label] if label not in (name, "www") else []
    return (
        *(_text(f"/{each}.sql", is_sql) for each in dict.fromkeys(dumps)),
        *(Exposure(f"/{each}.sql.gz", _is_gzipped_sql, head_only=True) for each in ("backup", "dump", "database", "db")),
        *(_zipped(f"/{each}.zip") for each in dict.fromkeys(zips)),
        *(Exposure(f"/{each}", _is_tar, head_only=True) for each in ("backup.tar", "backup.tgz", "www.tar.gz", "site.tar.gz")),
        _starts("/backup.rar", b"Rar!\x1a\x07"),
        _starts("/backup.7z", b"7z\xbc\xaf\x27\x1c"),
        *(_starts(f"/{each}", b"SQLite format 3\x00") for each in ("db.sqlite3", "database.sqlite", "db.sqlite")),
        _starts("/dump.rdb", b"REDIS00"),
    )


_PHPINFO = contains("phpinfo()", "php version")


def _json_with(start: bytes, *marks: bytes) -> Callable[[Answer], bool]:
    """A proof for JSON that is too long to be read whole: how it starts without white space, and what is in its beginning."""

    def proves(answer: Answer) -> bool:
        return b"".join(answer.body[:200].split()).startswith(start) and all(mark in answer.body for mark in marks)

    return proves


def _is_jolokia(answer: Answer) -> bool:
    value = json_object(answer).get("value")
    return isinstance(value, dict) and "agent" in value and "protocol" in value


DIAGNOSTICS = (
    *(Exposure(path, _PHPINFO) for path in ("/phpinfo", "/test.php", "/i.php", "/php.php", "/pi.php")),
    Exposure("/status", plain(lambda body: body.startswith(b"pool:") and b"process manager:" in body)),
    Exposure("/fpm-status", plain(lambda body: body.startswith(b"pool:") and b"process manager:" in body)),
    Exposure("/haproxy?stats", contains("statistics report for haproxy")),
    Exposure("/metrics", plain(lambda body: len(_METRICS.findall(body[:16384])) > 2)),
    Exposure("/env", _json_with(b'{"profiles":[', b'"systemProperties"')),
    Exposure("/actuator/configprops", _json_with(b'{"contexts":{', b'"beans"')),
    Exposure("/actuator/httptrace", _json_with(b'{"traces":[')),
    Exposure("/jolokia/", _is_jolokia),
    Exposure("/actuator/jolokia/", _is_jolokia),
    Exposure("/debug/vars", _json_with(b'{"cmdline":[', b'"memstats"')),
    Exposure("/console", contains("console_mode", "werkzeug")),
    Exposure("/h2-console/", contains("<title>h2 console")),
    Exposure("/telescope", contains("window.telescope"), follow=True),
    Exposure("/_ignition/health-check", lambda answer: "can_execute_commands" in json_object(answer)),
    Exposure("/app_dev.php/_profiler/", contains("symfony profiler"), follow=True),
    Exposure("/rails/info/properties", contains("rails version", "application root")),
    Exposure("/composer.lock", _json_with(b"{", b'"content-hash"', b'"packages"'), head_only=True),
    _text("/storage/logs/laravel.log", lambda body: bool(_LARAVEL.search(body))),
    _text("/wp-content/debug.log", lambda body: bool(_PHP_LOG.search(body))),
    _text("/error_log", lambda body: bool(_PHP_LOG.search(body))),
    _text("/npm-debug.log", lambda body: body.startswith(b"0 info it worked if it ends with ok")),
)


def _is_openapi(answer: Answer) -> bool:
    return answer.body.lstrip().startswith(b"{") and bool(_OPENAPI.search(answer.body[:4096]))


def _tells_schema(answer: Answer) -> bool:
    data = json_object(answer).get("data")
    return isinstance(data, dict) and isinstance(data.get("__schema"), dict)


DESCRIPTIONS = (
    *(Exposure(path, _is_openapi, head_only=True) for path in ("/openapi.json", "/swagger.json", "/v2/api-docs", "/v3/api-docs")),
    Exposure("/swagger/v1/swagger.json", _is_openapi, head_only=True),
    Exposure("/graphql?query=%7B__schema%7BqueryType%7Bname%7D%7D%7D", _tells_schema),
)
