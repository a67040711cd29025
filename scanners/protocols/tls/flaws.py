"""Heartbleed, CCS injection and ROBOT: flaws that only a message no honest client sends can show. Deep looks only."""

import asyncio
import secrets
from collections.abc import Sequence

from scanners.door import RefusedByScope
from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.attempt import Attempts, certified
from scanners.protocols.tls.enumeration import Accepted
from scanners.protocols.tls.flight import Flight, Messages, Refused, framed, read_flight
from scanners.protocols.tls.handshake12 import CLIENT_KEY_EXCHANGE, rsa_key
from scanners.protocols.tls.octets import vector
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

HEARTBEAT_OVERREAD_BYTES = 16
RECORDS_LIMIT = 8
PATIENCE_SECONDS = 2.5
_BAD_RECORD = (20, 21)  # bad_record_mac, decryption_failed: it took the cipher change for good


async def heartbleed(attempts: Attempts, name: str | None, older: Accepted) -> bool | None:
    """CVE-2014-0160: whether a heartbeat that announces a few bytes it does not carry is answered (RFC 6520 forbids it).

    Sixteen bytes are asked for and none is kept. None when the server broke off before it could be asked.
    """
    hello = tls.Hello(version=older.version, suites=older.suites[:64], server_name=name, heartbeat=True)
    request = b"\x01" + HEARTBEAT_OVERREAD_BYTES.to_bytes(2, "big")
    try:
        async with attempts.wire(Intrusiveness.DEEP) as wire:
            messages = await _greeted(wire, hello)
            if messages is None:
                return None
            version = max(older.version, tls.TLS10)
            # the closing alert makes an honest server answer at once instead of waiting for us
            closing = tls.records(tls.ALERT, b"\x01\x00", version)
            await wire.write(tls.records(tls.HEARTBEAT, request, version) + closing)
            return await _heart_beats(messages, attempts.answer_seconds)
    except RefusedByScope:
        raise
    except (OSError, ProtocolError):
        return None


async def _heart_beats(messages: Messages, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            for _ in range(RECORDS_LIMIT):
                kind, payload = await messages.record()
                if kind == tls.HEARTBEAT:
                    return len(payload) > 3
    except (TimeoutError, Refused, ConnectionError, ProtocolError):
        pass
    return False


async def ccs_injection(attempts: Attempts, name: str | None, older: Accepted) -> bool | None:
    """CVE-2014-0224: whether a ChangeCipherSpec before any key is taken in silence and the next record then decrypted.

    None when the server broke off before it could be asked.
    """
    hello = tls.Hello(version=older.version, suites=older.suites[:64], server_name=name)
    change = tls.records(tls.CHANGE_CIPHER_SPEC, b"\x01", max(older.version, tls.SSL3))
    try:
        async with attempts.wire(Intrusiveness.DEEP) as wire:
            messages = await _greeted(wire, hello)
            if messages is None:
                return None
            await wire.write(change)
            if await _answer(messages, attempts.answer_seconds) != "silence":
                return False
            await wire.write(change)
            return await _answer(messages, attempts.answer_seconds) in {f"alert {code}" for code in _BAD_RECORD}
    except RefusedByScope:
        raise
    except (OSError, ProtocolError):
        return None


async def _greeted(wire: Wire, hello: tls.Hello) -> Messages | None:
    """The messages after a server's whole first flight; None when it did not come."""
    messages, flight = Messages(wire), Flight()
    await wire.write(hello.record())
    await read_flight(messages, flight, certified)
    return messages if flight.done and not flight.oversized else None


async def _answer(messages: Messages, seconds: float) -> str:
    """What came, in a word that can be compared."""
    try:
        async with asyncio.timeout(seconds):
            kind, payload = await messages.record()
    except TimeoutError:
        return "silence"
    except Refused:
        return "end of stream"
    except ConnectionError:
        return "reset"
    except ProtocolError:
        return "nonsense"
    return f"alert {payload[1]}" if kind == tls.ALERT and len(payload) == 2 else f"record {kind}"


async def robot(attempts: Attempts, name: str | None, version: int, suites: Sequence[int]) -> bool | None:
    """Return Of Bleichenbacher's Oracle Threat (2018): whether wrong PKCS #1 paddings are told apart by their answers.

    Five ClientKeyExchanges, one right and four wrong, first with and then without the rest of the handshake. Answers that
    differ must differ the same way again. None when a server does not answer steadily. ``suites`` use RSA key exchange.
    """
    if not suites:
        return False
    hello = tls.Hello(version=version, suites=suites, server_name=name)
    for whole in (True, False):
        # an honest server answers the whole message at once, however busy; to the half one it says nothing
        first = await _round(attempts, hello, whole, PATIENCE_SECONDS if whole else attempts.answer_seconds)
        if first is None:
            return None
        if len(set(first)) > 1:
            again = [await _round(attempts, hello, whole, PATIENCE_SECONDS) for _ in range(2)]
            if again[0] is None or again[0] != again[1]:
                return None
            if len(set(again[0])) > 1:
                return True
    return False


async def _round(attempts: Attempts, hello: tls.Hello, whole: bool, seconds: float) -> list[str] | None:
    """The answers to all five paddings; None when one of them could not be asked."""
    answers = await asyncio.gather(*(_one_padding(attempts, hello, kind, whole, seconds) for kind in range(5)))
    return [answer for answer in answers if answer is not None] if None not in answers else None


async def _one_padding(attempts: Attempts, hello: tls.Hello, kind: int, whole: bool, seconds: float) -> str | None:
    flight = Flight()
    try:
        async with attempts.wire(Intrusiveness.DEEP) as wire:
            messages = Messages(wire)
            await wire.write(hello.record())
            await read_flight(messages, flight, certified)
            if not flight.done:
                return None
            key = rsa_key(flight).public_numbers()
            width = (key.n.bit_length() + 7) // 8
            number = int.from_bytes(padded(kind, width, hello.version), "big")
            sealed = pow(number, key.e, key.n).to_bytes(width, "big")
            body = sealed if hello.version == tls.SSL3 else vector(2, sealed)
            out = tls.records(tls.HANDSHAKE, framed(CLIENT_KEY_EXCHANGE, body), hello.version)
            if whole:
                out += tls.records(tls.CHANGE_CIPHER_SPEC, b"\x01", hello.version)
                out += tls.records(tls.HANDSHAKE, secrets.token_bytes(64), hello.version)
            await wire.write(out)
            return await _answer(messages, seconds)
    except RefusedByScope:
        raise
    except (OSError, ProtocolError):
        return None


def padded(kind: int, width: int, version: int) -> bytes:
    """A PKCS #1 1.5 block of ``width`` bytes: right (0), wrong start (1), zero at the end (2), no zero (3), wrong version (4)."""
    secret = bytes(secrets.choice(range(1, 256)) for _ in range(46))
    stuffing = bytes(secrets.choice(range(1, 256)) for _ in range(width - 51))
    said = version.to_bytes(2, "big")
    return (
        b"\x00\x02" + stuffing + b"\x00" + said + secret,
        b"\x41\x17" + stuffing + b"\x00" + said + secret,
        b"\x00\x02" + stuffing + b"\x11" + secret + b"\x00\x11",
        b"\x00\x02" + stuffing + b"\x11\x11\x11" + secret,
        b"\x00\x02" + stuffing + b"\x00\x02\x02" + secret,
    )[kind]
