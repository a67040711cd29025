"""A full TLS look against sslyze, testssl.sh and sslscan: what each finds on the same servers, and in what time.

    python -m benchmarks.tls [--only talaia,sslyze,testssl,sslscan] [--rounds 1] [--sslyze VENV]

Three real servers on loopback: nginx with every suite of its OpenSSL from TLS 1.0 to 1.3, tlslite-ng from SSLv3 to TLS 1.3, and
Java's JSSE with export, DES, RC4 and anonymous suites. The tools take turns on each server. Ours is a deep look in a process of
its own, started like theirs. A suite is missed when the server says it has it, or when any tool found it, and this one did not.
sslyze lives in a virtual environment of its own (another ``cryptography`` than ours), made in a temporary folder with pip
unless ``--sslyze`` names one. Prints Markdown. No packet leaves loopback, but for pip's.
"""

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from scanners.door import Door
from scanners.protocols.tls import SCANNER
from scanners.protocols.tls.suites import SUITES
from scanners.scanner import Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness, Zone
from tests.scanners.tls import servers
from tests.scanners.tls.authority import good_leaf, intermediate

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
ANSWERS = (
    *("server_preference", "fallback_scsv", "secure_renegotiation", "client_renegotiation", "compression"),
    *("heartbleed", "robot", "ccs_injection", "certificate", "dh_bits_min"),
)


@dataclass
class Told:
    """What one tool said of one server. ``answers`` holds only what it gave an answer to."""

    versions: set[str] = field(default_factory=set)
    suites: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    answers: dict[str, Any] = field(default_factory=dict)


def run(argv: list[str]) -> bytes:
    return subprocess.run(argv, capture_output=True, timeout=900, check=False, cwd=ROOT).stdout


def talaia(port: int, folder: Path) -> Told:
    facts = json.loads(run([sys.executable, "-m", "benchmarks.tls", "--look", str(port)]))
    answers = {name: facts[name] for name in ANSWERS if name != "certificate" and facts[name] is not None}
    answers["certificate"] = facts["certificate"]["sha256"]
    return Told(set(facts["versions"]), set(facts["suites"]), set(facts["groups"]), answers)


async def look(port: int) -> bytes:
    today = datetime.now(UTC).date()
    zone = Zone(
        id="loopback",
        networks=("127.0.0.1/32",),  # type: ignore[arg-type]
        authorised_by="benchmark",
        valid_from=date(2020, 1, 1),
        valid_until=today + timedelta(days=1),
        packets_per_second=1_000_000,
        intrusiveness=Intrusiveness.DEEP,
    )
    occasion = Occasion(door=Door([zone]), zone=zone, service=ServiceFacts(tls=True))
    seen = await SCANNER.look(Target(address="127.0.0.1", port=port, name="sede.example"), occasion)
    return msgspec.json.encode(seen.facts)


class Sslyze:
    """Its commands for the same questions."""

    COMMANDS = "certinfo sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3 compression heartbleed robot openssl_ccs reneg fallback"

    def __init__(self, python: Path) -> None:
        self.python = python

    def __call__(self, port: int, folder: Path) -> Told:
        out = folder / "sslyze.json"
        commands = [f"--{name}" for name in (*self.COMMANDS.split(), "elliptic_curves")]
        run([str(self.python), "-m", "sslyze", f"--json_out={out}", "--sni=sede.example", *commands, f"127.0.0.1:{port}"])
        scan = json.loads(out.read_text())["server_scan_results"][0]["scan_result"]
        results = {name: one["result"] for name, one in scan.items() if one["status"] == "COMPLETED"}
        told = Told()
        for name, version in zip(("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"), VERSIONS, strict=True):
            accepted = results.get(f"{name}_cipher_suites", {"accepted_cipher_suites": ()})["accepted_cipher_suites"]
            if accepted:
                told.versions.add(version)
            for one in accepted:
                told.suites.add(one["cipher_suite"]["name"])
                self._key(told, one.get("ephemeral_key") or {})
        told.groups = {one["name"] for one in results.get("elliptic_curves", {}).get("supported_curves") or ()}
        self._answers(told, results)
        return told

    @staticmethod
    def _key(told: Told, key: dict[str, Any]) -> None:
        if key.get("type_name") == "DH":
            told.answers["dh_bits_min"] = min(key["size"], told.answers.get("dh_bits_min", 1 << 20))

    @staticmethod
    def _answers(told: Told, results: dict[str, Any]) -> None:
        for name, command, key in (
            ("fallback_scsv", "tls_fallback_scsv", "supports_fallback_scsv"),
            ("secure_renegotiation", "session_renegotiation", "supports_secure_renegotiation"),
            ("client_renegotiation", "session_renegotiation", "is_vulnerable_to_client_renegotiation_dos"),
            ("compression", "tls_compression", "supports_compression"),
            ("heartbleed", "heartbleed", "is_vulnerable_to_heartbleed"),
            ("ccs_injection", "openssl_ccs_injection", "is_vulnerable_to_ccs_injection"),
        ):
            if command in results:
                told.answers[name] = results[command][key]
        if "robot" in results:
            told.answers["robot"] = not results["robot"]["robot_result"].startswith("NOT_VULNERABLE")
        deployments = results.get("certificate_info", {}).get("certificate_deployments") or ()
        for one in deployments[:1]:
            told.answers["certificate"] = fingerprint(one["received_certificate_chain"][0]["as_pem"])


def fingerprint(pem: str) -> str:
    return x509.load_pem_x509_certificate(pem.strip().encode()).fingerprint(hashes.SHA256()).hex()


def sslscan(port: int, folder: Path) -> Told:
    argv = ["sslscan", "--xml=-", "--show-certificate", "--sni-name=sede.example", f"127.0.0.1:{port}"]
    scan = ElementTree.fromstring(run(argv)).find("ssltest")
    assert scan is not None
    kinds = {("ssl", "2"): "SSLv2", ("ssl", "3"): "SSLv3"}
    spoken = [(str(one.get("type")), str(one.get("version"))) for one in scan.findall("protocol") if one.get("enabled") == "1"]
    told = Told({kinds.get(one, f"TLSv{one[1]}") for one in spoken})
    told.suites = {SUITES.get(int(one.get("id", "0"), 16), str(one.get("id"))) for one in scan.findall("cipher")}
    told.groups = {str(one.get("name")).split(" (")[0] for one in scan.findall("group")}
    told.answers["heartbleed"] = any(one.get("vulnerable") == "1" for one in scan.findall("heartbleed"))
    for tag, name in (("fallback", "fallback_scsv"), ("compression", "compression")):
        found = scan.find(tag)
        if found is not None and found.get("supported") is not None:
            told.answers[name] = found.get("supported") == "1"
    renegotiation = scan.find("renegotiation")
    if renegotiation is not None:
        told.answers["secure_renegotiation"] = renegotiation.get("secure") == "1"
    bits = [int(one.get("dhebits", "0")) for one in scan.findall("cipher") if one.get("dhebits")]
    if bits:
        told.answers["dh_bits_min"] = min(bits)
    pem = scan.findtext("certificates/certificate/certificate-blob")
    if pem:
        told.answers["certificate"] = fingerprint(pem)
    return told


def testssl(port: int, folder: Path) -> Told:
    """A whole default run, as an auditor starts it. ``-E`` lists the suites a version."""
    out = folder / "testssl.json"
    out.unlink(missing_ok=True)
    argv = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--jsonfile", str(out)]
    run([*argv, *["-p", "-P", "-S", "-f", "-E", "-H", "-I", "-BB", "-R", "-C", "-Z"], f"127.0.0.1:{port}"])
    found = {one["id"].split(" ")[0]: one["finding"] for one in json.loads(out.read_text())}
    ids = ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")
    told = Told({ours for theirs, ours in zip(ids, VERSIONS, strict=True) if found.get(theirs, "").startswith("offered")})
    names = set(SUITES.values())
    for name, said in found.items():
        if name.startswith("cipher-"):
            told.suites |= names & set(said.split())
    told.groups = set(" ".join(said for name, said in found.items() if name.startswith(("FS_ECDHE", "PFS_ECDHE"))).split())
    flaws = {"heartbleed": "heartbleed", "robot": "ROBOT", "ccs_injection": "CCS", "compression": "CRIME_TLS"}
    for name, theirs in flaws.items():
        if theirs in found:
            told.answers[name] = not found[theirs].startswith(("not vulnerable", "not having"))
    if "secure_renego" in found:
        told.answers["secure_renegotiation"] = found["secure_renego"].startswith("supported")
    if "secure_client_renego" in found:
        told.answers["client_renegotiation"] = not found["secure_client_renego"].startswith("not vulnerable")
    if "fallback_SCSV" in found and not found["fallback_SCSV"].startswith("no fallback"):
        told.answers["fallback_scsv"] = found["fallback_SCSV"].startswith("supported")
    if "cipher_order" in found:
        told.answers["server_preference"] = found["cipher_order"].startswith("server")
    suites = " ".join(said for name, said in found.items() if name.startswith("cipher-"))
    bits = re.findall(r"\bDHE?\D{0,3}(\d{3,4})\b", suites)
    if bits:
        told.answers["dh_bits_min"] = min(map(int, bits))
    sha = found.get("cert_fingerprintSHA256")
    if sha:
        told.answers["certificate"] = sha.lower()
    return told


@dataclass
class Served:
    """One server, and what is known of it beforehand."""

    name: str
    port: int
    versions: set[str]
    suites: set[str]
    answers: dict[str, Any]


_SOUND = {"compression": False, "heartbleed": False, "robot": False, "ccs_injection": False, "secure_renegotiation": True}


@contextmanager
def nginx(folder: Path) -> Iterator[Served]:
    settings = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0; return 204;"
    known = _SOUND | {"server_preference": False, "fallback_scsv": True, "client_renegotiation": False}
    with servers.nginx(folder, good_leaf(), settings, [intermediate()]) as port:
        yield Served("nginx", port, set(VERSIONS[2:]), set(), known)


@contextmanager
def tlslite(folder: Path) -> Iterator[Served]:
    known = _SOUND | {"server_preference": True, "fallback_scsv": True, "client_renegotiation": False, "dh_bits_min": 2048}
    with servers.tlslite(folder, good_leaf()) as port:
        yield Served("tlslite-ng", port, set(VERSIONS[1:]), set(), known)


@contextmanager
def jsse(folder: Path) -> Iterator[Served]:
    known = _SOUND | {"server_preference": True, "fallback_scsv": False, "client_renegotiation": True, "dh_bits_min": 512}
    with servers.jsse(folder, good_leaf()) as (port, said):
        mine = {re.sub("^SSL_", "TLS_", name) for name in said if not re.search("ECDSA|_DSS_|ECDH_RSA|_DH_RSA|KRB5|SCSV", name)}
        yield Served("JSSE", port, set(VERSIONS[1:]), mine, known)


def scored(served: Served, told: dict[str, Told]) -> list[str]:
    """Markdown rows: found of what there is, for each tool."""
    suites = served.suites or set().union(*(one.suites for one in told.values()))
    expected = served.answers | {"certificate": good_leaf().certificate.fingerprint(hashes.SHA256()).hex()}
    rows = []
    for tool, one in told.items():
        right = {name for name, value in expected.items() if one.answers.get(name) == value}
        silent = {name for name in expected if name not in one.answers}
        wrong = set(expected) - right - silent
        missed = [f"{what}: {', '.join(sorted(names))}" for what, names in (("silent", silent), ("wrong", wrong)) if names]
        counts = f"{len(one.versions & served.versions)}/{len(served.versions)} | {len(one.suites & suites)}/{len(suites)}"
        answers = f"{len(one.groups)} | {len(right)}/{len(expected)} | {'; '.join(missed) or '-'}"
        rows.append(f"| {served.name} | {tool} | {counts} | {answers} |")
    return rows


def sslyze_python(folder: Path) -> Path:
    environment = folder / "sslyze"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([str(environment / "bin" / "pip"), "install", "--quiet", "sslyze"], check=True)
    return environment / "bin" / "python"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="talaia,sslyze,testssl,sslscan")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sslyze", type=Path, help="a virtual environment that holds it")
    parser.add_argument("--look", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.look:
        sys.stdout.buffer.write(asyncio.run(look(arguments.look)))
        return
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), arguments.only.split(","), arguments.rounds, arguments.sslyze)


def compare(folder: Path, wanted: list[str], rounds: int, environment: Path | None) -> None:
    tools: dict[str, Callable[[int, Path], Told]] = {"talaia": talaia, "testssl": testssl, "sslscan": sslscan}
    if "sslyze" in wanted:
        tools["sslyze"] = Sslyze(environment / "bin" / "python" if environment else sslyze_python(folder))
    seconds: dict[tuple[str, str], list[float]] = {}
    print("| server | tool | versions | suites | groups | answers | missed |\n|---|---|---|---|---|---|---|", flush=True)
    for start in (nginx, tlslite, jsse):
        place = folder / start.__name__
        place.mkdir()
        with start(place) as served:
            told: dict[str, Told] = {}
            talaia(served.port, place)  # a virtual machine that has to warm up shall cost nobody
            for turn in range(rounds):
                for tool in wanted[turn % len(wanted) :] + wanted[: turn % len(wanted)]:
                    began = time.perf_counter()
                    told[tool] = tools[tool](served.port, folder)
                    seconds.setdefault((served.name, tool), []).append(time.perf_counter() - began)
            print("\n".join(scored(served, told)), flush=True)
    print("\n| server | tool | median s | ratio to ours |\n|---|---|---|---|")
    for (server, tool), times in seconds.items():
        ours = statistics.median(seconds.get((server, "talaia"), times))
        print(f"| {server} | {tool} | {statistics.median(times):.2f} | {statistics.median(times) / ours:.1f} |")


if __name__ == "__main__":
    main()
