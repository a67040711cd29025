"""Nmap's report: taken once, inside the zone only, never over a look of ours; whatever is broken is refused whole."""

import contextlib
import subprocess
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import tables
from collector.imports.nmap import read_report, take_report
from collector.store import Store
from scanners.located_yaml import FileError
from scanners.observation import Vantage
from scanners.zone import Zone
from tests.collector.watching import START, Watch

AT = int(START.timestamp()) - 3600
REPORT = f"""<?xml version="1.0"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" start="{AT}" version="7.93" xmloutputversion="1.05">
<host starttime="{AT}" endtime="{AT}"><status state="up"/><address addr="192.0.2.10" addrtype="ipv4"/><ports>
<port protocol="tcp" portid="6379"><state state="open" reason="syn-ack"/><service name="redis" product="Redis key-value store"
 version="7.0" method="probed" conf="10"/></port>
<port protocol="tcp" portid="23"><state state="closed" reason="reset"/></port></ports></host>
<host starttime="{AT}" endtime="{AT}"><status state="up"/><address addr="198.51.100.1" addrtype="ipv4"/><ports>
<port protocol="tcp" portid="80"><state state="open" reason="syn-ack"/></port></ports></host>
<runstats><finished time="{AT}" exit="success"/></runstats></nmaprun>""".encode()
ZONE = Zone(
    id="dmz", networks=("192.0.2.0/24",), authorised_by="the tests", valid_from=date(2026, 1, 1), valid_until=date(2099, 1, 1)
)  # type: ignore[arg-type]


def take(watch: Watch) -> tuple[int, int, int]:
    report = read_report(REPORT, "scan.xml", watch.now)
    with watch.store.write() as connection:
        found = take_report(watch.ingest, connection, report, (ZONE, [ZONE]), Vantage.INTERNAL)
    return found.taken, found.unchanged, found.outside


def test_a_report_is_taken_once_and_only_inside_the_zone(store: Store) -> None:
    watch = Watch(store)
    assert take(watch) == (1, 0, 1)
    assert take(watch) == (0, 1, 1)
    (row,) = watch.rows(tables.endpoint)
    assert (row.address, row.port, row.state, row.service, row.version) == ("192.0.2.10", 6379, "open", "redis", "7.0")
    assert row.last_seen == datetime.fromtimestamp(AT, UTC)


def test_a_report_never_overrides_a_look_of_ours(store: Store) -> None:
    watch = Watch(store)
    watch.take(watch.host(), watch.service("redis"), watch.redis(False))
    before = watch.rows(tables.endpoint), watch.finding()
    assert take(watch)[0] == 1
    assert (watch.rows(tables.endpoint), watch.finding()) == before


def test_a_report_of_the_real_nmap_is_read() -> None:
    argv = ["nmap", "-n", "-Pn", "-sT", "-p", "1", "-oX", "-", "127.0.0.1"]
    made = subprocess.run(argv, capture_output=True, check=True, timeout=60)
    version, ports = read_report(made.stdout, "scan.xml", datetime(2099, 1, 1, tzinfo=UTC))
    assert version
    assert not ports


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        REPORT[:-20],
        REPORT.replace(b"<finished", b"<unfinished"),
        REPORT.replace(b"6379", b"99999"),
        REPORT.replace(b"<!DOCTYPE nmaprun>", b'<!DOCTYPE nmaprun [<!ENTITY a "b">]>'),
        REPORT.replace(b"nmaprun", b"other"),
    ],
)
def test_what_is_broken_is_refused_whole(broken: bytes) -> None:
    with pytest.raises(FileError, match=r"scan\.xml"):
        read_report(broken, "scan.xml", START)


@given(st.integers(0, len(REPORT) - 1), st.binary(max_size=12))
def test_no_mutation_makes_it_fail_otherwise(place: int, instead: bytes) -> None:
    with contextlib.suppress(FileError):
        read_report(REPORT[:place] + instead + REPORT[place + len(instead) :], "scan.xml", START)
