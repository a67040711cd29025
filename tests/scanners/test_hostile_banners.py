"""Whatever is sent to it, a first look ends, stays small, and says nothing that could harm who reads it (H1)."""

import asyncio
import itertools
import unicodedata
from contextlib import suppress

import msgspec
import psutil
from hypothesis import example, given
from hypothesis import strategies as st

from scanners.door import Door
from scanners.observation import Observation, Outcome, decode, encode
from scanners.plan import Endpoint, look_units
from scanners.probe import Probe
from scanners.protocols import ftp, mysql_packets, postgresql, redis, telnet
from scanners.scanner import facts_types
from scanners.service_facts import ServiceFacts
from scanners.services import asn1
from scanners.services.datagrams import DATAGRAMS, read_tftp
from scanners.services.greeting import recognise_greeting, without_negotiation
from scanners.services.heard import Heard, banner_of
from scanners.services.products import identify
from scanners.services.questions import BSD_QUESTIONS, HTTP, QUESTIONS, recognise_answer
from scanners.wire import ProtocolError
from tests.processes import free_port
from tests.scanners.looks import loopback_zone

MYSQL = mysql_packets.packet(0, b"\x0aVERSION\0" + bytes(40))
PREFIXES = (
    *(
        b"",
        b"220 ",
        b"220 ftp ",
        b"220 ESMTP Postfix ",
        b"SSH-2.0-OpenSSH_",
        b"+OK Dovecot ",
        b"* OK ",
        b"-ERR ",
        b"RFB 003.008\n",
    ),
    *(b"HTTP/1.1 200 OK\r\nServer: nginx/", b"RTSP/1.0 200 OK\r\nServer: ", b"\xff\xfb\x01login: ", b"200 news ", MYSQL[:6]),
)
PAYLOADS = (
    b"\x1b[2J\x1b[31mred\x1b]0;title\x07\r\n",
    b"\x1b]8;;http://192.0.2.1/\x07link\x1b]8;;\x07\r\n",
    "\u202emoc.live\u202c \u2066x\u2069\u200b\ufeff\u2028\r\n".encode(),
    b"nul\x00byte\x00\r\n",
    b"\xff\xfe\xc3\x28\xed\xa0\x80\xf8\x88\r\n",
    b"${jndi:ldap://192.0.2.1/a}\r\n",
    b"<script>alert(1)</script><img src=x onerror=alert(1)>\r\n",
    b"=cmd|' /C calc'!A0\r\n",
    b'line\nlevel=error msg="forged"\r\nlast\r',
    b"\x9b31m\x85\x90\r\n",
    b"A" * 200_000 + b"\r\n",
    b"%n%s%x{{7*7}}' OR 1=1 --\r\n",
)
SPOKEN = [prefix + payload for prefix, payload in itertools.product(PREFIXES, PAYLOADS)]


class Hostile:
    """One address each: the n-th says its piece unasked, or once it was asked something, or misbehaves in its own way."""

    def __init__(self) -> None:
        self.ways = [self.greets(text) for text in SPOKEN] + [self.answers(text) for text in SPOKEN[::4]]
        self.ways += [self.floods, self.drips, self.resets, self.closes, self.half_closes, self.floods_lines]
        self.addresses = [f"127.55.{number // 200}.{number % 200 + 1}" for number in range(len(self.ways))]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = self.ways[self.addresses.index(writer.get_extra_info("sockname")[0])]
        try:
            async with asyncio.timeout(20):
                await way(reader, writer)
        except (OSError, TimeoutError):
            pass
        finally:
            writer.transport.abort()

    def greets(self, text: bytes):  # type: ignore[no-untyped-def]
        async def way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(text)
            await writer.drain()
            await reader.read()

        return way

    def answers(self, text: bytes):  # type: ignore[no-untyped-def]
        async def way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(4096):
                writer.write(text)
                await writer.drain()

        return way

    async def floods(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\x00\x1b\xff" * 20000)
            await writer.drain()

    async def floods_lines(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"220-more to come\r\n" * 4000)
            await writer.drain()

    async def drips(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await asyncio.sleep(0.1)

    async def resets(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: RST on close

    async def closes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    async def half_closes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await reader.read()


def harmless(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in text)


async def test_hundreds_of_hostile_banners() -> None:
    hostile, port = Hostile(), free_port()
    server = await asyncio.start_server(hostile.serve, hostile.addresses, port)
    door = Door([loopback_zone()])
    units = look_units("prova", [Endpoint(address=address, port=port) for address in hostile.addresses])
    before = psutil.Process().memory_info().rss
    probe = Probe(door, nmap=False)

    async def all_of(unit: object) -> list[Observation]:
        return [item async for item in probe.look(unit)]  # type: ignore[arg-type]

    got = [item for items in await asyncio.gather(*map(all_of, units)) for item in items]
    grown = psutil.Process().memory_info().rss - before
    server.close()
    services = [item for item in got if item.scanner == "service"]
    assert len(services) == len(hostile.addresses) >= 200
    assert {item.outcome for item in services} <= {Outcome.OBSERVED, Outcome.PROTOCOL_ERROR}
    assert not [item for item in got if item.outcome is Outcome.ERROR]
    assert grown < 192 * 1024 * 1024  # both ends and all evidence together
    for item in got:
        line = encode(item)
        assert decode(line, facts_types()) == item
        shown = msgspec.json.decode(line)
        shown.pop("evidence")
        assert harmless(line.decode()), line
        assert all(harmless(text) for text in texts(shown)), line
        assert len(line) < 128 * 1024


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in texts(child)]


PIECES = st.sampled_from([*PREFIXES, *(payload[:300] for payload in PAYLOADS), MYSQL, b"\r\n", b"\0", b"\xff", b"S", b"E"])
BYTES = st.one_of(st.binary(max_size=600), st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=6).map(b"".join))


@given(BYTES, st.booleans())
@example(b"", True)
def test_every_reader_of_network_bytes_takes_anything(data: bytes, ended: bool) -> None:
    heard = Heard(data, ended)
    found = [recognise_greeting(heard), recognise_answer(heard, b"GET / HTTP/1.1\r\n\r\n"), read_tftp(data)]
    found += [question.read(heard) for question in (HTTP, *QUESTIONS, *BSD_QUESTIONS.values())]
    found += [datagram.read(data) for datagram in DATAGRAMS]
    for facts in found:
        if isinstance(facts, ServiceFacts):
            assert all(harmless(text) for text in texts(msgspec.to_builtins(facts)))
    asn1.ldap_answer(data)
    assert isinstance(asn1.is_snmp3(data), bool)
    assert len(telnet.refuse_all(data)) <= 300
    assert len(without_negotiation(data)) <= len(data)
    banner = banner_of(data)
    assert banner is None or (harmless(banner) and len(banner) <= 200)


@given(BYTES)
def test_protocol_errors_are_the_only_ones(data: bytes) -> None:
    readers = (
        mysql_packets.payload_of,
        mysql_packets.read_greeting,
        mysql_packets.read_error,
        redis.read_ping,
        lambda raw: postgresql.read_answer(raw[:1], raw[1:]),
    )
    for reader in readers:
        with suppress(ProtocolError):
            reader(data)


@given(st.text(max_size=300), st.sampled_from(["ssh", "ftp", "http", "smtp", "imap", "nntp", "other"]))
def test_products_are_clean_whatever_the_banner(banner: str, service: str) -> None:
    product = identify(service, banner)
    assert product.version is None or harmless(product.version)
    assert product.extra is None or harmless(product.extra)
    assert product.cpe is None or product.cpe.count(":") >= 12


def test_products_of_common_banners() -> None:
    known = {
        ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"): ("OpenSSH", "9.2p1", "Debian-2+deb12u3"),
        ("http", "Apache/2.4.62 (Debian)"): ("Apache httpd", "2.4.62", "Debian"),
        ("http", "Microsoft-IIS/10.0"): ("Microsoft IIS", "10.0", None),
        ("ftp", "220 (vsFTPd 3.0.3)"): ("vsftpd", "3.0.3", None),
        ("smtp", "220 correu.example ESMTP Exim 4.96 Mon, 23 Nov"): ("Exim", "4.96", "Mon, 23 Nov"),
        ("http", "something else"): (None, None, None),
    }
    for (service, banner), expected in known.items():
        found = identify(service, banner)
        assert (found.product, found.version, found.extra) == expected
    assert identify("ssh", "SSH-2.0-OpenSSH_9.2p1").cpe == "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*"


@given(BYTES)
def test_ftp_replies_end(data: bytes) -> None:
    class Lines:
        """What a wire would hand out of ``data``, line by line, and then the end of the stream."""

        def __init__(self) -> None:
            self.lines = data.splitlines(keepends=True)

        async def read_line(self) -> bytes:
            return self.lines.pop(0) if self.lines else b""

    try:
        reply = asyncio.run(ftp.read_reply(Lines()))  # type: ignore[arg-type]
    except ProtocolError:
        return
    assert 0 <= reply.code <= 999
    assert harmless(reply.text)
