"""Addresses, names and ports, read strictly: what could mean two things is refused."""

import ipaddress
import re
from enum import StrEnum
from functools import lru_cache

import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME_LIMIT = 1000  # characters before IDNA; 253 after it

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class AddressError(ValueError):
    """The text is no address, network, name or target that can mean only one thing."""


class Transport(StrEnum):
    """Transport protocols, spelled as ECS ``network.transport`` does."""

    TCP = "tcp"
    UDP = "udp"


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address, and where it applies a port and the name by which it is asked.

    ``address`` is the canonical text of an IPv4 or IPv6 address; ``name`` a lower-case DNS name (A-labels).
    ``port`` is None for a look at the host as a whole.
    """

    address: str
    port: int | None = None
    transport: Transport = Transport.TCP
    name: str | None = None

    @property
    def ip(self) -> Address:
        return parse_address(self.address)

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        place = host if self.port is None else f"{host}:{self.port}"
        return f"{place}/{self.transport.value}" if self.transport is Transport.UDP else place


@lru_cache(maxsize=16384)  # the door reads the same address again at every step
def parse_address(text: str) -> Address:
    """Read one IP address (RFC 791 dotted decimal, RFC 4291 text).

    Refused, with :class:`AddressError`: leading zeros (``010.0.0.1``), hexadecimal and octal forms, fewer than four
    parts, zone identifiers (``fe80::1%eth0``), and IPv6 that carries an IPv4 address inside (mapped, compatible,
    6to4, NAT64, Teredo), because two hosts could read it differently.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise AddressError(f"{text!r} is not an IP address in its plain form") from error
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise AddressError(f"{text!r}: write the address without an interface name")
        if _embeds_ipv4(address):
            raise AddressError(f"{text!r} carries an IPv4 address inside IPv6: write the IPv4 address itself")
    return address


def _embeds_ipv4(address: ipaddress.IPv6Address) -> bool:
    if address.ipv4_mapped or address.sixtofour or address.teredo:
        return True
    compatible = int(address) >> 32 == 0 and int(address) > 0xFFFF  # ::a.b.c.d, but not :: or ::1
    return compatible or any(address in network for network in _TRANSLATED)


# NAT64 (RFC 6052), its local-use prefix (RFC 8215), IPv4-translated (RFC 2765)
_TRANSLATED = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96"))


def parse_network(text: str) -> Network:
    """Read ``192.0.2.0/24``, ``2001:db8::/64`` or a single address. Host bits set are an error, not a guess."""
    head, slash, tail = text.partition("/")
    address = parse_address(head)
    if slash and not re.fullmatch(r"0|[1-9][0-9]{0,2}", tail):
        raise AddressError(f"{text!r}: the prefix length must be a plain number")
    try:
        return ipaddress.ip_network(f"{address}/{tail}" if slash else str(address))
    except ValueError as error:
        raise AddressError(f"{text!r}: {error}") from error


def parse_name(text: str) -> str:
    """Read a DNS name (RFC 1035 lengths, underscore allowed, IDN as A-labels) into lower case without a final dot."""
    try:
        name = text[: _NAME_LIMIT + 1].removesuffix(".").lower()  # the IDNA codec takes quadratic time
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressError(f"{text!r} is not a DNS name") from error
    labels = name.split(".")
    # A name whose last label is all digits could be read as an address by some resolvers.
    if not name or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise AddressError(f"{text!r} is not a DNS name")
    if re.fullmatch(r"0x[0-9a-f]+", labels[-1]):
        raise AddressError(f"{text!r} could be read as an address in hexadecimal")
    return name


def parse_port(text: str) -> int:
    """Read a port number, 1 to 65535, digits only."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text) or int(text) > 65535:
        raise AddressError(f"{text!r} is not a port number from 1 to 65535")
    return int(text)


def parse_endpoint(text: str) -> tuple[str, int | None]:
    """Split ``192.0.2.1:443``, ``[2001:db8::1]:443``, ``sede.example:443`` or the same without a port.

    Returns the canonical host (address or name) and the port or None. Raises :class:`AddressError`.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise AddressError(f"{text!r}: write [address]:port")
        return str(parse_address(host)), parse_port(rest[1:]) if rest else None
    if text.count(":") > 1:
        return str(parse_address(text)), None
    host, colon, port = text.partition(":")
    number = parse_port(port) if colon else None
    return _host(host), number


def _host(text: str) -> str:
    try:
        return str(parse_address(text))
    except AddressError:
        return parse_name(text)
