"""DANE for mail: the TLSA records of each mail host, held against the certificate that it really shows (RFC 6698, RFC 7672)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.rdatatype
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.door import RefusedByScope
from scanners.protocols.mail_domain.answers import Answers
from scanners.protocols.tls.attempt import Attempts, Budget, GivenUp
from scanners.protocols.tls.first import first_handshake
from scanners.resolver import records_of
from scanners.scanner import Occasion
from scanners.target import AddressError, Target
from scanners.wire import ProtocolError

SMTP = 25
HOSTS = 8
_BUDGET = Budget(connections=6, seconds=12.0, handshake_seconds=5.0)
_AUTHORITY, _LEAF = 2, 3  # the only usages of mail (RFC 7672 3.1)


@dataclass
class Dane:
    """Mail hosts by what their TLSA records are worth; each list is None where it could not be told of some host."""

    missing: list[str] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    records_known: bool = True
    signatures_known: bool = True
    matches_known: bool = True


async def dane_of(hosts: Sequence[str], answers: Answers, occasion: Occasion) -> Dane:
    dane = Dane()
    for host in hosts[:HOSTS]:
        answer = await answers.to(f"_{SMTP}._tcp.{host}", "TLSA", dnssec=True)
        if answer is None:
            dane.records_known = dane.signatures_known = dane.matches_known = False
            continue
        records = [record for record in records_of(answer, "TLSA") if record.usage in (_AUTHORITY, _LEAF)]
        if not records:
            dane.missing.append(host)
            continue
        if not answer.flags & dns.flags.AD:
            if any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in answer.answer):
                dane.signatures_known = False  # signed, and a resolver that does not check: nobody vouches yet
            else:
                dane.unsigned.append(host)
        shown = await _shown(host, answers, occasion)
        if shown is None:
            dane.matches_known = False
        else:
            (dane.matched if all(matches(records, chain) for chain in shown) else dane.mismatched).append(host)
    return dane


async def _shown(host: str, answers: Answers, occasion: Occasion) -> list[list[bytes]] | None:
    """The chains (DER, leaf first) that the host shows at each of its addresses in the zone; None when none could be seen."""
    chains = []
    for address in (await answers.addresses(host) or [])[:2]:
        target = Target(address=address, port=SMTP, name=host)
        try:
            occasion.door.admit(address, zone_id=occasion.zone.id)
            attempts = Attempts(occasion.door, target, zone_id=occasion.zone.id, starttls="smtp", budget=_BUDGET)
            first = await first_handshake(attempts, host, ())
        except (RefusedByScope, GivenUp, ProtocolError, OSError, AddressError):
            continue
        if first.flight.certificates:
            chains.append(list(first.flight.certificates))
    return chains or None


def matches(records: Sequence[Any], chain: Sequence[bytes]) -> bool:
    """Whether one record fits: DANE-EE the leaf, DANE-TA any certificate of the chain (RFC 7671 5)."""
    return any(
        _fits(record, certificate)
        for record in records
        for certificate in (chain[:1] if record.usage == _LEAF else chain[:10] if record.usage == _AUTHORITY else ())
    )


def _fits(record: Any, certificate: bytes) -> bool:
    data = certificate if record.selector == 0 else _public_key(certificate) if record.selector == 1 else None
    if data is None:
        return False
    made = {0: data, 1: hashlib.sha256(data).digest(), 2: hashlib.sha512(data).digest()}.get(record.mtype)
    return made is not None and made == bytes(record.cert)


def _public_key(certificate: bytes) -> bytes | None:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # noqa: BLE001 - a stranger's DER: whatever it makes the library do, it matches nothing
        return None
