"""What the TLS scanner states (scanner ``tls``)."""

from datetime import datetime
from typing import ClassVar

import msgspec

from scanners.observation import Facts


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The end-entity certificate as sent (RFC 5280), and what can be said of its chain.

    ``key_type`` is rsa, ec, ed25519, ed448 or dsa; ``key_bits`` the modulus or field size; ``curve`` the SEC 2 name.
    ``signature_hash`` is the hash of the leaf's signature, ``chain_signature_hashes`` of every certificate sent but a
    self-signed root. ``names`` are the DNS and IP names of subjectAltName (the common name only where there is none).
    ``trusted``: the chain as sent leads to a root of the trust store; ``self_signed``: the leaf signed itself;
    ``chain_complete``: every issuer but the root was sent. ``name_matches`` is judged for the name that was asked, or, when
    none was, None. ``ocsp_stapled``: a stapled OCSP answer, good, revoked, unknown or absent. ``revocation_checkable``: the
    certificate names an OCSP responder or CRL, staples, or lives so short (7 days, CA/B "short-lived") that it needs none.
    ``unparsable``: the certificate bytes are no valid certificate; then all else is None.
    """

    subject: str | None = None
    issuer: str | None = None
    serial: str | None = None
    sha256: str | None = None
    names: tuple[str, ...] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    validity_days: float | None = None
    key_type: str | None = None
    key_bits: int | None = None
    curve: str | None = None
    signature_hash: str | None = None
    chain_signature_hashes: tuple[str, ...] | None = None
    chain_length: int | None = None
    self_signed: bool | None = None
    chain_complete: bool | None = None
    trusted: bool | None = None
    trust_error: str | None = None
    name_matches: bool | None = None
    wildcard: bool | None = None
    ocsp_stapled: str | None = None
    revocation_checkable: bool | None = None
    unparsable: bool | None = None


class TlsFacts(Facts, frozen=True, kw_only=True):
    """Everything the server was seen to accept, by our own ClientHellos, whatever this machine's library can speak.

    ``versions`` are ``SSLv2``, ``SSLv3``, ``TLSv1.0`` … ``TLSv1.3``. ``suites`` are IANA names (SSLv2 kinds as ``SSL_CK_…``)
    accepted in any version, without repeats; ``suites_tls12`` only those accepted in TLS 1.2. The subsets below are computed
    from the IANA name once, here, so that rules stay short: ``null_anon_export_suites``, ``broken_suites`` (RC4, DES, 3DES,
    IDEA, SEED, RC2, MD5), ``no_forward_secrecy_suites`` (TLS 1.2 and below without (EC)DHE), ``cbc_suites_tls12``,
    ``cbc_sha1_suites_tls12``. ``groups`` are IANA supported groups accepted; ``dh_bits_min`` the smallest finite-field prime
    seen, ``ec_bits_min`` the smallest curve. ``server_preference``: the server orders the suites (None when it cannot be
    told, with a single suite say). ``fallback_scsv``: RFC 7507 is obeyed (None when only one version is spoken).
    ``secure_renegotiation``: RFC 5746; ``client_renegotiation``: it lets the client renegotiate. ``heartbleed``, ``robot``,
    ``ccs_injection`` are only asked where the zone allows a deep look. ``alpn`` what was chosen of h2 and http/1.1.
    ``starttls`` is the protocol through which TLS was reached. ``best_version`` is the newest version it speaks; a gentle
    look, which makes one handshake, knows that one only and leaves ``versions`` None. A server of TLS 1.3 alone has nothing
    to renegotiate or compress and none of the three flaws: ``secure_renegotiation`` is True there, the others False.
    ``ec_bits_min`` counts X25519 as 256 and X448 as 448.
    """

    kind: ClassVar[str] = "tls"

    versions: tuple[str, ...] | None = None
    best_version: str | None = None
    suites: tuple[str, ...] | None = None
    suites_tls12: tuple[str, ...] | None = None
    null_anon_export_suites: tuple[str, ...] | None = None
    broken_suites: tuple[str, ...] | None = None
    no_forward_secrecy_suites: tuple[str, ...] | None = None
    cbc_suites_tls12: tuple[str, ...] | None = None
    cbc_sha1_suites_tls12: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    dh_bits_min: int | None = None
    ec_bits_min: int | None = None
    server_preference: bool | None = None
    fallback_scsv: bool | None = None
    secure_renegotiation: bool | None = None
    client_renegotiation: bool | None = None
    compression: bool | None = None
    heartbleed: bool | None = None
    robot: bool | None = None
    ccs_injection: bool | None = None
    alpn: str | None = None
    starttls: str | None = None
    sni_required: bool | None = None
    certificate: CertificateFacts | None = None
