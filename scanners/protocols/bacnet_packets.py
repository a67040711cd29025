"""BACnet/IP (ASHRAE 135, annex J): ReadProperty of the device object, and its answers read."""

from scanners.clean_text import clean_bytes
from scanners.wire import ProtocolError

ANY_DEVICE = 4194303  # "the device, whichever it is" (12.11.1 and addendum 135-2012): it answers to who asks, alone
OBJECT_IDENTIFIER, OBJECT_NAME, MODEL_NAME, VENDOR_NAME, FIRMWARE = 75, 77, 70, 121, 44
_INVOKE = 1
_READ_PROPERTY = 0x0C
_COMPLEX_ACK, _ERROR, _REJECT, _ABORT = 0x30, 0x50, 0x60, 0x70
_LONGEST_TEXT = 100


def read_property(property_id: int, instance: int = ANY_DEVICE) -> bytes:
    """A confirmed request, unsegmented, for one property of the device object with that instance (15.5)."""
    device = (8 << 22 | instance).to_bytes(4, "big")
    npdu = b"\x01\x04" + bytes((0x00, 0x05, _INVOKE, _READ_PROPERTY, 0x0C)) + device + bytes((0x19, property_id))
    return b"\x81\x0a" + (len(npdu) + 4).to_bytes(2, "big") + npdu


WHO_IS = bytes.fromhex("810a000801001008")  # to one address (16.10)


def instance_of_i_am(data: bytes) -> int | None:
    """The device instance of an I-Am (16.10.2); None when it is none."""
    try:
        apdu = apdu_of(data)
    except ProtocolError:
        return None
    return instance_of(apdu[2:7]) if apdu[:2] == b"\x10\x00" else None


WHICH_DEVICE = read_property(OBJECT_IDENTIFIER)


def apdu_of(data: bytes) -> bytes:
    """The application data of a unicast or broadcast NPDU. Raises :class:`~scanners.wire.ProtocolError`."""
    if len(data) < 8 or data[0] != 0x81 or data[1] not in (0x0A, 0x0B) or int.from_bytes(data[2:4], "big") > len(data):
        raise ProtocolError("its answer is none of BACnet/IP")
    if data[4] != 1 or data[5] & 0x80:
        raise ProtocolError("its answer is a message of BACnet's network layer")
    at = 6
    for bit in (0x20, 0x08):  # destination, source: network, length, address (6.2.2)
        if data[5] & bit:
            at += 3 + (data[at + 2] if len(data) > at + 2 else 0)
    return data[at + (1 if data[5] & 0x20 else 0) : int.from_bytes(data[2:4], "big")]


def is_answer(data: bytes) -> bool:
    """Whether it is an answer to our request of any kind, a refusal too."""
    try:
        apdu = apdu_of(data)
    except ProtocolError:
        return False
    return len(apdu) >= 3 and apdu[0] & 0xF0 in (_COMPLEX_ACK, _ERROR, _REJECT, _ABORT) and apdu[1] == _INVOKE


def read_value(data: bytes, property_id: int) -> bytes | None:
    """The application-tagged value of the property, tag and all; None when the device refuses it.

    Raises :class:`~scanners.wire.ProtocolError` when it is no answer to that request.
    """
    if not is_answer(data):
        raise ProtocolError("its answer is none to ReadProperty")
    apdu = apdu_of(data)
    if apdu[0] & 0xF0 != _COMPLEX_ACK:
        return None
    whole = len(apdu) > 10 and not apdu[0] & 0x08
    if not whole or apdu[2:4] != bytes((_READ_PROPERTY, 0x0C)) or apdu[8:10] != bytes((0x19, property_id)):
        raise ProtocolError("its answer is none to ReadProperty")
    value = apdu[10:]
    if value[:1] != b"\x3e" or value[-1:] != b"\x3f" or len(value) < 3:
        raise ProtocolError("its answer has no value")
    return value[1:-1]


def text_of(value: bytes | None) -> str | None:
    """A character string (20.2.9) in UTF-8, Latin-1 or UCS-2; None for anything else."""
    if not value or value[0] & 0xF8 != 0x70:
        return None
    length, rest = value[0] & 7, value[1:]
    if length == 5 and rest:
        length, rest = rest[0], rest[1:]
    if not 2 <= length <= 253 or len(rest) < length:
        return None
    raw = rest[1:length]
    if rest[0] == 4:
        raw = raw.decode("utf-16-be", "replace").encode()
    elif rest[0] == 5:
        raw = raw.decode("latin-1").encode()
    return clean_bytes(raw.strip(b"\0 "), _LONGEST_TEXT) or None


def instance_of(value: bytes | None) -> int | None:
    """The instance of an object identifier of type device (20.2.14)."""
    if value is None or len(value) != 5 or value[0] != 0xC4:
        return None
    number = int.from_bytes(value[1:], "big")
    return number & 0x3FFFFF if number >> 22 == 8 else None
