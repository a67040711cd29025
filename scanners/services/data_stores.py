"""First words to databases that wait for their client: SQL Server, Oracle, Cassandra, ZooKeeper; and how they answer.

Each is what an ordinary client sends before it logs in. Sources: MS-TDS 2.2.6.5; Oracle Net as its listener answers; Cassandra's
native_protocol_v4.spec; ZooKeeper Administrator's Guide, "The Four Letter Words".
"""

import re
from typing import Any

from scanners.clean_text import clean_bytes
from scanners.service_facts import ServiceFacts
from scanners.services.heard import Heard

# VERSION at 11 of 6 bytes, ENCRYPTION at 17 of 1 byte (0: off, which asks for the login alone to be encrypted), end
_PRELOGIN_BODY = bytes.fromhex("00000b00060100110001ff") + bytes(6) + b"\0"
PRELOGIN = b"\x12\x01" + (8 + len(_PRELOGIN_BODY)).to_bytes(2, "big") + b"\0\0\1\0" + _PRELOGIN_BODY
_TNS_DATA = b"(CONNECT_DATA=(COMMAND=version))"
_TNS_HEAD = bytes.fromhex("0136012c000008007fff7f0800000001") + len(_TNS_DATA).to_bytes(2, "big") + b"\0\x3a" + bytes(30)
TNS_VERSION = (8 + len(_TNS_HEAD) + len(_TNS_DATA)).to_bytes(2, "big") + b"\0\0\1\0\0\0" + _TNS_HEAD + _TNS_DATA
CQL_OPTIONS = b"\4\0\0\0\5\0\0\0\0"
ZOOKEEPER_SRVR = b"srvr"

_VSNNUM = re.compile(rb"\(VSNNUM=([0-9]{1,12})\)")
_SRVR = re.compile(rb"^Zookeeper version: ([0-9][0-9A-Za-z.]{0,30})")
_TNS_VERSIONS = range(300, 400)
_ENCRYPTION = {0: "off", 1: "on", 2: "not_supported", 3: "required"}


def read_prelogin(data: bytes) -> tuple[str | None, str | None] | None:
    """Version and encryption (off, on, not_supported, required) of the answer to PRELOGIN; None when it is none."""
    if len(data) < 9 or data[0] != 4 or int.from_bytes(data[2:4], "big") > len(data):
        return None
    options: dict[int, bytes] = {}
    at = 8
    while at + 5 <= len(data) and data[at] != 0xFF and len(options) < 10:
        start = 8 + int.from_bytes(data[at + 1 : at + 3], "big")
        options[data[at]] = data[start : start + int.from_bytes(data[at + 3 : at + 5], "big")]
        at += 5
    number = options.get(0, b"")
    if len(number) != 6 or at >= len(data) or data[at] != 0xFF:
        return None
    version = f"{number[0]}.{number[1]}.{int.from_bytes(number[2:4], 'big')}"
    return version, _ENCRYPTION.get((options.get(1) or b"\xff")[0])


def read_tns(data: bytes) -> tuple[str, str | None] | None:
    """How an Oracle listener answered (accepted, refused, redirected, resend) and its version; None when it is no listener."""
    if len(data) < 8 or int.from_bytes(data[:2], "big") > len(data) or data[2:4] != b"\0\0" or data[6:8] != b"\0\0":
        return None
    kind = {2: "accepted", 4: "refused", 5: "redirected", 11: "resend"}.get(data[4])
    if kind == "accepted" and int.from_bytes(data[8:10], "big") not in _TNS_VERSIONS:
        return None
    if kind in ("refused", "redirected") and not (b"(DESCRIPTION" in data or b"(ERR" in data or b"(VSNNUM" in data):
        return None
    found = _VSNNUM.search(data)
    number = int(found[1]) if found else 0
    # Oracle's number: a byte of major version, then half bytes and bytes of the rest
    version = f"{number >> 24 & 0xFF}.{number >> 20 & 15}.{number >> 12 & 0xFF}.{number >> 8 & 15}" if number else None
    return (kind, version) if kind else None


def read_srvr(data: bytes) -> str | None:
    """The version that ZooKeeper tells; empty where the command is not allowed; None when it is no ZooKeeper."""
    if data.startswith((b"srvr is not executed because it is not in the whitelist", b"This ZooKeeper instance is not currently")):
        return ""
    found = _SRVR.match(data)
    return clean_bytes(found[1], 30) if found else None


def is_cql(data: bytes) -> bool:
    """SUPPORTED, or the error that names the versions of the protocol (native_protocol_v4.spec, 2 and 4.2.4)."""
    if len(data) < 9 or not data[0] & 0x80 or data[0] & 0x7F not in range(1, 7) or data[4] not in (0, 6):
        return False
    return b"CQL_VERSION" in data if data[4] == 6 else b"rotocol version" in data


def _said(name: str, product: str, **more: Any) -> ServiceFacts:
    return ServiceFacts(name=name, tls=False, product=product, said_by="probe", **more)


def recognise_mssql(heard: Heard) -> ServiceFacts | None:
    found = read_prelogin(heard.data)
    return _said("mssql", "Microsoft SQL Server", version=found[0]) if found else None


def recognise_oracle(heard: Heard) -> ServiceFacts | None:
    found = read_tns(heard.data)
    return _said("oracle", "Oracle TNS listener", version=found[1]) if found else None


def recognise_cassandra(heard: Heard) -> ServiceFacts | None:
    return _said("cassandra", "Apache Cassandra") if is_cql(heard.data) else None


def recognise_zookeeper(heard: Heard) -> ServiceFacts | None:
    version = read_srvr(heard.data)
    return None if version is None else _said("zookeeper", "Apache ZooKeeper", version=version or None)
