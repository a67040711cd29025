"""Texts that could mean another address than they show are refused (S4), and hostile text is shown harmless."""

import ipaddress
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.clean_text import clean_bytes, clean_text
from scanners.door import Door, RefusedByScope
from scanners.ports import format_ports, parse_ports
from scanners.target import AddressError, Target, parse_address, parse_endpoint, parse_name, parse_network, parse_port
from tests.scanners.zones import zone_for

V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)


@pytest.mark.parametrize(
    "text",
    [
        "010.0.0.1", "0x0a000001", "0x0a.0.0.1", "167772161", "10.1", "10.0.1", "10.0.0.1.", " 10.0.0.1", "10.0.0.1\n",
        "10.0.0.256", "10.0.0.-1", "１０.0.0.1", "10。0。0。1",
        "10.0.0.1/32", "10.0.0.1%lo", "fe80::1%eth0", "::ffff:10.0.0.1", "::ffff:a00:1",
        "::10.0.0.1", "2002:a00:1::", "2001:0:a00:1::1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "::ffff:0:a00:1", "[::1]", "",
        "::g",
        "localhost", "-iL", "--script=x", "10.0.0.1 -oN /tmp/x",
    ],
)  # fmt: skip
def test_an_address_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)
    with pytest.raises((AddressError, RefusedByScope)):
        Door([zone_for("0.0.0.0/0", "::/0")]).admit(text)


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0.0/", "10/8", "::/129"]
)
def test_a_network_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_network(text)


@pytest.mark.parametrize(
    "text", ["a..b", "a.b..", "-a.example", "a-.example", "exa mple", "example.com\n", "10.0.0.0x1", "1.2.3.4", "1.2.3", "a" * 64,
             "x" * 100_000, "á" * 5000, "a/b", "a:b", "--version", ""],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_name(text)


@pytest.mark.parametrize("text", ["0", "65536", "+80", "080", "8e1", "80 ", "８０", "-1", "0x50", ""])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_port(text)


@settings(max_examples=1000)
@given(st.one_of(V4, V6))
def test_what_is_accepted_means_one_thing(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    try:
        read = parse_address(str(address))
    except AddressError:
        assert isinstance(address, ipaddress.IPv6Address)
    else:
        assert read == address
        assert parse_endpoint(str(Target(address=str(read), port=7))) == (str(address), 7)


@settings(max_examples=2000)
@given(st.text(max_size=60))
def test_any_text_is_an_address_a_name_or_refused(text: str) -> None:
    try:
        host, port = parse_endpoint(text)
    except AddressError:
        return
    assert not host.startswith("-")
    assert host.isascii()
    assert host.isprintable()
    assert " " not in host
    assert port is None or 1 <= port <= 65535


@settings(max_examples=1000)
@given(V4, V4)
def test_the_door_lets_in_what_the_zone_names_and_nothing_else(
    address: ipaddress.IPv4Address, other: ipaddress.IPv4Address
) -> None:
    network = ipaddress.ip_network((int(address) & 0xFFFFFF00, 24))
    door = Door([zone_for(str(network), exclude=[f"{network.network_address}/26"])])
    for asked in (address, other):
        inside = asked in network and asked not in ipaddress.ip_network(f"{network.network_address}/26")
        try:
            door.admit(str(asked))
        except RefusedByScope:
            assert (
                not inside
                or asked.is_loopback
                or asked.is_multicast
                or asked.is_reserved
                or asked.is_link_local
                or int(asked) >> 24 == 0
            )
        else:
            assert inside


@given(st.frozensets(st.integers(1, 65535), max_size=300))
def test_ports_are_written_as_they_are_read(ports: frozenset[int]) -> None:
    assert parse_ports(format_ports(ports)) == ports if ports else format_ports(ports) == ""


@settings(max_examples=1000)
@given(st.text(max_size=300), st.integers(1, 200))
def test_clean_text_is_one_harmless_line(text: str, limit: int) -> None:
    shown = clean_text(text, limit)
    assert len(shown) <= limit
    assert all(character == " " or character.isprintable() for character in shown if character.isascii())
    assert not set(shown) & set("\x00\x1b\x9b\n\r\u2028\u202e\u200b\ufeff\u2066\ufe0f\u3164\ud800")
    assert "\n" not in clean_bytes(text.encode("utf-8", "surrogatepass"), limit)


def test_a_character_that_shows_nothing_or_moves_text_never_passes() -> None:
    """Every character of Unicode, alone and between others: it stays as it is only when it shows."""
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    blank = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
    blank |= {chr(code) for code in range(0xE0100, 0xE01F0)}
    for code in range(0x110000):
        character = chr(code)
        kept = unicodedata.category(character) not in hidden and character not in blank
        assert (clean_text(f"a{character}b") == f"a{character}b") is kept, hex(code)
