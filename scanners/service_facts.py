"""The facts that every later look builds on: which hosts answer, on which ports, with what."""

from enum import StrEnum
from typing import ClassVar

from scanners.observation import Facts

IMPORTED_BY_NMAP = "nmap-import"
"""The scanner of ports that somebody else's nmap reported."""


class HostFacts(Facts, frozen=True, kw_only=True):
    """What the sweep saw of one address (scanner ``host``).

    Port sets are texts in the manner of ``scanners.ports`` (``22,80,1000-1010``): ``tcp_closed`` said RST, ``tcp_covered``
    is all that was asked, ``*_open`` what answered. ``answered_by`` holds words of :class:`Answered`. ``alive`` is False
    only when a complete sweep got no answer of any kind, None when that cannot be told. ``mac`` is in ECS form
    (``00-00-5E-00-53-23``) and only known on the local link; ``maker`` is who registered it. ``device_class`` is a word of
    :class:`~scanners.devices.DeviceClass` where ports or maker are those of a fragile device: it is looked at gently.
    """

    kind: ClassVar[str] = "host"

    alive: bool | None = None
    answered_by: tuple[str, ...] | None = None
    mac: str | None = None
    maker: str | None = None
    device_class: str | None = None
    tcp_open: tuple[int, ...] | None = None
    tcp_closed: str | None = None
    tcp_covered: str | None = None
    udp_open: tuple[int, ...] | None = None
    udp_covered: str | None = None
    raw_socket: bool | None = None


class Answered(StrEnum):
    """What made a host known to be alive."""

    ARP = "arp"
    NDP = "ndp"
    ICMP = "icmp"
    TCP = "tcp"
    UDP = "udp"


SERVICE_NAMES = frozenset(
    [
        "amqp",
        "cassandra",
        "bacnet",
        "chargen",
        "cldap",
        "coap",
        "daytime",
        "discard",
        "dnp3",
        "dns",
        "echo",
        "ethernet-ip",
        "exec",
        "finger",
        "ftp",
        "http",
        "iec104",
        "ike",
        "imap",
        "iso-tsap",
        "ipmi",
        "ldap",
        "login",
        "mdns",
        "memcached",
        "modbus",
        "mongodb",
        "mqtt",
        "mssql",
        "mysql",
        "netbios-ns",
        "netbios-ssn",
        "nfs",
        "nntp",
        "ntp",
        "oracle",
        "pop3",
        "postgresql",
        "rdp",
        "redis",
        "rpc",
        "rpcbind",
        "rsync",
        "rtsp",
        "shell",
        "smb",
        "smtp",
        "snmp",
        "socks",
        "ssdp",
        "ssh",
        "telnet",
        "tftp",
        "time",
        "unknown",
        "vnc",
        "ws-discovery",
        "x11",
        "zookeeper",
    ]
)
"""The names that our own first look gives; nmap may give others. ``rpc`` is a program of RPC besides rpcbind and NFS; ``login``,
``shell`` and ``exec`` are rlogin, rsh and rexec."""


class ServiceFacts(Facts, frozen=True, kw_only=True):
    """What the first look at one open port saw (scanner ``service``).

    ``name`` is one of :data:`SERVICE_NAMES`, or the name nmap gives to a service that none of them is; that of the protocol
    *inside* TLS when ``tls`` is True; ``unknown`` when something answers but nobody could say what; None when nothing was
    said. ``presumed`` is then what the port is for, where we may only listen (``scanners.ports.LISTEN_ONLY``).
    ``starttls`` names the protocol whose STARTTLS is offered (smtp, imap, pop3, ftp, postgresql, mysql, ldap, rdp).
    ``said_by`` is ``banner``, ``probe`` or ``nmap``. Texts are clean. ``device_class`` says that the host was taken for a
    fragile device, and looked at gently (:class:`~scanners.devices.DeviceClass`).
    """

    kind: ClassVar[str] = "service"

    name: str | None = None
    tls: bool | None = None
    starttls: str | None = None
    product: str | None = None
    version: str | None = None
    extra: str | None = None
    cpe: str | None = None
    banner: str | None = None
    said_by: str | None = None
    device_class: str | None = None
    presumed: str | None = None
