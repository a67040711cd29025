"""Verdicts per second and core, beside other CEL libraries: ``python -m benchmarks.rules [--seconds 2]``.

Ours is :meth:`Rulebook.judge` as the collector calls it: activation, one evaluation a rule, and the Verdict with its observed and
expected values. The peers evaluate the same compiled expressions of the same rules over the same facts and build nothing.
Every peer must give the same results, or its line says how many differ. One process, one thread, processor time,
best of five. Markdown.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import cel
import celpy
import celpy.celtypes

from rules.compiling import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, activation, ready, state_text
from rules.context import AssetFacts, EndpointFacts
from rules.judging import values_seen
from rules.loading import read_rules
from rules.parameters import literals, values_of
from rules.rulebook import Rulebook, our_rules
from rules.verdict import Result
from rules.versions import version_below
from scanners.observation import Facts
from scanners.protocols.http.facts import CookieFacts, HttpFacts, LibraryFacts
from scanners.protocols.ssh.facts import HostKeyFacts, SshFacts
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts
from scanners.service_facts import ServiceFacts

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ENDPOINT = EndpointFacts(
    address="192.0.2.10",
    port=443,
    transport="tcp",
    name="seu.example.cat",
    names=("seu.example.cat",),
    vantage="internet",
    exposure="internet",
    observed_at=NOW,
)
ASSET = AssetFacts(in_inventory=True, owner="a", department="b", ens_category="ALTA", authorised_ports=(80, 443), days_unseen=0.0)
RESULTS = {NOT_APPLICABLE: Result.NOT_APPLICABLE, PASS: Result.PASS, FAIL: Result.FAIL, UNKNOWN: Result.UNKNOWN}

TLS = TlsFacts(
    versions=("TLSv1.0", "TLSv1.2", "TLSv1.3"),
    suites=("TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    suites_tls12=("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    null_anon_export_suites=(),
    broken_suites=(),
    no_forward_secrecy_suites=("TLS_RSA_WITH_AES_128_CBC_SHA",),
    cbc_suites_tls12=("TLS_RSA_WITH_AES_128_CBC_SHA",),
    cbc_sha1_suites_tls12=("TLS_RSA_WITH_AES_128_CBC_SHA",),
    ec_bits_min=253,
    server_preference=True,
    fallback_scsv=True,
    secure_renegotiation=True,
    compression=False,
    certificate=CertificateFacts(
        subject="CN=seu.example.cat",
        issuer="CN=R11",
        sha256="0" * 64,
        names=("seu.example.cat", "www.example.cat"),
        not_before=NOW - timedelta(days=10),
        not_after=NOW + timedelta(days=80),
        validity_days=90.0,
        key_type="rsa",
        key_bits=2048,
        chain_signature_hashes=("sha256", "sha256"),
        self_signed=False,
        chain_complete=True,
        trusted=True,
        name_matches=True,
        wildcard=False,
        ocsp_stapled="absent",
        revocation_checkable=True,
    ),
)
HTTP = HttpFacts(
    scheme="https",
    status=200,
    html=True,
    hsts_max_age=31_536_000,
    csp="default-src 'self'",
    csp_unsafe=(),
    frame_protected=True,
    x_content_type_options="nosniff",
    referrer_policy="no-referrer",
    permissions_policy="",
    cookies=(CookieFacts(name="PHPSESSID", secure=True, http_only=True, same_site="", session=True),),
    cors_any_origin_with_credentials=False,
    directory_listing=(),
    webdav_open=(),
    exposed_vcs=(),
    exposed_backups=(),
    exposed_debug=(),
    heapdump_exposed=False,
    admin_panel="",
    default_page="",
    security_txt="missing",
    version_disclosed="nginx/1.22.1",
    libraries=(LibraryFacts(name="jquery", version="1.12.4"), LibraryFacts(name="bootstrap", version="5.3.3")),
    unclaimed="",
)
SSH = SshFacts(
    protocol="2.0",
    software="OpenSSH_9.2p1",
    product="OpenSSH",
    version="9.2p1",
    kex_algorithms=(
        "sntrup761x25519-sha512@openssh.com",
        "curve25519-sha256",
        "ecdh-sha2-nistp256",
        "diffie-hellman-group16-sha512",
    ),
    host_key_algorithms=("rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"),
    ciphers=("chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes256-gcm@openssh.com"),
    macs=("umac-64-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", "hmac-sha1"),
    host_keys=(HostKeyFacts(algorithm="ssh-ed25519", bits=256, sha256="SHA256:a"),),
    auth_methods=("publickey", "password"),
    strict_kex=True,
    terrapin=False,
)
LOOKS: tuple[Facts, ...] = (TLS, HTTP, SSH, ServiceFacts(name="https", tls=True, said_by="probe"))


@dataclass(frozen=True)
class Look:
    """One observation for the peers: the expressions of its rules, the values by dotted name, and what we say of it."""

    kind: str
    texts: tuple[str, ...]
    values: Mapping[str, Any]
    verdicts: tuple[Result, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of processor time for each line")
    seconds = parser.parse_args().seconds
    began = time.process_time()
    checks, disabled = read_rules([our_rules()], "modern")
    loaded = time.process_time() - began
    rulebook = Rulebook("modern", checks, disabled)
    looks = [look_of(rulebook, facts) for facts in LOOKS]
    expected = [look.verdicts for look in looks]

    print(f"Loaded, checked and proved {len(rulebook.rules)} rules in {loaded:.2f} s.\n")
    print("| facts | rules | verdicts/s | µs a look |\n|---|--:|--:|--:|")
    for facts, look in zip(LOOKS, looks, strict=True):
        rate = per_second(lambda one=facts: rulebook.judge(one, ENDPOINT, ASSET), seconds)  # type: ignore[misc]
        print(f"| {look.kind} | {len(look.texts)} | {rate * len(look.texts):,.0f} | {1e6 / rate:.0f} |")

    print("\n| all four looks | verdicts/s | ratio | results |\n|---|--:|--:|---|")
    total = sum(len(look.texts) for look in looks)
    engines: dict[str, Callable[[], list[tuple[Result, ...]]]] = {
        "Talaia: judge(), verdicts explained": lambda: [
            tuple(verdict.result for verdict in rulebook.judge(facts, ENDPOINT, ASSET)) for facts in LOOKS
        ],
        "cel-expr-python (C++), expressions only": official(looks),
        "common-expression-language (Rust), expressions only": rust(looks),
        "cel-python (pure Python), expressions only": pure(looks),
    }
    first = 0.0
    for name, run in engines.items():
        rate = per_second(run, seconds) * total
        first = first or rate
        differ = sum(
            one != two for mine, theirs in zip(expected, run(), strict=True) for one, two in zip(mine, theirs, strict=True)
        )
        print(f"| {name} | {rate:,.0f} | {rate / first:.3f} | {'the same' if not differ else f'{differ} of {total} differ'} |")


def per_second(run: Callable[[], object], seconds: float) -> float:
    """How often ``run`` is done in a second of processor time: the best of five rounds, since other work only ever takes away."""
    run()
    best = 0.0
    for _ in range(5):
        rounds, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds / 5:
            run()
            rounds += 1
        best = max(best, rounds / spent)
    return best


def look_of(rulebook: Rulebook, facts: Facts) -> Look:
    kind = facts.kind
    checks = rulebook._checks[kind]
    values = values_seen(rulebook._sources[kind], {"endpoint": ENDPOINT, "asset": ASSET, kind: facts})
    texts = tuple(state_text(check, literals(check.rule, values_of(check.rule, "modern", {}))) for check in checks)
    return Look(kind, texts, values, tuple(verdict.result for verdict in rulebook.judge(facts, ENDPOINT, ASSET)))


def official(looks: list[Look]) -> Callable[[], list[tuple[Result, ...]]]:
    checks, _ = read_rules([our_rules()], "modern")
    programs = {
        look.kind: [
            ready(check, values_of(check.rule, "modern", {})).state for check in checks if check.check.judges == look.kind
        ]
        for look in looks
    }

    def run() -> list[tuple[Result, ...]]:
        found = []
        for look in looks:
            seen = activation(look.kind, look.values)
            states = [program.eval(seen).value() for program in programs[look.kind]]
            found.append(tuple(RESULTS[state] if type(state) is int else Result.UNKNOWN for state in states))
        return found

    return run


def rust(looks: list[Look]) -> Callable[[], list[tuple[Result, ...]]]:
    programs = [(look, [cel.compile(text) for text in look.texts]) for look in looks]

    def judged(program: Any, context: Any) -> Result:
        try:
            return RESULTS[program.execute(context)]
        except (KeyError, RuntimeError, ValueError, TypeError):
            return Result.UNKNOWN

    def run() -> list[tuple[Result, ...]]:
        found = []
        for look, compiled in programs:
            context = cel.Context(variables=nested(look), functions={"version_below": version_below})
            found.append(tuple(judged(program, context) for program in compiled))
        return found

    return run


def pure(looks: list[Look]) -> Callable[[], list[tuple[Result, ...]]]:
    environment = celpy.Environment()
    functions = {"version_below": lambda version, floor: celpy.celtypes.BoolType(version_below(str(version), str(floor)))}
    programs = [
        (look, [environment.program(environment.compile(text), functions=functions) for text in look.texts]) for look in looks
    ]

    def judged(program: Any, context: Any) -> Result:
        try:
            return RESULTS[int(program.evaluate(context))]
        except (celpy.CELEvalError, KeyError, TypeError, ValueError):
            return Result.UNKNOWN

    def run() -> list[tuple[Result, ...]]:
        found = []
        for look, compiled in programs:
            context = {name: typed(value) for name, value in nested(look).items()}
            found.append(tuple(judged(program, context) for program in compiled))
        return found

    return run


def typed(value: Any) -> Any:
    """A value as cel-python takes it."""
    if isinstance(value, datetime):
        return celpy.celtypes.TimestampType(value)
    if isinstance(value, dict):
        return celpy.celtypes.MapType({celpy.celtypes.StringType(key): typed(item) for key, item in value.items()})
    if isinstance(value, list):
        return celpy.celtypes.ListType([typed(item) for item in value])
    kinds: dict[type, Callable[[Any], Any]] = {
        bool: celpy.celtypes.BoolType,
        int: celpy.celtypes.IntType,
        float: celpy.celtypes.DoubleType,
        str: celpy.celtypes.StringType,
    }
    return kinds[type(value)](value)


def nested(look: Look) -> dict[str, Any]:
    """``{"tls.versions": …}`` as ``{"tls": {"versions": …}}``."""
    roots: dict[str, Any] = {"given": {}, "endpoint": {}, "asset": {}, look.kind: {}}
    for name, value in look.values.items():
        *parents, last = name.split(".")
        place = roots
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return roots


if __name__ == "__main__":
    main()
