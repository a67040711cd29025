"""Which roots are trusted here, and whether a chain as sent leads to one of them."""

import re
import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import verification

from scanners.clean_text import clean_text

CHAIN_LIMIT = 16


@dataclass(frozen=True)
class TrustStore:
    """The roots of one PEM file. ``roots`` is empty when there is no such file: then nothing can be said of trust."""

    roots: tuple[x509.Certificate, ...] = ()

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        return next((root for root in self.roots if issued_by(certificate, root)), None)


def system_trust_store() -> Path | None:
    """The PEM file of this machine's roots; ``SSL_CERT_FILE`` names another one."""
    found = ssl.get_default_verify_paths()
    return Path(found.cafile) if found.cafile else None


def load_trust_store(path: Path | None = None, *further: Path) -> TrustStore:
    """Read the roots of ``path`` (PEM), by default the system's, and of ``further`` files (a city's own authorities).

    A file that is not there or cannot be read adds nothing.
    """
    path = path or system_trust_store()
    files = tuple(file for file in (path, *further) if file is not None and file.is_file())
    return _joined(files, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=4)
def _joined(files: tuple[Path, ...], changed: tuple[int, ...]) -> TrustStore:
    return TrustStore(tuple(root for file, when in zip(files, changed, strict=True) for root in _load(file, when).roots))


@lru_cache(maxsize=4)
def _load(path: Path, changed: int) -> TrustStore:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old roots with serials of zero
        try:
            return TrustStore(tuple(x509.load_pem_x509_certificates(path.read_bytes())))
        except ValueError:
            return TrustStore()


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the name and, where its algorithm is still spoken, the signature of ``issuer`` stand on ``certificate``."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return True  # SHA-1, MD5 or a key of another kind: the names agree, the library says no more
    return True


def is_self_signed(certificate: x509.Certificate) -> bool:
    return issued_by(certificate, certificate)


def is_complete(chain: Sequence[x509.Certificate], store: TrustStore) -> bool:
    """Whether every issuer but the root was sent, in whatever order. An issuer that nobody here knows counts as missing."""
    at, left = chain[0], list(chain[1:CHAIN_LIMIT])
    while True:
        if is_self_signed(at) or store.issuer_of(at):
            return True
        above = next((other for other in left if issued_by(at, other)), None)
        if above is None:
            return False
        left.remove(above)
        at = above


def trust_of(chain: Sequence[x509.Certificate], store: TrustStore, now: datetime) -> tuple[bool | None, str | None]:
    """Whether the chain as sent leads to a root of ``store``, and why not.

    Names are judged apart. So is the leaf's own date: an expired leaf is looked at as on its last day, because an issuer
    does not cease to be one. None when there are no roots to lead to.
    """
    if not store.roots:
        return None, "this machine has no trust store"
    leaf = chain[0]
    at = min(max(now, leaf.not_valid_before_utc + timedelta(seconds=1)), leaf.not_valid_after_utc - timedelta(seconds=1))
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(list(store.roots)))
        .time(at)
        .extension_policies(ca_policy=_AUTHORITY, ee_policy=verification.ExtensionPolicy.permit_all())
        .build_client_verifier()  # the one that asks for no name
    )
    try:
        verifier.verify(leaf, list(chain[1:CHAIN_LIMIT]))
    except (verification.VerificationError, ValueError, UnsupportedAlgorithm) as error:
        return False, clean_text(_DETAILS.sub("", str(error)), 200)
    return True, None


_DETAILS = re.compile(r": [A-Z][A-Za-z]* \{.*", re.DOTALL)  # the library's own structures mean nothing to people
_AUTHORITY = verification.ExtensionPolicy.permit_all().require_present(
    x509.BasicConstraints, verification.Criticality.AGNOSTIC, None
)
