"""RDP and VNC against xrdp, FreeRDP's shadow server, TigerVNC and x11vnc; and hostile bytes in place of their answers."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import rdp, rdp_messages, tls, vnc
from scanners.scanner import Scanner
from scanners.service_facts import ServiceFacts
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.scanners import remote_servers as servers
from tests.scanners.looking import Handler, serving
from tests.scanners.looks import facts_of, look, loopback_zone, service_at

# composed as xrdp answers 0.9.21 with security_layer=rdp and crypt_level=low: confirm, and the settings it answers with
CONFIRM = bytes.fromhex("030000130ed000001234000200080000000000")


async def rdp_of(place: servers.Place) -> rdp.RdpFacts:
    facts = await facts_of(rdp.SCANNER, place)
    assert isinstance(facts, rdp.RdpFacts)
    return facts


async def test_xrdp_that_takes_whatever_comes(tmp_path: Path) -> None:
    with servers.xrdp(tmp_path, security_layer="negotiate", crypt_level="low") as place:
        facts = await rdp_of(place)
    assert (facts.standard_security, facts.tls, facts.nla, facts.nla_required) == (True, True, False, False)
    assert facts.encryption_level == "low"
    assert facts.encryption_methods
    assert "40-bit" in facts.encryption_methods


async def test_xrdp_with_its_old_security_only(tmp_path: Path) -> None:
    with servers.xrdp(tmp_path, security_layer="rdp", crypt_level="high") as place:
        facts = await rdp_of(place)
    assert (facts.standard_security, facts.tls, facts.nla_required, facts.encryption_level) == (True, False, False, "high")


async def test_xrdp_with_tls_only_and_its_certificate(tmp_path: Path) -> None:
    with servers.xrdp(tmp_path, security_layer="tls") as place:
        service = await service_at(place)
        facts = await rdp_of(place)
        observation = await look(place, tls.SCANNER, service=service, zone=loopback_zone(intrusiveness=Intrusiveness.GENTLE))
    assert service.starttls == "rdp"
    assert (facts.standard_security, facts.tls, facts.nla, facts.nla_required) == (False, True, False, False)
    assert isinstance(observation.facts, tls.TlsFacts)
    assert observation.facts.starttls == "rdp"
    assert observation.facts.certificate is not None
    assert "prova.example" in (observation.facts.certificate.subject or "")


async def test_freerdp_that_requires_nla(tmp_path: Path) -> None:
    with servers.shadow(tmp_path, "/sec:nla") as place:
        facts = await rdp_of(place)
    assert (facts.standard_security, facts.tls, facts.nla, facts.nla_required) == (False, False, True, True)


@given(st.binary(max_size=64))
def test_no_bytes_hurt_the_readers_of_rdp(data: bytes) -> None:
    for start in (b"", b"\x03\0\0\x13\x0e\xd0", b"\x03\0\0\x40\x02\xf0\x80\x7f\x66McDn", CONFIRM):
        with contextlib.suppress(ProtocolError):
            rdp_messages.read_confirm(start + data)
        rdp_messages.read_settings(start + data)


@given(st.integers(0, len(CONFIRM)), st.binary(max_size=8))
def test_no_part_of_a_real_answer_hurts(length: int, more: bytes) -> None:
    try:
        answer = rdp_messages.read_confirm(CONFIRM[:length] + more)
    except ProtocolError:
        return
    assert answer.selected is None or answer.selected >= 0


@pytest.mark.parametrize(
    ("answer", "selected", "unclear"),
    [
        (b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0", 0, False),  # without negotiation, as Windows XP
        (b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0", 2, False),
        (b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x03\0\x08\0\x05\0\0\0", None, False),  # NLA required
        (b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x03\0\x08\0\x04\0\0\0", None, True),
    ],
)
def test_how_windows_answers(answer: bytes, selected: int | None, unclear: bool) -> None:
    """By MS-RDPBCGR 4.1.2 and 2.2.1.2; Windows itself cannot be had here."""
    assert rdp_messages.read_confirm(answer) == rdp_messages.Confirm(selected=selected, unclear=unclear)


async def vnc_of(place: servers.Place) -> vnc.VncFacts:
    facts = await facts_of(vnc.SCANNER, place)
    assert isinstance(facts, vnc.VncFacts)
    return facts


def password_file(folder: Path) -> Path:
    path = folder / "passwd"
    path.write_bytes(bytes.fromhex("dbd83cfd727a1458"))
    return path


async def test_tigervnc_without_a_password(tmp_path: Path) -> None:
    with servers.xvnc(tmp_path, "-SecurityTypes", "None") as place:
        facts = await vnc_of(place)
    assert facts == vnc.VncFacts(version="3.8", security_types=("none",), without_password=True, weak_auth=False)


async def test_tigervnc_with_its_own_password(tmp_path: Path) -> None:
    with servers.xvnc(tmp_path, "-SecurityTypes", "VncAuth", "-PasswordFile", str(password_file(tmp_path))) as place:
        facts = await vnc_of(place)
    assert facts == vnc.VncFacts(version="3.8", security_types=("vncauth",), without_password=False, weak_auth=True)


@pytest.mark.parametrize(("kinds", "without"), [("X509Vnc,TLSVnc", False), ("TLSNone,X509Plain", True)])
async def test_tigervnc_in_tls(tmp_path: Path, kinds: str, without: bool) -> None:
    cert, key = servers.certificate(tmp_path)
    options = ("-PasswordFile", str(password_file(tmp_path)), "-X509Cert", str(cert), "-X509Key", str(key))
    with servers.xvnc(tmp_path, "-SecurityTypes", kinds, *options) as place:
        facts = await vnc_of(place)
    assert facts.security_types is not None
    assert "vencrypt" in facts.security_types
    assert ("vencrypt/tls-none" if without else "vencrypt/x509-vncauth") in facts.security_types
    assert (facts.without_password, facts.weak_auth) == (without, False)


async def test_x11vnc(tmp_path: Path) -> None:
    with servers.x11vnc(tmp_path, "-nopw") as place:
        facts = await vnc_of(place)
    assert (facts.without_password, facts.security_types) == (True, ("none",))


async def test_x11vnc_with_a_password(tmp_path: Path) -> None:
    with servers.x11vnc(tmp_path, "-passwd", "not-in-a-list") as place:
        facts = await vnc_of(place)
    assert (facts.without_password, facts.weak_auth) == (False, True)


def saying(*parts: bytes) -> Handler:
    """Each part once the client has said something."""

    async def handler(reader: object, writer: object) -> None:
        for part in parts:
            writer.write(part)  # type: ignore[attr-defined]
            await writer.drain()  # type: ignore[attr-defined]
            if not await reader.read(64):  # type: ignore[attr-defined]
                return

    return handler


@pytest.mark.parametrize(
    ("parts", "types", "open_"),
    [
        ((b"RFB 003.003\n", b"\0\0\0\1"), ("none",), True),
        ((b"RFB 003.003\n", b"\0\0\0\2" + bytes(16)), ("vncauth",), False),
        ((b"RFB 003.007\n", b"\x01\x01"), ("none",), True),
        ((b"RFB 003.889\n", b"\x02\x1e\x23"), ("apple-dh", "apple-system"), False),
        ((b"RFB 003.008\n", b"\x01\x01", b"\0\0\0\1" + bytes(4)), ("none",), False),  # offered, and then refused
        ((b"RFB 003.008\n", b"\x01\x10", b"\0\0\0\0\0\0\0\0"), ("tight", "tight/none"), True),
        (
            (b"RFB 003.008\n", b"\x01\x10", b"\0\0\0\0\0\0\0\1\0\0\0\2STDVVNCAUTH_"),
            ("tight", "tight/vncauth"),
            False,
        ),
    ],
)
async def test_servers_that_debian_does_not_have(parts: tuple[bytes, ...], types: tuple[str, ...], open_: bool) -> None:
    """Old versions, macOS and TightVNC, as RFC 6143 and the rfbproto text write them: simulated."""
    async with serving(saying(*parts)) as port:
        observation = await look(("127.0.0.1", port), vnc.SCANNER, service=ServiceFacts(name="vnc"))
    assert isinstance(observation.facts, vnc.VncFacts), observation.detail
    assert observation.facts.security_types == types
    assert observation.facts.without_password is open_


@pytest.mark.parametrize(
    "said", [b"RFB 003.008\n\0\0\0\0\x09too many!", b"RFB x.......", b"\xff" * 400, b"RFB 003.008\n\x01\x13\0\x02\0\xff"]
)
@pytest.mark.parametrize("scanner", [vnc.SCANNER, rdp.SCANNER], ids=["vnc", "rdp"])
async def test_nonsense_is_a_protocol_error(scanner: Scanner, said: bytes) -> None:
    async with serving(saying(said)) as port:
        observation = await look(("127.0.0.1", port), scanner, service=ServiceFacts(name=scanner.name))
    assert observation.outcome is Outcome.PROTOCOL_ERROR
