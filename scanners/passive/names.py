"""Names that hosts tell on their link: multicast DNS and its services, LLMNR, NetBIOS."""

import ipaddress
from dataclasses import dataclass

from scanners.octets import Octets
from scanners.passive.hints import NAMES_LIMIT, Hint, name, text
from scanners.wire import ProtocolError

_A, _PTR, _TXT, _AAAA, _SRV, _NB = 1, 12, 16, 28, 33, 32
_RECORDS_LIMIT = 128
_JUMPS_LIMIT = 16
_SAYS_MODEL = ("ty=", "md=", "model=", "usb_mdl=", "product=")
_SERVICES = {"_http": "http", "_https": "http", "_ipp": "ipp", "_ipps": "ipp", "_ssh": "ssh", "_smb": "smb", "_ftp": "ftp"}
_SERVICES |= {"_printer": "printer", "_pdl-datastream": "jetdirect", "_rtsp": "rtsp", "_mqtt": "mqtt", "_rfb": "vnc"}


@dataclass(frozen=True)
class Record:
    name: str
    kind: int
    data: bytes
    at: int  # where ``data`` begins in the message: names in it may point back


def records(message: bytes) -> list[Record]:
    """The resource records of a DNS *answer*, in whichever section (RFC 1035, 4.1); none of a question."""
    octets = Octets(message)
    octets.take(2)
    flags, questions = octets.number(2), octets.number(2)
    total = octets.number(2) + octets.number(2) + octets.number(2)
    if not flags & 0x8000:
        return []
    at, found = 12, []
    for _ in range(min(questions, _RECORDS_LIMIT)):
        _, at = read_name(message, at)
        at += 4
    for _ in range(min(total, _RECORDS_LIMIT)):
        owner, at = read_name(message, at)
        head = Octets(message[at : at + 10])
        kind, _, _, length = head.number(2), head.number(2), head.number(4), head.number(2)
        at += 10
        data = message[at : at + length]
        if len(data) < length:
            raise ProtocolError("a record ends too early")
        found.append(Record(owner, kind, data, at))
        at += length
    return found


def read_name(message: bytes, at: int) -> tuple[str, int]:
    """A name, perhaps compressed (RFC 1035, 4.1.4), as text; and where what follows it begins."""
    labels: list[str] = []
    after, jumps, size = -1, 0, 0
    while True:
        if at >= len(message):
            raise ProtocolError("a name ends too early")
        length = message[at]
        if length & 0xC0 == 0xC0:
            if at + 1 >= len(message) or jumps >= _JUMPS_LIMIT:
                raise ProtocolError("a name that points nowhere")
            after = at + 2 if after < 0 else after
            at, jumps = (length & 0x3F) << 8 | message[at + 1], jumps + 1
            continue
        at += 1
        if not length:
            return ".".join(labels), at if after < 0 else after
        size += length + 1
        if length > 63 or size > 255 or at + length > len(message):
            raise ProtocolError("no name")
        labels.append(message[at : at + length].decode("utf-8", "replace"))
        at += length


def _addresses(found: list[Record]) -> dict[str, list[str]]:
    """Addresses by the name that has them."""
    by_name: dict[str, list[str]] = {}
    for record in found:
        if record.kind == _A and len(record.data) == 4:
            by_name.setdefault(record.name.lower(), []).append(str(ipaddress.IPv4Address(record.data)))
        elif record.kind == _AAAA and len(record.data) == 16:
            by_name.setdefault(record.name.lower(), []).append(str(ipaddress.IPv6Address(record.data)))
    return by_name


def mdns(data: bytes, source: str, mac: str | None) -> list[Hint]:
    """Names, services and what the device calls itself (RFC 6762, RFC 6763). Only an address's own sender has its MAC."""
    found = records(data)
    by_name = _addresses(found)
    hints = _names_of(by_name, "mdns", source, mac)
    for record in found:
        if record.kind == _SRV and len(record.data) > 6:
            hints += _service(data, record, by_name, source)
        elif record.kind == _TXT:
            system = _model(record.data)
            hints += [Hint(by="mdns", address=source, mac=mac, system=system)] if system else []
    return hints[:NAMES_LIMIT]


def _names_of(by_name: dict[str, list[str]], by: str, source: str, mac: str | None) -> list[Hint]:
    hints = []
    for owner, addresses in list(by_name.items())[:NAMES_LIMIT]:
        said = name(owner.encode("ascii", "replace"))
        for address in addresses[:4] if said else ():
            hints.append(Hint(by=by, address=address, mac=mac if address == source else None, names=(str(said),)))
    return hints


def _service(message: bytes, record: Record, by_name: dict[str, list[str]], source: str) -> list[Hint]:
    port = int.from_bytes(record.data[4:6], "big")
    target, _ = read_name(message, record.at + 6)
    labels = record.name.lower().split(".")
    word = next((label for label in labels if label.startswith("_") and label not in ("_tcp", "_udp")), "")
    transport = "udp" if "_udp" in labels else "tcp"
    service = _SERVICES.get(word)
    places = [address for address in by_name.get(target.lower(), [source])[:4] if port]
    return [Hint(by="mdns", address=address, port=port, transport=transport, service=service) for address in places]


def _model(data: bytes) -> str | None:
    octets = Octets(data)
    for _ in range(64):
        if not len(octets):
            return None
        entry = octets.vector(1)
        if entry.decode("latin-1").lower().startswith(_SAYS_MODEL):
            return text(entry.partition(b"=")[2])
    return None


def llmnr(data: bytes, source: str, mac: str | None) -> list[Hint]:
    """Who answers for a name on its link (RFC 4795)."""
    return _names_of(_addresses(records(data)), "llmnr", source, mac)


def netbios(data: bytes, source: str, mac: str | None) -> list[Hint]:
    """A unique name that is registered, or answered for (RFC 1002, 4.2): workstation (suffix 00) or file server (20)."""
    octets = Octets(data)
    octets.take(2)
    flags = octets.number(2)
    answer, operation = bool(flags & 0x8000), flags >> 11 & 15
    if not answer and operation != 5:
        return []
    message = data if answer else data[:2] + b"\x80" + data[3:]  # a registration carries its name like an answer does
    hints = []
    for record in records(message):
        if record.kind != _NB or len(record.data) < 6 or record.data[0] & 0x80:  # a group's name is no host's
            continue
        said = netbios_name(record.name.partition(".")[0])
        address = str(ipaddress.IPv4Address(record.data[2:6]))
        if said and any(record.data[2:6]):
            hints.append(Hint(by="netbios", address=address, mac=mac if address == source else None, names=(said,)))
    return hints


def netbios_datagram(data: bytes, source: str, mac: str | None) -> list[Hint]:
    """The sender of a datagram to a name: browsers announce themselves so (RFC 1002, 4.4)."""
    octets = Octets(data)
    kind = octets.number(1)
    if kind not in (0x10, 0x11, 0x12):
        return []
    octets.take(3)
    address = str(ipaddress.IPv4Address(octets.take(4)))
    octets.take(6)
    encoded, _ = read_name(octets.rest(), 0)
    said = netbios_name(encoded.partition(".")[0])
    return [Hint(by="netbios", address=source, mac=mac, names=(said,))] if said and address == source else []


def netbios_name(encoded: str) -> str | None:
    """First-level decoding (RFC 1001, 14.1); None for names of other services than a host's own."""
    if len(encoded) != 32 or not all("A" <= letter <= "P" for letter in encoded):
        return None
    raw = bytes((ord(encoded[at]) - 65) << 4 | (ord(encoded[at + 1]) - 65) for at in range(0, 32, 2))
    return name(raw[:15].rstrip(b" ")) if raw[15] in (0x00, 0x20) else None
