"""What we say to a server that does not greet, and how its answer is recognised.

Each question is what an ordinary client of that protocol would send first; none carries a credential. ``usual`` ports only
decide which question comes first: the answer decides what it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from scanners.clean_text import clean_bytes
from scanners.service_facts import ServiceFacts
from scanners.services import asn1, data_stores, smb
from scanners.services.greeting import is_chargen, named, recognise_greeting
from scanners.services.heard import Heard, banner_of
from scanners.services.products import identify

Recogniser = Callable[[Heard], ServiceFacts | None]


@dataclass(frozen=True)
class Question:
    """``payload`` may hold ``{host}``, the name or address asked (bytes). ``read`` gets the answer to it."""

    name: str
    payload: bytes
    read: Recogniser
    usual: frozenset[int] = frozenset()
    inside_tls: bool = False
    seconds: float = 1.0

    def bytes_for(self, host: str) -> bytes:
        return self.payload.replace(b"{host}", host.encode("ascii", "replace"))


_HTTP = re.compile(rb"^HTTP/[0-9](?:\.[0-9])? +[0-9]{3}")
_HEADER = re.compile(rb"^(?P<name>[A-Za-z-]{1,60}):[ \t]{0,8}(?P<value>[^\r\n]{0,500})", re.MULTILINE)
_FINGER = re.compile(rb"no one logged on|^Login\b|no such user|\bLogin: |\bTTY\b", re.IGNORECASE | re.MULTILINE)


def read_http(heard: Heard) -> ServiceFacts | None:
    """A status line, or (HTTP/0.9, and servers that took our hello for one) a page."""
    data = heard.data
    if not _HTTP.match(data):
        page = data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))
        return ServiceFacts(name="http", tls=False, banner=banner_of(data), said_by="probe") if page else None
    head, _, body = data.partition(b"\r\n\r\n")
    headers = {found["name"].lower(): found["value"] for found in _HEADER.finditer(head)}
    server = clean_bytes(headers[b"server"], 200) if b"server" in headers else None
    if b"You Know, for Search" in body or b"x-elastic-product" in headers:
        return ServiceFacts(name="http", tls=False, banner=banner_of(data), product="Elasticsearch", said_by="probe")
    product = identify("http", server) if server else None
    return ServiceFacts(
        name="http",
        tls=False,
        banner=server or banner_of(data),
        product=product.product if product else None,
        version=product.version if product else None,
        extra=product.extra if product else None,
        cpe=product.cpe if product else None,
        said_by="probe",
    )


def _read_rtsp(heard: Heard) -> ServiceFacts | None:
    if not heard.data.startswith(b"RTSP/1."):
        return None
    headers = {found["name"].lower(): found["value"] for found in _HEADER.finditer(heard.data)}
    return named("rtsp", banner_of(headers.get(b"server", heard.data)), said_by="probe")


_REDIS_WORDS = (
    *(b"+PONG\r\n", b"-NOAUTH", b"-DENIED Redis", b"-ERR wrong number of arguments for 'get'", b"-LOADING ", b"-NOPERM "),
    *(b"-ERR operation not permitted", b"-ERR unknown command", b"-MISCONF ", b"-MASTERDOWN "),
)


def read_redis(heard: Heard) -> ServiceFacts | None:
    """+PONG, or the words with which Redis refuses (NOAUTH, DENIED, an unknown command)."""
    if heard.data.startswith(_REDIS_WORDS):
        return ServiceFacts(name="redis", tls=False, product="Redis", banner=banner_of(heard.data), said_by="probe")
    return None


def read_postgresql(heard: Heard) -> ServiceFacts | None:
    """The one byte S or N that answers an SSLRequest, or an error message of the backend."""
    if heard.data in (b"S", b"N") and not heard.ended:
        starttls = "postgresql" if heard.data == b"S" else None
        return ServiceFacts(name="postgresql", tls=False, product="PostgreSQL", starttls=starttls, said_by="probe")
    if heard.data[:1] == b"E" and (b"SFATAL\0" in heard.data[:16] or b"unsupported frontend protocol" in heard.data):
        return ServiceFacts(name="postgresql", tls=False, product="PostgreSQL", said_by="probe")
    return None


def rpc_service(reply: bytes, asked: str) -> ServiceFacts | None:
    """A reply to our call (RFC 5531): ``asked`` where that program is served, in whatever version, else another program."""
    if len(reply) < 8 or reply[:4] != RPC_XID or reply[4:8] != b"\0\0\0\1":
        return None
    after = 20 + int.from_bytes(reply[16:20], "big")  # the verifier
    unavailable = reply[8:12] == b"\0\0\0\0" and reply[after : after + 4] == b"\0\0\0\1"
    return ServiceFacts(name="rpc" if unavailable else asked, tls=False, said_by="probe")


def _read_rpc(asked: str) -> Recogniser:
    return lambda heard: rpc_service(heard.data[4:], asked) if heard.data[:1] >= b"\x80" else None


def _read_x11(heard: Heard) -> ServiceFacts | None:
    """Setup reply: 0 failed, 1 success, 2 authenticate; protocol 11 (X Window System Protocol, section 8)."""
    data = heard.data
    if len(data) < 8 or data[0] not in (0, 1, 2):
        return None
    if data[0] != 2 and data[2:4] != b"\x0b\0":
        return None
    vendor = b""
    if data[0] == 1 and len(data) >= 40:
        vendor = data[40 : 40 + min(int.from_bytes(data[24:26], "little"), 100)]
    reason = data[8 : 8 + data[1]] if data[0] == 0 else b""
    if data[0] == 2 and b"uth" not in data[8:200]:
        return None
    return ServiceFacts(
        name="x11",
        tls=False,
        product=clean_bytes(vendor, 100) or None,
        extra="open to everybody" if data[0] == 1 else None,  # the setup went through, and we sent no cookie
        banner=banner_of(reason),
        said_by="probe",
    )


def _read_ldap(heard: Heard) -> ServiceFacts | None:
    """A search entry, its end, or a notice of disconnection (RFC 4511), for our message id or 0."""
    answer = asn1.ldap_answer(heard.data)
    if answer is None:
        return None
    starttls = "ldap" if asn1.STARTTLS_OID in heard.data else None
    product = "OpenLDAP" if b"OpenLDAP" in heard.data else None
    return ServiceFacts(name="ldap", tls=False, starttls=starttls, product=product, said_by="probe")


def _read_rdp(heard: Heard) -> ServiceFacts | None:
    """TPKT and an X.224 connection confirm (MS-RDPBCGR 2.2.1.2); a chosen protocol other than 0 goes on in TLS."""
    data = heard.data
    if len(data) >= 11 and data[:2] == b"\x03\0" and data[5] & 0xF0 == 0xD0:
        in_tls = len(data) >= 19 and data[11] == 2 and data[15] & 0x0F
        return ServiceFacts(name="rdp", tls=False, starttls="rdp" if in_tls else None, said_by="probe")
    return None


def read_dns_message(message: bytes, query: bytes) -> ServiceFacts | None:
    """A response with our id and the response bit (RFC 1035, 4.1.1); its TXT answer tells a version."""
    if len(message) < 12 or message[:2] != query[:2] or not message[2] & 0x80 or message[4:6] not in (b"\0\1", b"\0\0"):
        return None
    text = _txt_of(message, len(query))
    product, _, version = (text or "").partition("-") if text and "-" in text else (None, "", None)
    return ServiceFacts(name="dns", tls=False, banner=text, product=product, version=version, said_by="probe")


def _txt_of(message: bytes, after: int) -> str | None:
    """The first character string of a TXT record that follows the question (name compressed, ten bytes of record head)."""
    if message[6:8] == b"\0\0" or len(message) < after + 13 or message[after + 2 : after + 4] != b"\0\x10":
        return None
    length = message[after + 12]
    return clean_bytes(message[after + 13 : after + 13 + length], 120) or None


def _read_dns(heard: Heard) -> ServiceFacts | None:
    data = heard.data
    if len(data) < 14 or int.from_bytes(data[:2], "big") < 12:
        return None
    return read_dns_message(data[2:], DNS_VERSION_QUERY)


def _read_mqtt(heard: Heard) -> ServiceFacts | None:
    """CONNACK: type 2, length 2, flags 0 or 1, return code 0 to 5 (MQTT 3.1.1, 3.2)."""
    data = heard.data
    if len(data) >= 4 and data[:2] == b"\x20\x02" and data[2] <= 1 and data[3] <= 5:
        return ServiceFacts(name="mqtt", tls=False, said_by="probe")
    return None


def _read_amqp(heard: Heard) -> ServiceFacts | None:
    """A protocol header of another version, or the frame Connection.Start (AMQP 0-9-1, 4.2.2)."""
    data = heard.data
    start = data[:3] == b"\x01\0\0" and data[7:11] == b"\0\x0a\0\x0a"
    if not (data.startswith(b"AMQP") or start):
        return None
    product = "RabbitMQ" if b"RabbitMQ" in data else None
    found = re.search(rb"versionS\0\0\0.([0-9][0-9.]{0,20})", data, re.DOTALL)
    return ServiceFacts(
        name="amqp", tls=False, product=product, version=clean_bytes(found[1], 20) if found else None, said_by="probe"
    )


def _read_memcached(heard: Heard) -> ServiceFacts | None:
    if heard.data.startswith(b"CLIENT_ERROR unauthenticated"):
        return ServiceFacts(name="memcached", tls=False, product="Memcached", banner=banner_of(heard.data), said_by="probe")
    found = re.match(rb"VERSION ([0-9][0-9A-Za-z._-]{0,30})\r\n", heard.data)
    if found is None:
        return None
    version = clean_bytes(found[1], 30)
    return ServiceFacts(
        name="memcached", tls=False, product="Memcached", version=version, banner=banner_of(heard.data), said_by="probe"
    )


def _read_memcached_binary(heard: Heard) -> ServiceFacts | None:
    """The answer to VERSION in the binary protocol, which is all that is spoken where SASL is on (protocol-binary.txt)."""
    data = heard.data
    if len(data) < 24 or data[:2] != b"\x81\x0b" or int.from_bytes(data[8:12], "big") != len(data) - 24:
        return None
    version = clean_bytes(data[24:54], 30) or None
    return ServiceFacts(name="memcached", tls=False, product="Memcached", version=version, extra="binary", said_by="probe")


def _read_mongodb(heard: Heard) -> ServiceFacts | None:
    """OP_REPLY (1) or OP_MSG (2013) that answers our request id 1."""
    data = heard.data
    if len(data) < 21 or data[8:12] != b"\1\0\0\0":
        return None
    known = (b"ismaster", b"isWritablePrimary", b"errmsg", b"maxBsonObjectSize")
    if int.from_bytes(data[12:16], "little") in (1, 2013) and any(word in data for word in known):
        return ServiceFacts(name="mongodb", tls=False, product="MongoDB", said_by="probe")
    return None


def _read_socks(heard: Heard) -> ServiceFacts | None:
    """Method selection of SOCKS 5 (RFC 1928, section 3)."""
    if len(heard.data) == 2 and heard.data[0] == 5 and heard.data[1] in (0, 1, 2, 0xFF):
        extra = "no authentication" if heard.data[1] == 0 else None
        return ServiceFacts(name="socks", tls=False, extra=extra, said_by="probe")
    return None


def _read_smb(heard: Heard) -> ServiceFacts | None:
    if len(heard.data) >= 8 and heard.data[0] == 0 and heard.data[4:8] in (b"\xffSMB", b"\xfeSMB"):
        return ServiceFacts(name="smb", tls=False, said_by="probe")
    return None


def _read_finger(heard: Heard) -> ServiceFacts | None:
    return named("finger", banner_of(heard.data), said_by="probe") if heard.ended and _FINGER.search(heard.data) else None


def _read_bsd(name: str) -> Recogniser:
    """rsh and rexec answer an error with a first byte 1, rlogin an acceptance with a first byte 0 (4.3BSD, RFC 1282)."""

    def read(heard: Heard) -> ServiceFacts | None:
        data = heard.data
        refused = len(data) > 2 and data[0] == 1 and all(byte in b"\r\n\t\0" or 0x20 <= byte < 0x7F for byte in data[1:])
        accepted = name == "login" and data[:1] == b"\0"
        if refused or accepted:
            return ServiceFacts(name=name, tls=False, banner=banner_of(data.lstrip(b"\0\1")), said_by="probe")
        return None

    return read


def recognise_answer(heard: Heard, sent: bytes) -> ServiceFacts | None:
    """What an answer says whatever the question was: many servers answer a stranger in their own words."""
    if not heard.data:
        return None
    if len(sent) >= 16 and heard.data.startswith(sent[: max(16, min(len(sent), len(heard.data)))]):
        return ServiceFacts(name="echo", tls=False, said_by="probe")
    if is_chargen(heard.data):
        return ServiceFacts(name="chargen", tls=False, said_by="probe")
    for read in (read_http, _read_rtsp, read_redis):
        facts = read(heard)
        if facts is not None:
            return facts
    return recognise_greeting(heard) or _read_finger(heard)


RPC_XID = b"TLA1"
# NULL of the portmapper, version 2: a call without arguments (RFC 1833)
RPC_NULL = RPC_XID + b"".join(word.to_bytes(4, "big") for word in (0, 2, 100000, 2, 0, 0, 0, 0, 0))
# the same of NFS, version 3 (RFC 1813); a server of version 4 alone says that it has another
_NFS_NULL = RPC_XID + b"".join(word.to_bytes(4, "big") for word in (0, 2, 100003, 3, 0, 0, 0, 0, 0))
# version.bind TXT CH, as `dig version.bind chaos txt` asks
DNS_VERSION_QUERY = b"TA\0\0\0\1\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03"
_MONGO_BSON = (len(b"\x10isMaster\0\1\0\0\0\0") + 4).to_bytes(4, "little") + b"\x10isMaster\0\1\0\0\0\0"
_MONGO_BODY = b"\0\0\0\0admin.$cmd\0" + bytes(4) + b"\xff\xff\xff\xff" + _MONGO_BSON
_MONGO = (16 + len(_MONGO_BODY)).to_bytes(4, "little") + b"\1\0\0\0" + bytes(4) + (2004).to_bytes(4, "little") + _MONGO_BODY
_MQTT_ID = b"talaia"
_MQTT_BODY = b"\0\x04MQTT\x04\x02\0\x0a" + len(_MQTT_ID).to_bytes(2, "big") + _MQTT_ID  # clean session, keep-alive 10 s
_RDP = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\x0b\0\0\0"  # asks for TLS, CredSSP and RDSTLS
_SMB_DIALECTS = b"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0"
_SMB_BODY = b"\xffSMBr" + bytes(4) + b"\x18\x53\xc8" + bytes(12) + b"\xff\xff\xff\xfe" + bytes(4) + b"\0"
_SMB = _SMB_BODY + len(_SMB_DIALECTS).to_bytes(2, "little") + _SMB_DIALECTS

HTTP = Question(
    name="http",
    payload=b"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Talaia\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    read=read_http,
    usual=frozenset((80, 631, 2375, 3000, 5000, 5601, 5984, 8000, 8008, 8080, 8081, 8086, 8088, 8888, 9090, 9200, 15672)),
    inside_tls=True,
    seconds=2.5,
)


def _question(
    name: str, payload: bytes, read: Recogniser, *usual: int, inside_tls: bool = False, seconds: float = 1.0
) -> Question:
    return Question(name=name, payload=payload, read=read, usual=frozenset(usual), inside_tls=inside_tls, seconds=seconds)


POSTGRESQL = _question("postgresql", b"\0\0\0\x08\x04\xd2\x16\x2f", read_postgresql, 5432, 5433)

QUESTIONS: tuple[Question, ...] = (
    _question("redis", b"*1\r\n$4\r\nPING\r\n", read_redis, 6379, 6380, inside_tls=True),
    POSTGRESQL,
    _question("ldap", asn1.ROOT_DSE_SEARCH, _read_ldap, 389, 636, 3268, 3269, inside_tls=True),
    _question("dns", len(DNS_VERSION_QUERY).to_bytes(2, "big") + DNS_VERSION_QUERY, _read_dns, 53, 853, 5353, inside_tls=True),
    _question("rpcbind", (0x80000000 | len(RPC_NULL)).to_bytes(4, "big") + RPC_NULL, _read_rpc("rpcbind"), 111),
    _question("nfs", (0x80000000 | len(_NFS_NULL)).to_bytes(4, "big") + _NFS_NULL, _read_rpc("nfs"), 2049),
    _question("rdp", _RDP, _read_rdp, 3389),
    _question("mqtt", b"\x10" + bytes((len(_MQTT_BODY),)) + _MQTT_BODY, _read_mqtt, 1883, 8883, inside_tls=True),
    _question("amqp", b"AMQP\0\0\x09\x01", _read_amqp, 5672, 5671, inside_tls=True),
    _question("memcached", b"version\r\n", _read_memcached, 11211),
    _question("memcached", b"\x80\x0b" + bytes(22), _read_memcached_binary, 11211),
    _question("mongodb", _MONGO, _read_mongodb, 27017, 27018, 27019, inside_tls=True),
    _question("mssql", data_stores.PRELOGIN, data_stores.recognise_mssql, 1433),
    _question("oracle", data_stores.TNS_VERSION, data_stores.recognise_oracle, 1521),
    _question("cassandra", data_stores.CQL_OPTIONS, data_stores.recognise_cassandra, 9042, 9142, inside_tls=True),
    _question("zookeeper", data_stores.ZOOKEEPER_SRVR, data_stores.recognise_zookeeper, 2181),
    _question("smb", b"\0" + len(_SMB).to_bytes(3, "big") + _SMB, _read_smb, 445),
    _question("netbios-ssn", smb.SESSION_REQUEST, smb.read_session, 139),
    _question("x11", b"l\0\x0b\0\0\0\0\0\0\0\0\0", _read_x11, *range(6000, 6064)),
    _question("socks", b"\x05\x01\0", _read_socks, 1080, 9050),
    _question("rtsp", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Talaia\r\n\r\n", _read_rtsp, 554, 8554),
    _question("finger", b"\r\n", _read_finger, 79, seconds=2.0),
)

# The Berkeley r-services say nothing that is theirs alone: they are asked on their ports only, for nothing and by nobody.
BSD_QUESTIONS: dict[int, Question] = {
    # no second connection, a user that is too long to exist, no password, no command: refused in rexecd's own words
    512: _question("exec", b"\0talaia-presence-check-that-is-no-user\0\0\0", _read_bsd("exec"), 512, seconds=3.0),
    513: _question("login", b"\0\0\0\0", _read_bsd("login"), 513, seconds=3.0),
    514: _question("shell", b"\0\0\0\0", _read_bsd("shell"), 514, seconds=3.0),
}
