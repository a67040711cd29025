"""The few messages of LDAP and SNMP that recognise a service, in BER (X.690)."""

STARTTLS_OID = b"1.3.6.1.4.1.1466.20037"  # RFC 4511, 4.14.1

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_LDAP_ANSWERS = frozenset((0x64, 0x65, 0x61, 0x78))  # search entry, search done, bind response, extended response


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, definite length, content. ``content`` shorter than 64 KiB."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    return bytes((tag, 0x82)) + length.to_bytes(2, "big") + content


def _search(*wanted: bytes) -> bytes:
    """Base search of the root DSE, (objectClass=*): what any LDAP client asks first (RFC 4512, 5.1). All attributes if none."""
    attributes = b"".join(tlv(_OCTETS, name) for name in wanted)
    request = (
        tlv(_OCTETS, b"")
        + tlv(0x0A, b"\0")  # baseObject
        + tlv(0x0A, b"\0")  # neverDerefAliases
        + tlv(_INTEGER, b"\1")
        + tlv(_INTEGER, b"\5")
        + tlv(0x01, b"\0")
        + tlv(0x87, b"objectClass")
        + tlv(_SEQUENCE, attributes)
    )
    return tlv(_SEQUENCE, tlv(_INTEGER, b"\1") + tlv(0x63, request))


ROOT_DSE_SEARCH = _search(b"supportedExtension", b"vendorName", b"objectClass")
WHOLE_ROOT_DSE_SEARCH = _search()


def header(data: bytes, at: int = 0) -> tuple[int, int, int] | None:
    """Tag, start and length of the content at ``at``; None when the header is not there or of a form we do not use."""
    if at + 2 > len(data):
        return None
    length = data[at + 1]
    if length < 0x80:
        return data[at], at + 2, length
    size = length & 0x7F
    if not 1 <= size <= 4 or at + 2 + size > len(data):
        return None
    return data[at], at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size], "big")


def ldap_answer(data: bytes) -> int | None:
    """The tag of the protocol operation of an LDAP message that answers message 1 (or 0, a notice); None when it is none."""
    message = header(data)
    if message is None or message[0] != _SEQUENCE:
        return None
    number = header(data, message[1])
    if number is None or number[0] != _INTEGER or number[2] != 1 or data[number[1] : number[1] + 1] not in (b"\0", b"\1"):
        return None
    operation = header(data, number[1] + 1)
    return operation[0] if operation is not None and operation[0] in _LDAP_ANSWERS else None


def _discovery() -> bytes:
    """An SNMPv3 message without user or security: the agent reports its engine (RFC 3414, section 4)."""
    flags = tlv(_INTEGER, b"\x4a\x69") + tlv(_INTEGER, b"\0\xff\xe3") + tlv(_OCTETS, b"\4") + tlv(_INTEGER, b"\3")
    security = tlv(_SEQUENCE, tlv(_OCTETS, b"") + tlv(_INTEGER, b"\0") * 2 + tlv(_OCTETS, b"") * 3)
    request = tlv(0xA0, tlv(_INTEGER, b"\x37\xf0") + tlv(_INTEGER, b"\0") * 2 + tlv(_SEQUENCE, b""))
    scoped = tlv(_SEQUENCE, tlv(_OCTETS, b"") * 2 + request)
    return tlv(_SEQUENCE, tlv(_INTEGER, b"\3") + tlv(_SEQUENCE, flags) + tlv(_OCTETS, security) + scoped)


SNMP_DISCOVERY = _discovery()


def is_snmp3(data: bytes) -> bool:
    """Whether the datagram is an SNMP message of version 3."""
    message = header(data)
    return message is not None and message[0] == _SEQUENCE and data[message[1] : message[1] + 3] == b"\x02\x01\x03"
