"""Where webhooks may go: https only, by name if names are listed, and to no address inside that the settings do not name.

Addresses are judged after the name was resolved, and the connection is made to the address that was judged: a name that changes
its mind in between (DNS rebinding) changes nothing. See OWASP ASVS 1.3.6 and the IANA special-purpose address registries.
"""

import ipaddress
from dataclasses import dataclass
from socket import SOCK_STREAM, getaddrinfo
from urllib.parse import SplitResult, urlsplit

from collector.refusal import ActionRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address is inside
_WIRE_SERVER = ipaddress.ip_address("168.63.129.16")  # a cloud's metadata service on a public address


class TargetRefused(ActionRefused):
    """A webhook must not go there; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__("target-refused", message)


@dataclass(frozen=True)
class Targets:
    """``hosts``: the only names that may be told (none: any). ``networks``: addresses that may be told although they are private,
    link-local, of the machine itself or of a metadata service. ``http_on_loopback`` is for trying things out on one machine."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    http_on_loopback: bool = False

    def check(self, url: str) -> SplitResult:
        """The parts of a URL that may be subscribed, as far as can be said without resolving. Raises :class:`TargetRefused`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise TargetRefused("this is no address of the web") from None
        if not host or not url.isascii() or not url.isprintable() or " " in url:
            raise TargetRefused("the address must be https://host/path, in ASCII")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise TargetRefused("the address must hold no login and no fragment: events are signed instead")
        if port == 0:
            raise TargetRefused("there is no port 0")
        if parts.scheme != "https" and not (parts.scheme == "http" and self.http_on_loopback):
            raise TargetRefused("the address must begin with https://")
        if self.hosts and host not in self.hosts:
            raise TargetRefused(f"{host} is not among webhooks.hosts of the settings")
        literal = _literal(host)
        if literal is not None:
            self._judge(literal, parts.scheme)
        return parts

    def resolve(self, parts: SplitResult) -> Address:
        """The address to connect to. Refused when any address of the name is: such a name serves two masters. Raises
        :class:`TargetRefused`, and ``OSError`` when the name is not known now."""
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        found = getaddrinfo(host, port, type=SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        for address in addresses:
            self._judge(address, parts.scheme)
        return addresses[0]

    def _judge(self, address: Address, scheme: str) -> None:
        inner = _inner(address)
        if scheme == "http" and not inner.is_loopback:
            raise TargetRefused("http is for the machine itself alone: the address must begin with https://")
        if any(inner in network for network in self.networks if network.version == inner.version):
            return
        if inner.is_loopback and self.http_on_loopback:
            return
        if not inner.is_global or inner.is_multicast or inner.is_reserved or inner == _WIRE_SERVER:
            raise TargetRefused(f"{address} is not public: name its network in webhooks.networks of the settings to allow it")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
