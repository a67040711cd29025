"""Reports of Nessus, Greenbone and nuclei: judged by rules of their own, closed by their own proof, refused whole."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import tables
from collector.imports.greenbone import read_greenbone
from collector.imports.nessus import read_nessus
from collector.imports.nuclei import read_nuclei
from collector.imports.results import Report, take_results
from collector.ingest import Ingest
from collector.store import Store
from scanners.located_yaml import FileError
from scanners.observation import Vantage
from scanners.zone import Zone
from tests.api.world import rulebook
from tests.collector.watching import START, Watch

FIRST = START - timedelta(days=2)
SECOND = START - timedelta(days=1)
ZONE = Zone(
    id="dmz", networks=("192.0.2.0/24",), authorised_by="the tests", valid_from=date(2026, 1, 1), valid_until=date(2099, 1, 1)
)  # type: ignore[arg-type]
CERTIFICATE = ("443", "tcp", "www", "2", "51192", "SSL Certificate Cannot Be Trusted", "")
TERRAPIN = ("22", "tcp", "ssh", "2", "187315", "SSH Terrapin Prefix Truncation Weakness (CVE-2023-48795)", "CVE-2023-48795")
PACKAGE = ("0", "tcp", "general", "3", "186712", "Debian DSA-5571-1 : rabbitmq-server", "CVE-2023-46118")
NOTICE = ("0", "tcp", "general", "0", "19506", "Nessus Scan Information", "")


def nessus(
    *items: tuple[str, ...],
    at: datetime = FIRST,
    plugins: str = "19506;51192;187315;186712;",
    login: bool = True,
    ends: bool = True,
) -> bytes:
    tags = {"host-ip": "192.0.2.10", "HOST_START_TIMESTAMP": int(at.timestamp()) - 600}
    if ends:
        tags |= {"HOST_END": f"{at:%a %b %d %H:%M:%S %Y}", "HOST_END_TIMESTAMP": int(at.timestamp())}
    tags["Credentialed_Scan"] = str(login).lower()
    properties = "".join(f'<tag name="{name}">{value}</tag>' for name, value in tags.items())
    found = "".join(
        f'<ReportItem port="{port}" svc_name="{service}" protocol="{transport}" severity="{severity}" pluginID="{plugin}"'
        f' pluginName="{name}" pluginFamily="General"><risk_factor>Medium</risk_factor>'
        f"{f'<cve>{cve}</cve>' if cve else ''}<plugin_output>Nessus version : 10.8.3 (#18)</plugin_output></ReportItem>"
        for port, transport, service, severity, plugin, name, cve in items
    )
    return (
        '<?xml version="1.0" ?><NessusClientData_v2><Policy><policyName>City</policyName><Preferences><ServerPreferences>'
        f"<preference><name>plugin_set</name><value>{plugins}</value></preference>"
        "<preference><name>port_range</name><value>default</value></preference></ServerPreferences></Preferences></Policy>"
        '<Report name="City"><ReportHost name="seu.example"><HostProperties>'
        f"{properties}</HostProperties>{found}</ReportHost></Report></NessusClientData_v2>"
    ).encode()


def greenbone(
    *results: tuple[str, ...], at: datetime = FIRST, task: str = "t-1", levels: str = "hml", status: str = "Done"
) -> bytes:
    found = "".join(
        f'<result id="{number}"><name>{name}</name><host>192.0.2.10<asset asset_id="a"/><hostname>seu</hostname></host>'
        f'<port>{port}</port><nvt oid="{oid}"><type>nvt</type><name>{name}</name><cvss_base>{score}</cvss_base><refs>'
        f'<ref type="cve" id="CVE-2023-48795"/><ref type="url" id="https://example.org"/></refs></nvt><threat>High</threat>'
        f"<severity>{score}</severity><qod><value>80</value></qod></result>"
        for number, (port, oid, name, score) in enumerate(results)
    )
    return (
        f'<report id="r" format_id="f" extension="xml"><task id="{task}"><name>City</name></task>'
        '<report id="r"><gmp><version>22.5</version></gmp>'
        f'<filters id=""><term>apply_overrides=0 levels={levels} rows=-1</term></filters>'
        f'<scan_run_status>{status}</scan_run_status><task id="{task}"><name>City</name></task>'
        f"<host><ip>192.0.2.10</ip><start>{at:%Y-%m-%dT%H:%M:%SZ}</start><end>{at:%Y-%m-%dT%H:%M:%SZ}</end><detail><name>OS</name>"
        f'<value>Debian</value></detail></host><results start="1" max="-1">{found}</results>'
        f"<result_count>{len(results)}<full>9</full><filtered>{len(results)}</filtered></result_count><scan_end>{at:%Y-%m-%dT%H:%M:%SZ}</scan_end></report></report>"
    ).encode()


def nuclei(*matches: tuple[str, str, bool], at: datetime = FIRST) -> bytes:
    lines = [
        {
            "template-id": template,
            "info": {"name": template.title(), "severity": severity, "classification": {"cve-id": None, "cwe-id": ["cwe-200"]}},
            "type": "http", "host": "seu.example", "port": "443", "scheme": "https", "ip": "192.0.2.10",
            "matched-at": "https://seu.example/.git/config", "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.123456789Z",
            "matcher-status": matched,
        }
        for template, severity, matched in matches
    ]  # fmt: skip
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


class City(Watch):
    """A collector with the real rules, and the reports that it takes in."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.ingest = Ingest(store, rulebook(), self.ingest.settings)

    def reported(self, report: Report, vantage: Vantage = Vantage.INTERNAL) -> dict[str, int]:
        with self.store.write() as connection:
            found = asdict(take_results(self.ingest, connection, report, (ZONE, [ZONE]), vantage))
        return {name: number for name, number in found.items() if number}

    def findings(self) -> dict[tuple[str, str], str]:
        return {(row.rule, row.place): row.state for row in self.rows(tables.finding) if row.rule.startswith("EXT-")}


@pytest.fixture
def city(store: Store) -> City:
    return City(store)


def test_results_of_nessus_are_judged_at_their_places(city: City) -> None:
    report = read_nessus(nessus(CERTIFICATE, TERRAPIN, PACKAGE, NOTICE), "city.nessus", START)
    assert report.version == "10.8.3"
    assert city.reported(report) == {"taken": 3}
    assert city.findings() == {("EXT-003", "tcp/443"): "open", ("EXT-003", "tcp/22"): "open", ("EXT-002", "host"): "open"}
    (terrapin,) = [row for row in city.rows(tables.finding) if row.place == "tcp/22"]
    assert terrapin.observed["cves"] == ["CVE-2023-48795"]
    assert terrapin.observed["results"] == ["187315 SSH Terrapin Prefix Truncation Weakness (CVE-2023-48795)"]
    assert (terrapin.confidence, terrapin.vantage, terrapin.last_seen) == ("inferred", "internal", FIRST)
    assert {(row.place, row.state) for row in city.rows(tables.endpoint)} == {("tcp/443", "open"), ("tcp/22", "open")}
    assert city.reported(report) == {"taken": 3, "unchanged": 3}  # the same file again
    assert len(city.rows(tables.finding)) == len({row.id for row in city.rows(tables.finding)})


def test_what_the_same_tests_no_longer_find_is_closed(city: City) -> None:
    city.reported(read_nessus(nessus(CERTIFICATE, TERRAPIN, PACKAGE), "a", START))
    found = city.reported(read_nessus(nessus(TERRAPIN, at=SECOND), "b", START))
    assert found == {"taken": 1, "clean": 2, "gone": 2}
    assert city.findings() == {("EXT-003", "tcp/443"): "resolved", ("EXT-003", "tcp/22"): "open", ("EXT-002", "host"): "resolved"}


@pytest.mark.parametrize(
    ("second", "still_open"),
    [
        (nessus(TERRAPIN, at=SECOND, plugins="187315;"), {"tcp/443", "tcp/22", "host"}),  # the other plug-ins did not run
        (nessus(TERRAPIN, at=SECOND, login=False), {"tcp/443", "tcp/22", "host"}),  # nor could they see as much
        (nessus(TERRAPIN, at=SECOND, ends=False), {"tcp/443", "tcp/22", "host"}),  # cut off
        (nessus(TERRAPIN, at=FIRST - timedelta(days=9)), {"tcp/443", "tcp/22", "host"}),  # an older file
    ],
)
def test_silence_that_proves_nothing_closes_nothing(city: City, second: bytes, still_open: set[str]) -> None:
    city.reported(read_nessus(nessus(CERTIFICATE, TERRAPIN, PACKAGE), "a", START))
    city.reported(read_nessus(second, "b", START))
    assert {place for (_, place), state in city.findings().items() if state == "open"} == still_open


def test_each_scanner_and_each_vantage_speaks_for_itself(city: City) -> None:
    city.reported(read_nessus(nessus(CERTIFICATE), "a", START))
    city.reported(read_nessus(nessus(at=SECOND), "b", START), Vantage.INTERNET)
    city.reported(read_greenbone(greenbone(at=SECOND), "c", START))
    assert city.findings()["EXT-003", "tcp/443"] == "open"
    city.reported(read_nessus(nessus(at=SECOND), "b", START))
    assert city.findings()["EXT-003", "tcp/443"] == "resolved"


def test_greenbone_is_closed_by_the_same_task_through_the_same_filter(city: City) -> None:
    weak = ("22/tcp", "1.3.6.1.4.1.25623.1.0.105611", "Weak Encryption Algorithm(s) Supported (SSH)", "4.3")
    host = ("general/tcp", "1.3.6.1.4.1.25623.1.1.1.2", "Debian: Security Advisory", "9.8")
    false = ("80/tcp", "1.3.6.1.4.1.25623.1.0.1", "A false positive", "-1.0")
    assert city.reported(read_greenbone(greenbone(weak, host, false), "a", START)) == {"taken": 2}
    both = {("EXT-003", "tcp/22"): "open", ("EXT-001", "host"): "open"}
    assert city.findings() == both
    for other in ({"task": "t-2"}, {"levels": "h"}, {"status": "Stopped"}):
        city.reported(read_greenbone(greenbone(at=SECOND, **other), "b", START))
        assert city.findings() == both
    assert city.reported(read_greenbone(greenbone(host, at=SECOND + timedelta(hours=1)), "c", START))["gone"] == 1
    assert city.findings() == {("EXT-003", "tcp/22"): "resolved", ("EXT-001", "host"): "open"}


def test_nuclei_closes_only_what_it_says_it_tried(city: City) -> None:
    city.reported(
        read_nuclei(nuclei(("git-config", "medium", True), ("old-thing", "high", True), ("tech", "info", True)), "a", START)
    )
    assert city.findings() == {("EXT-003", "tcp/443"): "open", ("EXT-002", "tcp/443"): "open"}
    city.reported(read_nuclei(nuclei(("old-thing", "high", True), at=SECOND), "b", START))
    assert city.findings() == {("EXT-003", "tcp/443"): "open", ("EXT-002", "tcp/443"): "open"}
    tried = nuclei(("git-config", "medium", False), ("old-thing", "high", True), at=SECOND + timedelta(hours=1))
    assert city.reported(read_nuclei(tried, "c", START))["gone"] == 1
    assert city.findings() == {("EXT-003", "tcp/443"): "resolved", ("EXT-002", "tcp/443"): "open"}


def test_nothing_outside_the_zone_and_no_name_is_taken(city: City) -> None:
    away = nessus(CERTIFICATE).replace(b"192.0.2.10", b"198.51.100.7")
    assert city.reported(read_nessus(away, "a", START)) == {"outside": 2}
    named = nuclei(("git-config", "medium", True)).replace(b"192.0.2.10", b"")
    report = read_nuclei(named, "b", START)
    assert (city.reported(report), report.unplaced) == ({}, 1)
    assert city.rows(tables.asset) == []


READERS: list[tuple[Callable[[bytes, str, datetime], Report], bytes]] = [
    (read_nessus, nessus(CERTIFICATE, PACKAGE)),
    (read_greenbone, greenbone(("22/tcp", "1.3.6.1", "Weak", "4.3"))),
    (read_nuclei, nuclei(("git-config", "medium", True))),
]


@pytest.mark.parametrize(("read", "whole"), READERS)
def test_what_is_broken_is_refused_whole(read: Callable[..., Any], whole: bytes) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><NessusClientData_v2>&b;</NessusClientData_v2>'
    for broken in (
        b"",
        b"{}",
        whole[:-30],
        whole[: len(whole) // 2],
        b"<other/>",
        bomb,
        b"<a>" * 5_000,
        b"[" * 100_000,
        b"\xff\xfe",
    ):
        with pytest.raises(FileError, match="a file"):
            read(broken, "a file", START)
    assert read(whole, "a file", START).found


def test_a_page_of_a_report_and_a_scan_that_runs_are_refused() -> None:
    page = greenbone(("22/tcp", "1.3.6.1", "Weak", "4.3")).replace(b"<filtered>1<", b"<filtered>250<")
    with pytest.raises(FileError, match="1 of 250 results"):
        read_greenbone(page, "page.xml", START)
    with pytest.raises(FileError, match="has not ended"):
        read_greenbone(greenbone(status="Running"), "running.xml", START)


@pytest.mark.parametrize(("read", "whole"), READERS)
@given(data=st.data())
def test_no_mutation_makes_it_fail_otherwise(read: Callable[..., Any], whole: bytes, data: st.DataObject) -> None:
    place, instead = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.binary(max_size=12))
    with contextlib.suppress(FileError):
        read(whole[:place] + instead + whole[place + len(instead) :], "a file", datetime(2026, 11, 26, tzinfo=UTC))
