"""TLS behind a STARTTLS: real servers of six protocols, and for SMTP and XMPP the dialogue with real TLS after it."""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanners.observation import Outcome
from scanners.protocols.tls.starttls import UPGRADES
from scanners.zone import Intrusiveness
from tests.processes import free_port, running
from tests.scanners import small_servers
from tests.scanners.looking import Handler, serving
from tests.scanners.tls.asking import facts, observed
from tests.scanners.tls.authority import good_leaf

GENTLE = Intrusiveness.GENTLE


@contextmanager
def dovecot(folder: Path) -> Iterator[tuple[int, int]]:
    """Dovecot's IMAP and POP3; yields their ports."""
    certificate, key = good_leaf().write(folder, "dovecot")
    imap, pop3 = free_port(), free_port()
    listener = "service {0}-login {{\n chroot =\n inet_listener {0} {{\n address = 127.0.0.1\n port = {1}\n }}\n"
    listener += " inet_listener {0}s {{\n port = 0\n }}\n}}\n"
    path = folder / "dovecot.conf"
    path.write_text(
        f"protocols = imap pop3\nbase_dir = {folder}/run\nlog_path = {folder}/dovecot.out\nssl = yes\n"
        f"ssl_cert = <{certificate}\nssl_key = <{key}\nssl_min_protocol = TLSv1.2\n"
        "passdb {\n driver = static\n args = password=x\n}\n"
        "userdb {\n driver = static\n args = uid=nobody gid=nogroup home=/tmp\n}\n"
        + listener.format("imap", imap)
        + listener.format("pop3", pop3)
    )
    with running(["dovecot", "-F", "-c", str(path)], listens=("127.0.0.1", imap), log=folder / "dovecot.log"):
        yield imap, pop3


@contextmanager
def slapd(folder: Path) -> Iterator[int]:
    certificate, key = good_leaf().write(folder, "slapd")
    (folder / "data").mkdir()
    port = free_port()
    path = folder / "slapd.conf"
    path.write_text(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"pidfile {folder}/slapd.pid\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\n"
        f'database mdb\nsuffix "dc=city,dc=example"\ndirectory {folder}/data\n'
    )
    argv = ["slapd", "-d", "0", "-f", str(path), "-h", f"ldap://127.0.0.1:{port}"]
    with running(argv, listens=("127.0.0.1", port), log=folder / "slapd.log"):
        yield port


async def test_imap_and_pop3_of_dovecot() -> None:
    with small_servers.folder_for("dovecot") as folder, dovecot(folder) as ports:
        for port, protocol in zip(ports, ("imap", "pop3"), strict=True):
            seen = await facts(port, starttls=protocol)
            assert seen.starttls == protocol
            assert seen.versions == ("TLSv1.2", "TLSv1.3")
            assert seen.certificate is not None
            assert seen.certificate.name_matches is True


async def test_ldap_of_slapd(tmp_path: Path) -> None:
    with slapd(tmp_path) as port:
        seen = await facts(port, starttls="ldap")
    assert seen.versions
    assert "TLSv1.2" in seen.versions
    assert seen.certificate is not None
    assert seen.certificate.names == ("sede.example", "*.city.example")


async def test_ftp_of_vsftpd(tmp_path: Path) -> None:
    certificate, key = good_leaf().write(tmp_path, "ftp")
    with small_servers.vsftpd(tmp_path, ssl_enable="YES", rsa_cert_file=str(certificate), rsa_private_key_file=str(key)) as place:
        seen = await facts(place[1], starttls="ftp", level=GENTLE)
    assert seen.best_version in {"TLSv1.2", "TLSv1.3"}
    assert seen.certificate is not None
    assert seen.certificate.name_matches is True


async def test_postgresql() -> None:
    with small_servers.folder_for("postgres") as folder, small_servers.postgresql(folder) as server:
        seen = await facts(server.place[1], starttls="postgresql")
    assert seen.versions == ("TLSv1.2", "TLSv1.3")
    assert seen.certificate is not None
    assert seen.certificate.self_signed is True


async def test_mariadb() -> None:
    with small_servers.folder_for("mysql") as folder, small_servers.mariadb(folder) as server:
        seen = await facts(server.place[1], starttls="mysql", level=GENTLE)
    assert seen.best_version == "TLSv1.3"
    assert seen.certificate is not None
    assert seen.certificate.key_type == "ec"


# What is said before TLS: the server's lines, and how each of the client's begins.
SMTP = (b"220-mail.city.example\r\n220 ready\r\n", (b"EHLO ", b"250-mail\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go\r\n"))
OFFER = b"<stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
XMPP = (b"", (b"<?xml", OFFER), (b"<starttls", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))


def dialogue(context: ssl.SSLContext, greeting: bytes, *turns: tuple[bytes, bytes]) -> Handler:
    """A server that says its part of a STARTTLS and goes on in TLS, in which it says nothing."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        for begins, answer in turns:
            said = await reader.readuntil(b">" if begins.startswith(b"<s") else b"\n" if b"<" not in begins else b"streams'>")
            assert said.startswith(begins)
            writer.write(answer)
        await writer.drain()
        try:
            await writer.start_tls(context)
            await reader.read(1)
        except OSError:
            return  # a scanner breaks every handshake off

    return converse


@pytest.mark.parametrize(("protocol", "turns"), [("smtp", SMTP), ("xmpp", XMPP)])
async def test_the_dialogues_of_smtp_and_xmpp(tmp_path: Path, protocol: str, turns: Sequence[object]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*good_leaf().write(tmp_path, protocol))
    async with serving(dialogue(context, *turns)) as port:  # type: ignore[arg-type]
        seen = await facts(port, starttls=protocol)
    assert seen.versions == ("TLSv1.2", "TLSv1.3")
    assert seen.certificate is not None
    assert seen.certificate.name_matches is True


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("smtp", b"554 go away\r\n"),
        ("smtp", b"220-" * 9000),
        ("imap", b"* OK\r\nt1 BAD no\r\n"),
        ("pop3", b"+OK\r\n-ERR no\r\n"),
        ("ftp", b"220 hi\r\n530 no\r\n"),
        ("ldap", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00"),
        ("ldap", b"HTTP/1.1 400\r\n\r\n"),
        ("postgresql", b"N"),
        ("mysql", b"\xff\xff\xff\x00" + bytes(90)),
        ("mysql", b"\x20\x00\x00\x00\x0a5.7\0" + bytes(60)),
        ("xmpp", b"<stream:stream><stream:features/>"),
        ("gopher", b"hello"),
    ],
)
async def test_who_declines_is_a_protocol_error(protocol: str, said: bytes) -> None:
    async def decline(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await reader.read()

    async with serving(decline) as port:
        seen = await observed(port, starttls=protocol)
    assert seen.outcome is Outcome.PROTOCOL_ERROR
    assert seen.detail


def test_the_protocols_that_are_known() -> None:
    assert {"smtp", "imap", "pop3", "ftp", "ldap", "postgresql", "mysql", "xmpp"} <= set(UPGRADES)
