"""A certificate authority for tests: a root, an intermediate and leaves of any quality, valid around ``looking.NOW``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.scanners.looking import NOW

SHA256 = hashes.SHA256()


@dataclass(frozen=True)
class Held:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def write(self, folder: Path, name: str, chain: Sequence["Held"] = ()) -> tuple[Path, Path]:
        """PEM files of the chain, leaf first, and of the key."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in (self, *chain)))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key

    def write_pkcs12(self, path: Path, password: str) -> Path:
        sealed = pkcs12.serialize_key_and_certificates(
            b"leaf", self.key, self.certificate, None, BestAvailableEncryption(password.encode())
        )
        path.write_bytes(sealed)
        return path


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """A key of ``bits`` bits, made once a test run; ``number`` tells keys of one size apart."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(2048)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def issue(
    subject: str,
    key: Any,
    issuer: Held | None = None,
    *,
    names: Sequence[x509.GeneralName] = (),
    authority: bool = False,
    start: datetime = NOW - timedelta(days=30),
    days: float = 90,
    ocsp: str | None = None,
    crl: str | None = None,
    digest: Any = SHA256,
) -> Held:
    """A certificate for ``subject``, by ``issuer`` or by itself."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(issuer.certificate.subject if issuer else named(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    if ocsp:
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    if crl:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    signer = issuer.key if issuer else key
    return Held(builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else digest), key)


@cache
def root() -> Held:
    return issue("City Root", rsa_key(2048, 1), authority=True, start=NOW - timedelta(days=400), days=4000)


@cache
def intermediate() -> Held:
    return issue("City Issuing", rsa_key(2048, 2), root(), authority=True, start=NOW - timedelta(days=400), days=2000)


@cache
def good_leaf() -> Held:
    """For sede.example and *.city.example, by the intermediate."""
    names = [x509.DNSName("sede.example"), x509.DNSName("*.city.example")]
    return issue("sede.example", rsa_key(), intermediate(), names=names, crl="http://crl.example/city.crl")


def store_file(folder: Path) -> Path:
    """A trust store that holds the root alone."""
    path = folder / "roots.pem"
    path.write_bytes(root().certificate.public_bytes(Encoding.PEM))
    return path
