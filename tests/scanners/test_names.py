"""The names scanner against Knot DNS (authoritative) and unbound (a resolver over it), both on loopback."""

import asyncio
import subprocess
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.observation import Observation, Outcome
from scanners.protocols.names import SCANNER, NamesFacts, _chain
from scanners.protocols.names.caa import issuers
from scanners.resolver import ask
from scanners.scanner import observe, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from tests.processes import free_port, running
from tests.scanners.looking import loopback_zone, occasion

VILAMAR = """
@ 60 SOA ns hostmaster 1 60 60 60 60
@ NS ns
ns A 127.0.0.1
@ A 192.0.2.1
@ CAA 0 issue "letsencrypt.org; accounturi=https://example.org/1"
@ CAA 0 issuewild ";"
@ CAA 0 iodef "mailto:security@vilamar.example"
www A 192.0.2.10
www AAAA 2001:db8::10
www CAA 0 issue "ca.example"
seu CNAME www
old CNAME gone.vilamar.example.
cloud CNAME site.provider.example.
fine CNAME app.provider.example.
empty CNAME text.provider.example.
two CNAME seu
loop CNAME loop2
loop2 CNAME loop
nobody CAA 0 issue ";"
nobody A 192.0.2.3
"""
BARE = "@ 60 SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.20\n"
PROVIDER = BARE + 'app A 198.51.100.7\ntext TXT "nothing else here"\n'
ZONES = {"vilamar.example": VILAMAR, "bare.example": BARE, "provider.example": PROVIDER, "poble.gob.es": BARE}


@pytest.fixture(scope="module")
def knot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("knot")
    port = free_port()
    lines = ["server:", f"    rundir: {folder}", f"    listen: 127.0.0.1@{port}", "database:", f"    storage: {folder}", "zone:"]
    for name, text in ZONES.items():
        (folder / f"{name}.zone").write_text(f"$ORIGIN {name}.\n$TTL 60\n{text}")
        lines += [f"  - domain: {name}", f"    file: {folder}/{name}.zone"]
    config = folder / "knot.conf"
    config.write_text("\n".join([*lines, ""]))
    subprocess.run(["/usr/sbin/knotd", "--version"], check=True, capture_output=True)
    with running(["/usr/sbin/knotd", "-c", str(config)], listens=("127.0.0.1", port), log=folder / "log"):
        yield port


@pytest.fixture(scope="module")
def unbound(knot: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("unbound")
    port = free_port()
    config = folder / "unbound.conf"
    stubs = "".join(f'stub-zone:\n  name: "{name}"\n  stub-addr: 127.0.0.1@{knot}\n' for name in ZONES)
    config.write_text(
        f"""server:
  interface: 127.0.0.1
  outgoing-interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  local-zone: "." refuse
{"".join(f'  local-zone: "{name}" transparent' + chr(10) for name in ZONES)}
{stubs}remote-control:
  control-enable: no
"""
    )
    with running(["/usr/sbin/unbound", "-d", "-c", str(config)], listens=("127.0.0.1", port), log=folder / "log"):
        yield port


async def observed(name: str, port: int, domains: tuple[str, ...] = tuple(ZONES)) -> Observation:
    zone = loopback_zone(domains=domains, resolver="127.0.0.1", resolver_port=port)
    return await observe(SCANNER, Target(address="0.0.0.0", name=name), occasion(zone))


async def facts_of(name: str, port: int, **options: Any) -> NamesFacts:
    observation = await observed(name, port, **options)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, NamesFacts)
    return observation.facts


@pytest.mark.parametrize("server", ["knot", "unbound"])
async def test_addresses_and_chain(server: str, request: pytest.FixtureRequest) -> None:
    port: int = request.getfixturevalue(server)
    plain = await facts_of("www.vilamar.example", port)
    assert plain.addresses == ("192.0.2.10", "2001:db8::10")
    assert plain.cname == ()
    assert plain.dangling_cname is False
    alias = await facts_of("two.vilamar.example", port)
    assert alias.cname == ("seu.vilamar.example", "www.vilamar.example")
    assert alias.addresses == plain.addresses
    assert alias.dangling_cname is False


@pytest.mark.parametrize(
    ("server", "name", "end"),
    [
        ("knot", "old", "gone.vilamar.example"),
        ("unbound", "old", "gone.vilamar.example"),
        ("unbound", "cloud", "site.provider.example"),
    ],
)
async def test_a_chain_to_a_name_that_is_gone_dangles(server: str, name: str, end: str, request: pytest.FixtureRequest) -> None:
    port: int = request.getfixturevalue(server)
    for domains in (tuple(ZONES), ("vilamar.example",)):
        facts = await facts_of(f"{name}.vilamar.example", port, domains=domains)
        assert facts.cname == (end,)
        assert facts.dangling_cname is True
        assert facts.addresses == ()


async def test_a_server_that_knows_only_its_own_zones_cannot_tell(knot: int) -> None:
    for name in ("cloud", "fine"):
        assert (await facts_of(f"{name}.vilamar.example", knot)).dangling_cname is None


async def test_a_chain_that_leads_to_something_does_not_dangle(unbound: int) -> None:
    facts = await facts_of("fine.vilamar.example", unbound, domains=("vilamar.example",))
    assert facts.cname == ("app.provider.example",)
    assert facts.addresses == ("198.51.100.7",)
    assert facts.dangling_cname is False
    without_address = await facts_of("empty.vilamar.example", unbound)
    assert without_address.addresses == ()
    assert without_address.dangling_cname is False


async def test_a_name_that_does_not_exist_is_no_dangling_alias(knot: int) -> None:
    facts = await facts_of("never.vilamar.example", knot)
    assert (facts.addresses, facts.cname, facts.dangling_cname) == ((), (), False)


async def test_a_loop_of_aliases_ends(knot: int) -> None:
    facts = await facts_of("loop.vilamar.example", knot)
    assert facts.cname is None or len(facts.cname) <= 16
    assert facts.addresses in ((), None)


async def test_the_closest_caa_set_counts(knot: int) -> None:
    assert (await facts_of("www.vilamar.example", knot)).caa == ("ca.example",)
    climbed = await facts_of("a.b.vilamar.example", knot)
    assert climbed.caa == ("letsencrypt.org",)
    assert climbed.caa_present is True
    assert (await facts_of("seu.vilamar.example", knot)).caa == ("ca.example",)  # a CAA query follows the alias
    nobody = await facts_of("nobody.vilamar.example", knot)
    assert (nobody.caa, nobody.caa_present) == ((), True)


async def test_no_caa_set_is_told_from_not_being_able_to_look(knot: int) -> None:
    for name in ("www.bare.example", "www.poble.gob.es"):
        facts = await facts_of(name, knot)
        assert (facts.caa, facts.caa_present) == ((), False)
    below = await facts_of("www.bare.example", knot, domains=("www.bare.example",))
    assert (below.caa, below.caa_present) == (None, None)


async def test_names_of_others_are_refused(knot: int) -> None:
    observation = await observed("app.provider.example", knot, domains=("vilamar.example",))
    assert observation.outcome is Outcome.REFUSED_BY_SCOPE
    nameless = await observe(SCANNER, Target(address="127.0.0.1"), occasion())
    assert nameless.outcome is Outcome.REFUSED_BY_SCOPE


async def test_a_resolver_that_fails_leaves_the_facts_open(unbound: int) -> None:
    facts = await facts_of("www.other.example", unbound, domains=("other.example",))  # refused by the resolver
    assert facts == NamesFacts()


async def test_a_silent_resolver_is_a_timeout() -> None:
    observation = await observed("www.vilamar.example", free_port())
    assert observation.outcome in (Outcome.TIMEOUT, Outcome.CLOSED)


async def test_a_question_that_is_lost_is_asked_again() -> None:
    class Deaf(asyncio.DatagramProtocol):
        heard = 0

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            Deaf.heard += 1
            if Deaf.heard > 1:
                self.transport.sendto(dns.message.make_response(dns.message.from_wire(data)).to_wire(), addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Deaf, local_addr=("127.0.0.1", 0))
    try:
        zone = loopback_zone(domains=("a.example",), resolver="127.0.0.1", resolver_port=transport.get_extra_info("sockname")[1])
        answer = await ask(occasion(zone).door, "www.a.example", "A", zone, timeout_seconds=0.3)
    finally:
        transport.close()
    assert (answer.rcode(), Deaf.heard) == (0, 2)


def test_it_is_found_and_applies_to_no_service() -> None:
    assert scanners_by_name()["names"] is SCANNER
    assert not SCANNER.applies(ServiceFacts(name="domain"))


NAMES = st.sampled_from(["a.example", "b.example", "c.example", "d.example"])


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_any_answer_gives_a_chain_that_ends_and_repeats_nothing(links: list[tuple[str, str]]) -> None:
    answer = dns.message.make_response(dns.message.make_query("a.example", "A"))
    answer.answer = [dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{end}.") for name, end in links]
    chain = _chain("a.example", answer)
    assert len(set(chain)) == len(chain) <= 4


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_caa_value_is_read(value: bytes) -> None:
    class Record:
        tag = b"issue"

    record: Any = Record()
    record.value = value
    assert all(set(issuer) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for issuer in issuers([record]))
