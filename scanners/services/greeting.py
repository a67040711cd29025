"""What a server says unasked, read: the greeting of a connection in which we have not said anything."""

import re
from collections.abc import Callable

from scanners.clean_text import clean_bytes
from scanners.protocols.mysql_packets import read_greeting
from scanners.service_facts import ServiceFacts
from scanners.services.heard import Heard, banner_of
from scanners.services.products import identify
from scanners.wire import ProtocolError

_SSH = re.compile(rb"(?:^|\n)SSH-[0-9]\.[0-9]{1,3}-[^\r\n]{1,255}")
_VNC = re.compile(rb"^RFB [0-9]{3}\.[0-9]{3}\n")
_CODE = re.compile(rb"^(?P<code>[0-9]{3})[ -](?P<text>[^\r\n]{0,512})")
_FTP_WORDS = re.compile(r"ftp|file transfer", re.IGNORECASE)
_SMTP_WORDS = re.compile(r"smtp|mail|postfix|exim", re.IGNORECASE)
_NNTP_WORDS = re.compile(r"nntp|news|\bINN\b|leafnode|posting", re.IGNORECASE)
_IMAP = re.compile(rb"^\* (?:OK|PREAUTH|BYE)\b")
_POP3 = re.compile(rb"^(?:\+OK|-ERR)\b")
_RSYNC = re.compile(rb"^@RSYNCD: [0-9]{1,3}")
_DAYTIME = re.compile(rb"^[\x20-\x7e]{0,20}[0-9]{1,2}:[0-9]{2}:[0-9]{2}[\x20-\x7e]{0,20}\r?\n?$")
_YEAR = re.compile(rb"(?:^|[^0-9])(?:19|20)[0-9]{2}(?:[^0-9]|$)|[0-9]{2}-[0-9]{2}-[0-9]{2} ")
_PLAUSIBLE_TIME = range(2_524_521_600, 2**32)  # RFC 868: seconds since 1900; from 1980 to 2036
_PROMPT = re.compile(rb"(?:login|username|user name|password) ?: ?$", re.IGNORECASE)
_IAC, _SB, _SE, _WILL, _DONT = 255, 250, 240, 251, 254

Reader = Callable[[Heard], ServiceFacts | None]


def recognise_greeting(heard: Heard) -> ServiceFacts | None:
    """Which service greets like this; None when it is none that we know. Never raises, whatever the bytes."""
    if not heard.data:
        return None
    return next((facts for reader in _READERS if (facts := reader(heard)) is not None), None)


def named(service: str, banner: str | None, *, said_by: str = "banner", text: str | None = None) -> ServiceFacts:
    """Facts with what ``text`` (or the banner) says of the product."""
    product = identify(service, text or banner or "")
    return ServiceFacts(
        name=service,
        tls=False,
        banner=banner,
        said_by=said_by,
        product=product.product,
        version=product.version,
        extra=product.extra,
        cpe=product.cpe,
    )


def _ssh(heard: Heard) -> ServiceFacts | None:
    found = _SSH.search(heard.data)
    return named("ssh", banner_of(found.group())) if found else None


def _vnc(heard: Heard) -> ServiceFacts | None:
    return named("vnc", banner_of(heard.data)) if _VNC.match(heard.data) else None


def _coded(heard: Heard) -> ServiceFacts | None:
    """FTP, SMTP and NNTP all greet with a three-digit code: the text tells, else FTP where SMTP would name its host."""
    found = _CODE.match(heard.data)
    if found is None:
        return None
    code, text = found["code"], clean_bytes(heard.data, 1024)
    banner = banner_of(heard.data)
    if code in (b"200", b"201", b"400", b"502", b"503") and _NNTP_WORDS.search(text):
        return named("nntp", banner)
    if code in (b"220", b"421", b"554"):
        if _FTP_WORDS.search(text):
            return named("ftp", banner)
        if _SMTP_WORDS.search(text) or code == b"554":
            return named("smtp", banner)
    if code in (b"200", b"201"):
        return named("nntp", banner)
    return None


def _imap(heard: Heard) -> ServiceFacts | None:
    return named("imap", banner_of(heard.data)) if _IMAP.match(heard.data) else None


def _pop3(heard: Heard) -> ServiceFacts | None:
    if not _POP3.match(heard.data) or b"DENIED" in heard.data[:64]:
        return None
    return named("pop3", banner_of(heard.data))


def _rsync(heard: Heard) -> ServiceFacts | None:
    return named("rsync", banner_of(heard.data)) if _RSYNC.match(heard.data) else None


def _redis_denied(heard: Heard) -> ServiceFacts | None:
    if heard.data.startswith((b"-DENIED Redis", b"-ERR max number of clients", b"-NOAUTH", b"-LOADING")):
        return ServiceFacts(name="redis", tls=False, product="Redis", banner=banner_of(heard.data), said_by="banner")
    return None


def _mysql(heard: Heard) -> ServiceFacts | None:
    try:
        greeting = read_greeting(heard.data)
    except ProtocolError:
        return None
    return ServiceFacts(
        name="mysql",
        tls=False,
        product=greeting.product,
        version=greeting.version,
        banner=banner_of((greeting.server_version or greeting.error or "").encode()),
        starttls="mysql" if greeting.tls_offered else None,
        said_by="banner",
    )


def _telnet(heard: Heard) -> ServiceFacts | None:
    """Option negotiation at the start (RFC 854): IAC with WILL, WONT, DO, DONT or a subnegotiation; or a login prompt."""
    data = heard.data
    negotiates = len(data) >= 3 and data[0] == _IAC and (_WILL <= data[1] <= _DONT or data[1] == _SB)
    if not negotiates and (heard.ended or not _PROMPT.search(data[-40:])):
        return None
    return named("telnet", banner_of(without_negotiation(data)))


def without_negotiation(data: bytes) -> bytes:
    """The text of a Telnet stream: commands and subnegotiations taken out, doubled IACs made single."""
    text = bytearray()
    at = 0
    while at < len(data):
        if data[at] != _IAC:
            text.append(data[at])
            at += 1
        elif data[at + 1 : at + 2] == bytes((_IAC,)):
            text.append(_IAC)
            at += 2
        elif data[at + 1 : at + 2] == bytes((_SB,)):
            end = data.find(bytes((_IAC, _SE)), at)
            at = len(data) if end < 0 else end + 2
        else:
            at += 3 if at + 1 < len(data) and _WILL <= data[at + 1] <= _DONT else 2
    return bytes(text)


def read_daytime(heard: Heard) -> ServiceFacts | None:
    """One line with a date and a time, and then the end (RFC 867)."""
    if heard.ended and len(heard.data) < 80 and _DAYTIME.match(heard.data) and _YEAR.search(heard.data):
        return named("daytime", banner_of(heard.data))
    return None


def read_time(heard: Heard) -> ServiceFacts | None:
    """Four bytes and the end (RFC 868); inetutils sends eight, the last four zero."""
    data = heard.data[:4]
    exact = len(heard.data) == 4 or (len(heard.data) == 8 and heard.data[4:] == bytes(4))
    if heard.ended and exact and int.from_bytes(data, "big") in _PLAUSIBLE_TIME:
        return ServiceFacts(name="time", tls=False, said_by="banner")
    return None


def _chargen(heard: Heard) -> ServiceFacts | None:
    return named("chargen", None) if is_chargen(heard.data) else None


def is_chargen(data: bytes) -> bool:
    """Printable characters in their order, each line beginning one character further (RFC 864)."""
    first = data[:40]
    printable = bytes(range(0x20, 0x7F)) * 2
    return len(first) == 40 and first in printable


_READERS: tuple[Reader, ...] = (
    _ssh,
    _vnc,
    _redis_denied,
    _rsync,
    _imap,
    _pop3,
    _coded,
    _telnet,
    _chargen,
    read_daytime,
    _mysql,
    read_time,
)
