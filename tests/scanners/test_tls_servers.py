"""The enumeration against real servers: OpenSSL 3, tlslite-ng, Java's JSSE and nginx."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from scanners.observation import decode, encode
from scanners.protocols.tls.attempt import Budget
from scanners.scanner import facts_types
from scanners.zone import Intrusiveness
from tests.scanners.tls import servers
from tests.scanners.tls.asking import facts, observed
from tests.scanners.tls.authority import ec_key, ed25519_key, good_leaf, issue
from tests.scanners.tls.servers import EVERYTHING

DEEP, GENTLE = Intrusiveness.DEEP, Intrusiveness.GENTLE


async def test_openssl_with_everything_it_still_has(tmp_path: Path) -> None:
    weak = servers.dh_parameters(tmp_path, 1024)
    options = ("-cipher", EVERYTHING, "-min_protocol", "TLSv1", "-dhparam", str(weak), "-client_renegotiation")
    with servers.openssl(tmp_path, good_leaf(), *options) as port:
        seen = await facts(port, level=DEEP, budget=Budget())
    assert seen.versions == ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert seen.best_version == "TLSv1.3"
    assert {"TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_NULL_MD5"} <= set(seen.suites or ())
    nothing = {"TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "TLS_DH_anon_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_NULL_SHA"}
    assert nothing <= set(seen.null_anon_export_suites or ())
    assert seen.broken_suites == ("TLS_RSA_WITH_NULL_MD5",)
    assert {"TLS_RSA_WITH_AES_128_CCM_8", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"} <= set(seen.suites_tls12 or ())
    assert seen.suites_tls12
    assert "TLS_AES_128_GCM_SHA256" not in seen.suites_tls12
    assert set(seen.cbc_sha1_suites_tls12 or ()) < set(seen.cbc_suites_tls12 or ()) < set(seen.suites_tls12)
    assert {"TLS_RSA_WITH_AES_128_GCM_SHA256"} <= set(seen.no_forward_secrecy_suites or ())
    assert (seen.dh_bits_min, seen.ec_bits_min) == (1024, 256)
    assert (seen.server_preference, seen.fallback_scsv, seen.compression) == (False, True, False)
    assert (seen.secure_renegotiation, seen.client_renegotiation) == (True, True)
    assert (seen.heartbleed, seen.robot, seen.ccs_injection) == (False, False, False)
    assert seen.sni_required is False


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1", "TLSv1.2"])
async def test_one_old_version_alone(tmp_path: Path, version: str) -> None:
    options = ("-cipher", "AES128-SHA:@SECLEVEL=0", "-min_protocol", version, "-max_protocol", version)
    with servers.openssl(tmp_path, good_leaf(), *options) as port:
        seen = await facts(port)
    assert seen.versions == (version if "." in version else "TLSv1.0",)
    assert seen.suites == ("TLS_RSA_WITH_AES_128_CBC_SHA",)
    assert (seen.server_preference, seen.fallback_scsv, seen.dh_bits_min, seen.ec_bits_min) == (None, None, None, None)
    assert (seen.groups, seen.client_renegotiation, seen.secure_renegotiation) == ((), False, True)
    assert seen.certificate is not None
    assert seen.certificate.names == ("sede.example", "*.city.example")


async def test_a_certificate_on_a_curve_that_no_ordinary_client_reads(tmp_path: Path) -> None:
    held = issue("sede.example", ec_key(ec.SECP192R1))
    with servers.openssl(tmp_path, held, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0") as port:
        seen = await facts(port)
    assert seen.certificate is not None
    assert (seen.certificate.curve, seen.certificate.key_bits) == ("secp192r1", 192)


async def test_tls13_alone_shows_its_certificate_and_has_no_old_flaws(tmp_path: Path) -> None:
    with servers.openssl(tmp_path, good_leaf(), "-tls1_3", "-serverpref", "-alpn", "h2") as port:
        seen = await facts(port, level=DEEP)
    assert seen.versions == ("TLSv1.3",)
    assert set(seen.suites or ()) == {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
    assert (seen.suites_tls12, seen.broken_suites, seen.no_forward_secrecy_suites) == ((), (), ())
    assert (seen.heartbleed, seen.robot, seen.ccs_injection, seen.compression) == (False, False, False, False)
    assert (seen.secure_renegotiation, seen.client_renegotiation, seen.fallback_scsv) == (True, False, None)
    assert (seen.server_preference, seen.alpn) == (True, "h2")
    assert seen.certificate is not None
    assert seen.certificate.sha256


@pytest.mark.parametrize("group", ["P-521", "X448", "ffdhe3072", "P-384"])
@pytest.mark.parametrize("suite", ["TLS_AES_128_CCM_8_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384"])
async def test_the_certificate_of_tls13_is_read_in_every_suite_and_group(tmp_path: Path, group: str, suite: str) -> None:
    """The server asks again for its own group (HelloRetryRequest)."""
    with servers.openssl(tmp_path, good_leaf(), "-tls1_3", "-groups", group, "-ciphersuites", suite) as port:
        seen = await facts(port, level=GENTLE)
    assert seen.best_version == "TLSv1.3"
    assert seen.versions is None
    assert seen.certificate is not None
    assert seen.certificate.names == ("sede.example", "*.city.example")


@pytest.mark.parametrize(
    ("offered", "names", "smallest"),
    [
        ("P-384:P-521", {"secp384r1", "secp521r1"}, 384),
        ("brainpoolP256r1:X25519", {"brainpoolP256r1", "x25519"}, 256),
        ("P-224:P-192:X448", {"secp224r1", "secp192r1", "x448"}, 192),
    ],
)
async def test_the_groups_of_tls12(tmp_path: Path, offered: str, names: set[str], smallest: int) -> None:
    options = ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "-groups", offered)
    with servers.openssl(tmp_path, good_leaf(), *options) as port:
        seen = await facts(port)
    assert set(seen.groups or ()) == names
    assert seen.ec_bits_min == smallest


async def test_the_groups_behind_an_elliptic_certificate(tmp_path: Path) -> None:
    """An ECDSA server refuses a hello without its certificate's curve: the other groups are found all the same."""
    leaf = issue("sede.example", ec_key(ec.SECP384R1))
    with servers.openssl(tmp_path, leaf, "-no_tls1_3", "-groups", "P-256:X25519:P-384") as port:
        seen = await facts(port)
    assert set(seen.groups or ()) == {"secp256r1", "x25519", "secp384r1"}
    assert seen.certificate is not None
    assert (seen.certificate.key_type, seen.certificate.key_bits, seen.certificate.curve) == ("ec", 384, "secp384r1")


async def test_an_ed25519_certificate(tmp_path: Path) -> None:
    with servers.openssl(tmp_path, issue("sede.example", ed25519_key())) as port:
        seen = await facts(port)
    assert seen.versions == ("TLSv1.2", "TLSv1.3")
    assert seen.certificate is not None
    assert (seen.certificate.key_type, seen.certificate.signature_hash) == ("ed25519", "sha512")


async def test_own_strong_parameters_are_measured(tmp_path: Path) -> None:
    own = servers.dh_parameters(tmp_path, 3072)
    options = ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256", "-dhparam", str(own))
    with servers.openssl(tmp_path, good_leaf(), *options) as port:
        seen = await facts(port)
    assert (seen.dh_bits_min, seen.groups) == (3072, ())


async def test_a_server_preference_in_tls12(tmp_path: Path) -> None:
    with servers.openssl(tmp_path, good_leaf(), "-tls1_2", "-serverpref") as port:
        assert (await facts(port)).server_preference is True


async def test_an_odd_server_shows_its_certificate_after_the_enumeration(tmp_path: Path) -> None:
    """ARIA alone is in no ordinary hello."""
    with servers.openssl(tmp_path, good_leaf(), "-tls1_2", "-cipher", "ARIA128-GCM-SHA256") as port:
        seen = await facts(port)
    assert seen.suites == ("TLS_RSA_WITH_ARIA_128_GCM_SHA256",)
    assert seen.certificate is not None


async def test_tlslite_speaks_ssl3_and_its_suites(tmp_path: Path) -> None:
    with servers.tlslite(tmp_path, good_leaf()) as port:
        seen = await facts(port, level=DEEP)
    assert seen.versions == ("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    wanted = {"TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_NULL_SHA"}
    assert wanted <= set(seen.suites or ())
    assert wanted - {"TLS_RSA_WITH_NULL_SHA"} <= set(seen.broken_suites or ())
    assert {"brainpoolP512r1", "brainpoolP256r1tls13", "x448", "ffdhe8192"} <= set(seen.groups or ())
    assert (seen.heartbleed, seen.robot, seen.ccs_injection, seen.fallback_scsv) == (False, False, False, True)


async def test_tlslite_in_ssl3_alone(tmp_path: Path) -> None:
    with servers.tlslite(tmp_path, good_leaf(), 0, 0) as port:
        seen = await facts(port, level=DEEP)
    assert seen.versions == ("SSLv3",)
    assert "TLS_RSA_WITH_RC4_128_SHA" in (seen.suites or ())
    assert seen.certificate is not None
    assert seen.certificate.names == ("sede.example", "*.city.example")
    assert seen.client_renegotiation is None  # the small client speaks TLS only


def with_rsa_key(suite: str) -> bool:
    """Whether a server with one RSA certificate can serve a suite that it has enabled."""
    return not re.search(r"ECDSA|_DSS_|ECDH_RSA|_DH_RSA|KRB5|SCSV", suite)


async def test_jsse_shows_exactly_the_suites_it_says_it_has(tmp_path: Path) -> None:
    """SSLv3, RC4, DES, export and anonymous suites that no OpenSSL of today has."""
    with servers.jsse(tmp_path, good_leaf()) as (port, said):
        seen = await facts(port, level=DEEP)
    assert seen.versions == ("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert set(seen.suites or ()) == {re.sub(r"^SSL_", "TLS_", suite) for suite in said if with_rsa_key(suite)}
    assert "TLS_RSA_EXPORT_WITH_RC4_40_MD5" in (seen.null_anon_export_suites or ())
    assert "TLS_RSA_WITH_DES_CBC_SHA" in (seen.broken_suites or ())
    assert seen.dh_bits_min is not None
    assert seen.dh_bits_min <= 768
    assert (seen.server_preference, seen.fallback_scsv, seen.client_renegotiation) == (True, False, True)
    assert (seen.robot, seen.ccs_injection) == (False, False)


async def test_nginx_that_wants_a_name(tmp_path: Path) -> None:
    more = "server { listen 127.0.0.1:PORT ssl default_server; ssl_reject_handshake on; }"
    with servers.nginx(tmp_path, good_leaf(), "server_name sede.example; return 204;", more=more) as port:
        named, nameless = await facts(port), await facts(port, name=None)
    assert (named.sni_required, nameless.sni_required) == (True, True)
    assert named.versions is not None
    assert (nameless.versions, nameless.suites, nameless.certificate) == (None, None, None)


async def test_a_look_travels_as_a_line(tmp_path: Path) -> None:
    with servers.openssl(tmp_path, good_leaf()) as port:
        seen = await observed(port)
    assert seen.evidence
    assert decode(encode(seen), facts_types()) == seen
