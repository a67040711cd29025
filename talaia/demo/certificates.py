"""Keys and certificates of the demo city, made anew at each start."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Wish:
    """What a server's certificate should be like. ``days_left`` may be negative (expired); ``rsa_bits`` 0 means P-256."""

    names: tuple[str, ...]
    days_left: int = 90
    validity_days: int = 180
    rsa_bits: int = 0
    self_signed: bool = False


class Authority:
    """The city's own certificate authority (RFC 5280)."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder = folder
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vilamar City CA")])
        self.certificate = self._sign(
            self._name, self._key, self._name, self._key, start=now - timedelta(days=300), days=3650, names=()
        )
        self.path = folder / "city-ca.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, wish: Wish) -> Path:
        """A PEM file with key, certificate and nothing else; returns its path."""
        key: Key = _rsa(wish.rsa_bits) if wish.rsa_bits else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wish.names[0])])
        ends = self._now + timedelta(days=wish.days_left)
        start = ends - timedelta(days=wish.validity_days)
        issuer, signer = (subject, key) if wish.self_signed else (self._name, self._key)
        certificate = self._sign(subject, key, issuer, signer, start=start, days=wish.validity_days, names=wish.names)
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        path.chmod(0o600)
        return path

    def _sign(
        self,
        subject: x509.Name,
        key: Key,
        issuer: x509.Name,
        signer: Key,
        *,
        start: datetime,
        days: int,
        names: tuple[str, ...],
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .add_extension(_usage(authority=not names), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            builder = builder.add_extension(_revocation_list(), critical=False)
        return builder.sign(signer, hashes.SHA256())


def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _revocation_list() -> x509.CRLDistributionPoints:
    where = x509.UniformResourceIdentifier("http://crl.vilamar.example/city-ca.crl")
    return x509.CRLDistributionPoints([x509.DistributionPoint([where], None, None, None)])
