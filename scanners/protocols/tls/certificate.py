"""What a certificate says of itself, and a chain of its leaf (RFC 5280). Whatever the bytes are, there is an answer."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from scanners.clean_text import clean_text
from scanners.protocols.tls.facts import CertificateFacts
from scanners.protocols.tls.names import name_matches
from scanners.protocols.tls.trust import CHAIN_LIMIT, TrustStore, is_complete, is_self_signed, trust_of

NAMES_LIMIT = 1000
SHORT_LIVED = timedelta(days=7)
UNPARSABLE = CertificateFacts(unparsable=True)


@dataclass(frozen=True)
class Sent:
    """What the server sent: DER certificates, leaf first, and the DER of a stapled OCSP answer."""

    certificates: tuple[bytes, ...]
    ocsp: bytes | None = None


def certificate_facts(sent: Sent, *, asked: str | None, store: TrustStore, now: datetime) -> CertificateFacts:
    """The facts of the leaf and its chain at the aware time ``now``; ``asked`` is the name the service was asked by."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library grumbles at what it will refuse one day
            return _facts(sent, asked, store, now)
    except Exception:  # noqa: BLE001 - a stranger's DER: whatever it makes the library do, it is no valid certificate
        return UNPARSABLE


def _facts(sent: Sent, asked: str | None, store: TrustStore, now: datetime) -> CertificateFacts:
    leaf = x509.load_der_x509_certificate(sent.certificates[0])
    chain = [leaf, *_readable(sent.certificates[1:CHAIN_LIMIT])]
    if leaf.serial_number < 0:
        raise ValueError("a serial number is positive (RFC 5280, 4.1.2.2)")
    names, lived = names_of(leaf), leaf.not_valid_after_utc - leaf.not_valid_before_utc
    stapled = stapled_status(sent.ocsp, leaf, now)
    self_signed = is_self_signed(leaf)
    trusted, trust_error = trust_of(chain, store, now)
    key_type, key_bits, curve = key_of(leaf)
    above = [other for other in chain[1:] if not is_self_signed(other)]
    return CertificateFacts(
        subject=clean_text(leaf.subject.rfc4514_string(), 500),
        issuer=clean_text(leaf.issuer.rfc4514_string(), 500),
        serial=f"{leaf.serial_number:X}",
        sha256=leaf.fingerprint(hashes.SHA256()).hex(),
        names=tuple(clean_text(name, 255) for name in names[:NAMES_LIMIT]),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        validity_days=lived / timedelta(days=1),
        key_type=key_type,
        key_bits=key_bits,
        curve=curve,
        signature_hash=signature_hash(leaf),
        chain_signature_hashes=tuple(signature_hash(one) for one in ([leaf, *above])),
        chain_length=len(sent.certificates),
        self_signed=self_signed,
        chain_complete=is_complete(chain, store),
        trusted=trusted,
        trust_error=trust_error,
        name_matches=name_matches(asked, names) if asked else None,
        wildcard=any(name.startswith("*.") for name in names),
        ocsp_stapled=stapled,
        revocation_checkable=stapled != "absent" or lived <= SHORT_LIVED or _names_revocation(leaf),
        unparsable=False,
    )


def _readable(certificates: Sequence[bytes]) -> Iterator[x509.Certificate]:
    """Those above the leaf that are certificates; what is none leads nowhere and is left out."""
    for der in certificates:
        try:
            yield x509.load_der_x509_certificate(der)
        except ValueError:
            continue


def names_of(leaf: x509.Certificate) -> list[str]:
    """The DNS and IP names of subjectAltName; the common names where there is no such extension."""
    try:
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [str(attribute.value) for attribute in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    addresses = [str(address) for address in alternative.get_values_for_type(x509.IPAddress)]
    return [*alternative.get_values_for_type(x509.DNSName), *addresses]


def key_of(leaf: x509.Certificate) -> tuple[str | None, int | None, str | None]:
    """The key's type, its size in bits and its curve; all None for a key that cannot be read."""
    try:
        key = leaf.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return _old_curve(leaf.tbs_certificate_bytes)
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", key.key_size, None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ec", key.key_size, key.curve.name
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", 256, None
    if isinstance(key, ed448.Ed448PublicKey):
        return "ed448", 456, None
    if isinstance(key, dsa.DSAPublicKey):
        return "dsa", key.key_size, None
    return None, None, None


# Curves that no library of today reads: the object identifiers (SEC 2, appendix A) in DER, their names and sizes in bits.
_EC_KEY = bytes.fromhex("06072a8648ce3d0201")
_OLD_CURVES = {
    bytes.fromhex(oid): (name, bits)
    for oid, name, bits in (
        ("06082a8648ce3d030101", "secp192r1", 192),
        ("06052b8104001f", "secp192k1", 192),
        ("06052b81040021", "secp224r1", 224),
        ("06052b81040020", "secp224k1", 224),
        ("06052b81040008", "secp160r1", 160),
        ("06052b8104001e", "secp160r2", 160),
        ("06052b81040009", "secp160k1", 160),
        ("06052b81040006", "secp112r1", 112),
        ("06052b8104001c", "secp128r1", 128),
        ("06052b8104000f", "sect163r2", 163),
        ("06052b81040001", "sect163k1", 163),
        ("06052b8104001a", "sect233k1", 233),
        ("06052b8104001b", "sect233r1", 233),
    )
}


def _old_curve(tbs: bytes) -> tuple[str | None, int | None, str | None]:
    """Type, size and curve of a key on a curve that the library refuses; all None when it is no such curve."""
    _, found, after = tbs.partition(_EC_KEY)
    known = next((curve for oid, curve in _OLD_CURVES.items() if found and after.startswith(oid)), None)
    return ("ec", known[1], known[0]) if known else (None, None, None)


_PURE = {"1.3.101.112": "sha512", "1.3.101.113": "shake256", "1.2.840.113549.1.1.2": "md2", "1.2.840.113549.1.1.3": "md4"}


def signature_hash(certificate: x509.Certificate) -> str:
    """The hash that was signed; of EdDSA the one inside (RFC 8032). The dotted OID for what is not known."""
    oid = certificate.signature_algorithm_oid.dotted_string
    try:
        used = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        used = None
    return used.name if used else _PURE.get(oid, oid)


def _names_revocation(leaf: x509.Certificate) -> bool:
    """Whether the certificate names an OCSP responder or a CRL. Neither is fetched: those hosts are in no zone."""
    for extension in leaf.extensions:
        if isinstance(extension.value, x509.CRLDistributionPoints):
            return True
        if isinstance(extension.value, x509.AuthorityInformationAccess) and any(
            one.access_method == AuthorityInformationAccessOID.OCSP for one in extension.value
        ):
            return True
    return False


def stapled_status(answer: bytes | None, leaf: x509.Certificate, now: datetime) -> str:
    """What the stapled OCSP answer says of ``leaf``: good, revoked, unknown (also out of date, or of another), or absent."""
    if answer is None:
        return "absent"
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return "unknown"
        return _status(list(response.responses), leaf, now)
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"


def _status(responses: Sequence[ocsp.OCSPSingleResponse], leaf: x509.Certificate, now: datetime) -> str:
    for one in responses:
        late = one.next_update_utc is not None and one.next_update_utc < now
        if one.serial_number == leaf.serial_number and not late:
            return one.certificate_status.name.lower()
    return "unknown"
