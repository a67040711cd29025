"""What is seen of the mail of one domain."""

from typing import ClassVar

import msgspec

from scanners.observation import Facts


class DkimKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a configured selector shows. ``bits`` of an RSA modulus (256 for ed25519), 0 where there is no readable key."""

    selector: str
    present: bool = False
    revoked: bool = False
    usable: bool = False
    testing: bool = False
    key_type: str = ""
    bits: int = 0


class MailDomainFacts(Facts, frozen=True, kw_only=True):
    """The mail policy of a domain, as the zone's resolver and its own hosts say.

    ``in_use``: the name is a domain of its own, receives mail or has an SPF record; other host names owe no mail policy.
    ``receives``: it has MX records that name hosts (a null MX, RFC 7505, does not). ``sends_nothing``: its SPF record allows
    nobody (``v=spf1 -all``).

    SPF (RFC 7208): how many records, the qualifier of ``all`` after redirects (empty: none, which is neutral), DNS lookups and
    void ones as a receiver counts them, and what is wrong with it (empty: nothing).

    DMARC (RFC 7489): ``dmarc_at`` is the domain that the record was found at; policy and subdomain policy are those in force
    for this name. MTA-STS (RFC 8461): the policy facts are None where its host is outside the zone; ``mta_sts_error`` is empty
    when a policy was read. DANE (RFC 7672): the mail hosts without TLSA records, with records that DNSSEC does not vouch for,
    and with records that do (not) match the certificate shown on port 25.
    """

    kind: ClassVar[str] = "mail_domain"

    in_use: bool | None = None
    mx: tuple[str, ...] | None = None
    null_mx: bool | None = None
    receives: bool | None = None
    sends_nothing: bool | None = None
    spf: str | None = None
    spf_records: int | None = None
    spf_all: str | None = None
    spf_lookups: int | None = None
    spf_void_lookups: int | None = None
    spf_error: str | None = None
    dkim: list[DkimKey] | None = None
    dmarc: str | None = None
    dmarc_at: str | None = None
    dmarc_present: bool | None = None
    dmarc_policy: str | None = None
    dmarc_subdomain_policy: str | None = None
    dmarc_pct: int | None = None
    dmarc_rua: tuple[str, ...] | None = None
    mta_sts_record: bool | None = None
    mta_sts_mode: str | None = None
    mta_sts_max_age: int | None = None
    mta_sts_mx: tuple[str, ...] | None = None
    mta_sts_covers_mx: bool | None = None
    mta_sts_error: str | None = None
    tls_rpt: bool | None = None
    dane_missing: tuple[str, ...] | None = None
    dane_unsigned: tuple[str, ...] | None = None
    dane_matched: tuple[str, ...] | None = None
    dane_mismatched: tuple[str, ...] | None = None
