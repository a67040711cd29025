"""Observations taken in per second, judging included: ``python -m benchmarks.ingest [--million] [--postgresql URL]``.

A host says seven things (sweep, three first looks, TLS, HTTP, SSH) and is judged by every rule of the library. Until a city of
50,000 hosts is known, two batches in three are hosts never seen before and the third sees again those seen longest ago; after
that every batch is hosts seen before. One host in fifty has been put in order when it is seen again. A batch is a transaction of
980 observations, committed to disk. Lines are Markdown for ``docs/performance.md``; on a machine that others use, believe the
column of our CPU.
"""

import argparse
import cProfile
import pstats
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector.ingest import Ingest, IngestSettings
from collector.migrations import migrate
from collector.store import open_store
from rules.rulebook import load_rules, our_rules
from scanners.observation import Facts, Observation, Outcome, Vantage
from scanners.protocols.http.facts import CookieFacts, HttpFacts
from scanners.protocols.ssh import HostKeyFacts, SshFacts
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.target import Target

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BATCH_HOSTS = 140
CITY_HOSTS = 50_000
STEPS = (10_000, 100_000)


def tls(host: int) -> TlsFacts:
    old = host % 3 == 0
    return TlsFacts(
        versions=("TLSv1.0", "TLSv1.2") if old else ("TLSv1.2", "TLSv1.3"),
        suites=("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA")[: 1 + old],
        suites_tls12=("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",),
        null_anon_export_suites=(),
        broken_suites=(),
        no_forward_secrecy_suites=("TLS_RSA_WITH_AES_128_CBC_SHA",) if old else (),
        cbc_suites_tls12=(),
        cbc_sha1_suites_tls12=(),
        groups=("x25519", "secp256r1"),
        ec_bits_min=256,
        server_preference=True,
        fallback_scsv=True,
        secure_renegotiation=True,
        client_renegotiation=False,
        compression=False,
        certificate=CertificateFacts(
            subject=f"CN=h{host}.example",
            issuer="CN=City CA",
            serial=f"{host:x}",
            sha256=f"{host:064x}",
            names=(f"h{host}.example",),
            not_before=START - timedelta(days=30),
            not_after=START + timedelta(days=60),
            validity_days=90.0,
            key_type="rsa",
            key_bits=3072,
            signature_hash="sha256",
            chain_signature_hashes=("sha256",),
            chain_length=2,
            self_signed=False,
            chain_complete=True,
            trusted=True,
            name_matches=True,
            wildcard=False,
            ocsp_stapled="absent",
            revocation_checkable=True,
        ),
    )


def http(host: int) -> HttpFacts:
    return HttpFacts(
        scheme="https",
        status=200,
        title="Inici",
        server="nginx",
        login_form=False,
        html=True,
        hsts_max_age=0 if host % 4 == 0 else 31_536_000,
        csp="default-src 'self'",
        csp_unsafe=(),
        frame_protected=True,
        x_content_type_options="nosniff",
        referrer_policy="no-referrer",
        permissions_policy="",
        cookies=(CookieFacts(name="sid", secure=True, http_only=True, same_site="lax", session=True),),
        cors_any_origin_with_credentials=False,
        directory_listing=(),
        webdav_open=(),
        exposed_vcs=(),
        exposed_backups=(),
        exposed_debug=(),
        heapdump_exposed=False,
        security_txt="valid",
        libraries=(),
        document_metadata=(),
        websocket=False,
    )


def ssh(host: int, scan: int) -> SshFacts:
    weak = host % 5 == 0 and (scan == 0 or host % 50 != 0)
    return SshFacts(
        protocol="2.0",
        software="OpenSSH_9.2p1",
        product="OpenSSH",
        version="9.2p1",
        kex_algorithms=("sntrup761x25519-sha512@openssh.com", "curve25519-sha256"),
        host_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
        ciphers=("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", *(("aes128-cbc",) if weak else ())),
        macs=("hmac-sha2-256-etm@openssh.com",),
        compression=("none",),
        host_keys=(HostKeyFacts(algorithm="ssh-ed25519", bits=256, sha256=f"SHA256:{host:043d}"),),
        rsa_bits_min=3072,
        auth_methods=("publickey",),
        none_accepted=False,
        strict_kex=True,
        terrapin=False,
    )


def host_looks(host: int, scan: int, at: datetime) -> Iterator[Observation]:
    """What one scan says of one host; ``scan`` 0 is the first."""
    address = f"10.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}"

    def look(scanner: str, port: int | None, facts: Facts) -> Observation:
        return Observation(
            id=uuid.uuid4().hex,
            zone="inside",
            vantage=Vantage.INTERNAL,
            target=Target(address=address, port=port),
            scanner=scanner,
            scanner_version="1",
            observed_at=at,
            outcome=Outcome.OBSERVED,
            facts=facts,
            evidence=b"x" * 300,
            evidence_sha256="0" * 64,
        )

    yield look("host", None, HostFacts(alive=True, tcp_open=(22, 443), tcp_closed="1-21,23-442,444-1023", tcp_covered="1-1023"))
    yield look("service", 22, ServiceFacts(name="ssh", tls=False, product="OpenSSH", version="9.2p1"))
    yield look("service", 443, ServiceFacts(name="http", tls=True, product="nginx"))
    yield look("ssh", 22, ssh(host, scan))
    yield look("tls", 443, tls(host))
    yield look("http", 443, http(host))
    yield look("service", 80, ServiceFacts(name="http", tls=False))


def city_scanned() -> Iterator[tuple[int, range]]:
    """Which scan of which hosts each batch is."""
    known = again = batch = 0
    while True:
        batch += 1
        if known < CITY_HOSTS and batch % 3:
            yield 0, range(known, known + BATCH_HOSTS)
            known += BATCH_HOSTS
        else:
            yield 1 + again // CITY_HOSTS, range(again % CITY_HOSTS, min(again % CITY_HOSTS + BATCH_HOSTS, known))
            again += BATCH_HOSTS


def measure(url: str, steps: tuple[int, ...], profile: bool) -> None:
    store = open_store(url)
    migrate(store)
    now = [START]
    ingest = Ingest(store, load_rules([our_rules()]), IngestSettings(clock=lambda: now[0] + timedelta(minutes=1)))
    batches, done, spent, cpu = city_scanned(), 0, 0.0, 0.0
    mark_count, mark_spent, mark_cpu = 0, 0.0, 0.0
    profiler = cProfile.Profile()
    for step in steps:
        while done < step:
            scan, hosts = next(batches)
            now[0] += timedelta(seconds=1)
            looks = [item for number in hosts for item in host_looks(number, scan, now[0])]
            began, began_cpu = time.perf_counter(), time.process_time()
            if profile:
                profiler.enable()
            ingest.take(looks)
            if profile:
                profiler.disable()
            spent += time.perf_counter() - began
            cpu += time.process_time() - began_cpu
            done += len(looks)
        rate = (done - mark_count) / (spent - mark_spent)
        rate_cpu = (done - mark_count) / (cpu - mark_cpu)
        print(f"| {store.dialect} | {done:,} | {rate:,.0f} | {done / spent:,.0f} | {rate_cpu:,.0f} |", flush=True)
        mark_count, mark_spent, mark_cpu = done, spent, cpu
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="go on to a million observations")
    parser.add_argument("--quick", action="store_true", help="stop at 10,000")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; without it only SQLite is measured")
    parser.add_argument("--no-sqlite", action="store_true")
    chosen = parser.parse_args()
    steps = STEPS[:1] if chosen.quick else (*STEPS, 1_000_000) if chosen.million else STEPS
    print("| store | observations | a second since the line above | a second in all | a second of our CPU |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        if not chosen.no_sqlite:
            measure(f"sqlite:///{Path(folder) / 'talaia.db'}", steps, chosen.profile)
        if chosen.postgresql:
            measure(chosen.postgresql, steps, chosen.profile)


if __name__ == "__main__":
    main()
