"""Data stores and platforms: Redis in TLS, Memcached, MQTT, etcd, InfluxDB and Prometheus, open to anybody and not.

What they say is real: each is Debian's own server.
"""

import subprocess

from tests.city.host import WEB_BARE, Host
from tests.city.servers import GOOD_TLS, Command, Yard, headers, nginx

_BCRYPT = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"  # of a word that nobody kept
_PASSWORD = "not-in-any-word-list"


def _memcached(yard: Yard, *options: str) -> list[Command]:
    yard.write("memcached.conf", "mech_list: plain\n")
    sasl = f"SASL_CONF_PATH={yard.folder}"
    return [["env", sasl, "memcached", "-u", "nobody", "-l", yard.address, "-m", "4", "-t", "1", *options]]


def open_memcached(yard: Yard) -> list[Command]:
    """Over UDP as well: the reflector of 2018."""
    return _memcached(yard, "-U", "11211")


def good_memcached(yard: Yard) -> list[Command]:
    return _memcached(yard, "-U", "0", "-S")


def _mosquitto(yard: Yard, settings: str) -> list[Command]:
    path = yard.write("mosquitto.conf", f"user root\npersistence false\n{settings}")
    return [["mosquitto", "-c", str(path)]]


def open_mosquitto(yard: Yard) -> list[Command]:
    return _mosquitto(yard, f"listener 1883 {yard.address}\nallow_anonymous true\n")


def good_mosquitto(yard: Yard) -> list[Command]:
    """In TLS, for who has a password."""
    pem = yard.certificate()
    users = yard.write("users", f"sensor:{_PASSWORD}\n", mode=0o600)
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True, capture_output=True)
    tls = f"certfile {pem}\nkeyfile {pem}\ntls_version tlsv1.2\nciphers ECDHE+AESGCM:ECDHE+CHACHA20\n"
    return _mosquitto(yard, f"listener 8883 {yard.address}\nallow_anonymous false\npassword_file {users}\n{tls}")


def good_redis(yard: Yard) -> list[Command]:
    """In TLS only, with a password."""
    pem = str(yard.certificate())
    tls = ["--tls-port", "6380", "--tls-cert-file", pem, "--tls-key-file", pem, "--tls-auth-clients", "no", "--port", "0"]
    tls += ["--tls-protocols", "TLSv1.2 TLSv1.3", "--tls-ciphers", "ECDHE+AESGCM:ECDHE+CHACHA20", "--tls-session-caching", "no"]
    common = ["redis-server", "--bind", yard.address, "--dir", str(yard.folder), "--save", "", "--requirepass", _PASSWORD]
    return [[*common, *tls, "--tls-prefer-server-ciphers", "yes"]]


def open_etcd(yard: Yard) -> list[Command]:
    client, peer = f"http://{yard.address}:2379", "http://127.0.0.1:2380"
    argv = ["etcd", "--data-dir", str(yard.folder / "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client]
    argv += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
    return [[*argv, "--unsafe-no-fsync"]]


def good_etcd(yard: Yard) -> list[Command]:
    """For who brings a certificate of the city's authority."""
    pem, client, peer = str(yard.certificate()), f"https://{yard.address}:2379", "http://127.0.0.1:2380"
    argv = ["etcd", "--data-dir", str(yard.folder / "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client]
    argv += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
    argv += ["--cert-file", pem, "--key-file", pem, "--client-cert-auth", "--trusted-ca-file", str(yard.authority.path)]
    suites = ("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
    return [[*argv, "--unsafe-no-fsync", "--cipher-suites", ",".join(f"TLS_{suite}" for suite in suites)]]


def open_influxdb(yard: Yard) -> list[Command]:
    path = yard.write(
        "influxdb.conf",
        f'reporting-disabled = true\nbind-address = "127.0.0.1:8088"\n[meta]\n  dir = "{yard.folder}/meta"\n[data]\n'
        f'  dir = "{yard.folder}/data"\n  wal-dir = "{yard.folder}/wal"\n[http]\n  bind-address = "{yard.address}:8086"\n'
        "  auth-enabled = false\n",
    )
    return [["influxd", "-config", str(path)]]


def _prometheus(yard: Yard, listens: str) -> Command:
    config = yard.write("prometheus.yml", "global: {scrape_interval: 1h}\n")
    return ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={yard.folder}/tsdb", f"--web.listen-address={listens}"]


def open_prometheus(yard: Yard) -> list[Command]:
    return [_prometheus(yard, f"{yard.address}:9090")]


def good_prometheus(yard: Yard) -> list[Command]:
    """On loopback, behind a web server that speaks TLS and asks for a password."""
    pem = yard.certificate()
    users = yard.write("htpasswd", f"admin:{_BCRYPT}\n")
    proxy = f'auth_basic "metrics"; auth_basic_user_file {users}; location / {{ proxy_pass http://127.0.0.1:9099; }}\n'
    server = f"server {{ listen {yard.address}:9443 ssl; server_tokens off; ssl_certificate {pem}; ssl_certificate_key {pem};\n"
    return [_prometheus(yard, "127.0.0.1:9099"), *nginx(yard, f"{server}{GOOD_TLS}{headers()}{proxy} }}\n")]


HOSTS: tuple[Host, ...] = (
    Host("10.77.3.40", "memoria", open_memcached, (11211,), {11211: "AMP-002 DB-004"}),
    Host("10.77.3.41", "sensors", open_mosquitto, (1883,), {1883: "IOT-001"}),
    Host("10.77.3.42", "cluster", open_etcd, (2379,), {2379: "DB-005 WEB-001 WEB-012"}),
    Host("10.77.3.43", "mesures", open_influxdb, (8086,), {8086: "DB-006 WEB-001 WEB-012"}),
    Host("10.77.3.44", "grafics", open_prometheus, (9090,), {9090: f"DB-009 WEB-001 WEB-012 {WEB_BARE}"}),
    Host("10.77.4.40", "memoria-bona", good_memcached, (11211,), {}, "procedures"),
    Host("10.77.4.41", "sensors-bons", good_mosquitto, (8883,), {}, "sensors"),
    Host("10.77.4.42", "cua-xifrada", good_redis, (6380,), {}, "procedures"),
    Host("10.77.4.43", "grafics-bons", good_prometheus, (9443,), {}, "workplace"),
    Host("10.77.4.45", "cluster-bo", good_etcd, (2379,), {}, "procedures"),
    Host("10.77.4.44", "sensors-oberts", open_mosquitto, (1883,), {1883: "IOT-001"}, "sensors"),
)
