"""Whether a domain's answers can be trusted: DNSSEC proved, absent, or broken (RFC 4035 section 4.3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from scanners.door import RefusedByScope
from scanners.resolver import ask_of_any_name, exists
from scanners.scanner import Occasion
from scanners.wire import ProtocolError

SECURE, INSECURE, BOGUS = "secure", "insecure", "bogus"
MOST_TRIED = 8  # keys, signatures and digests each: what KeyTrap (CVE-2023-50387) multiplies stays small
MOST_KEY_BYTES = 1100  # RSA of 8192 bits: a larger one only costs time


async def dnssec_of(name: str, occasion: Occasion) -> str | None:
    """``secure``, ``insecure`` or ``bogus`` for the zone whose apex is ``name``; None when that cannot be told.

    A resolver that validates says so itself: its AD flag, or SERVFAIL where the unchecked answer is there (CD). Behind any
    other, the chain from the DS records at the parent to the signature of the SOA is checked here.
    """
    answers: dict[str, dns.message.Message] = {}
    for kind in ("DS", "DNSKEY", "SOA"):
        try:
            answer = await ask_of_any_name(occasion.door, name, kind, occasion.zone, dnssec=True)
            if answer.rcode() == dns.rcode.SERVFAIL:
                unchecked = await ask_of_any_name(occasion.door, name, kind, occasion.zone, dnssec=True, unchecked=True)
                return BOGUS if unchecked.rcode() == dns.rcode.NOERROR else None
        except (ProtocolError, OSError, RefusedByScope):
            return None
        if exists(answer) is None:
            return None
        answers[kind] = answer
    if all(answers[kind].flags & dns.flags.AD for kind in ("DNSKEY", "SOA")):
        return SECURE if _found(answers["DNSKEY"], name, "DNSKEY") else INSECURE
    return read_chain(name, answers["DS"], answers["DNSKEY"], answers["SOA"], occasion.door.clock())


def read_chain(
    name: str, ds: dns.message.Message, dnskey: dns.message.Message, soa: dns.message.Message, now: datetime
) -> str | None:
    """What the three answers say when they are checked here, at the aware time ``now``. Never raises for what is in them."""
    keys, digests, start = _found(dnskey, name, "DNSKEY"), _found(ds, name, "DS"), _found(soa, name, "SOA")
    if digests is None:
        # Unsigned, or signed without anybody above who says so; but the domain's own server cannot speak for the one above.
        return None if keys is not None and _answered_by_itself(ds, name) else INSECURE
    if keys is None or start is None:
        return BOGUS if start is not None and exists(dnskey) else None
    if not _signatures(dnskey, name, "DNSKEY") and not _signatures(soa, name, "SOA"):
        return None  # a resolver that leaves signatures out
    trusted = [key for key in keys if len(key.key) <= MOST_KEY_BYTES and _named(key, name, digests)]
    if not trusted:
        return None if any(record.digest_type not in (1, 2, 4) for record in digests) else BOGUS
    apex = dns.name.from_text(name)
    signed = [
        _holds(rrset, signatures, use, apex, now)
        for rrset, signatures, use in (
            (keys, _signatures(dnskey, name, "DNSKEY"), trusted),
            (start, _signatures(soa, name, "SOA"), [key for key in keys if len(key.key) <= MOST_KEY_BYTES]),
        )
    ]
    if None in signed:
        return None
    return SECURE if all(signed) else BOGUS


def _answered_by_itself(ds: dns.message.Message, name: str) -> bool:
    owner = dns.name.from_text(name)
    return any(rrset.rdtype == dns.rdatatype.SOA and rrset.name == owner for rrset in ds.authority)


def _found(answer: dns.message.Message, name: str, kind: str) -> dns.rrset.RRset | None:
    wanted, owner = dns.rdatatype.from_text(kind), dns.name.from_text(name)
    return next((rrset for rrset in answer.answer if rrset.rdtype == wanted and rrset.name == owner and len(rrset)), None)


def _signatures(answer: dns.message.Message, name: str, kind: str) -> list[Any]:
    covered, owner = dns.rdatatype.from_text(kind), dns.name.from_text(name)
    wanted = (rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.RRSIG and rrset.name == owner)
    return [record for rrset in wanted for record in rrset if record.type_covered == covered][:MOST_TRIED]


def _named(key: Any, name: str, digests: dns.rrset.RRset) -> bool:
    """Whether one of the parent's DS records is the digest of ``key`` (RFC 4034 5.1.4)."""
    apex = dns.name.from_text(name)
    for record in list(digests)[:MOST_TRIED]:
        try:
            made = dns.dnssec.make_ds(apex, key, record.digest_type, validating=True)
        except (dns.exception.DNSException, ValueError):
            continue
        if made.digest == record.digest and made.key_tag == record.key_tag and key.algorithm == record.algorithm:
            return True
    return False


def _holds(
    rrset: dns.rrset.RRset, signatures: Sequence[Any], keys: Sequence[Any], apex: dns.name.Name, now: datetime
) -> bool | None:
    """Whether one signature of one key holds at ``now``; None when none does and some algorithm is not known here."""
    unknown = False
    for signature in signatures:
        for key in [key for key in keys if dns.dnssec.key_id(key) == signature.key_tag][:MOST_TRIED]:
            held = _verified(rrset, signature, key, apex, now)
            if held:
                return True
            unknown = unknown or held is None
    return None if unknown else False


def _verified(rrset: dns.rrset.RRset, signature: Any, key: Any, apex: dns.name.Name, now: datetime) -> bool | None:
    """Whether this signature by this key holds; None when its algorithm is not known here."""
    try:
        one = dns.rrset.from_rdata(apex, rrset.ttl, key)
        dns.dnssec.validate_rrsig(rrset, signature, {apex: one}, now=now.timestamp())
    except dns.exception.UnsupportedAlgorithm:
        return None
    except Exception:  # noqa: BLE001 - a stranger's key: whatever it makes the library do, nothing is proved by it
        return False
    return True
