"""What sslscan and testssl.sh say of the same servers. Both are given a loopback address and told to ask nobody else."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from scanners.protocols.tls.facts import TlsFacts
from scanners.protocols.tls.suites import SUITES
from scanners.zone import Intrusiveness
from tests.scanners.tls import servers
from tests.scanners.tls.asking import facts
from tests.scanners.tls.authority import good_leaf, intermediate

MIXED = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0; ssl_prefer_server_ciphers on;"
FEW = (
    "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; "
    "ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0;"
)


def sslscan(port: int, *options: str) -> ElementTree.Element:
    argv = ["sslscan", "--xml=-", "--show-certificate", "--sni-name=sede.example", *options, f"127.0.0.1:{port}"]
    said = subprocess.run(argv, capture_output=True, timeout=120, check=True).stdout
    found = ElementTree.fromstring(said).find("ssltest")
    assert found is not None
    return found


def versions_of(scan: ElementTree.Element) -> tuple[str, ...]:
    names = {"ssl2": "SSLv2", "ssl3": "SSLv3"}
    spoken = [f"{one.get('type')}{one.get('version')}" for one in scan.findall("protocol") if one.get("enabled") == "1"]
    return tuple(names.get(name, name.replace("tls", "TLSv")) for name in spoken)


def suites_of(scan: ElementTree.Element, version: str | None = None) -> set[str]:
    wanted = [one for one in scan.findall("cipher") if version in (None, one.get("sslversion"))]
    return {SUITES[int(one.get("id", ""), 16)] for one in wanted}


def groups_of(scan: ElementTree.Element) -> set[str]:
    """Its names in the manner of the registry: it writes ``NIST P-256`` and ``secp256r1 (NIST P-256)``."""
    return {one.get("name", "").split(" (")[0].lower() for one in scan.findall("group")}


def same_certificate(scan: ElementTree.Element, seen: TlsFacts) -> None:
    told = scan.find("certificates/certificate")
    ours = seen.certificate
    assert told is not None
    assert ours is not None
    assert told.findtext("subject") == "/CN=sede.example"
    assert told.findtext("issuer") == "/CN=City Issuing"
    assert f"{ours.signature_hash}With{str(ours.key_type).upper()}Encryption" in str(told.findtext("signature-algorithm"))
    key = told.find("pk")
    assert key is not None
    assert (str(key.get("type")).lower(), int(key.get("bits", "0"))) == (ours.key_type, ours.key_bits)
    blob = x509.load_pem_x509_certificate(str(told.findtext("certificate-blob")).strip().encode())
    assert blob.fingerprint(hashes.SHA256()).hex() == ours.sha256
    assert ours.not_after is not None
    until = datetime.strptime(str(told.findtext("not-valid-after")), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    assert until == ours.not_after


async def test_sslscan_sees_the_same_of_nginx(tmp_path: Path) -> None:
    with servers.nginx(tmp_path, good_leaf(), MIXED + "return 204;", [intermediate()]) as port:
        scan, seen = sslscan(port), await facts(port, level=Intrusiveness.DEEP)
    assert versions_of(scan) == seen.versions
    assert suites_of(scan) == set(seen.suites or ())
    assert suites_of(scan, "TLSv1.2") == set(seen.suites_tls12 or ())
    assert {"secp256r1", "x25519"} <= groups_of(scan) <= {re.sub("tls13$", "", name).lower() for name in seen.groups or ()}
    renegotiation = scan.find("renegotiation")
    assert renegotiation is not None
    assert (renegotiation.get("secure") == "1") is seen.secure_renegotiation
    assert {one.get("vulnerable") for one in scan.findall("heartbleed")} == {"0"}
    assert seen.heartbleed is False
    same_certificate(scan, seen)


async def test_sslscan_sees_the_same_versions_of_a_server_with_ssl3(tmp_path: Path) -> None:
    with servers.tlslite(tmp_path, good_leaf()) as port:
        scan, seen = sslscan(port, "--no-groups", "--no-heartbleed"), await facts(port)
    assert versions_of(scan) == seen.versions
    assert suites_of(scan) == set(seen.suites or ())


def ask_testssl(port: int, folder: Path) -> dict[str, str]:
    """Its findings by id. No DNS, nobody phoned, protocols, preference and fallback only."""
    out = folder / "testssl.json"
    argv = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "-p", "-P", "-Z", "-R"]
    subprocess.run([*argv, "--jsonfile", str(out), f"127.0.0.1:{port}"], capture_output=True, timeout=240, check=False)
    return {one["id"]: one["finding"] for one in json.loads(out.read_text())}


def standard_names(openssl_names: str) -> set[str]:
    said = subprocess.run(["openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], capture_output=True, check=True)
    names = {line.split()[2]: line.split()[0] for line in said.stdout.decode().splitlines()}
    return {names[name] for name in openssl_names.split()}


async def test_testssl_sees_the_same_of_nginx(tmp_path: Path) -> None:
    with servers.nginx(tmp_path, good_leaf(), FEW + "return 204;", [intermediate()]) as port:
        told, seen = ask_testssl(port, tmp_path), await facts(port)
    ids = {"SSLv2": "SSLv2", "SSLv3": "SSLv3", "TLS1": "TLSv1.0", "TLS1_1": "TLSv1.1", "TLS1_2": "TLSv1.2", "TLS1_3": "TLSv1.3"}
    assert tuple(ours for theirs, ours in ids.items() if told[theirs].startswith("offered")) == seen.versions
    assert told["cipher_order"].startswith("server") is seen.server_preference
    order = {name: standard_names(said) for name, said in told.items() if name.startswith("cipherorder_")}
    assert set().union(*order.values()) == set(seen.suites or ())
    assert order["cipherorder_TLSv1_2"] == set(seen.suites_tls12 or ())
    assert told["secure_renego"].startswith("supported") is seen.secure_renegotiation
    assert told["secure_client_renego"].startswith("not vulnerable") is not seen.client_renegotiation
