"""Small questions over UDP whose answers may be large: what reflectors are asked, and how they are recognised.

Each is what an ordinary client of the protocol sends. A stranger who forges the sender's address turns such an answer against a
third party: how much larger it is than the question is what counts (US-CERT TA14-017A).
"""

from scanners.clean_text import clean_bytes
from scanners.service_facts import ServiceFacts
from scanners.services import asn1
from scanners.services.heard import banner_of

# RFC 1002 section 4.2.17: node status of the name "*"
NODE_STATUS = bytes.fromhex("544100000001000000000000") + b"\x20CK" + b"A" * 30 + b"\0" + bytes.fromhex("00210001")
# RFC 6762 section 5.5: the kinds of services, asked by a client that is no mDNS responder itself
_SERVICES = b"\x09_services\x07_dns-sd\x04_udp\x05local\x00"
MDNS_SERVICES = bytes.fromhex("544100000001000000000000") + _SERVICES + bytes.fromhex("000c0001")
# UPnP Device Architecture 2.0 section 1.3.2, to one host
SSDP_SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'
# RFC 7252 section 4.3: an empty confirmable message ("ping"), answered with a reset
COAP_PING = bytes.fromhex("40005441")
# RFC 6690 section 4: GET /.well-known/core, confirmable, token "tala"
COAP_CORE = bytes.fromhex("44015442") + b"tala\xbb.well-known\x04core"


def _said(name: str, **more: str | None) -> ServiceFacts:
    return ServiceFacts(name=name, tls=False, said_by="probe", **more)


def read_node_status(data: bytes) -> ServiceFacts | None:
    """A positive node status response to our question (RFC 1002, 4.2.18)."""
    if len(data) > 56 and data[:2] == b"TA" and data[2] & 0x80 and data[46:50] == b"\0\x21\0\1":
        return _said("netbios-ns")
    return None


def read_mdns(data: bytes) -> ServiceFacts | None:
    """An answer to the question for service kinds: our id, the response bit, at least one answer."""
    if len(data) > 12 and data[:2] == b"TA" and data[2] & 0x80 and data[6:8] != b"\0\0" and _SERVICES[1:17] in data:
        return _said("mdns")
    return None


def read_ssdp(data: bytes) -> ServiceFacts | None:
    """An HTTP answer with a search target, as SSDP wants it."""
    if not data.startswith(b"HTTP/1.") or b"\nst:" not in data.lower():
        return None
    return _said("ssdp", banner=ssdp_headers(data).get("server") or banner_of(data))


def ssdp_headers(data: bytes) -> dict[str, str]:
    """The headers of one SSDP answer, names in lower case; at most 40."""
    found: dict[str, str] = {}
    for line in data[:8192].split(b"\r\n")[1:41]:
        name, colon, value = line.partition(b":")
        if colon and name:
            found.setdefault(clean_bytes(name.strip().lower(), 60), clean_bytes(value.strip(), 500))
    return found


def read_coap(data: bytes) -> ServiceFacts | None:
    """The reset that answers a ping (RFC 7252, 4.3)."""
    return _said("coap") if data == b"\x70\0TA" else None


def read_cldap(data: bytes) -> ServiceFacts | None:
    """A search result in a datagram (RFC 1798, MS-ADTS 6.3.3)."""
    return _said("cldap") if asn1.ldap_answer(data) is not None else None
