"""Telnet, FTP, r-services, TFTP, Redis, PostgreSQL, MySQL: each scanner against the real server."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from scanners.observation import Outcome
from scanners.protocols import ftp, mysql, postgresql, redis, rsh, telnet, tftp
from scanners.scanner import Scanner, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.target import Transport
from tests.scanners import small_servers as servers
from tests.scanners.looks import facts_of, look, service_at

SMALL: tuple[Scanner, ...] = (
    ftp.SCANNER,
    mysql.SCANNER,
    postgresql.SCANNER,
    redis.SCANNER,
    rsh.SCANNER,
    telnet.SCANNER,
    tftp.SCANNER,
)


def test_every_small_scanner_is_found_by_its_name() -> None:
    assert {scanner.name: scanner for scanner in SMALL}.items() <= dict(scanners_by_name()).items()


@pytest.mark.parametrize("scanner", SMALL, ids=lambda scanner: scanner.name)
def test_a_scanner_does_not_ask_strangers(scanner: Scanner) -> None:
    assert not scanner.applies(ServiceFacts())
    assert not scanner.applies(ServiceFacts(name="unknown"))
    assert not scanner.applies(ServiceFacts(name="http", tls=True))


@pytest.mark.parametrize("scanner", SMALL, ids=lambda scanner: scanner.name)
async def test_another_protocol_is_a_protocol_error(scanner: Scanner, tmp_path: Path) -> None:
    with servers.inetd(
        tmp_path, ["ADDRESS:chargen stream tcp nowait root internal", "ADDRESS:chargen dgram udp wait root internal"]
    ) as address:
        transport = Transport.UDP if scanner is tftp.SCANNER else Transport.TCP
        observation = await look((address, 19), scanner, transport=transport)
    assert observation.outcome is Outcome.PROTOCOL_ERROR
    assert observation.facts is None


async def test_telnet(tmp_path: Path) -> None:
    with servers.inetd(tmp_path, ["ADDRESS:2323 stream tcp nowait root /usr/sbin/telnetd telnetd"]) as address:
        facts = await facts_of(telnet.SCANNER, (address, 2323))
    assert isinstance(facts, telnet.TelnetFacts)
    assert facts.login_prompt is True
    assert "login:" in (facts.banner or "")


@pytest.mark.parametrize(("service", "daemon", "protocol"), [("login", "in.rlogind", "rlogin"), ("shell", "in.rshd", "rsh")])
async def test_rsh(tmp_path: Path, service: str, daemon: str, protocol: str) -> None:
    with servers.inetd(tmp_path, [f"ADDRESS:{service} stream tcp nowait root /usr/sbin/{daemon} {daemon}"]) as address:
        facts = await facts_of(rsh.SCANNER, (address, {"login": 513, "shell": 514}[service]))
    assert facts == rsh.RshFacts(protocol=protocol)


async def test_tftp(tmp_path: Path) -> None:
    with servers.tftpd(tmp_path) as place:
        facts = await facts_of(tftp.SCANNER, place, Transport.UDP)
    assert facts == tftp.TftpFacts(answers=True, message="File not found")


async def test_redis_open_to_all(tmp_path: Path) -> None:
    with servers.redis(tmp_path) as place:
        facts = await facts_of(redis.SCANNER, place)
    assert isinstance(facts, redis.RedisFacts)
    assert facts.auth_required is False
    assert facts.version
    assert facts.version[0].isdigit()


async def test_redis_with_a_password(tmp_path: Path) -> None:
    with servers.redis(tmp_path, "--requirepass", "prova") as place:
        assert await facts_of(redis.SCANNER, place) == redis.RedisFacts(auth_required=True)


@pytest.mark.parametrize(("password", "required"), [((), False), (("--requirepass", "prova"), True)])
async def test_redis_that_renamed_ping(tmp_path: Path, password: tuple[str, ...], required: bool) -> None:
    with servers.redis(tmp_path, "--rename-command", "PING", "", "--rename-command", "INFO", "", *password) as place:
        assert await facts_of(redis.SCANNER, place) == redis.RedisFacts(auth_required=required)


@pytest.mark.parametrize(("acl", "required"), [("-@all +ping", True), ("-@all +ping +@read ~*", False), ("+@all ~*", False)])
async def test_redis_whose_nameless_user_may(tmp_path: Path, acl: str, required: bool) -> None:
    rules = tmp_path / "users.acl"
    rules.write_text(f"user default on nopass {acl}\n")
    with servers.redis(tmp_path, "--aclfile", str(rules)) as place:
        facts = await facts_of(redis.SCANNER, place)
    assert isinstance(facts, redis.RedisFacts)
    assert facts.auth_required is required


async def test_redis_in_tls(tmp_path: Path) -> None:
    cert, key = servers.certificate(tmp_path)
    port = servers.free_port()
    options = ["--port", "0", "--tls-port", str(port), "--tls-cert-file", str(cert), "--tls-key-file", str(key)]
    argv = ["redis-server", *options, "--tls-auth-clients", "no", "--save", "", "--dir", str(tmp_path), "--bind", servers.HERE]
    with servers.running(argv, listens=(servers.HERE, port), log=tmp_path / "redis.log"):
        facts = await facts_of(redis.SCANNER, (servers.HERE, port))
        assert isinstance(facts, redis.RedisFacts)
        assert facts.auth_required is False


@pytest.fixture(scope="module")
def cluster() -> Iterator[servers.Postgresql]:
    with servers.folder_for("postgres") as folder, servers.postgresql(folder) as server:
        yield server


@pytest.mark.parametrize(
    ("rule", "auth", "without"),
    [
        ("host all all 127.0.0.1/32 trust\n", "trust", True),
        ("host all all 127.0.0.1/32 scram-sha-256\n", "scram-sha-256", False),
        ("host all all 127.0.0.1/32 md5\n", "scram-sha-256", False),
        ("host all all 127.0.0.1/32 password\n", "password", False),
        ("", "refused", False),
        ("host all all 127.0.0.1/32 reject\n", "refused", False),
        ("hostssl all all 127.0.0.1/32 trust\n", "trust", True),
    ],
)
async def test_postgresql(cluster: servers.Postgresql, rule: str, auth: str, without: bool) -> None:
    cluster.allow(rule)
    facts = await facts_of(postgresql.SCANNER, cluster.place)
    assert facts == postgresql.PostgresqlFacts(auth=auth, tls_offered=True, without_password=without)


@pytest.fixture(scope="module")
def maria() -> Iterator[servers.Mariadb]:
    with servers.folder_for("mysql") as folder, servers.mariadb(folder) as server:
        yield server


@pytest.mark.parametrize(
    ("root", "without"),
    [
        ("CREATE OR REPLACE USER root@'127.0.0.1'", True),
        ("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY 'prova'", False),
        ("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('prova')", False),
        ("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED VIA unix_socket", False),
        ("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY 'prova' ACCOUNT LOCK", False),
    ],
)
async def test_mariadb_whose_root_has(maria: servers.Mariadb, root: str, without: bool) -> None:
    if "ed25519" in root:
        maria.run("INSTALL SONAME 'auth_ed25519'")
    maria.run(root)
    service = await service_at(maria.place)
    facts = await facts_of(mysql.SCANNER, maria.place)
    assert isinstance(facts, mysql.MysqlFacts)
    assert (service.starttls, service.product) == ("mysql", "MariaDB")
    assert (facts.product, facts.host_allowed, facts.tls_offered) == ("MariaDB", True, True)
    assert facts.without_password is without
    assert (facts.version or "").startswith("10.")


async def test_mariadb_that_does_not_allow_this_host(maria: servers.Mariadb) -> None:
    maria.run("DROP USER IF EXISTS root@'127.0.0.1'")
    assert await facts_of(mysql.SCANNER, maria.place) == mysql.MysqlFacts(product="MariaDB", host_allowed=False)


@pytest.fixture
def ftp_root() -> Iterator[Path]:
    """A folder with one folder in it that the ftp user may write to."""
    with servers.folder_for("ftp") as folder:
        root = folder / "root"
        root.mkdir()
        (folder / "data").rename(root / "pub")
        yield root


async def test_vsftpd_for_anonymous_readers(ftp_root: Path) -> None:
    with servers.vsftpd(ftp_root, anonymous_enable="YES", local_enable="NO") as place:
        service = await service_at(place)
        facts = await facts_of(ftp.SCANNER, place)
    assert service.product == "vsftpd"
    assert isinstance(facts, ftp.FtpFacts)
    assert (facts.tls_offered, facts.tls_required, facts.anonymous, facts.anonymous_write) == (False, False, True, False)


async def test_vsftpd_where_anonymous_may_write_and_nothing_is_left(ftp_root: Path) -> None:
    more = {"anonymous_enable": "YES", "write_enable": "YES", "anon_upload_enable": "YES", "anon_mkdir_write_enable": "YES"}
    with servers.vsftpd(ftp_root, **more) as place:
        facts = await facts_of(ftp.SCANNER, place)
    assert isinstance(facts, ftp.FtpFacts)
    assert facts.anonymous_write is True
    assert [path.name for path in ftp_root.rglob("*")] == ["pub"]


async def test_vsftpd_that_wants_tls(ftp_root: Path) -> None:
    cert, key = servers.certificate(ftp_root.parent)
    more = {"anonymous_enable": "NO", "local_enable": "YES", "ssl_enable": "YES", "force_local_logins_ssl": "YES"}
    with servers.vsftpd(ftp_root, **more, rsa_cert_file=str(cert), rsa_private_key_file=str(key)) as place:
        service = await service_at(place)
        facts = await facts_of(ftp.SCANNER, place)
    assert service.starttls == "ftp"
    assert isinstance(facts, ftp.FtpFacts)
    assert (facts.tls_offered, facts.tls_required, facts.anonymous) == (True, True, False)


async def test_vsftpd_in_tls_from_the_first_byte(ftp_root: Path) -> None:
    cert, key = servers.certificate(ftp_root.parent)
    more = {"anonymous_enable": "YES", "ssl_enable": "YES", "implicit_ssl": "YES", "allow_anon_ssl": "YES"}
    with servers.vsftpd(ftp_root, **more, rsa_cert_file=str(cert), rsa_private_key_file=str(key)) as place:
        service = await service_at(place)
        facts = await facts_of(ftp.SCANNER, place)
    assert (service.name, service.tls) == ("ftp", True)
    assert isinstance(facts, ftp.FtpFacts)
    assert (facts.tls_offered, facts.tls_required, facts.anonymous) == (True, True, True)


@contextmanager
def pyftpd(root: Path, permissions: str, certificate: Path | None = None) -> Iterator[servers.Place]:
    authorizer = DummyAuthorizer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that anonymous may write is what it is for here
        authorizer.add_anonymous(str(root), perm=permissions)
    parent = TLS_FTPHandler if certificate else FTPHandler
    more = {"certfile": str(certificate), "tls_control_required": True} if certificate else {}
    handler = type("Handler", (parent,), {"authorizer": authorizer, **more})
    server = FTPServer((servers.HERE, 0), handler, ioloop=IOLoop())
    thread = threading.Thread(target=server.serve_forever, kwargs={"handle_exit": False, "timeout": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.address[:2]
    finally:
        server.ioloop.call_later(0, server.close_all)
        thread.join(300)


@pytest.mark.parametrize(("permissions", "write"), [("elr", False), ("elrw", True), ("elrm", True)])
async def test_pyftpdlib_tells_what_anonymous_may(tmp_path: Path, permissions: str, write: bool) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pyftpd(root, permissions) as place:
        facts = await facts_of(ftp.SCANNER, place)
    assert isinstance(facts, ftp.FtpFacts)
    assert (facts.anonymous, facts.anonymous_write) == (True, write)
    assert list(root.iterdir()) == []


async def test_pyftpdlib_that_lets_anonymous_in_through_tls_only(tmp_path: Path) -> None:
    cert, key = servers.certificate(tmp_path)
    both = tmp_path / "both.pem"
    both.write_text(cert.read_text() + key.read_text())
    root = tmp_path / "root"
    root.mkdir()
    with pyftpd(root, "elr", both) as place:
        facts = await facts_of(ftp.SCANNER, place)
    assert isinstance(facts, ftp.FtpFacts)
    assert (facts.tls_offered, facts.tls_required, facts.anonymous) == (True, True, True)
