"""The parts of the raw process that need no network."""

import ipaddress
import itertools
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.discovery.parts import Part, parts_of
from scanners.discovery.scope import merge, subtract
from scanners.raw.arithmetic import Lanes, checksum, plus, words
from scanners.raw.field import Field
from scanners.raw.job import Job, JobError
from scanners.raw.order import Metronome, Spread
from scanners.raw.payloads import PAYLOADS
from scanners.raw.syn import SHAPES, SynTrack

ROOT = Path(__file__).resolve().parents[2]
INTERVALS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 40)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)
WORD = st.integers(0, 0xFFFF)


@given(st.integers(1, 5000))
def test_every_target_has_one_place(count: int) -> None:
    spread = Spread(count)
    assert sorted(map(spread.at, range(count))) == list(range(count))
    assert all(spread.place(spread.at(place)) == place for place in range(0, count, 7))


@given(st.integers(200, 70_000), st.integers(0, 1000), st.integers(2, 20))
def test_no_network_is_hit_in_a_burst(count: int, start: int, parts: int) -> None:
    """Of any 100 consecutive places, a network that is one n-th of the range gets about 100/n."""
    spread, size = Spread(count), count // parts
    hits = [0] * (count // size + 1)
    for place in range(start, start + 100):
        hits[spread.at(place) // size] += 1
    assert max(hits) <= 100 / parts + 8


@given(INTERVALS, INTERVALS)
def test_intervals_are_sets(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    def members(intervals: list[tuple[int, int]]) -> set[int]:
        return {number for first, last in intervals for number in range(first, last + 1)}

    joined = merge(left)
    assert members(joined) == members(left)
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(joined))
    assert members(subtract(joined, merge(right))) == members(left) - members(right)


@given(INTERVALS.filter(bool), INTERVALS, INTERVALS)
def test_the_field_asks_what_is_allowed_and_not_excluded(
    asked: list[tuple[int, int]], allowed: list[tuple[int, int]], excluded: list[tuple[int, int]]
) -> None:
    field = Field(4, merge(asked))
    assert all(field.shut)
    field.allow(allowed, excluded)
    for index in range(field.count):
        address = field.address(index)
        assert field.index(address) == index
        inside = any(low <= address <= high for low, high in allowed) and not any(
            low <= address <= high for low, high in excluded
        )
        assert field.shut[index] == (not inside)
    part = Part(4, tuple(merge(asked)))
    assert bytes(part.outside(allowed, excluded)) == field.shut
    assert field.index(10_000) == -1


@given(INTERVALS.filter(bool), st.integers(1, 1 << 26))
def test_parts_hold_everything_once(intervals: list[tuple[int, int]], ports: int) -> None:
    parts = list(parts_of(4, merge(intervals), ports))
    numbers = [int(part.address(index)) for part in parts for index in range(part.count)]
    assert numbers == [number for first, last in merge(intervals) for number in range(first, last + 1)]
    assert all(part.count * ports <= 1 << 26 for part in parts)
    assert all(part.index(part.address(part.count - 1)) == part.count - 1 for part in parts)


@given(st.lists(WORD, min_size=1, max_size=50), WORD)
def test_lanes_add_like_single_words(column: list[int], word: int) -> None:
    assert list(Lanes(array("H", column)).plus(word)) == [plus(value, word) for value in column]


@pytest.mark.parametrize(("version", "first"), [(4, "192.0.2.0"), (6, "2001:db8::")])
def test_every_patched_packet_is_a_right_one(version: int, first: str) -> None:
    """Checksums of 300 hosts × 5 ports, by the definition of RFC 9293; and each sequence number proves only itself."""
    start = int(ipaddress.ip_address(first))
    field = Field(version, [(start, start + 299)])
    field.allow([(start, start + 299)], [])
    ports = (1, 80, 443, 8080, 65535)
    track = SynTrack(field, range(300), ports, 40_000)
    shape, header = SHAPES[version], 20 if version == 4 else 40
    seen = set()
    for step in range(track.steps):
        begin, end = track.next_run(step, 0)
        assert (begin, end) == (0, 300)
        for slot in range(begin, end):
            at = slot * shape.stride + shape.packet
            packet = bytes(track.salvo.buffer[at : at + shape.packet_bytes])
            addresses, segment = (packet[12:20] if version == 4 else packet[8:40]), packet[header:]
            assert checksum(words(addresses) + 6 + len(segment) + words(segment)) in (0, 65535)
            assert version == 6 or checksum(words(packet[:20])) in (0, 65535)
            target = int.from_bytes(addresses[len(addresses) // 2 :], "big")
            port, sequence = int.from_bytes(segment[2:4], "big"), int.from_bytes(segment[4:8], "big")
            seen.add((target, port))
            place = track.place_of(port)
            assert track.slot_of(target - start) == slot
            assert track.prove(slot, place, (sequence + 1) & 0xFFFFFFFF)
            assert not track.prove(slot, place, sequence)
            assert not track.prove((slot + 1) % 300, place, (sequence + 1) & 0xFFFFFFFF)
    assert seen == {(start + host, port) for host in range(300) for port in ports}


@given(st.floats(1, 100_000), st.lists(st.floats(0, 0.5), min_size=10, max_size=300))
def test_the_metronome_never_runs_ahead(rate: float, pauses: list[float]) -> None:
    now, left = [0.0], list[tuple[float, int]]()
    metronome = Metronome(rate, lambda: now[0])
    for pause in pauses:
        now[0] += pause
        ready = metronome.ready()
        metronome.spend(ready)
        left.append((now[0], ready))
    for moment, _ in left[::5]:
        assert sum(packets for at, packets in left if moment <= at < moment + 1.0) <= rate * 1.02 + 2


@pytest.mark.parametrize(
    "changed", [{"intervals": [[0, 1 << 27]]}, {"intervals": "x"}, {"rate": None}, {"answered": "%"}, {"tcp": [None]}]
)
def test_an_order_that_cannot_be_carried_out_is_refused(changed: dict[str, object]) -> None:
    good = {"version": 4, "intervals": [[1, 2]], "allowed": [], "excluded": [], "tcp": [80], "rate": 1}
    assert Job.read(good).tcp == (80,)
    with pytest.raises(JobError):
        Job.read({**good, **changed})


def test_payloads_are_short_and_guess_nothing() -> None:
    assert all(0 < len(data) < (600 if port == 3702 else 300) for port, data in PAYLOADS.items())  # WS-Discovery is SOAP
    assert not any(word in data.lower() for data in PAYLOADS.values() for word in (b"public", b"private", b"admin"))


LOADED = "import sys, {modules}; print(*sorted({{m.split('.')[0] for m in sys.modules}} - set(sys.stdlib_module_names)))"
OURS = "import sys, {modules}; print(*sorted(m for m in sys.modules if m.startswith('scanners.') and 'raw' not in m))"


def loaded(script: str, modules: str) -> set[str]:
    argv = [sys.executable, "-c", script.format(modules=modules)]
    return set(subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_only_the_raw_process_imports_scapy_and_it_imports_nothing_else_of_ours() -> None:
    """scapy itself loads cryptography (Apache-2.0 or BSD-3-Clause) where it is installed."""
    assert "scapy" not in loaded(LOADED, "scanners.discovery, scanners.door, scanners.raw.payloads")
    foreign = {name for name in loaded(LOADED, "scanners.raw.__main__") if not name.startswith("_")}
    assert foreign - {"cryptography"} == {"scanners", "scapy"}
    assert loaded(OURS, "scanners.raw.__main__") == set()
