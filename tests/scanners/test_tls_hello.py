"""Hellos as they are built and read, and every parser of a server's bytes against bytes that no server should send."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tlslite import mathtls

from scanners.protocols.tls import SCANNER
from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.first import ordinary
from scanners.protocols.tls.flight import Flight, Messages, framed, parse_certificates, parse_certificates_13, read_flight
from scanners.protocols.tls.groups import ffdhe_prime, group_bits, group_name, parse_key_exchange
from scanners.protocols.tls.handshake12 import Direction, check_size, prf, rsa_key
from scanners.protocols.tls.handshake13 import SHARED_GROUPS, decryptor, new_share
from scanners.protocols.tls.octets import Octets, vector
from scanners.protocols.tls.ssl2 import Ssl2, parse_ssl2_hello, ssl2_hello
from scanners.protocols.tls.suite_kinds import (
    is_broken,
    is_cbc_sha1,
    is_null_anonymous_or_export,
    is_tls13,
    lacks_forward_secrecy,
    suites_for,
)
from scanners.protocols.tls.suites import SUITES
from scanners.scanner import Scanner, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.wire import ProtocolError
from tests.scanners.tls.authority import good_leaf, intermediate


def test_it_is_a_scanner_and_found_by_name() -> None:
    assert isinstance(SCANNER, Scanner)
    assert scanners_by_name()["tls"] is SCANNER


@pytest.mark.parametrize(
    ("service", "applies"),
    [
        (ServiceFacts(tls=True), True),
        (ServiceFacts(name="smtp", starttls="smtp"), True),
        (ServiceFacts(name="ssh", tls=False), False),
        (ServiceFacts(), False),
    ],
)
def test_it_applies_where_tls_answers(service: ServiceFacts, applies: bool) -> None:
    assert SCANNER.applies(service) is applies


def read_client_hello(record: bytes) -> tuple[int, list[int], dict[int, bytes]]:
    octets = Octets(record)
    assert octets.number(1) == tls.HANDSHAKE
    octets.take(2)
    message = Octets(octets.vector(2))
    assert not len(octets)
    assert message.number(1) == 1
    body = Octets(message.vector(3))
    version = body.number(2)
    body.take(32)
    body.vector(1)
    suites = Octets(body.vector(2))
    body.vector(1)
    extensions = tls.parse_extensions(body.vector(2)) if len(body) else {}
    assert not len(body)
    return version, [suites.number(2) for _ in range(len(suites) // 2)], extensions


def test_the_broad_hello_offers_every_version_and_names_the_server() -> None:
    version, suites, extensions = read_client_hello(tls.broad_hello("sede.example"))
    assert version == tls.TLS12
    assert suites == list(tls.BROAD_SUITES)
    assert extensions[tls.SUPPORTED_VERSIONS] == bytes.fromhex("080304030303020301")
    assert extensions[tls.SERVER_NAME].endswith(b"sede.example")


@given(st.sets(st.sampled_from(sorted(SUITES)), min_size=1, max_size=200), st.booleans())
def test_no_hello_has_a_length_that_old_load_balancers_take_for_ssl2(suites: set[int], named: bool) -> None:
    """RFC 7685: 256 to 511 bytes of handshake message."""
    record = tls.Hello(suites=sorted(suites), server_name="sede.example" if named else None).record()
    assert not 256 <= len(record) - 5 <= 511
    read_client_hello(record)


def test_ssl3_gets_no_extensions_but_the_renegotiation_signal() -> None:
    version, suites, extensions = read_client_hello(tls.Hello(version=tls.SSL3, suites=(5,), server_name="sede.example").record())
    assert (version, suites, extensions) == (tls.SSL3, [5, 0x00FF], {})


def test_long_messages_are_cut_into_records() -> None:
    cut = tls.records(tls.HANDSHAKE, bytes(40_000))
    assert [int.from_bytes(cut[at + 3 : at + 5], "big") for at in (0, 16389, 32778)] == [16384, 16384, 7232]


@pytest.mark.parametrize(
    ("data", "is_tls"),
    [
        (bytes.fromhex("160303007a02"), True),
        (bytes.fromhex("15030100020228"), True),
        (bytes.fromhex("160303007a01"), False),
        (b"HTTP/1.1 400", False),
        (b"SSH-2.0-x", False),
        (b"\x16\x03", False),
        (b"", False),
    ],
)
def test_tls_is_told_from_other_answers(data: bytes, is_tls: bool) -> None:
    assert tls.looks_like_tls(data) is is_tls


@pytest.mark.parametrize(
    ("name", "broken", "nothing", "no_secrecy"),
    [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", False, False, True),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", False, False, False),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", False, False, False),
        ("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", False, False, True),
        ("TLS_DH_RSA_WITH_AES_128_CBC_SHA", False, False, True),
        ("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", True, False, False),
        ("TLS_DHE_RSA_WITH_DES_CBC_SHA", True, False, False),
        ("TLS_RSA_WITH_NULL_MD5", True, True, True),
        ("TLS_DH_anon_WITH_AES_128_CBC_SHA", False, True, False),
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", True, True, True),
        ("TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", True, True, True),
        ("TLS_RSA_WITH_SEED_CBC_SHA", True, False, True),
        ("TLS_AES_128_GCM_SHA256", False, False, False),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", False, False, False),
        ("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", True, False, True),
        ("TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L", False, False, False),
    ],
)
def test_a_suite_is_judged_by_its_name(name: str, broken: bool, nothing: bool, no_secrecy: bool) -> None:
    assert (is_broken(name), is_null_anonymous_or_export(name), lacks_forward_secrecy(name)) == (broken, nothing, no_secrecy)


def test_sha1_macs_are_told_from_sha2() -> None:
    assert is_cbc_sha1("TLS_RSA_WITH_AES_128_CBC_SHA")
    assert not is_cbc_sha1("TLS_RSA_WITH_AES_128_CBC_SHA256")
    assert not is_cbc_sha1("TLS_RSA_WITH_RC4_128_SHA")


def test_every_suite_is_offered_in_some_version_and_no_tls13_suite_below() -> None:
    versions = (tls.SSL3, tls.TLS10, tls.TLS12, tls.TLS13)
    assert {code for version in versions for code in suites_for(version)} == set(SUITES)
    assert not any(is_tls13(SUITES[code]) for code in suites_for(tls.TLS12))
    assert not any("GCM" in SUITES[code] for code in suites_for(tls.TLS10))


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 6144, 8192])
def test_the_primes_of_rfc_7919_come_out_of_their_formula(bits: int) -> None:
    assert ffdhe_prime(bits) == getattr(mathtls, f"FFDHE{bits}")[1]


def test_key_exchanges_tell_group_and_size() -> None:
    prime = ffdhe_prime(2048).to_bytes(256, "big")
    finite = parse_key_exchange("TLS_DHE_RSA_WITH_AES_128_CBC_SHA", vector(2, prime) + vector(2, b"\2") + vector(2, b"\3"))
    assert finite is not None
    assert (finite.dh_bits, finite.group, finite.generator) == (2048, 256, 2)
    own = parse_key_exchange("TLS_DH_anon_WITH_RC4_128_MD5", vector(2, b"\x80" + bytes(63)) + vector(2, b"\2") + vector(2, b"\3"))
    assert own is not None
    assert (own.dh_bits, own.group) == (512, None)
    curve = parse_key_exchange("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", b"\x03\x00\x13" + vector(1, b"point"))
    assert curve is not None
    assert (curve.curve_bits, group_name(curve.group or 0)) == (192, "secp192r1")
    assert group_bits(29) == 256
    assert group_bits(256) is None


@pytest.mark.parametrize("group", SHARED_GROUPS)
def test_two_shares_of_a_group_agree(group: int) -> None:
    ours, theirs = new_share(group), new_share(group)
    assert ours.agree(theirs.public) == theirs.agree(ours.public)


def test_the_pseudo_random_functions_are_those_of_the_standards() -> None:
    """Test vectors published for TLS 1.2 with SHA-256 and, by tlslite-ng, for TLS 1.0."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = b"test label" + bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    assert prf(tls.TLS12, "sha256", secret, seed, 16).hex() == "e3f229ba727be17b8d122620557cd453"
    assert prf(tls.TLS10, "", secret, seed, 48) == bytes(mathtls.PRF(bytearray(secret), b"test label", bytearray(seed[10:]), 48))


@pytest.mark.parametrize("version", [tls.TLS10, tls.TLS11, tls.TLS12])
@pytest.mark.parametrize("gcm", [False, True])
@given(messages=st.lists(st.binary(max_size=200), max_size=4))
def test_what_is_sealed_opens_again(version: int, gcm: bool, messages: list[bytes]) -> None:
    keys = (b"m" * 20, b"k" * 16, b"i" * (4 if gcm else 16))
    sealing, opening = Direction(version, gcm, *keys), Direction(version, gcm, *keys)
    for message in messages:
        record = sealing.seal(22, message)
        assert opening.open(record[0], record[:5], record[5:]) == (22, message)


# Real first flights to be mutated: a ServerHello, a Certificate of two, a ServerKeyExchange, the end
EXTENSIONS = b"\xff\x01\x00\x01\x00\x00\x10\x00\x05\x00\x03\x02h2"
HELLO_BODY = b"\x03\x03" + bytes(32) + vector(1, bytes(32)) + b"\xc0\x2f\x00" + vector(2, EXTENSIONS)
FLIGHT = (
    framed(2, HELLO_BODY)
    + framed(11, vector(3, vector(3, good_leaf().der) + vector(3, intermediate().der)))
    + framed(22, b"\x01" + vector(3, b"\x30\x03\x0a\x01\x00"))
    + framed(12, b"\x03\x00\x1d" + vector(1, bytes(32)))
    + framed(14, b"")
)
SSL2_HELLO = b"\x04\x00\x01\x00\x02\x00\x04\x00\x03\x00\x10" + b"cert" + bytes.fromhex("010080") + bytes(16)


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(("flip", "cut", "insert", "end"))):
            case "flip":
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at : at + draw(st.integers(1, 40))]
            case "insert":
                data[at:at] = draw(st.binary(max_size=40))
            case "end":
                del data[at + 1 :]
        data = data or bytearray(b"\0")
    return bytes(data)


def _key_exchange(data: bytes) -> None:
    for suite in ("TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"):
        only_protocol_errors(partial(parse_key_exchange, suite, data))


def only_protocol_errors(parse: Callable[[], Any]) -> None:
    with suppress(ProtocolError):
        parse()


STAPLED = b"\0\x05\0\x05\x01\0\0\x01x"
PARSERS: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "hello": (tls.parse_server_hello, HELLO_BODY),
    "extensions": (tls.parse_extensions, b"\x00\x10\x00\x05\x00\x03\x02h2"),
    "alpn": (lambda data: tls.read_alpn({tls.ALPN: data}), b"\x00\x03\x02h2"),
    "certificates": (parse_certificates, vector(3, vector(3, b"one") + vector(3, b"two"))),
    "certificates of 1.3": (
        parse_certificates_13,
        b"\0" + vector(3, vector(3, b"one") + vector(2, b"\0\x05\0\x05\x01\0\0\x01x")),
    ),
    "key exchange": (_key_exchange, vector(2, bytes(64)) + vector(2, b"\2") + vector(2, bytes(64))),
    "ssl2": (parse_ssl2_hello, SSL2_HELLO),
    "looks like": (tls.looks_like_tls, b"\x16\x03\x03\x00\x7a\x02"),
}


@pytest.mark.parametrize("parser", PARSERS)
@settings(max_examples=300)
@given(data=st.data())
def test_parsers_raise_nothing_but_protocol_errors(parser: str, data: st.DataObject) -> None:
    parse, original = PARSERS[parser]
    parse(original)
    wild = data.draw(st.one_of(st.binary(max_size=300), mutated(original)))
    only_protocol_errors(lambda: parse(wild))


class Tape:
    """A wire that plays bytes, cut as told, and then ends."""

    def __init__(self, data: bytes) -> None:
        self.octets = Octets(data)

    async def read_some(self, limit: int = 16384) -> bytes:
        return self.octets.take(min(limit, len(self.octets)))

    async def read_exactly(self, count: int) -> bytes:
        return self.octets.take(count)


def play(data: bytes) -> Flight:
    flight, tape = Flight(), Tape(data)
    asyncio.run(read_flight(Messages(tape), flight, lambda _: False))  # type: ignore[arg-type]
    return flight


def cut(data: bytes, sizes: Iterable[int]) -> bytes:
    """The same handshake bytes in records of other sizes."""
    found, at = b"", 0
    for size in sizes:
        found += tls.records(tls.HANDSHAKE, data[at : at + size])
        at += size
    return found + tls.records(tls.HANDSHAKE, data[at:])


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 700), max_size=12))
def test_however_a_flight_is_cut_into_records_it_reads_the_same(sizes: list[int]) -> None:
    flight = play(cut(FLIGHT, sizes))
    assert flight.done
    assert flight.hello is not None
    assert (flight.hello.suite, flight.hello.alpn) == (0xC02F, "h2")
    assert flight.certificates == (good_leaf().der, intermediate().der)
    assert flight.ocsp == b"\x30\x03\x0a\x01\x00"
    assert flight.transcript == FLIGHT


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=400), mutated(cut(FLIGHT, (50, 200))), mutated(FLIGHT).map(lambda data: cut(data, ()))))
def test_no_flight_makes_the_reader_raise(data: bytes) -> None:
    flight = play(data)
    assert flight.done or flight.closed or flight.nonsense or flight.alert is not None


def test_messages_without_end_are_cut_off() -> None:
    """65,000 empty messages fit into 256 KiB."""
    flight = play(cut(framed(2, HELLO_BODY) + framed(99, b"") * 4000, ()))
    assert flight.nonsense
    assert len(flight.transcript) < 1000


@pytest.mark.parametrize(("bits", "exponent"), [(256, 65537), (40_000, 65537), (2048, (1 << 900) + 1)])
def test_rsa_keys_that_would_keep_us_computing_are_refused(bits: int, exponent: int) -> None:
    with pytest.raises(ProtocolError):
        check_size(rsa.RSAPublicNumbers(exponent, (1 << bits) - 1))


def test_an_ordinary_rsa_key_is_used() -> None:
    check_size(good_leaf().key.public_key().public_numbers())
    assert rsa_key(Flight(certificates=(good_leaf().der,))).key_size == 2048


@given(st.binary(max_size=200), st.sampled_from([0x1301, 0x1302, 0x1303, 0x1304, 0x1305, 0x1399]), st.binary(max_size=80))
def test_no_key_share_or_record_makes_the_decryption_raise_otherwise(key: bytes, suite: int, payload: bytes) -> None:
    share = new_share(29)
    hello = tls.ServerHello(tls.TLS13, bytes(32), b"", suite, 0, {tls.KEY_SHARE: b"\x00\x1d" + vector(2, key)})
    only_protocol_errors(lambda: decryptor(share, hello, b"")(tls.APPLICATION_DATA, b"\x17\x03\x03\0\0", payload))


def test_the_ssl2_hello_says_its_own_length() -> None:
    hello = ssl2_hello()
    assert int.from_bytes(hello[:2], "big") & 0x7FFF == len(hello) - 2
    assert parse_ssl2_hello(SSL2_HELLO) == Ssl2(("SSL_CK_RC4_128_WITH_MD5",), b"cert")


def test_an_ordinary_hello_shares_keys_it_can_use() -> None:
    hello, shares = ordinary("sede.example", ("h2",))
    assert [group for group, _ in hello.key_shares] == [share.group for share in shares] == [29, 23]
