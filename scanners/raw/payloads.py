"""One harmless UDP question for each service that matters: what any client of it would send first, asking for nothing.

No community, no password and no name is guessed. Ports that are not listed get an empty datagram.
"""


def _ber(tag: int, *parts: bytes) -> bytes:
    """One value in BER with a short length (X.690)."""
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


# RFC 1035: id 0x5441, the name servers of the root, recursion not desired (a resolver answers or refuses; nobody else is asked)
_DNS = bytes.fromhex("544100000001000000000000") + b"\0" + bytes.fromhex("00020001")
# RFC 6762 section 5.5: one-shot query for the service types of DNS-SD, unicast answer wanted
_MDNS = bytes.fromhex("544100000001000000000000") + b"\x09_services\x07_dns-sd\x04_udp\x05local\x00" + bytes.fromhex("000c8001")
# RFC 1350 section 5: a read request for a name that does not exist; the answer is an error packet
_TFTP = b"\x00\x01talaia-does-not-exist\x00octet\x00"
# RFC 5905: version 4, mode 3 (client)
_NTP = b"\x23" + b"\x00" * 47
# RFC 3414 section 4: engine discovery, msgFlags reportable only, empty user, empty engine id
_SNMP3 = _ber(
    0x30,
    _ber(0x02, b"\x03"),
    _ber(0x30, _ber(0x02, b"\x4b\x3c\x2d"), _ber(0x02, b"\x00\xff\xe3"), _ber(0x04, b"\x04"), _ber(0x02, b"\x03")),
    _ber(0x04, _ber(0x30, _ber(0x04), _ber(0x02, b"\0"), _ber(0x02, b"\0"), _ber(0x04), _ber(0x04), _ber(0x04))),
    _ber(
        0x30,
        _ber(0x04),
        _ber(0x04),
        _ber(0xA0, _ber(0x02, b"\x4b\x3c\x2e"), _ber(0x02, b"\0"), _ber(0x02, b"\0"), _ber(0x30)),
    ),
)
# RFC 5531: call of procedure 0 (null) of the portmapper, program 100000 version 2
_RPCBIND = bytes.fromhex("54410001" + "00000000" + "00000002" + "000186a0" + "00000002" + "00000000" + "00" * 16)
# RFC 1002 section 4.2.17: node status of the name "*"
_NBSTAT = bytes.fromhex("5441000000010000000000002043") + b"K" + b"A" * 30 + bytes.fromhex("0000210001")
# RFC 4511 section 4.5.1: base search of the root DSE for (objectClass=*), as over UDP (MS-ADTS 6.3.3)
_CLDAP = _ber(
    0x30,
    _ber(0x02, b"\1"),
    _ber(
        0x63,
        _ber(0x04),
        _ber(0x0A, b"\0"),
        _ber(0x0A, b"\0"),
        _ber(0x02, b"\0"),
        _ber(0x02, b"\5"),
        _ber(0x01, b"\0"),
        _ber(0x87, b"objectClass"),
        _ber(0x30, _ber(0x04, b"objectClass")),
    ),
)
# RFC 7296: IKE header of version 2, exchange IKE_SA_INIT, no payload; a peer answers with INVALID_SYNTAX or a version notify
_IKE = bytes.fromhex("5441414c41494131" + "0000000000000000" + "00202208" + "00000000" + "0000001c")
# IPMI 2.0 section 22.13: Get Channel Authentication Capabilities, which is answered to anybody
_IPMI = bytes.fromhex("0600ff07" + "00" * 9 + "09" + "2018c8" + "8100388e04b5")
# UPnP Device Architecture 2.0 section 1.3.2, sent to one host
_SSDP = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
# memcached protocol.txt, UDP frame header and the command "version"
_MEMCACHED = bytes.fromhex("5441000000010000") + b"version\r\n"
# RFC 7252 section 4.3: an empty confirmable message ("ping"), answered with a reset
_COAP = bytes.fromhex("40005441")
# RFC 3261 section 11: OPTIONS is the question that changes nothing
_SIP = (
    b"OPTIONS sip:talaia@invalid SIP/2.0\r\nVia: SIP/2.0/UDP invalid;branch=z9hG4bK5441\r\nFrom: <sip:talaia@invalid>;tag=1\r\n"
    b"To: <sip:talaia@invalid>\r\nCall-ID: 5441\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n"
)

# Controllers: the sweep leaves their ports out where the zone does not allow identifying them.
# ASHRAE 135 clause 15.5: ReadProperty of the object identifier of "the device, whichever it is" (instance 4194303)
_BACNET = bytes.fromhex("810a001101040005010c0c023fffff194b")
# CIP volume 2, 2-4.2: ListIdentity
_ENIP = bytes.fromhex("6300") + bytes(22)

# WS-Discovery 2005/04 section 5.2, sent to one host
_WSD = (
    b'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
    b"<e:Header><w:MessageID>uuid:54414c41-4941-4000-8000-000000003701</w:MessageID>"
    b"<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
    b"<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
    b"<e:Body><d:Probe/></e:Body></e:Envelope>"
)

PAYLOADS: dict[int, bytes] = {
    7: b"talaia\r\n",
    13: b"\r\n",
    17: b"\r\n",
    19: b"\r\n",
    53: _DNS,
    69: _TFTP,
    111: _RPCBIND,
    123: _NTP,
    137: _NBSTAT,
    161: _SNMP3,
    389: _CLDAP,
    500: _IKE,
    623: _IPMI,
    1900: _SSDP,
    3702: _WSD,
    4500: bytes(4) + _IKE,  # RFC 3948: the marker that tells IKE from ESP
    5060: _SIP,
    5353: _MDNS,
    5683: _COAP,
    11211: _MEMCACHED,
    44818: _ENIP,
    47808: _BACNET,
}


def payload(port: int) -> bytes:
    """What is sent to that UDP port."""
    return PAYLOADS.get(port, b"")
