"""Zone files: what is refused, where, and when a zone is open."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.located_yaml import FileError
from scanners.zone import Zone, ZoneFile, load_zones, zone_schema

MADRID = ZoneInfo("Europe/Madrid")
GOOD = """\
zones:
  - id: dmz
    networks: [192.0.2.0/24, "2001:db8::/112"]
    exclude: [192.0.2.7]
    authorised_by: Cap de seguretat
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    windows:
      - {days: [fri, sat], from: "22:00", until: "06:00"}
    blackout: [2026-12-24]
    ports: common,8000-8010
"""


def zone(**changes: object) -> Zone:
    plain = {
        "id": "z",
        "networks": ["192.0.2.0/24"],
        "authorised_by": "x",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    }
    return Zone.model_validate({**plain, **changes})


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "zones.yaml"
    path.write_text(GOOD)
    (read,) = load_zones(path)
    assert read.id == "dmz"
    assert {443, 8005} <= read.ports
    assert ZoneFile.model_validate_json(ZoneFile(zones=(read,)).model_dump_json(by_alias=True)).zones == (read,)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("192.0.2.0/24", "192.0.2.1/24", 3, "host bits"),
        ("192.0.2.0/24", "010.0.0.1", 3, "not an IP address"),
        ("192.0.2.0/24", "0x0a000001", 3, "not an IP address"),
        ("192.0.2.0/24", "'::ffff:192.0.2.1'", 3, "IPv4"),
        ("[192.0.2.7]", "[192.0.2.256]", 4, "not an IP address"),
        ("authorised_by", "authorized_by", 5, "not known here"),
        ("2026-01-01", "2026-13-01", 6, "valid_from"),
        ("2026-01-01", "2026", 6, "write the date"),
        ('"22:00"', "22", 9, "write the hour"),
        ('"22:00"', '"22:00Z"', 9, "write the hour"),
        ("[fri, sat]", "[fri, dissabte]", 9, "days"),
        ("common,8000-8010", "8010-8000", 11, "backwards"),
        ("common,8000-8010", "0", 11, "port"),
        ("common,8000-8010", "common\n    retries: true", 12, "retries"),
        ("id: dmz", "id: &a dmz", 2, "anchors"),
        ("id: dmz", "id: !!python/none dmz", 2, "tag"),
        ("id: dmz", "id: dmz\n    id: dmz", 3, "twice"),
    ],
)
def test_each_error_names_file_and_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    path = tmp_path / "zones.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(FileError) as caught:
        load_zones(path)
    assert (line, True) in [(where, said in sentence) for where, sentence in caught.value.problems], str(caught.value)
    assert f"{path}:{line}: " in str(caught.value)


@pytest.mark.parametrize("text", ["", "zones: []", "- a", "zones: {", "\x00", "zones: " + "[" * 5000, "zones: " + "9" * 5000])
def test_a_file_that_is_no_zone_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "zones.yaml"
    path.write_text(text)
    with pytest.raises(FileError):
        load_zones(path)


def test_a_missing_file_and_two_zones_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        load_zones(tmp_path / "none.yaml")
    path = tmp_path / "zones.yaml"
    path.write_text(GOOD + GOOD.removeprefix("zones:\n"))
    with pytest.raises(FileError, match="two zones have the id dmz"):
        load_zones(path)


def test_exclusions_win_whatever_their_size() -> None:
    made = zone(exclude=["192.0.2.0/25"], networks=["192.0.2.0/24", "192.0.2.5"])
    (inside, excluded) = (next(iter(made.networks)).network_address + 200, next(iter(made.networks)).network_address + 5)
    assert made.names_address(inside)
    assert not made.names_address(excluded)


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-06-05T21:59", False),  # a Friday
        ("2026-06-05T22:00", True),
        ("2026-06-06T00:00", True),
        ("2026-06-06T05:59", True),
        ("2026-06-06T06:00", False),
        ("2026-06-07T03:00", True),  # Sunday morning belongs to Saturday's window
        ("2026-06-07T23:00", False),
        ("2026-06-08T03:00", False),  # Monday morning: Sunday has no window
        ("2026-06-05T03:00", False),  # Friday morning: Thursday has none
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(local: str, is_open: bool) -> None:
    made = zone(windows=[{"days": ["fri", "sat"], "from": "22:00", "until": "06:00"}])
    assert (made.closed_because(datetime.fromisoformat(local).replace(tzinfo=MADRID)) is None) == is_open


def test_dates_are_inclusive_and_read_in_madrid() -> None:
    made = zone(valid_until="2026-06-30", blackout=["2026-06-24"])
    assert made.closed_because(datetime(2026, 6, 30, 21, 59, tzinfo=UTC)) is None  # 23:59 in Madrid
    assert "authorised" in str(made.closed_because(datetime(2026, 6, 30, 22, 0, tzinfo=UTC)))
    assert "blackout" in str(made.closed_because(datetime(2026, 6, 23, 22, 30, tzinfo=UTC)))  # already the 24th there
    assert made.closed_because(datetime(2026, 6, 24, 22, 30, tzinfo=UTC)) is None


def test_clock_changes() -> None:
    made = zone(windows=[{"from": "02:00", "until": "03:00"}])
    spring = [datetime(2026, 3, 29, 0, minute, tzinfo=UTC) for minute in range(60)]  # 01:00 to 02:00, then 03:00
    assert all(made.closed_because(moment + timedelta(hours=hour)) for moment in spring for hour in (0, 1, 2))
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in range(-0, 3)]  # 02:30, 02:30 again, 03:30
    assert [made.closed_because(moment) is None for moment in autumn] == [True, True, False]


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-06-01T10:07:31+00:00", "2026-06-05T20:05:00+00:00"),
        ("2026-06-05T20:06:30+00:00", "2026-06-05T20:06:30+00:00"),
        ("2026-12-24T22:30:00+00:00", "2026-12-25T21:05:00+00:00"),
    ],
)
def test_the_next_opening_is_to_the_minute(at: str, opens: str) -> None:
    made = zone(windows=[{"days": ["fri"], "from": "22:05", "until": "22:10"}])
    assert made.next_opening(datetime.fromisoformat(at)) == datetime.fromisoformat(opens)


def test_the_next_opening_where_the_clock_jumps() -> None:
    made = zone(windows=[{"from": "02:30", "until": "06:00"}])
    assert made.next_opening(datetime(2026, 3, 28, 23, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert zone(valid_until="2026-01-02").next_opening(datetime(2026, 6, 1, tzinfo=UTC)) is None


@given(st.integers(0, 360 * 86400), st.integers(0, 23), st.integers(0, 59))
def test_the_next_opening_is_open_and_nothing_before_it_is(at: int, hour: int, minute: int) -> None:
    made = zone(windows=[{"from": f"{hour:02}:{minute:02}", "until": f"{(hour + 5) % 24:02}:15"}])
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
    opens = made.next_opening(start)
    if opens is not None:
        assert opens >= start
        assert made.closed_because(opens) is None
        assert opens == start or made.closed_because(opens - timedelta(seconds=1)) is not None


def test_the_schema_is_published() -> None:
    schema = zone_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert "authorised_by" in schema["$defs"]["Zone"]["required"]
