"""Real data stores and platforms, in processes of their own on loopback, as context managers that yield (address, port)."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fetch_elasticsearch import cache
from tests.processes import free_port, running, wait_for_port
from tests.scanners.small_servers import HERE, Place, certificate

MONGO = "1.47.0"


@contextmanager
def memcached(folder: Path, *options: str, udp: bool = False) -> Iterator[Place]:
    port = free_port()
    (folder / "memcached.conf").write_text("mech_list: plain\n")  # for -S; no password is in its list
    argv = ["memcached", "-u", "nobody", "-l", HERE, "-p", str(port), "-m", "8", "-U", str(port if udp else 0), *options]
    environment = {"SASL_CONF_PATH": str(folder)}
    with running(argv, listens=(HERE, port), log=folder / "memcached.log", environment=environment):
        yield HERE, port


@contextmanager
def mosquitto(folder: Path, settings: str) -> Iterator[Place]:
    """PEM and KEY in ``settings`` are those of a certificate, HERE the folder."""
    port = free_port()
    cert, key = certificate(folder)
    config = folder / "mosquitto.conf"
    text = settings.replace("PEM", str(cert)).replace("KEY", str(key)).replace("HERE", str(folder))
    config.write_text(f"listener {port} {HERE}\nuser root\npersistence false\n{text}")
    with running(["mosquitto", "-c", str(config)], listens=(HERE, port), log=folder / "mosquitto.log"):
        yield HERE, port


def _mongo_jars() -> Path:
    """A folder with MongoDB's in-memory server in Java and all it needs, from Maven Central: Debian 12 has no MongoDB."""
    folder = cache() / f"mongo-java-server-{MONGO}"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        pom = folder / "pom.xml"
        pom.write_text(
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>t</groupId>'
            "<artifactId>t</artifactId><version>1</version><dependencies><dependency><groupId>de.bwaldvogel</groupId>"
            f"<artifactId>mongo-java-server</artifactId><version>{MONGO}</version></dependency></dependencies></project>"
        )
        argv = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=600)
        (folder / "done").touch()
    return folder


_MONGO_MAIN = """
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
public class Main {
    public static void main(String[] arguments) throws Exception {
        new MongoServer(new MemoryBackend()).bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Thread.sleep(600000);
    }
}
"""


@contextmanager
def mongodb(folder: Path) -> Iterator[Place]:
    port = free_port()
    main = folder / "Main.java"
    main.write_text(_MONGO_MAIN)
    argv = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{_mongo_jars()}/*", str(main), str(port)]
    with running(argv, listens=(HERE, port), log=folder / "mongo.log", timeout_seconds=240):
        yield HERE, port


@contextmanager
def etcd(folder: Path, *, users: bool = False) -> Iterator[Place]:
    """One node; with ``users`` authentication is on, through its own API."""
    port, peer = free_port(), free_port()
    url, other = f"http://{HERE}:{port}", f"http://{HERE}:{peer}"
    argv = ["etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", url, "--advertise-client-urls", url]
    argv += ["--listen-peer-urls", other, "--initial-advertise-peer-urls", other, "--initial-cluster", f"default={other}"]
    with running([*argv, "--unsafe-no-fsync"], listens=(HERE, port), log=folder / "etcd.log"):
        wait_for_page(f"{url}/health")
        if users:
            for path, body in (
                ("user/add", {"name": "root", "password": "prova"}),
                ("role/add", {"name": "root"}),
                ("user/grant", {"user": "root", "role": "root"}),
                ("enable", {}),
            ):
                wait_for_page(f"{url}/v3/auth/{path}", body)
        yield HERE, port


@contextmanager
def influxdb(folder: Path, *, users: bool) -> Iterator[Place]:
    port, backup = free_port(), free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "{HERE}:{backup}"\n[meta]\n  dir = "{folder}/meta"\n[data]\n'
        f'  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n[http]\n  bind-address = "{HERE}:{port}"\n'
        f"  auth-enabled = {str(users).lower()}\n"
    )
    with running(["influxd", "-config", str(config)], listens=(HERE, port), log=folder / "influxdb.log"):
        yield HERE, port


@contextmanager
def prometheus(folder: Path, *, users: bool = False) -> Iterator[Place]:
    port = free_port()
    config, web = folder / "prometheus.yml", folder / "web.yml"
    config.write_text("global: {scrape_interval: 1h}\n")
    # bcrypt of a word that nobody knows
    web.write_text("basic_auth_users: {admin: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay}\n" if users else "")
    argv = ["prometheus", f"--config.file={config}", f"--web.config.file={web}", f"--storage.tsdb.path={folder}/tsdb"]
    with running([*argv, f"--web.listen-address={HERE}:{port}"], listens=(HERE, port), log=folder / "prometheus.log"):
        wait_for_page(f"http://{HERE}:{port}/-/ready", accept=401)
        yield HERE, port


@contextmanager
def registry(folder: Path, *, users: bool = False) -> Iterator[Place]:
    port = free_port()
    config, passwords = folder / "registry.yml", folder / "htpasswd"
    passwords.write_text("admin:$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay\n")
    auth = f"auth: {{htpasswd: {{realm: registry, path: {passwords}}}}}\n" if users else ""
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/images}}}}\nhttp: {{addr: '{HERE}:{port}'}}\n{auth}"
    )
    with running(["docker-registry", "serve", str(config)], listens=(HERE, port), log=folder / "registry.log"):
        yield HERE, port


@contextmanager
def podman(folder: Path) -> Iterator[Place]:
    """Podman's service: the same API as Docker's, by its own hand."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="podman-", dir="/tmp") as short:  # it takes no path of over 50 characters
        argv = ["podman", "--root", f"{short}/root", "--runroot", f"{short}/run", "--storage-driver", "vfs", "--cgroup-manager"]
        argv += ["cgroupfs", "--events-backend", "file", "system", "service", "--time=0", f"tcp:{HERE}:{port}"]
        with running(argv, listens=(HERE, port), log=folder / "podman.log"):
            yield HERE, port


@contextmanager
def zookeeper(folder: Path) -> Iterator[Place]:
    port = free_port()
    config = folder / "zoo.cfg"
    config.write_text(f"dataDir={folder / 'zookeeper'}\nclientPort={port}\nclientPortAddress={HERE}\nadmin.enableServer=false\n")
    jars = "/etc/zookeeper/conf:/usr/share/java/zookeeper.jar"
    argv = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", jars, "org.apache.zookeeper.server.quorum.QuorumPeerMain"]
    with running([*argv, str(config)], listens=(HERE, port), log=folder / "zookeeper.log", timeout_seconds=240):
        yield HERE, port


@contextmanager
def rabbitmq(folder: Path) -> Iterator[tuple[Place, Place]]:
    """A broker with its management. Yields the places of AMQP and of the management."""
    amqp, web, distribution, mapper = free_port(), free_port(), free_port(), free_port()
    home = folder / "rabbit"
    home.mkdir()
    (home / "plugins").write_text("[rabbitmq_management].")
    (home / "rabbitmq.conf").write_text(
        f"listeners.tcp.default = {HERE}:{amqp}\nmanagement.tcp.ip = {HERE}\nmanagement.tcp.port = {web}\n"
    )
    environment = {
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"talaia{amqp}@localhost",
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": HERE,
    }
    argv = [shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or "rabbitmq-server"]
    # The port mapper is ours as well: started by the node it would outlive it.
    with (
        running(["epmd", "-address", HERE, "-port", str(mapper)], listens=(HERE, mapper), log=folder / "epmd.log"),
        running(argv, listens=(HERE, web), log=folder / "rabbit.log", environment=environment, timeout_seconds=240),
    ):
        wait_for_page(f"http://{HERE}:{web}/api/overview", accept=401)  # the broker itself listens after its management
        wait_for_port(HERE, amqp)
        yield (HERE, amqp), (HERE, web)


def wait_for_page(url: str, body: dict[str, Any] | None = None, *, accept: int = 200, timeout_seconds: float = 120.0) -> None:
    """Return when ``url`` answers with 200 (or ``accept``); ``TimeoutError`` when it does not in time."""
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
    deadline = time.monotonic() + timeout_seconds
    said: object = None
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except urllib.error.HTTPError as error:
            if error.code == accept:
                return
            said = error
        except OSError as error:
            said = error
        time.sleep(0.05)
    raise TimeoutError(f"{url}: {said}")
