"""LDAP against real slapd: open to all, closed to strangers in the several ways it knows, with TLS wanted or not there."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import ldap
from scanners.protocols import ldap_messages as messages
from scanners.service_facts import ServiceFacts
from scanners.services.asn1 import tlv
from scanners.wire import ProtocolError
from tests.scanners import small_servers
from tests.scanners.fed_wire import fed_wire
from tests.scanners.looking import serving
from tests.scanners.looks import look, service_at
from tests.scanners.slapd_servers import NOBODY_READS, SUFFIX, slapd


async def facts_at(place: small_servers.Place) -> ldap.LdapFacts:
    """First look, then the scanner: as the probe does it."""
    service = await service_at(place)
    assert ldap.SCANNER.applies(service), service
    observation = await look(place, ldap.SCANNER, service=service)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, ldap.LdapFacts)
    return observation.facts


def test_it_does_not_ask_strangers() -> None:
    assert not ldap.SCANNER.applies(ServiceFacts())
    assert not ldap.SCANNER.applies(ServiceFacts(name="http", tls=True))
    assert ldap.SCANNER.applies(ServiceFacts(name="ldap", tls=True))


async def test_slapd_as_it_comes(tmp_path: Path) -> None:
    with slapd(tmp_path, tls=False) as place:
        facts = await facts_at(place)
    assert (facts.implicit_tls, facts.vendor, facts.active_directory) == (False, "OpenLDAP", False)
    assert facts.naming_contexts == (SUFFIX,)
    assert (facts.starttls_offered, facts.starttls_works) == (False, None)
    assert (facts.anonymous_bind, facts.anonymous_read) == (True, True)
    assert (facts.confidentiality_required, facts.clear_bind, facts.bind_result) == (False, True, 0)


async def test_slapd_in_tls_from_the_first_byte(tmp_path: Path) -> None:
    with slapd(tmp_path, implicit=True, settings="disallow bind_anon\nrequire authc") as place:
        facts = await facts_at(place)
    assert (facts.implicit_tls, facts.starttls_offered, facts.clear_bind) == (True, None, False)
    assert (facts.anonymous_bind, facts.anonymous_read) == (False, False)


@pytest.mark.parametrize(
    ("settings", "database", "bind", "read"),
    [
        ("", NOBODY_READS, True, False),
        ("disallow bind_anon", NOBODY_READS, False, False),
        ("disallow bind_anon", "", False, True),  # without any bind it goes on reading to everybody
        ("require authc", "", True, False),
        ("disallow bind_anon\nrequire authc", "", False, False),
    ],
)
async def test_the_ways_of_slapd_to_keep_strangers_out(
    tmp_path: Path, settings: str, database: str, bind: bool, read: bool
) -> None:
    with slapd(tmp_path, settings=settings, database=database) as place:
        facts = await facts_at(place)
    assert (facts.anonymous_bind, facts.anonymous_read) == (bind, read)
    assert (facts.starttls_offered, facts.starttls_works) == (True, True)
    assert (facts.confidentiality_required, facts.clear_bind) == (False, None)


@pytest.mark.parametrize("settings", ["security tls=1", "security ssf=128"])
@pytest.mark.parametrize(("database", "read"), [("", True), (NOBODY_READS, False)])
async def test_slapd_that_wants_tls_is_asked_inside(tmp_path: Path, settings: str, database: str, read: bool) -> None:
    with slapd(tmp_path, settings=settings, database=database) as place:
        facts = await facts_at(place)
    assert (facts.confidentiality_required, facts.clear_bind, facts.starttls_works) == (True, False, True)
    assert (facts.anonymous_bind, facts.anonymous_read) == (True, read)


async def test_what_slapd_wants_of_named_users_alone_is_not_told(tmp_path: Path) -> None:
    with slapd(tmp_path, settings="security simple_bind=128", database=NOBODY_READS) as place:
        facts = await facts_at(place)
    assert (facts.bind_result, facts.clear_bind) == (0, None)


async def test_another_protocol_is_a_protocol_error() -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await reader.read(1)

    async with serving(one) as port:
        observation = await look(("127.0.0.1", port), ldap.SCANNER)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


def attribute(name: bytes, *values: bytes) -> bytes:
    return tlv(0x30, tlv(4, name) + tlv(0x31, b"".join(tlv(4, value) for value in values)))


def result(tag: int, code: int, text: bytes = b"") -> bytes:
    return tlv(tag, tlv(0x0A, bytes((code,))) + tlv(4, b"") + tlv(4, text))


# What a domain controller answers (MS-ADTS 3.1.1.3.2, and 3.1.1.3.1.10 for the error); written here, not recorded.
CONTROLLER = tlv(
    0x30,
    tlv(2, b"\1")
    + tlv(
        0x64,
        tlv(4, b"")
        + tlv(
            0x30,
            attribute(b"namingContexts", b"CN=Schema,CN=Configuration,DC=vilamar,DC=example", b"DC=vilamar,DC=example")
            + attribute(b"supportedCapabilities", b"1.2.840.113556.1.4.800")
            + attribute(b"supportedSASLMechanisms", b"GSSAPI", b"GSS-SPNEGO"),
        ),
    ),
)
DONE = tlv(0x30, tlv(2, b"\1") + result(0x65, 0))
BOUND = tlv(0x30, tlv(2, b"\2") + result(0x61, 0))
REFUSED = b"000004DC: LdapErr: DSID-0C090A71, comment: In order to perform this operation a successful bind must be completed"


def operations_error(number: int) -> bytes:
    return tlv(0x30, tlv(2, bytes((number,))) + result(0x65, 1, REFUSED))


async def test_a_simulated_domain_controller_shows_its_root_and_nothing_else() -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in (CONTROLLER + DONE, BOUND, operations_error(10), operations_error(11)):
            await reader.read(1000)
            writer.write(said)
        await reader.read()

    async with serving(one) as port:
        observation = await look(("127.0.0.1", port), ldap.SCANNER)
    facts = observation.facts
    assert isinstance(facts, ldap.LdapFacts)
    assert (facts.vendor, facts.active_directory) == ("Microsoft", True)
    assert (facts.anonymous_bind, facts.anonymous_read) == (True, False)


def broken(*real: bytes) -> st.SearchStrategy[bytes]:
    """Arbitrary bytes; and real answers cut, with some bytes changed, and repeated."""

    def change(said: bytes, at: int, put: bytes, times: int) -> bytes:
        at %= len(said) + 1
        return (said[:at] + put + said[at + len(put) :]) * times

    bent = st.builds(change, st.sampled_from(real), st.integers(0, 2000), st.binary(max_size=6), st.integers(1, 40))
    cut = st.builds(lambda said, at: said[: at % (len(said) + 1)], st.sampled_from(real), st.integers(0, 2000))
    return st.one_of(st.binary(max_size=3000), bent, cut)


@given(broken(CONTROLLER + DONE, BOUND, operations_error(1)))
def test_hostile_answers_raise_only_its_own(said: bytes) -> None:
    async def talk() -> None:
        try:
            entries, _ = await messages.answer_to_search(fed_wire(said), 1)
            assert len(entries) <= 32
        except ProtocolError:
            pass
        try:
            await messages.answer_to_bind(fed_wire(said), 2)
        except ProtocolError:
            return

    asyncio.run(talk())


async def test_well_formed_answers_are_read() -> None:
    entries, done = await messages.answer_to_search(fed_wire(CONTROLLER + DONE), 1)
    assert entries[0]["supportedsaslmechanisms"] == (b"GSSAPI", b"GSS-SPNEGO")
    assert done.code == 0
    assert (await messages.answer_to_bind(fed_wire(BOUND), 2)).code == 0


async def test_a_message_that_says_it_is_huge_is_refused() -> None:
    with pytest.raises(ProtocolError):
        await messages.read_message(fed_wire(b"\x30\x84\x7f\xff\xff\xff" + b"a" * 100))
