"""The server's first flight: records into messages, messages into what was chosen, sent and refused."""

from collections.abc import Callable
from dataclasses import dataclass

from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.octets import Octets
from scanners.wire import ProtocolError, Wire

# Handshake message types (RFC 8446, section 4; RFC 5246, 7.4; RFC 6066, 8)
SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE, SERVER_KEY_EXCHANGE = 2, 8, 11, 12
CERTIFICATE_REQUEST, SERVER_HELLO_DONE, CERTIFICATE_VERIFY, FINISHED, CERTIFICATE_STATUS = 13, 14, 15, 20, 22

MESSAGE_LIMIT = 230 * 1024  # the wire itself ends at 256 KiB
RECORDS_LIMIT = 4096
MESSAGES_LIMIT = 32  # an honest flight has seven at most
_EARLY = 4  # warnings and empty records that may come before it is no conversation any more


class Refused(Exception):
    """The server ended the handshake. ``alert`` is the alert's description (RFC 8446, section 6), None when it just hung up."""

    def __init__(self, alert: int | None) -> None:
        self.alert = alert
        super().__init__("hung up" if alert is None else f"sent alert {alert}")


class Oversized(ProtocolError):
    """A handshake message that is longer than this scanner reads. ``kind`` is its type."""

    def __init__(self, kind: int, length: int) -> None:
        self.kind = kind
        super().__init__(f"announced a handshake message of {length} bytes")


@dataclass
class Flight:
    """What came of one hello. Fields stay None until the message that fills them came.

    ``alert`` and ``closed`` say how a refusal looked; ``silent`` that nothing came in time; ``nonsense`` that what came was
    no TLS. ``certificates`` are DER, leaf first; ``oversized`` says that they were announced but too long to read.
    ``key_exchange`` is the body of ServerKeyExchange, ``ocsp`` the DER of a stapled answer; ``encrypted`` are the extensions that
    TLS 1.3 encrypts; ``transcript`` every handshake message of the server, as sent.
    """

    hello: tls.ServerHello | None = None
    certificates: tuple[bytes, ...] | None = None
    oversized: bool = False
    ocsp: bytes | None = None
    key_exchange: bytes | None = None
    certificate_request: bool = False
    encrypted: dict[int, bytes] | None = None
    done: bool = False
    alert: int | None = None
    closed: bool = False
    silent: bool = False
    nonsense: bool = False
    transcript: bytes = b""

    def accepted(self, version: int) -> bool:
        return self.hello is not None and self.hello.version == version

    def take(self, kind: int, body: bytes) -> None:
        """Note one message. Raises :class:`~scanners.wire.ProtocolError` when it is malformed."""
        if kind == SERVER_HELLO:
            self.hello = tls.parse_server_hello(body)
        elif kind == CERTIFICATE:
            self._take_certificates(body)
        elif kind == CERTIFICATE_STATUS:
            octets = Octets(body)
            self.ocsp = octets.vector(3) if octets.number(1) == 1 else None
        elif kind == SERVER_KEY_EXCHANGE:
            self.key_exchange = body
        elif kind == ENCRYPTED_EXTENSIONS:
            self.encrypted = tls.parse_extensions(Octets(body).vector(2))
        elif kind == CERTIFICATE_REQUEST:
            self.certificate_request = True
        elif kind == SERVER_HELLO_DONE:
            self.done = True

    def _take_certificates(self, body: bytes) -> None:
        if self.accepted(tls.TLS13):
            self.certificates, self.ocsp = parse_certificates_13(body)
        else:
            self.certificates = parse_certificates(body)


def parse_certificates(body: bytes) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message up to TLS 1.2 (RFC 5246, 7.4.2)."""
    octets, found = Octets(Octets(body).vector(3)), list[bytes]()
    while len(octets):
        found.append(octets.vector(3))
    return tuple(found)


def parse_certificates_13(body: bytes) -> tuple[tuple[bytes, ...], bytes | None]:
    """The same of TLS 1.3 (RFC 8446, 4.4.2), with the OCSP answer stapled to the leaf."""
    octets = Octets(body)
    octets.vector(1)
    entries, found, ocsp = Octets(octets.vector(3)), list[bytes](), None
    while len(entries):
        found.append(entries.vector(3))
        stapled = tls.parse_extensions(entries.vector(2)).get(tls.STATUS_REQUEST)
        if stapled is not None and len(found) == 1:
            status = Octets(stapled)
            ocsp = status.vector(3) if status.number(1) == 1 else None
    return tuple(found), ocsp


class Messages:
    """Takes records and hands out handshake messages, whatever way they were cut. ``decrypt`` turns one record into another."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._pending = bytearray()
        self._records = 0
        self._warnings = 0
        self.decrypt: Callable[[int, bytes, bytes], tuple[int, bytes]] | None = None

    async def record(self) -> tuple[int, bytes]:
        """The next record, content type and plaintext. Raises :class:`Refused` when the stream ends."""
        self._records += 1
        if self._records > RECORDS_LIMIT:
            raise ProtocolError(f"sent over {RECORDS_LIMIT} records in one handshake")
        first = await self._wire.read_some(1)
        if not first:
            raise Refused(None)
        head = first + await self._wire.read_exactly(4)
        length = int.from_bytes(head[3:5], "big")
        if not tls.CHANGE_CIPHER_SPEC <= head[0] <= tls.HEARTBEAT or head[1] != 3 or length > tls.RECORD_LIMIT:
            raise ProtocolError("answered with something that is no TLS record")
        payload = await self._wire.read_exactly(length)
        if self.decrypt is None or head[0] == tls.CHANGE_CIPHER_SPEC:
            return head[0], payload
        return self.decrypt(head[0], head, payload)

    async def message(self) -> tuple[int, bytes]:
        """The next handshake message, type and body. Raises :class:`Refused` at a fatal alert."""
        while len(self._pending) < 4 or len(self._pending) < 4 + self._announced():
            kind, payload = await self.record()
            if kind == tls.ALERT:
                self._heed(payload)
            elif kind == tls.HANDSHAKE and payload:
                self._pending += payload
            elif kind != tls.CHANGE_CIPHER_SPEC:
                self._count_warning("sent records that are no part of a handshake")
        length = self._announced()
        body, kind = bytes(self._pending[4 : 4 + length]), self._pending[0]
        del self._pending[: 4 + length]
        return kind, body

    def _announced(self) -> int:
        length = int.from_bytes(self._pending[1:4], "big")
        if length > MESSAGE_LIMIT:
            raise Oversized(self._pending[0], length)
        return length

    def _heed(self, payload: bytes) -> None:
        if len(payload) != 2:
            raise ProtocolError("sent a malformed alert")
        if payload[0] != 1 or payload[1] in (0, 90):
            raise Refused(payload[1])
        self._count_warning("sent warnings without end")

    def _count_warning(self, sentence: str) -> None:
        self._warnings += 1
        if self._warnings > _EARLY:
            raise ProtocolError(sentence)


def framed(kind: int, body: bytes) -> bytes:
    """A handshake message with its header."""
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


async def read_flight(messages: Messages, flight: Flight, until: Callable[[Flight], bool]) -> None:
    """Fill ``flight`` until ``until`` says it is enough, or the server's flight ends. Refusals are noted, not raised."""
    try:
        for _ in range(MESSAGES_LIMIT):
            if flight.done or until(flight):
                return
            kind, body = await messages.message()
            flight.transcript += framed(kind, body)
            flight.take(kind, body)
        raise ProtocolError(f"sent over {MESSAGES_LIMIT} messages in one flight")
    except Oversized as error:
        flight.oversized, flight.done = error.kind == CERTIFICATE, True
        if not flight.oversized:
            flight.nonsense = True
    except Refused as error:
        flight.alert, flight.closed = error.alert, error.alert is None
    except ConnectionError:
        flight.closed = True
    except ProtocolError:
        flight.nonsense = True
