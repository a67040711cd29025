"""The packets of S7comm that identify a module: TPKT (RFC 1006), COTP (RFC 905 class 0) and S7 (as Wireshark dissects it)."""

from scanners.wire import ProtocolError

# A connection of kind PG (programming device) to rack 0, slot 2: every CPU takes it or says where it is not.
CONNECT = bytes.fromhex("0300001611e00000000100c1020100c2020102c0010a")
SETUP = bytes.fromhex("0300001902f08032010000000000080000f0000001000101e0")
_LONGEST = 2048


def read_szl(szl: int) -> bytes:
    """The request for one list of the system status (CPU function 4, subfunction 1), index 0."""
    parameter = bytes.fromhex("0001120411440100")
    data = b"\xff\x09\x00\x04" + szl.to_bytes(2, "big") + b"\0\0"
    s7 = b"\x32\x07\0\0\0\0" + len(parameter).to_bytes(2, "big") + len(data).to_bytes(2, "big") + parameter + data
    return b"\x03\0" + (len(s7) + 7).to_bytes(2, "big") + b"\x02\xf0\x80" + s7


def is_confirm(data: bytes) -> bool:
    """TPKT with a COTP connection confirm, or the refusal of one (disconnect request)."""
    return len(data) >= 7 and data[:2] == b"\x03\0" and data[5] & 0xF0 in (0xD0, 0x80) and data[4] >= 6


def packet_length(head: bytes) -> int:
    """How many bytes follow the four of a TPKT head. Raises :class:`~scanners.wire.ProtocolError`."""
    length = int.from_bytes(head[2:4], "big")
    if head[:2] != b"\x03\0" or not 7 <= length <= _LONGEST:
        raise ProtocolError("its answer is none of ISO on TCP")
    return length - 4


def is_setup(packet: bytes) -> bool:
    """An acknowledgement of Setup Communication, in the bytes after the TPKT head."""
    return packet[1:4] == b"\xf0\x80\x32" and len(packet) >= 17 and packet[4] == 3 and packet[15] == 0xF0


def szl_records(packet: bytes) -> dict[int, bytes]:
    """Index to data of each record of an answer (the bytes after the TPKT head). Empty when the list is refused.

    Raises :class:`~scanners.wire.ProtocolError` when it is no answer to reading a list.
    """
    if packet[1:4] != b"\xf0\x80\x32" or len(packet) < 13 or packet[4] != 7:
        raise ProtocolError("its answer is none of S7")
    data = packet[13 + int.from_bytes(packet[9:11], "big") :]
    if len(data) < 12 or data[0] != 0xFF:
        return {}
    size, count = int.from_bytes(data[8:10], "big"), int.from_bytes(data[10:12], "big")
    records: dict[int, bytes] = {}
    for at in range(12, min(len(data), 12 + size * count), size) if size > 2 else ():
        record = data[at : at + size]
        if len(record) == size:
            records.setdefault(int.from_bytes(record[:2], "big"), record[2:])
    return records
