"""What was seen, put together into facts."""

from datetime import datetime

import msgspec

from scanners.clean_text import clean_text
from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.certificate import UNPARSABLE, Sent, certificate_facts
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts
from scanners.protocols.tls.first import UNRECOGNIZED_NAME, First, alpn_of
from scanners.protocols.tls.flight import Flight
from scanners.protocols.tls.look import Seen
from scanners.protocols.tls.suite_kinds import (
    is_broken,
    is_cbc,
    is_cbc_sha1,
    is_null_anonymous_or_export,
    lacks_forward_secrecy,
    names,
)
from scanners.protocols.tls.trust import TrustStore


def describe(flight: Flight, seen: Seen | None, *, name: str | None, store: TrustStore, now: datetime) -> CertificateFacts | None:
    """The certificate's facts; None when no certificate was seen."""
    if flight.oversized:
        return UNPARSABLE
    certificates = flight.certificates or ((seen.ssl2.certificate,) if seen and seen.ssl2 and seen.ssl2.certificate else ())
    if not certificates:
        return None
    return certificate_facts(Sent(certificates, flight.ocsp), asked=name, store=store, now=now)


def assemble(first: First, seen: Seen | None, certificate: CertificateFacts | None, starttls: str | None) -> TlsFacts:
    """All facts of one look. Without an enumeration that went to its end, what it would have said is left out."""
    best = tls.VERSION_NAMES.get(first.flight.hello.version) if first.flight.hello else None
    alpn = alpn_of(first.flight)
    facts = TlsFacts(best_version=best, certificate=certificate, starttls=starttls, alpn=clean_text(alpn, 255) if alpn else None)
    if first.flight.hello is None and first.flight.alert == UNRECOGNIZED_NAME:
        facts = msgspec.structs.replace(facts, sni_required=True)  # it refused for want of a name it knows
    if seen is None:
        return facts
    flags = {key: value for key, value in seen.flags.items() if value is not None}
    if not seen.complete:
        return msgspec.structs.replace(facts, **flags)
    return msgspec.structs.replace(facts, **_enumerated(seen), **flags)


def _enumerated(seen: Seen) -> dict[str, object]:
    suites = names(code for one in reversed(seen.spoken()) for code in one.suites)
    versions = tuple(tls.VERSION_NAMES[one.version] for one in seen.spoken())
    if seen.ssl2 is not None:
        versions, suites = ("SSLv2", *versions), (*suites, *seen.ssl2.kinds)
    tls12 = names(code for one in seen.spoken() if one.version == tls.TLS12 for code in one.suites)
    return {
        "versions": versions,
        "best_version": versions[-1] if versions else None,
        "suites": suites,
        "suites_tls12": tls12,
        "null_anon_export_suites": tuple(filter(is_null_anonymous_or_export, suites)),
        "broken_suites": tuple(filter(is_broken, suites)),
        "no_forward_secrecy_suites": tuple(filter(lacks_forward_secrecy, suites)),
        "cbc_suites_tls12": tuple(filter(is_cbc, tls12)),
        "cbc_sha1_suites_tls12": tuple(filter(is_cbc_sha1, tls12)),
        "groups": seen.groups,
        "dh_bits_min": seen.dh_bits_min,
        "ec_bits_min": seen.ec_bits_min,
    }
