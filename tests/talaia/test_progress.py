"""What a person reads while a scan runs."""

from collector.run_progress import Meter
from collector.runs import RunProgress
from scanners.plan import Progress, SweepUnit
from talaia.cli.progress import sentence


def test_a_zone_that_is_done_does_not_hide_one_that_is_not() -> None:
    ended = RunProgress(phase="done", hosts_done=64, hosts_total=64)
    busy = RunProgress(phase="looking", hosts_done=32, hosts_total=64, hosts_alive=3, ports=7, checks_done=1, checks_total=9)
    assert sentence((ended, busy)) == "looking · 96/128 hosts · 3 alive · 7 open ports · 1/9 checks"
    assert sentence((ended, ended)).startswith("done · 128/128 hosts")


def test_a_sweep_tells_its_hosts_as_it_goes() -> None:
    unit = SweepUnit(id="a", zone_id="z", networks=("192.0.2.0/24", "2001:db8::/112"), ports="80")
    meter = Meter()
    meter.begin(unit)
    meter.report(Progress(unit_id="a", phase="discovery", ports_total=1000, ports_done=500, hosts_alive=3))
    said = meter.progress(ports=0)
    assert (said.hosts_done, said.hosts_total, said.hosts_alive) == (128, 256, 3)
    meter.report(Progress(unit_id="a", phase="done", ports_total=1000, ports_done=1000, hosts_alive=5))
    meter.end(unit, finished=True)
    said = meter.progress(ports=0)
    assert (said.hosts_done, said.hosts_total, said.hosts_alive) == (256, 256, 5)


def test_a_network_of_ipv6_only_counts_who_answered() -> None:
    meter = Meter()
    unit = SweepUnit(id="a", zone_id="z", networks=("2001:db8::/112",), ports="80")
    meter.begin(unit)
    meter.report(Progress(unit_id="a", phase="discovery", ports_total=10, ports_done=5, hosts_alive=4))
    assert (meter.progress(ports=0).hosts_done, meter.progress(ports=0).hosts_total) == (2, 4)
