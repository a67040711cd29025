"""Which asset a look speaks of: addresses move, keys are cloned, machines are replaced."""

import ipaddress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import tables
from collector.ingest import NetworkDefault
from collector.migrations import migrate
from collector.store import Store, open_store
from scanners.observation import Outcome
from scanners.plan import NO_ADDRESS
from scanners.protocols.names import NamesFacts
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts
from scanners.zone import Zone
from tests.collector.watching import Watch

X, Y, Z = "192.0.2.10", "192.0.2.11", "192.0.2.12"
MAC_A, MAC_B, MAC_C = "00-00-5E-00-53-01", "00-00-5E-00-53-02", "00-00-5E-00-53-03"
LEASED = NetworkDefault(ipaddress.ip_network("192.0.2.0/24"), service="", dynamic=True)


@pytest.fixture
def watch(store: Store) -> Watch:
    return Watch(store)


@pytest.fixture
def leased(store: Store) -> Watch:
    """A watch over a network with DHCP."""
    return Watch(store, networks=(LEASED,))


def asset_id(watch: Watch, address: str) -> str:
    found: str = watch.asset_at(address).id
    return found


def assets(watch: Watch) -> int:
    return len(watch.rows(tables.asset))


def test_a_lease_that_changes_keeps_the_asset_by_its_network_card(leased: Watch) -> None:
    leased.take(leased.host(X, mac=MAC_A), leased.redis(False, X))
    first, finding = asset_id(leased, X), leased.finding()
    leased.later(days=1)
    leased.take(leased.host(Y, mac=MAC_A), leased.redis(False, Y))
    assert (asset_id(leased, Y), assets(leased)) == (first, 1)
    assert (leased.finding().id, leased.finding().address) == (finding.id, Y)
    assert leased.asset_at(Y).addresses == [Y]
    assert "asset-moved" in leased.actions()
    leased.take(leased.redis(True, Y, at=leased.now + timedelta(minutes=1)))
    leased.later(minutes=5)
    leased.take(leased.redis(True, Y))
    assert leased.finding().state == "resolved"
    leased.check()


@pytest.mark.parametrize("dynamic", [True, False])
def test_a_moved_machine_is_known_again_by_its_host_key(store: Store, dynamic: bool) -> None:
    """Routed: no network card is seen. The sweep finds the old address silent and the new one answering first."""
    watch = Watch(store, networks=(LEASED,) if dynamic else ())
    watch.take(watch.host(X, open_=(22, 6379)), watch.ssh(X, "key-a"), watch.redis(False, X), scan="one")
    first = asset_id(watch, X)
    watch.later(days=1)
    watch.take(watch.host(Z, open_=(80,)), watch.silence(X), watch.host(Y, open_=(22, 6379)), scan="two")
    if not dynamic:
        watch.later(days=9)  # a fixed address that was seen lately is taken to be in use still
    watch.later(minutes=1)
    watch.take(watch.ssh(Y, "key-a"), watch.redis(True, Y), scan="two")
    assert asset_id(watch, Y) == first
    assert watch.finding().state == "resolved"
    assert "asset-merged" in watch.actions()
    watch.check()


def test_a_machine_that_moves_before_its_old_address_is_found_silent(watch: Watch) -> None:
    """In a scan, who answers is looked at first; that nobody answers any more is known at the sweep's end."""
    watch.take(watch.host(X, open_=(22, 6379)), watch.ssh(X, "key-a"), watch.redis(False, X), scan="one")
    first, finding = asset_id(watch, X), watch.finding()
    for scan in ("two", "three"):
        watch.later(days=1)
        watch.take(watch.ssh(Y, "key-a"), watch.redis(False, Y), scan=scan)
        watch.take(watch.host(Y, open_=(22, 6379)), watch.silence(X), scan=scan)
    assert (asset_id(watch, Y), assets(watch)) == (first, 1)
    assert watch.finding().id == finding.id
    watch.check()


@pytest.mark.parametrize("mac", ["52:54:00:12:34:56", "00:16:3E:12:34:56"])
def test_the_network_card_of_a_virtual_machine_is_its_own(leased: Watch, mac: str) -> None:
    leased.take(leased.host(X, mac=mac))
    first = asset_id(leased, X)
    leased.later(days=1)
    leased.take(leased.host(Y, mac=mac))
    assert (asset_id(leased, Y), assets(leased)) == (first, 1)


def test_an_address_taken_over_by_another_machine_is_another_asset(watch: Watch) -> None:
    watch.take(watch.host(X, mac=MAC_A, open_=(22, 6379)), watch.ssh(X, "key-a"), watch.redis(False, X))
    first = asset_id(watch, X)
    watch.later(days=1)
    watch.take(watch.host(X, mac=MAC_B, open_=(22, 6379)))
    assert asset_id(watch, X) == first  # a new network card may be a repair: the host key will tell
    watch.later(minutes=1)
    watch.take(watch.ssh(X, "key-b"), watch.redis(True, X))
    assert asset_id(watch, X) != first
    assert watch.finding().state == "open"  # of the first machine, which nobody saw fixed
    assert watch.finding().asset_id == first
    assert "asset-address-lost" in watch.actions()
    watch.check()


def test_a_new_network_card_with_the_same_host_key_is_the_same_machine(watch: Watch) -> None:
    watch.take(watch.host(X, mac=MAC_A, open_=(22,)), watch.ssh(X, "key-a"))
    first = asset_id(watch, X)
    for _ in range(2):
        watch.later(days=1)
        watch.take(watch.host(X, mac=MAC_B, open_=(22,)), watch.ssh(X, "key-a"))
    assert (asset_id(watch, X), assets(watch)) == (first, 1)
    assert "asset-identity-changed" in watch.actions()


def test_a_reinstalled_machine_at_a_fixed_address_stays_the_same(watch: Watch) -> None:
    watch.take(watch.host(X, open_=(22,)), watch.ssh(X, "key-a"))
    first = asset_id(watch, X)
    watch.later(days=1)
    watch.take(watch.ssh(X, "key-b"))
    assert (asset_id(watch, X), assets(watch)) == (first, 1)
    assert "asset-identity-changed" in watch.actions()


def test_cloned_host_keys_do_not_merge_machines(watch: Watch) -> None:
    for day in range(3):
        scan = f"scan {day}"
        watch.take(*(watch.host(address, open_=(22,)) for address in (X, Y, Z)), scan=scan)
        watch.take(*(watch.ssh(address, "cloned") for address in (X, Y, Z)), scan=scan)
        assert len({asset_id(watch, address) for address in (X, Y, Z)}) == 3
        watch.later(days=1)
    assert assets(watch) == 3
    assert "asset-merged" not in watch.actions()
    watch.check()


def test_cloned_host_keys_with_different_network_cards_do_not_merge(watch: Watch) -> None:
    watch.take(watch.host(X, mac=MAC_A), watch.ssh(X, "cloned"))
    watch.later(days=20)
    watch.take(watch.host(Y, mac=MAC_B), watch.ssh(Y, "cloned"))
    assert assets(watch) == 2
    assert asset_id(watch, X) != asset_id(watch, Y)


def test_a_wildcard_certificate_merges_nobody(watch: Watch) -> None:
    facts = TlsFacts(certificate=CertificateFacts(sha256="ab" * 32, wildcard=True))
    for _ in range(2):
        watch.take(*(watch.seen("tls", address, 443, facts) for address in (X, Y, Z)))
        watch.later(days=10)
    assert assets(watch) == 3


def test_ipv4_and_ipv6_of_one_machine_become_one_asset_by_its_host_key(watch: Watch) -> None:
    six = "2001:db8::10"
    watch.take(watch.host(X, open_=(22, 6379)), watch.host(six, open_=(22, 6379)), watch.redis(False, six))
    assert assets(watch) == 2
    watch.later(minutes=1)
    watch.take(watch.ssh(X, "key-a"), watch.ssh(six, "key-a"))
    assert assets(watch) == 1
    asset = watch.asset_at(X)
    assert (sorted(asset.addresses), watch.finding().asset_id) == ([X, six], asset.id)
    watch.check()


def test_a_router_that_answers_for_others_is_not_one_machine(watch: Watch) -> None:
    addresses = [f"192.0.2.{number}" for number in range(20, 32)]
    for _ in range(2):
        watch.take(*(watch.host(address, mac=MAC_A) for address in addresses))
        watch.later(days=1)
    assert assets(watch) > len(addresses) / 2


def test_silent_addresses_are_nobodys_new_asset(watch: Watch) -> None:
    watch.take(watch.silence(X), watch.failed(Outcome.TIMEOUT, Y))
    assert assets(watch) == 0


def test_the_same_address_in_two_namespaces_is_two_machines(store: Store) -> None:
    def zone(name: str, namespace: str) -> Zone:
        return Zone.model_validate(
            {
                "id": name,
                "networks": ["192.0.2.0/24"],
                "authorised_by": "x",
                "valid_from": "2026-01-01",
                "valid_until": "2027-01-01",
                "namespace": namespace,
            }
        )

    watch = Watch(store, zones={"theatre": zone("theatre", "theatre"), "museum": zone("museum", "museum")})
    watch.take(watch.redis(False, X, zone="theatre"), watch.redis(False, X, zone="museum"))
    watch.take(watch.ssh(X, "key-a", zone="theatre"), watch.ssh(X, "key-a", zone="museum"))
    assert assets(watch) == 2
    assert {row.namespace for row in watch.rows(tables.asset)} == {"theatre", "museum"}


def test_two_leases_that_swap_keep_their_machines(leased: Watch) -> None:
    leased.take(leased.host(X, mac=MAC_A), leased.host(Y, mac=MAC_B), leased.redis(False, X), leased.redis(True, Y))
    a, b = asset_id(leased, X), asset_id(leased, Y)
    leased.later(days=1)
    leased.take(leased.host(X, mac=MAC_B), leased.host(Y, mac=MAC_A))
    assert (asset_id(leased, X), asset_id(leased, Y)) == (b, a)
    leased.later(minutes=1)
    leased.take(leased.redis(True, X), leased.redis(False, Y))
    assert (leased.finding().state, leased.finding().asset_id, leased.finding().address) == ("open", a, Y)
    leased.check()


MACHINES = {MAC_A: "key-a", MAC_B: "key-b", MAC_C: "key-c"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.permutations([X, Y, Z]), min_size=1, max_size=6))
def test_machines_stay_themselves_whatever_their_leases_do(
    tmp_path_factory: pytest.TempPathFactory, days: list[list[str]]
) -> None:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('leases') / 'a.db'}")
    migrate(store)
    watch = Watch(store, networks=(LEASED,))
    known: dict[str, str] = {}
    for day, addresses in enumerate(days):
        where = dict(zip(MACHINES, addresses, strict=True))
        watch.take(*(watch.host(address, mac=mac, open_=(22,)) for mac, address in where.items()), scan=f"{day}")
        watch.take(*(watch.ssh(address, MACHINES[mac]) for mac, address in where.items()), scan=f"{day}")
        for mac, address in where.items():
            assert known.setdefault(mac, asset_id(watch, address)) == asset_id(watch, address)
        assert assets(watch) == len(MACHINES)
        watch.later(days=1)
    watch.check()
    store.close()


def test_names_without_an_address_are_assets_of_their_own(store: Store) -> None:
    """Two domains that lead nowhere are not one machine at a made-up address, and stay who they are."""
    watch = Watch(store)
    facts = NamesFacts(dangling_cname=True)
    for _ in range(2):
        for name in ("old.vilamar.example", "older.vilamar.example"):
            watch.take(watch.seen("names", NO_ADDRESS, None, facts, name=name))
        watch.later(hours=1)
    rows = watch.rows(tables.asset)
    assert sorted((row.name, row.addresses) for row in rows) == [("old.vilamar.example", []), ("older.vilamar.example", [])]
