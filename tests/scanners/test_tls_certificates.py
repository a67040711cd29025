"""Certificates and chains: trust, completeness, names, stapling, and bytes that are no certificate."""

import ipaddress
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.protocols.tls.certificate import NAMES_LIMIT, UNPARSABLE, Sent, certificate_facts, key_of, stapled_status
from scanners.protocols.tls.facts import CertificateFacts
from scanners.protocols.tls.names import name_matches
from scanners.protocols.tls.trust import TrustStore, load_trust_store, system_trust_store, trust_of
from tests.scanners.looking import NOW
from tests.scanners.tls import servers
from tests.scanners.tls.asking import facts
from tests.scanners.tls.authority import (
    Held,
    dsa_key,
    ec_key,
    good_leaf,
    intermediate,
    issue,
    root,
    rsa_key,
    store_file,
)

STORE = TrustStore((root().certificate,))


def of(
    *chain: Held | bytes, asked: str | None = "sede.example", store: TrustStore = STORE, staple: bytes | None = None
) -> CertificateFacts:
    ders = tuple(one.der if isinstance(one, Held) else one for one in chain)
    return certificate_facts(Sent(ders, staple), asked=asked, store=store, now=NOW)


def test_a_good_chain() -> None:
    seen = of(good_leaf(), intermediate())
    assert (seen.subject, seen.issuer) == ("CN=sede.example", "CN=City Issuing")
    assert (seen.trusted, seen.trust_error, seen.chain_complete, seen.self_signed) == (True, None, True, False)
    assert (seen.key_type, seen.key_bits, seen.signature_hash) == ("rsa", 2048, "sha256")
    assert (seen.chain_length, seen.chain_signature_hashes) == (2, ("sha256", "sha256"))
    assert (seen.name_matches, seen.wildcard, seen.unparsable) == (True, True, False)
    assert (seen.ocsp_stapled, seen.revocation_checkable) == ("absent", True)
    assert seen.not_before == NOW - timedelta(days=30)
    assert seen.validity_days == 90


def test_a_root_that_is_sent_too_is_no_part_of_the_signatures() -> None:
    seen = of(good_leaf(), intermediate(), root())
    assert (seen.chain_length, seen.chain_signature_hashes, seen.trusted) == (3, ("sha256", "sha256"), True)


def test_an_incomplete_chain_is_neither_complete_nor_trusted() -> None:
    seen = of(good_leaf())
    assert (seen.chain_complete, seen.trusted) == (False, False)
    assert seen.trust_error


def test_order_and_strangers_in_a_chain_do_no_harm() -> None:
    other = issue("Other", rsa_key(2048, 3), authority=True)
    assert of(good_leaf(), other, b"garbage", intermediate()).trusted is True


def test_a_self_signed_leaf() -> None:
    seen = of(issue("sede.example", rsa_key()))
    assert (seen.self_signed, seen.trusted, seen.chain_complete) == (True, False, True)
    assert seen.names == ("sede.example",)  # the common name, because there is no subjectAltName


def test_another_authority_with_the_same_name_is_not_trusted() -> None:
    false_root = issue("City Root", rsa_key(2048, 3), authority=True)
    seen = of(issue("sede.example", rsa_key(), false_root), false_root)
    assert (seen.trusted, seen.self_signed) == (False, False)


def test_a_leaf_that_plays_authority_is_not_believed() -> None:
    assert of(issue("sede.example", ec_key(), good_leaf()), good_leaf(), intermediate()).trusted is False


def test_an_expired_leaf_is_judged_by_its_dates_not_by_its_trust() -> None:
    seen = of(issue("sede.example", rsa_key(), intermediate(), start=NOW - timedelta(days=200), days=100), intermediate())
    assert seen.trusted is True
    assert seen.not_after is not None
    assert seen.not_after < NOW


def test_an_expired_issuer_is_not_trusted() -> None:
    old = issue("Old Issuing", rsa_key(2048, 3), root(), authority=True, start=NOW - timedelta(days=100), days=50)
    assert of(issue("sede.example", rsa_key(), old), old).trusted is False


def test_without_roots_nothing_is_said_of_trust() -> None:
    assert of(good_leaf(), intermediate(), store=TrustStore()).trusted is None


@pytest.mark.parametrize(
    ("leaf", "key_type", "bits", "curve", "digest"),
    [
        (lambda: issue("a", rsa_key(1024)), "rsa", 1024, None, "sha256"),
        (lambda: issue("a", ec_key(ec.SECP192R1)), "ec", 192, "secp192r1", "sha256"),
        (lambda: issue("a", ec_key(ec.BrainpoolP384R1)), "ec", 384, "brainpoolP384r1", "sha256"),
        (lambda: issue("a", dsa_key()), "dsa", 2048, None, "sha256"),
        (lambda: issue("a", ec_key(), digest=hashes.SHA512()), "ec", 256, "secp256r1", "sha512"),
    ],
)
def test_keys_and_signatures(leaf: object, key_type: str, bits: int, curve: str | None, digest: str) -> None:
    assert callable(leaf)
    seen = of(leaf())
    assert (seen.key_type, seen.key_bits, seen.curve, seen.signature_hash) == (key_type, bits, curve, digest)


@pytest.mark.parametrize(("curve", "bits"), [("secp160r1", 160), ("secp112r1", 112), ("sect163k1", 163)])
def test_a_key_on_a_curve_that_the_library_refuses(tmp_path: Path, curve: str, bits: int) -> None:
    out = tmp_path / "old.der"
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-nodes", "-subj", "/CN=a"]
    subprocess.run(
        [*argv, "-keyout", str(tmp_path / "key"), "-outform", "DER", "-out", str(out)], check=True, capture_output=True
    )
    key = key_of(x509.load_der_x509_certificate(out.read_bytes()))
    assert key == ("ec", bits, curve)


def test_why_a_chain_is_not_trusted_is_told_in_words(tmp_path: Path) -> None:
    """The library puts the structure of the certificate into its sentence."""
    pem, key, out = tmp_path / "root.pem", tmp_path / "root.key", tmp_path / "leaf.der"
    run = lambda *argv: subprocess.run(["openssl", *argv], check=True, capture_output=True)  # noqa: E731
    made = ("-newkey", "rsa:2048", "-nodes", "-subj")
    run("req", "-x509", *made, "/CN=Old Root", "-keyout", str(key), "-out", str(pem))
    run("req", *made, "/CN=a", "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "csr"))
    (tmp_path / "ext").write_text("subjectAltName=DNS:a\nauthorityKeyIdentifier=keyid\n")
    run_with = ("-extfile", str(tmp_path / "ext"))
    signed = (*run_with, "-CA", str(pem), "-CAkey", str(key), "-sha1", "-CAcreateserial", "-outform", "DER", "-out", str(out))
    run("x509", "-req", "-in", str(tmp_path / "csr"), *signed)
    trusted, why = trust_of([x509.load_der_x509_certificate(out.read_bytes())], load_trust_store(pem), NOW)
    assert trusted is False
    assert why
    assert "{" not in why, why


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_old_signatures_of_openssl(tmp_path: Path, digest: str) -> None:
    """The library signs no such thing any more; OpenSSL still does."""
    out = tmp_path / "old.der"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=old", "-days", "30", "-outform", "DER"]
    subprocess.run([*made, f"-{digest}", "-keyout", str(tmp_path / "key"), "-out", str(out)], check=True, capture_output=True)
    seen = of(out.read_bytes())
    assert (seen.signature_hash, seen.self_signed, seen.key_bits) == (digest, True, 1024)


@pytest.mark.parametrize(
    ("asked", "names", "matches"),
    [
        ("sede.example", ["sede.example"], True),
        ("SEDE.example", ["sede.EXAMPLE."], True),
        ("www.sede.example", ["*.sede.example"], True),
        ("sede.example", ["*.sede.example"], False),
        ("a.www.sede.example", ["*.sede.example"], False),
        ("www.example", ["w*.example"], False),
        ("example", ["*.example"], False),
        ("www.example", ["*"], False),
        ("www.city.example", ["www.*.example"], False),
        ("192.0.2.1", ["192.0.2.1"], True),
        ("192.0.2.1", ["*.0.2.1"], False),
        ("2001:db8::1", ["2001:0db8:0::1"], True),
        ("xn--plaa-1oa.example", ["xn--plaa-1oa.example"], True),
        ("sede.example", [], False),
    ],
)
def test_names(asked: str, names: list[str], matches: bool) -> None:
    assert name_matches(asked, names) is matches


def test_addresses_are_names_and_no_name_asked_is_unknown() -> None:
    leaf = issue("a", rsa_key(), names=[x509.IPAddress(ipaddress.ip_address("2001:db8::1")), x509.DNSName("a.example")])
    seen = of(leaf, asked=None)
    assert seen.names == ("a.example", "2001:db8::1")
    assert (seen.name_matches, seen.wildcard) == (None, False)


@pytest.mark.parametrize(
    ("leaf", "checkable"),
    [
        (lambda: issue("a", rsa_key(), intermediate()), False),
        (lambda: issue("a", rsa_key(), intermediate(), ocsp="http://ocsp.example/"), True),
        (lambda: issue("a", rsa_key(), intermediate(), crl="http://crl.example/a.crl"), True),
        (lambda: issue("a", rsa_key(), intermediate(), days=7), True),
        (lambda: issue("a", rsa_key(), intermediate(), days=8), False),
    ],
)
def test_whether_revocation_can_be_checked(leaf: object, checkable: bool) -> None:
    assert callable(leaf)
    assert of(leaf()).revocation_checkable is checkable


def staple(leaf: Held, status: ocsp.OCSPCertStatus, *, days: float = 7, of_leaf: Held | None = None) -> bytes:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=(of_leaf or leaf).certificate,
        issuer=intermediate().certificate,
        algorithm=hashes.SHA1(),
        cert_status=status,
        this_update=NOW - timedelta(days=10),
        next_update=NOW + timedelta(days=days),
        revocation_time=NOW - timedelta(days=1) if revoked else None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, intermediate().certificate).sign(
        intermediate().key, hashes.SHA256()
    )
    return signed.public_bytes(Encoding.DER)


def test_stapled_answers() -> None:
    leaf, good, revoked = good_leaf(), ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
    assert stapled_status(staple(leaf, good), leaf.certificate, NOW) == "good"
    assert stapled_status(staple(leaf, revoked), leaf.certificate, NOW) == "revoked"
    assert stapled_status(staple(leaf, good, days=-1), leaf.certificate, NOW) == "unknown"
    assert stapled_status(staple(leaf, good, of_leaf=issue("b", rsa_key(), intermediate())), leaf.certificate, NOW) == "unknown"
    assert stapled_status(b"garbage", leaf.certificate, NOW) == "unknown"
    assert stapled_status(None, leaf.certificate, NOW) == "absent"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("status", [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED])
async def test_a_real_server_staples_and_sends_its_chain(tmp_path: Path, version: str, status: ocsp.OCSPCertStatus) -> None:
    path = tmp_path / "staple.der"
    path.write_bytes(staple(good_leaf(), status))
    with servers.openssl(tmp_path, good_leaf(), version, "-status_file", str(path), chain=[intermediate()]) as port:
        seen = (await facts(port, store=store_file(tmp_path))).certificate
    assert seen is not None
    assert (seen.ocsp_stapled, seen.revocation_checkable) == (status.name.lower(), True)
    assert (seen.trusted, seen.chain_complete, seen.chain_length, seen.name_matches) == (True, True, 2, True)


async def test_a_real_server_with_an_incomplete_chain_and_another_name(tmp_path: Path) -> None:
    with servers.nginx(tmp_path, good_leaf(), "return 204;") as port:
        seen = (await facts(port, store=store_file(tmp_path), name="padro.example")).certificate
    assert seen is not None
    assert (seen.trusted, seen.chain_complete, seen.chain_length, seen.name_matches) == (False, False, 1, False)


def test_ten_thousand_names_are_judged_and_few_are_kept() -> None:
    """Reliability finding H4."""
    names = [x509.DNSName(f"host{number}.city.example") for number in range(10_000)]
    seen = of(issue("many", rsa_key(), names=[*names, x509.DNSName("sede.example")]))
    assert seen.name_matches is True
    assert len(seen.names or ()) == NAMES_LIMIT


def with_serial(held: Held, serial: bytes) -> bytes:
    """The certificate with other bytes for its serial number, of the same length."""
    number = held.certificate.serial_number
    own = number.to_bytes((number.bit_length() + 8) // 8, "big")
    assert held.der.count(own) == 1
    return held.der.replace(own, serial[:1] + own[1:])


def test_a_negative_serial_is_no_valid_certificate() -> None:
    assert of(with_serial(good_leaf(), b"\xff")) == UNPARSABLE


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_der_makes_it_raise(data: st.DataObject) -> None:
    der = bytearray(good_leaf().der)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(der) - 1))
        der[at] = data.draw(st.integers(0, 255))
    seen = of(bytes(der), bytes(der), staple=bytes(der))
    assert seen == UNPARSABLE or seen.unparsable is False


@given(st.binary(max_size=200))
def test_random_bytes_are_unparsable(der: bytes) -> None:
    assert of(der) == UNPARSABLE


def test_the_trust_store_is_the_systems_or_the_one_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store_file(tmp_path)
    assert load_trust_store(path).roots == (root().certificate,)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert system_trust_store() == path
    assert load_trust_store().roots == (root().certificate,)
    assert load_trust_store(tmp_path / "missing.pem") == TrustStore()
    path.write_text("no certificate at all")
    assert load_trust_store(path) == TrustStore()
