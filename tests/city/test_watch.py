"""The whole of Talaia against the city: every planted fault found, no hardened twin accused, nothing sent out of scope."""

import json
from typing import Any

import pytest

from tests.city.conftest import City
from tests.city.districts import devices
from tests.city.hosts import DOMAINS, EXCLUDED, HOSTILE, HOSTILES, HOSTS, OUTSIDE, TOLERATED, TRUTH, TWINS, Host
from tests.namespaces import count

# On a new machine the first use of a whole Debian host makes its base, which takes minutes.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def watched(city: City) -> City:
    """The city after one whole scan, with counters on the excluded and the outside host."""
    untouched = {host.address: count(city.hosts[host.address], "ingress", [host.address + "/32"]) for host in (EXCLUDED, OUTSIDE)}
    city.untouched = untouched  # type: ignore[attr-defined]
    city.scanned = city.lines("scan")  # type: ignore[attr-defined]
    return city


@pytest.fixture(scope="module")
def findings(watched: City) -> list[dict[str, Any]]:
    return watched.lines("findings")


def place(item: dict[str, Any]) -> tuple[str, int, str]:
    return item["address"] or item["asset"], item["port"] or 0, item["rule"]  # a domain has no address


def test_no_two_hosts_share_a_name_or_an_address() -> None:
    everybody = (*HOSTS, *HOSTILES, EXCLUDED, OUTSIDE)
    assert len({host.name for host in everybody}) == len({host.address for host in everybody}) == len(everybody)


def test_every_planted_fault_is_found(findings: list[dict[str, Any]]) -> None:
    missed = TRUTH - {place(item) for item in findings}
    assert not missed


def test_no_hardened_twin_is_accused(findings: list[dict[str, Any]]) -> None:
    accused = {place(item) for item in findings if place(item)[0] in TWINS and item["rule"] not in TOLERATED}
    assert not accused


def test_findings_say_where_what_and_since_when(findings: list[dict[str, Any]]) -> None:
    for item in findings:
        assert {
            "rule",
            "state",
            "asset",
            "address",
            "port",
            "transport",
            "observed",
            "expected",
            "first_seen",
            "last_seen",
        } <= set(item)
        assert item["state"] == "open"
        assert item["observed"] or item["expected"]


def test_verdicts_say_what_passed_too(watched: City) -> None:
    verdicts = watched.lines("verdicts")
    passed = {place(item) for item in verdicts if item["verdict"] == "pass"}
    assert ("10.77.1.10", 443, "TLS-002") in passed
    assert ("10.77.2.10", 22, "SSH-002") in passed
    explained = [item for item in verdicts if item["verdict"] in ("pass", "fail")]
    assert all(item["observed"] is not None and item["expected"] is not None for item in explained)


def test_nothing_left_for_an_address_out_of_scope(watched: City, findings: list[dict[str, Any]]) -> None:
    """reliability.md S1 and S2: no guard of the kernel's stands in the way here; the door alone keeps the scope."""
    left = watched.leaving.read()
    assert left["ipv4_in"] > 1000
    assert left["ipv6_in"] > 10
    outside = ("ipv4_out", "ipv6_out", "arp_out", "nd_out", "other")
    assert {name: left[name] for name in outside} == dict.fromkeys(outside, 0)
    leaked = watched.leaked.read()
    assert (leaked["ipv4_out"], leaked["ipv6_out"]) == (0, 0)


def test_the_excluded_and_the_outside_host_received_nothing(watched: City) -> None:
    for host in (EXCLUDED, OUTSIDE):
        seen = watched.untouched[host.address].read()  # type: ignore[attr-defined]
        assert seen["ipv4_in"] == 0, (host.name, seen)
        assert seen["arp_in"] == 0, (host.name, seen)


def test_every_host_is_an_asset_once(watched: City) -> None:
    assets = watched.lines("assets")
    addresses = [address for asset in assets for address in asset["addresses"]]
    assert sorted(set(addresses)) == sorted(addresses)
    assert {host.address for host in HOSTS} <= set(addresses)
    undeclared = {address for asset in assets if not asset["declared"] for address in asset["addresses"]}
    assert undeclared == {host.address for host in HOSTS if host.service is None}


def test_every_domain_is_an_asset_of_its_own(watched: City) -> None:
    assets = {asset["name"]: asset["addresses"] for asset in watched.lines("assets")}
    assert {name: assets.get(name) for name in DOMAINS} == {name: [] for name in DOMAINS}
    proved = {(item["asset"], item["rule"]) for item in watched.lines("verdicts") if item["verdict"] == "pass"}
    assert {("bo.example", rule) for rule in ("DNS-003", "MAIL-001", "MAIL-002", "MAIL-003", "MAIL-004", "MAIL-005")} <= proved


def test_hostile_text_is_escaped_everywhere(watched: City) -> None:
    for command in ("findings", "verdicts", "assets"):
        for arguments in ((command,), (command, "--json")):
            printed = watched.talaia(*arguments).stdout
            assert not [c for c in printed if ord(c) < 32 and c != "\n"], command
            assert "\x1b" not in printed
            assert "\u202e" not in printed


def test_a_hostile_host_is_an_asset_like_others(watched: City) -> None:
    verdicts = [item for item in watched.lines("verdicts") if item["address"] == HOSTILE.address]
    assert any(item["verdict"] == "unknown" for item in verdicts)


@pytest.mark.parametrize("host", HOSTILES, ids=lambda host: host.name)
def test_a_hostile_host_costs_no_unit(watched: City, host: Host) -> None:
    """It is in the inventory, and its scan ended like every other: no unit was given up because of it."""
    assert any(host.address in asset["addresses"] for asset in watched.lines("assets"))
    assert all(line["units_failed"] == 0 for line in watched.scanned)  # type: ignore[attr-defined]


@pytest.mark.parametrize("device", devices.HOSTS, ids=lambda host: str(host.name))
def test_a_fragile_device_hears_one_ordinary_client(watched: City, device: Host) -> None:
    """Its zone allows deep looks, and nmap is there: but one connection at a time, and nothing that no browser says."""
    lines = (watched.folder / device.name / devices.RECEIVED).read_text().splitlines()
    got = [item for item in map(json.loads, lines) if item.get("received")]
    assert got
    if device.name != "telefon":
        assert not [item for item in got if item["beside"]]
    else:  # no port betrays it: until its page was read it was a host like others, which may hear a ClientHello
        got = [item for item in got if not item["received"].startswith("\x16\x03")]
    words = {(item["port"], " ".join(item["received"].split()[:2])) for item in got}
    web = {"GET /", "POST /ipp/print", "POST /onvif/device_service"}  # what a browser asks, a print queue, a video recorder
    assert {said for port, said in words if port != 554} <= web, words
    assert {said.split()[0] for port, said in words if port == 554} <= {"OPTIONS", "DESCRIBE"}, words


def test_targets_outside_every_zone_are_refused(watched: City) -> None:
    before = watched.leaving.read()
    for target in (OUTSIDE.address, EXCLUDED.address, "127.0.0.1", "010.77.1.10", "169.254.169.254", "8.8.8.8"):
        done = watched.talaia("scan", target, ok=False)
        assert done.returncode == 3, (target, done.stderr)
    after = watched.leaving.read()
    assert after["ipv4_out"] == before["ipv4_out"] == 0


def test_risk_has_an_interval_and_its_coverage(watched: City) -> None:
    city, *departments = watched.lines("risk")
    assert 0 < city["value"] <= 100
    assert city["low"] <= city["value"] <= city["high"]
    assert 0 < city["coverage"] <= 1
    assert [item["key"] for item in departments] == ["it"]


class TestLifeOfAFinding:
    """Fixed on the host, proved by a look, and reopened when it comes back."""

    def state(self, city: City, rule: str, address: str) -> str:
        found = [item for item in city.lines("findings", "--state", "all") if item["rule"] == rule and item["address"] == address]
        assert len(found) == 1
        return str(found[0]["state"])

    def test_resolved_on_proof_and_reopened(self, watched: City) -> None:
        home, address = watched.hosts["10.77.1.20"], "10.77.1.20"
        assert self.state(watched, "DB-001", address) == "open"
        home.run("redis-cli", "-h", address, "config", "set", "requirepass", "now-there-is-one")
        finding = next(item["id"] for item in watched.lines("findings", "--rule", "DB-001", "--asset", address))
        (said,) = watched.lines("test-again", finding[:8])
        assert said["state"] == "resolved"
        assert self.state(watched, "DB-001", address) == "resolved"
        home.run("redis-cli", "-h", address, "-a", "now-there-is-one", "config", "set", "requirepass", "")
        watched.talaia("scan", f"{address}:6379")
        assert self.state(watched, "DB-001", address) == "open"

    def test_an_unreachable_host_closes_nothing(self, watched: City) -> None:
        home, address = watched.hosts["10.77.1.14"], "10.77.1.14"
        open_before = [item for item in watched.lines("findings") if item["address"] == address]
        hook = f'type filter hook ingress device "{home.devices[0]}" priority -10; drop;'
        home.nft(f"table netdev silent {{\nchain c {{\n{hook}\n}}\n}}")
        try:
            watched.talaia("scan", address)
        finally:
            home.run("nft", "delete", "table", "netdev", "silent")
        assert len([item for item in watched.lines("findings") if item["address"] == address]) == len(open_before)
