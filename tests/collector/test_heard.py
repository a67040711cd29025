"""What was overheard goes into the inventory: machines by their card, names, ports; and looks of our own know better."""

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from collector import tables
from collector.store import Store
from scanners.passive.facts import PassiveFacts
from scanners.service_facts import ServiceFacts
from tests.collector.watching import Watch

X, Y = "192.0.2.10", "192.0.2.11"
MAC = "00-80-77-00-53-01"


def hear(watch: Watch, address: str, facts: PassiveFacts, port: int | None = None) -> None:
    watch.take(watch.seen("passive", address, port, facts))
    watch.check()


def endpoints(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        return {row.place: row for row in connection.execute(select(tables.endpoint))}


def test_a_host_that_was_only_heard_is_an_asset_with_its_names_and_ports(store: Store) -> None:
    watch = Watch(store)
    hear(watch, X, PassiveFacts(mac=MAC, names=("impressora.local",), heard_by=("mdns",)))
    hear(watch, X, PassiveFacts(service="ipp", tls=False), port=631)
    asset = watch.asset_at(X)
    assert asset.names == ["impressora.local"]
    assert asset.last_seen is not None
    assert (endpoints(store)["tcp/631"].service, endpoints(store)["tcp/631"].state) == ("ipp", "open")


def test_a_card_that_moves_stays_the_same_machine(store: Store) -> None:
    watch = Watch(store)
    hear(watch, X, PassiveFacts(mac=MAC))
    first = watch.asset_at(X).id
    watch.later(days=30)
    hear(watch, Y, PassiveFacts(mac=MAC))
    assert watch.asset_at(Y).id == first


def test_what_a_look_told_is_not_overwritten_by_hearsay(store: Store) -> None:
    watch = Watch(store)
    watch.take(watch.seen("service", X, 22, ServiceFacts(name="ssh", product="OpenSSH", tls=False)))
    watch.later(hours=1)
    hear(watch, X, PassiveFacts(service="http", tls=True), port=22)
    row = endpoints(store)["tcp/22"]
    assert (row.service, row.product, row.tls) == ("ssh", "OpenSSH", False)


def test_the_command_reads_a_capture(tmp_path: Path) -> None:
    card = bytes.fromhex(MAC.replace("-", ""))
    frame = bytes.fromhex("ffffffffffff") + card + bytes.fromhex("08060001080006040001") + card
    frame += bytes((192, 0, 2, 10)) + bytes(6) + bytes((192, 0, 2, 99))
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    (tmp_path / "x.pcap").write_bytes(head + struct.pack("<IIII", 1_790_000_000, 0, len(frame), len(frame)) + frame)
    talaia(tmp_path, "init")
    (tmp_path / "zones.yaml").write_text(
        "zones:\n  - id: own\n    networks: [192.0.2.0/24]\n    authorised_by: the tests\n"
        "    valid_from: 2026-01-01\n    valid_until: 2099-12-31\n"
    )
    said = talaia(tmp_path, "listen", "--pcap", "x.pcap", "--json")
    assert '"hosts":1' in said.stdout.replace(" ", "")
    assert X in talaia(tmp_path, "assets", "--json").stdout
    assert "--interface or --pcap" in talaia(tmp_path, "listen", code=2).stderr
    (tmp_path / "bad.pcap").write_bytes(b"no capture")
    assert "bad.pcap cannot be read" in talaia(tmp_path, "listen", "--pcap", "bad.pcap", code=6).stderr


def talaia(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "talaia", *arguments]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    return done
