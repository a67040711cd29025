"""Whether a certificate's name is the one that was asked for (RFC 9525, which replaced RFC 6125)."""

import ipaddress
from collections.abc import Iterable


def name_matches(asked: str, names: Iterable[str]) -> bool:
    """Whether one of ``names`` covers ``asked``, a DNS name or the text of an address.

    A wildcard is a whole leftmost label and stands for exactly one label; addresses only match addresses.
    """
    try:
        address = ipaddress.ip_address(asked)
    except ValueError:
        return any(_covers(name, asked.rstrip(".").lower()) for name in names)
    return any(_is_address(name, address) for name in names)


def _is_address(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(name) == address
    except ValueError:
        return False


def _covers(name: str, asked: str) -> bool:
    name = name.rstrip(".").lower()
    if not name.startswith("*."):
        return name == asked and "*" not in name
    first, dot, rest = asked.partition(".")
    return bool(first and dot) and rest == name[2:] and "." in rest and "*" not in rest
