"""What only a simulator still shows (SSLv2, Heartbleed, CCS injection, ROBOT, compression), and servers that misbehave."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from scanners.observation import Outcome
from scanners.protocols.tls import TlsScanner
from scanners.protocols.tls.attempt import Budget
from scanners.protocols.tls.facts import TlsFacts
from scanners.protocols.tls.flight import framed
from scanners.protocols.tls.hello import records
from scanners.scanner import observe
from scanners.target import Target
from scanners.zone import Intrusiveness
from tests.scanners.looking import loopback_zone, occasion, serving
from tests.scanners.tls.asking import facts, observed
from tests.scanners.tls.authority import good_leaf
from tests.scanners.tls.simulator import Simulated

DEEP = Intrusiveness.DEEP


def simulated(**faults: Any) -> Simulated:
    return Simulated(good_leaf(), **faults)


async def test_ssl2_is_seen_with_its_kinds_and_certificate() -> None:
    async with serving(simulated(ssl2=True, suites=())) as port:
        seen = await facts(port)
    assert seen.versions == ("SSLv2",)
    assert seen.suites == ("SSL_CK_RC4_128_WITH_MD5", "SSL_CK_RC4_128_EXPORT40_WITH_MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5")
    assert seen.null_anon_export_suites == ("SSL_CK_RC4_128_EXPORT40_WITH_MD5",)
    assert seen.broken_suites == seen.no_forward_secrecy_suites == seen.suites
    assert seen.certificate is not None
    assert seen.certificate.names == ("sede.example", "*.city.example")


async def test_a_sound_server_has_none_of_the_flaws() -> None:
    async with serving(simulated()) as port:
        seen = await facts(port, level=DEEP)
    assert seen.versions == ("TLSv1.2",)
    assert seen.suites == ("TLS_RSA_WITH_AES_128_CBC_SHA",)
    assert (seen.heartbleed, seen.ccs_injection, seen.robot, seen.compression) == (False, False, False, False)


@pytest.mark.parametrize("flaw", ["heartbleed", "ccs_injection", "robot"])
async def test_each_flaw_is_seen_alone(flaw: str) -> None:
    async with serving(simulated(**{flaw: True})) as port:
        seen = await facts(port, level=DEEP)
    assert {name: getattr(seen, name) for name in ("heartbleed", "ccs_injection", "robot")} == {
        name: name == flaw for name in ("heartbleed", "ccs_injection", "robot")
    }


@pytest.mark.parametrize("level", [Intrusiveness.GENTLE, Intrusiveness.NORMAL])
async def test_flaws_are_not_asked_where_the_zone_is_not_deep(level: Intrusiveness) -> None:
    async with serving(simulated(heartbleed=True, ccs_injection=True, robot=True)) as port:
        seen = await facts(port, level=level)
    assert (seen.heartbleed, seen.ccs_injection, seen.robot) == (None, None, None)


async def test_nothing_leaked_is_kept() -> None:
    server = simulated(heartbleed=True)
    async with serving(server) as port:
        seen = await observed(port, level=DEEP)
    assert isinstance(seen.facts, TlsFacts)
    assert seen.facts.heartbleed is True
    assert server.secret[:8] not in seen.evidence


async def test_compression_is_seen() -> None:
    async with serving(simulated(compression=True)) as port:
        assert (await facts(port)).compression is True


async def test_a_server_that_hangs_up_on_long_hellos_is_asked_in_short_ones() -> None:
    async with serving(simulated(longest_hello=255, suites=(0x002F, 0x0035))) as port:
        seen = await facts(port)
    assert seen.versions == ("TLSv1.2",)
    assert set(seen.suites or ()) == {"TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"}


async def test_silence_about_one_version_is_a_refusal_of_that_version() -> None:
    async with serving(simulated(mute_versions=(0x0300,))) as port:
        seen = await facts(port, budget=Budget(handshake_seconds=0.3))
    assert seen.versions == ("TLSv1.2",)


async def test_a_server_that_stops_answering_leaves_unknown_not_good() -> None:
    """After a few handshakes it goes silent: what was not seen to its end is not stated."""
    honest, calls = simulated(), iter(range(10_000))

    async def tiring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if next(calls) < 3:
            await honest(reader, writer)
        await reader.read()

    async with serving(tiring) as port:
        seen = await facts(port, budget=Budget(handshake_seconds=0.2), connections=1)
    assert (seen.versions, seen.suites, seen.broken_suites, seen.heartbleed) == (None, None, None, None)
    assert seen.best_version == "TLSv1.2"


async def test_the_budget_of_connections_is_kept_and_what_is_missing_is_unknown() -> None:
    count = 0
    honest = simulated()

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await honest(reader, writer)

    async with serving(counting) as port:
        seen = await facts(port, budget=Budget(connections=4))
    assert count == 4
    assert seen.versions is None


async def test_a_gentle_look_is_one_connection() -> None:
    count = 0
    honest = simulated(heartbleed=True)

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await honest(reader, writer)

    async with serving(counting) as port:
        seen = await facts(port, level=Intrusiveness.GENTLE)
    assert count == 1
    assert (seen.best_version, seen.versions, seen.heartbleed) == ("TLSv1.2", None, None)
    assert seen.certificate is not None


async def test_a_stop_ends_the_look_and_nothing_more_is_sent() -> None:
    count, stopped = 0, 0
    honest, asking = simulated(), occasion(loopback_zone())

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count, stopped
        count += 1
        if count == 5:
            asking.door.stop.press("the test said so")
            stopped = count
        await honest(reader, writer)

    async with serving(counting) as port:
        seen = await observe(TlsScanner(), Target(address="127.0.0.1", port=port), asking)
        await asyncio.sleep(0.2)
    assert seen.outcome is Outcome.REFUSED_BY_SCOPE
    assert count == stopped == 5


async def test_a_tarpit_costs_bounded_time_and_is_a_timeout() -> None:
    async def tarpit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        for byte in records(22, framed(2, bytes(40))):
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.2)

    async with serving(tarpit) as port:
        seen = await asyncio.wait_for(observed(port, budget=Budget(handshake_seconds=0.3)), timeout=30)
    assert seen.outcome is Outcome.TIMEOUT


async def test_a_flood_is_cut_at_256_kib() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(10)
        while not writer.transport.is_closing() and sent < 1 << 30:
            writer.write(records(21, b"\x01\x70") * 4096)
            sent += 7 * 4096
            await writer.drain()

    async with serving(flood) as port:
        seen = await observed(port)
    assert seen.outcome is Outcome.PROTOCOL_ERROR


HELLO = b"\x03\x03" + bytes(32) + b"\0\x00\x2f\x00"


async def test_a_chain_of_16_megabytes_is_unparsable_and_not_read() -> None:
    """Reliability finding H4."""
    read = 0

    async def heavy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal read
        await reader.read(10)
        writer.transport.set_write_buffer_limits(high=65536)
        writer.write(records(22, framed(2, HELLO)))
        body = records(22, b"\x0b\xff\xff\xff" + bytes(16380))
        for _ in range(1024):
            if writer.transport.is_closing():
                return
            writer.write(body)
            await writer.drain()
            read += len(body)

    async with serving(heavy) as port:
        seen = await facts(port, level=Intrusiveness.GENTLE)
    assert seen.certificate is not None
    assert seen.certificate.unparsable is True
    assert read < 8 << 20  # the kernel's buffers, not ours


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x02\x01", random.Random(4).randbytes(900)])
async def test_a_certificate_of_garbage_is_unparsable(der: bytes) -> None:
    class Garbage:
        key = good_leaf().key

    held: Any = Garbage()
    held.der = der
    async with serving(replace(simulated(), held=held)) as port:
        seen = await facts(port, level=DEEP)
    assert seen.certificate is not None
    assert seen.certificate.unparsable is True
    assert seen.certificate.subject is None
    assert seen.versions == ("TLSv1.2",)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x16\x03\x01\x00\x00" * 9]
)
async def test_what_is_no_tls_is_a_protocol_error(answer: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with serving(other) as port:
        seen = await observed(port)
    assert seen.outcome is Outcome.PROTOCOL_ERROR
    assert seen.facts is None


async def test_a_closed_port_is_closed() -> None:
    async with serving(simulated()) as port:
        pass
    assert (await observed(port)).outcome is Outcome.CLOSED
