"""Sets of ports: written by people, counted by the sweep."""

import re

from scanners.target import AddressError, parse_port

# Named sets a zone may use. "common" is what a city is seen to run; "city" adds alternates and controllers.
_COMMON = (
    "21-23,25,53,69,79,80,88,102,110,111,113,119,123,135,139,143,161,179,389,443,445,465,502,512-515,548,554,587,631,636,"
    "853,873,902,989-990,992-995,1080,1099,1194,1433,1521,1723,1883,2049,2121,2181,2222,2323,2375-2379,2404,3000,3128,"
    "3260,3268-3269,3306,3389-3390,4369,4443,4848,5000,5001,5060,5222,5432,5555,5601,5671-5672,5900-5905,5984-5986,6000-6005,6379-6380,"
    "6443,7001,7070,7547,8000-8010,8020,8080-8091,8161,8181,8222,8291,8333,8443-8445,8500,8554,8600,8728,8765,8834,8883,"
    "8888,9000-9002,9042,9080,9090-9093,9100,9200,9300,9418,9443,9600,9990,9999,10000,10250,10255,10443,11211,15672,"
    "16992,20000,27017-27019,28017,32400,44818,47808,49152,50000,50070"
)
NAMED: dict[str, str] = {
    "common": _COMMON,
    "common_udp": "19,53,69,111,123,137,161,389,500,623,1900,3702,4500,5060,5353,5683,11211,44818,47808",
    "web": "80,443,591,3000,4443,5000,8000-8010,8080-8091,8443-8445,8888,9000,9080,9090,9443,10443",
    "privileged": "1-1023",
    "all": "1-65535",
}

PRINTING: dict[int, str] = {515: "printer", **dict.fromkeys(range(9100, 9108), "jetdirect")}
"""Printing without a word of protocol (AppSocket), or nearly none (LPD, RFC 1179): what is sent there is printed."""

INDUSTRIAL: dict[int, str] = {
    102: "iso-tsap",
    502: "modbus",
    2404: "iec104",
    20000: "dnp3",
    44818: "ethernet-ip",
    47808: "bacnet",
}
"""Where controllers listen and the protocol usual there (IANA), over TCP and UDP. A stranger's bytes may stop one."""

LISTEN_ONLY: dict[int, str] = PRINTING | INDUSTRIAL
"""Ports to which nothing is said, however deep a zone may be looked at, but what a zone allows expressly."""


def parse_ports(text: str) -> frozenset[int]:
    """Read ``common``, ``80,443``, ``1-1023,8080`` or a mix (``common,7-9``).

    Raises :class:`~scanners.target.AddressError` for anything else, or a range that runs backwards.
    """
    ports: set[int] = set()
    for part in re.split(r"\s*,\s*", text.strip()):
        ports.update(parse_ports(NAMED[part]) if part in NAMED else _range(part))
    return frozenset(ports)


def _range(part: str) -> range:
    first, dash, last = part.partition("-")
    low = parse_port(first)
    high = parse_port(last) if dash else low
    if high < low:
        raise AddressError(f"the port range {part!r} runs backwards")
    return range(low, high + 1)


def format_ports(ports: frozenset[int] | set[int]) -> str:
    """The shortest text that :func:`parse_ports` reads back into the same set; empty text for the empty set."""
    runs: list[list[int]] = []
    for port in sorted(ports):
        if runs and port == runs[-1][1] + 1:
            runs[-1][1] = port
        else:
            runs.append([port, port])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
