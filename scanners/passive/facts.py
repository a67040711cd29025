"""What listening tells of a host, or of one port of it."""

from typing import ClassVar

from scanners.observation import Facts

NAME, VERSION = "passive", "1"


class PassiveFacts(Facts, frozen=True, kw_only=True):
    """What was heard (scanner ``passive``); about a port where the target has one.

    ``heard_by`` are the protocols that told (arp, ndp, dhcp, mdns, llmnr, netbios, lldp, cdp, ssdp, tcp, ssh, http, tls). ``mac``
    in ECS form and its ``maker``; ``names`` as the host says them, of which nothing is proved; ``vendor_class`` is DHCP's
    option 60, ``system`` what it calls itself (LLDP, CDP, SSDP, mDNS). ``ports`` were heard speaking (``tcp/22``). ``service``,
    ``banner`` and ``tls`` describe one port.
    """

    kind: ClassVar[str] = "passive"

    heard_by: tuple[str, ...] | None = None
    mac: str | None = None
    maker: str | None = None
    device_class: str | None = None
    names: tuple[str, ...] | None = None
    vendor_class: str | None = None
    system: str | None = None
    ports: tuple[str, ...] | None = None
    service: str | None = None
    banner: str | None = None
    tls: bool | None = None
