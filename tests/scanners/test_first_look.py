"""The first look against a real server of each service it names, where Debian has one; where not, against the bytes of its
specification sent by a server of a few lines."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scanners.door import Door
from scanners.observation import Outcome
from scanners.plan import Endpoint, look_units
from scanners.ports import LISTEN_ONLY
from scanners.probe import Probe
from scanners.service_facts import SERVICE_NAMES
from scanners.services.datagrams import DATAGRAMS
from scanners.services.questions import BSD_QUESTIONS, QUESTIONS
from scanners.target import Transport
from scanners.zone import Intrusiveness
from tests.processes import free_port, running
from tests.scanners import small_servers as servers
from tests.scanners.looking import serving
from tests.scanners.looks import look, loopback_zone, service_at
from tests.scanners.small_servers import HERE

INETD = """
ADDRESS:echo stream tcp nowait root internal
ADDRESS:discard stream tcp nowait root internal
ADDRESS:daytime stream tcp nowait root internal
ADDRESS:chargen stream tcp nowait root internal
ADDRESS:time stream tcp nowait root internal
ADDRESS:echo dgram udp wait root internal
ADDRESS:daytime dgram udp wait root internal
ADDRESS:chargen dgram udp wait root internal
ADDRESS:time dgram udp wait root internal
ADDRESS:telnet stream tcp nowait root /usr/sbin/telnetd telnetd
ADDRESS:2323 stream tcp nowait root /usr/sbin/telnetd telnetd
ADDRESS:finger stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd
ADDRESS:7979 stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd
ADDRESS:login stream tcp nowait root /usr/sbin/in.rlogind in.rlogind
ADDRESS:shell stream tcp nowait root /usr/sbin/in.rshd in.rshd
ADDRESS:nntp stream tcp nowait news /usr/sbin/leafnode leafnode
""".strip().splitlines()


@pytest.fixture(scope="module")
def inetd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.inetd(tmp_path_factory.mktemp("inetd"), INETD) as address:
        yield address


@pytest.mark.parametrize(
    ("port", "name"),
    [
        (7, "echo"),
        (9, "discard"),
        (13, "daytime"),
        (19, "chargen"),
        (23, "telnet"),
        (37, "time"),
        (79, "finger"),
        (119, "nntp"),
        (513, "login"),
        (514, "shell"),
        (2323, "telnet"),
        (7979, "finger"),
    ],
)
async def test_what_inetd_starts(inetd: str, port: int, name: str) -> None:
    facts = await service_at((inetd, port))
    assert (facts.name, facts.tls) == (name, False)


@pytest.mark.parametrize(("port", "name"), [(7, "echo"), (13, "daytime"), (19, "chargen"), (37, "time")])
async def test_what_inetd_answers_over_udp(inetd: str, port: int, name: str) -> None:
    assert (await service_at((inetd, port), transport=Transport.UDP)).name == name


async def test_dropbear(tmp_path: Path) -> None:
    port = free_port()
    with running(["dropbear", "-F", "-R", "-p", f"{HERE}:{port}", "-P", str(tmp_path / "pid")], listens=(HERE, port)):
        facts = await service_at((HERE, port))
    assert (facts.name, facts.product, facts.said_by) == ("ssh", "Dropbear SSH", "banner")
    assert (facts.cpe or "").startswith("cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:20")


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    folder, plain, secure = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    cert, key = servers.certificate(folder)
    config = folder / "nginx.conf"
    paths = "".join(f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    tls = f"listen {HERE}:{secure} ssl; ssl_certificate {cert}; ssl_certificate_key {key};"
    http = f"http {{ access_log off; {paths} server {{ listen {HERE}:{plain}; }} server {{ {tls} }} }}"
    config.write_text(f"daemon off; pid {folder / 'pid'}; error_log {folder / 'log'}; events {{}} {http}")
    with running(["nginx", "-p", str(folder), "-c", str(config)], listens=(HERE, secure), log=folder / "out"):
        yield plain, secure


async def test_nginx(nginx: tuple[int, int]) -> None:
    facts = await service_at((HERE, nginx[0]))
    assert (facts.name, facts.tls, facts.product) == ("http", False, "nginx")
    assert facts.version
    assert (facts.cpe or "").startswith("cpe:2.3:a:f5:nginx:1.")


async def test_nginx_in_tls(nginx: tuple[int, int]) -> None:
    facts = await service_at((HERE, nginx[1]))
    assert (facts.name, facts.tls, facts.product, facts.starttls) == ("http", True, "nginx", None)


async def test_a_web_server_that_answers_our_hello_with_a_page() -> None:
    port = free_port()
    with running(["python3", "-m", "http.server", str(port), "--bind", HERE], listens=(HERE, port)):
        facts = await service_at((HERE, port))
    assert (facts.name, facts.product) == ("http", "Python http.server")


@pytest.fixture(scope="module")
def postfix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with servers.folder_for("postfix") as folder:
        port = free_port()
        cert, key = servers.certificate(folder)
        config = folder / "etc"
        config.mkdir()
        spool = folder / "spool"
        spool.mkdir()
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": spool,
            "data_directory": folder / "data",
            "smtpd_peername_lookup": "no",
            "alias_maps": "",
            "myhostname": "correu.example",
            "mynetworks": "127.0.0.0/8",
            "maillog_file": "/dev/stdout",
            "maillog_file_prefixes": "/dev",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": cert,
            "smtpd_tls_key_file": key,
            "inet_interfaces": HERE,
        }
        (config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        names = (
            "pickup:pickup cleanup:cleanup qmgr:qmgr tlsmgr:tlsmgr rewrite:trivial-rewrite bounce:bounce defer:bounce anvil:anvil"
        )
        names += " proxymap:proxymap scache:scache error:error smtp:smtp showq:showq"
        services = [f"{name} unix - - n - 1 {program}" for name, _, program in (item.partition(":") for item in names.split())]
        services += ["postlog unix-dgram n - n - 1 postlogd", f"{HERE}:{port} inet n - n - - smtpd"]
        (config / "master.cf").write_text("\n".join(services) + "\n")
        with running(["postfix", "-c", str(config), "start-fg"], listens=(HERE, port), log=folder / "log"):
            yield port
            # Its master leaves the process group that it was started in.
            subprocess.run(["postfix", "-c", str(config), "stop"], check=True, capture_output=True, timeout=30)


async def test_postfix(postfix: int) -> None:
    facts = await service_at((HERE, postfix))
    assert (facts.name, facts.product, facts.starttls) == ("smtp", "Postfix", "smtp")


@pytest.fixture(scope="module")
def dovecot() -> Iterator[dict[str, int]]:
    with servers.folder_for("nobody") as folder:
        cert, key = servers.certificate(folder)
        ports = {name: free_port() for name in ("imap", "imaps", "pop3", "pop3s")}

        def listener(name: str) -> str:
            ssl_too = "\n ssl = yes" if name.endswith("s") else ""
            return f"inet_listener {name} {{\n address = {HERE}\n port = {ports[name]}{ssl_too}\n}}"

        config = folder / "dovecot.conf"
        config.write_text(
            f"""protocols = imap pop3
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
 driver = static
 args = nopassword=y
}}
userdb {{
 driver = static
 args = uid=65534 gid=65534 home={folder}
}}
service imap-login {{
{listener("imap")}
{listener("imaps")}
}}
service pop3-login {{
{listener("pop3")}
{listener("pop3s")}
}}
"""
        )
        with running(["dovecot", "-F", "-c", str(config)], listens=(HERE, ports["pop3s"]), log=folder / "out"):
            yield ports


@pytest.mark.parametrize(
    ("listener", "name", "tls", "starttls"),
    [
        ("imap", "imap", False, "imap"),
        ("imaps", "imap", True, None),
        ("pop3", "pop3", False, "pop3"),
        ("pop3s", "pop3", True, None),
    ],
)
async def test_dovecot(dovecot: dict[str, int], listener: str, name: str, tls: bool, starttls: str | None) -> None:
    facts = await service_at((HERE, dovecot[listener]))
    assert (facts.name, facts.tls, facts.starttls, facts.product) == (name, tls, starttls, "Dovecot")


async def test_memcached() -> None:
    port = free_port()
    argv = ["memcached", "-l", HERE, "-p", str(port), "-U", str(port), "-u", "nobody", "-m", "8"]
    with running(argv, listens=(HERE, port)):
        facts = await service_at((HERE, port))
        over_udp = await service_at((HERE, port), transport=Transport.UDP)
    assert (facts.name, facts.product, over_udp.name, over_udp.version) == ("memcached", "Memcached", "memcached", facts.version)


async def test_mosquitto(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    cert, key = servers.certificate(tmp_path)
    config = tmp_path / "mosquitto.conf"
    key.chmod(0o644)
    config.write_text(
        f"user root\nlistener {ports[0]} {HERE}\nallow_anonymous false\nlistener {ports[1]} {HERE}\n"
        f"certfile {cert}\nkeyfile {key}\n"
    )
    with running(["mosquitto", "-c", str(config)], listens=(HERE, ports[1]), log=tmp_path / "log"):
        plain, secure = [await service_at((HERE, port)) for port in ports]
    assert (plain.name, plain.tls) == ("mqtt", False)
    assert (secure.name, secure.tls) == ("mqtt", True)


async def test_slapd(tmp_path: Path) -> None:
    port, secure = free_port(), free_port()
    cert, key = servers.certificate(tmp_path)
    config = tmp_path / "slapd.conf"
    modules = "modulepath /usr/lib/ldap\nmoduleload back_mdb\ninclude /etc/ldap/schema/core.schema\n"
    keys = f"TLSCertificateFile {cert}\nTLSCertificateKeyFile {key}\n"
    config.write_text(f"{modules}{keys}pidfile {tmp_path}/pid\ndatabase mdb\nsuffix dc=example\ndirectory {tmp_path}\n")
    urls = f"ldap://{HERE}:{port}/ ldaps://{HERE}:{secure}/"
    with running(["slapd", "-h", urls, "-f", str(config), "-d", "0"], listens=(HERE, secure), log=tmp_path / "log"):
        plain, inside = await service_at((HERE, port)), await service_at((HERE, secure))
    assert (plain.name, plain.tls, plain.starttls) == ("ldap", False, "ldap")
    assert (inside.name, inside.tls, inside.starttls) == ("ldap", True, None)


async def test_dnsmasq() -> None:
    port = free_port()
    argv = ["dnsmasq", "-k", "-C", "/dev/null", "-p", str(port), "-a", HERE, "-z", "--no-resolv", "--no-hosts", "-u", "root"]
    with running([*argv, "--pid-file="], listens=(HERE, port)):
        over_tcp = await service_at((HERE, port))
        over_udp = await service_at((HERE, port), transport=Transport.UDP)
    assert (over_tcp.name, over_tcp.product) == ("dns", "dnsmasq")
    assert (over_udp.name, over_udp.product, over_udp.version) == ("dns", "dnsmasq", over_tcp.version)


async def test_rpcbind(tmp_path: Path) -> None:
    address = servers.own_address()
    with running(["rpcbind", "-f", "-h", address], listens=(address, 111), log=tmp_path / "log"):
        assert (await service_at((address, 111))).name == "rpcbind"
        assert (await service_at((address, 111), transport=Transport.UDP)).name == "rpcbind"


async def test_an_x_server_that_is_a_vnc_server_too(tmp_path: Path) -> None:
    port, display = free_port(), 50
    argv = [
        "Xvnc",
        f":{display}",
        "-rfbport",
        str(port),
        "-SecurityTypes",
        "None",
        "-listen",
        "tcp",
        "-localhost=1",
        "-geometry",
        "64x64",
    ]
    with running(argv, listens=(HERE, port), log=tmp_path / "log"):
        x11, vnc = await service_at((HERE, 6000 + display)), await service_at((HERE, port))
        for _ in range(5):  # it listens before it has read its keyboard's tables and can answer
            x11 = x11 if x11.name else await service_at((HERE, 6000 + display))
    assert x11.name == "x11"
    assert (vnc.name, vnc.banner) == ("vnc", "RFB 003.008")


async def test_xrdp(tmp_path: Path) -> None:
    port = free_port()
    cert, key = servers.certificate(tmp_path)
    text = Path("/etc/xrdp/xrdp.ini").read_text()
    changed = text.replace("\nport=3389", f"\nport=tcp://{HERE}:{port}", 1).replace("certificate=\n", f"certificate={cert}\n")
    config = tmp_path / "xrdp.ini"
    config.write_text(
        changed.replace("key_file=\n", f"key_file={key}\n").replace("LogFile=xrdp.log", f"LogFile={tmp_path / 'log'}")
    )
    with running(["xrdp", "-n", "-c", str(config)], listens=(HERE, port), log=tmp_path / "out"):
        assert (await service_at((HERE, port))).name == "rdp"


async def test_microsocks() -> None:
    port = free_port()
    with running(["microsocks", "-i", HERE, "-p", str(port)], listens=(HERE, port)):
        facts = await service_at((HERE, port))
    assert (facts.name, facts.extra) == ("socks", "no authentication")


async def test_chrony_and_snmpd(tmp_path: Path) -> None:
    ntp, snmp = free_port(), free_port()
    chrony = tmp_path / "chrony.conf"
    chrony.write_text(
        f"port {ntp}\nbindaddress {HERE}\nlocal stratum 10\nallow 127.0.0.0/8\ncmdport 0\nbindcmdaddress /\n"
        f"pidfile {tmp_path}/chronyd.pid\n"
    )
    snmpd = tmp_path / "snmpd.conf"
    snmpd.write_text(f"agentaddress udp:{HERE}:{snmp}\nrouser talaia\n")
    agent = ["snmpd", "-f", "-C", "-c", str(snmpd), "-Lo", "-p", str(tmp_path / "snmpd.pid")]
    with (
        running(["chronyd", "-d", "-x", "-u", "root", "-f", str(chrony)], log=tmp_path / "chrony.log"),
        running(agent, log=tmp_path / "snmpd.log", environment={"SNMP_PERSISTENT_DIR": str(tmp_path)}),
    ):
        servers.wait_for_udp(HERE, ntp)
        servers.wait_for_udp(HERE, snmp)
        assert (await service_at((HERE, ntp), transport=Transport.UDP)).name == "ntp"
        assert (await service_at((HERE, snmp), transport=Transport.UDP)).name == "snmp"


async def test_redis_in_protected_mode() -> None:
    """Its words to clients that are not on loopback (Redis 7, networking.c); on loopback the real one has none."""
    async with answering(b"", b"-DENIED Redis is running in protected mode because protected mode is enabled.\r\n") as port:
        assert (await service_at((HERE, port))).name == "redis"


@asynccontextmanager
async def answering(wanted: bytes, answer: bytes, *, stay: bool = False):  # type: ignore[no-untyped-def]
    """A server that gives ``answer`` once ``wanted`` begins what was sent (at once when it is empty), and else hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wanted and not (await reader.read(4096)).startswith(wanted):
            return
        writer.write(answer)
        await writer.drain()
        if stay:
            await reader.read()

    async with serving(handle) as port:
        yield port


AMQP_START = b"\x01\0\0\0\0\0\x50\0\x0a\0\x0a\0\x09\0\0\0\x30\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.10.8"
MONGO_REPLY = b"\x40\0\0\0\x07\0\0\0\1\0\0\0\1\0\0\0" + bytes(20) + b"\x1c\0\0\0\x08ismaster\0\1"
SMB_REPLY = b"\0\0\0\x40\xfeSMB\x40\0" + bytes(60)


@pytest.mark.parametrize(
    ("wanted", "answer", "name"),
    [
        (b"AMQP", AMQP_START, "amqp"),
        (b":\0\0\0\1\0\0\0", MONGO_REPLY, "mongodb"),
        (b"\0\0\0", SMB_REPLY, "smb"),
        (b"OPTIONS", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Camera/1.0\r\n\r\n", "rtsp"),
    ],
    ids=["amqp", "mongodb", "smb", "rtsp"],
)
async def test_what_debian_has_no_server_of(wanted: bytes, answer: bytes, name: str) -> None:
    async with answering(wanted, answer, stay=True) as port:
        assert (await service_at((HERE, port))).name == name


@pytest.mark.parametrize(("port", "name"), [(512, "exec"), (0, "unknown")])
async def test_rexec_by_its_words_and_its_port(port: int, name: str) -> None:
    """As rexecd of netkit-rsh 0.17 answered our question (Debian cannot have it beside rsh-redone); elsewhere it says nothing."""
    address = servers.own_address()

    async def rexecd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(4096):
            writer.write(b"\x01username too long\n")
        writer.close()

    server = await asyncio.start_server(rexecd, address, port)
    assert (await service_at((address, server.sockets[0].getsockname()[1]))).name == name
    server.close()


async def test_https_is_asked_by_tls_and_by_http_and_by_name(nginx: tuple[int, int]) -> None:
    endpoint = Endpoint(address=HERE, port=nginx[1], names=("prova.example",))
    (unit,) = look_units("prova", [endpoint])
    got = [item async for item in Probe(Door([loopback_zone()]), nmap=False).look(unit)]
    seen = {(item.scanner, item.target.name): item.outcome for item in got if item.scanner in ("service", "tls", "http")}
    wanted = {("service", None)} | {(scanner, name) for scanner in ("tls", "http") for name in (None, "prova.example")}
    assert seen == dict.fromkeys(wanted, Outcome.OBSERVED)


async def test_tls_that_the_library_cannot_speak() -> None:
    """A server that answers any hello with handshake_failure: TLS, and nothing more can be said."""
    async with answering(b"\x16\x03", b"\x15\x03\x00\x00\x02\x02\x28") as port:
        facts = await service_at((HERE, port))
    assert (facts.name, facts.tls) == ("unknown", True)


async def test_old_tls_only(tmp_path: Path) -> None:
    cert, key = servers.certificate(tmp_path)
    port = free_port()
    argv = ["openssl", "s_server", "-accept", f"{HERE}:{port}", "-cert", str(cert), "-key", str(key), "-tls1", "-www"]
    with running([*argv, "-cipher", "ALL:@SECLEVEL=0"], listens=(HERE, port), log=tmp_path / "log"):
        facts = await service_at((HERE, port))
    assert (facts.name, facts.tls) == ("http", True)


async def test_nobody_at_home() -> None:
    observation = await look((HERE, free_port()))
    assert observation.outcome is Outcome.CLOSED
    assert observation.facts is None


async def test_a_silent_port_and_one_that_hangs_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    for handler in (silent, hangs_up):
        async with serving(handler) as port:
            facts = await service_at((HERE, port), zone=loopback_zone(connections_per_host=8))
        assert (facts.name, facts.tls) == (None, None)


@pytest.mark.parametrize("port", [9100, 515, 502])
@pytest.mark.parametrize("hears", [b"", b"220 a printer that greets\r\n"])
async def test_printers_and_controllers_are_only_listened_to(port: int, hears: bytes) -> None:
    address, heard = servers.own_address(), bytearray()

    async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(hears)
        heard.extend(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(printer, address, port)
    for intrusiveness in Intrusiveness.NORMAL, Intrusiveness.DEEP:
        facts = await service_at((address, port), zone=loopback_zone(intrusiveness=intrusiveness))
        assert bytes(heard) == b""
        assert (facts.name, facts.presumed) == (("unknown", None) if hears else (None, LISTEN_ONLY[port]))
    server.close()


async def test_a_gentle_zone_is_asked_gently() -> None:
    """A greeting, a hello, HTTP: three connections and no more, one at a time."""
    open_now = most = count = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most, count
        open_now, count = open_now + 1, count + 1
        most = max(most, open_now)
        await reader.read()
        open_now -= 1

    async with serving(silent) as port:
        zone = loopback_zone(intrusiveness=Intrusiveness.GENTLE, connections_per_host=1)
        assert (await service_at((HERE, port), zone=zone)).name is None
    assert (most, count) == (1, 2)


def test_every_name_is_a_promised_one() -> None:
    asked = {item.name for item in (*DATAGRAMS, *QUESTIONS, *BSD_QUESTIONS.values())}
    assert asked <= SERVICE_NAMES
