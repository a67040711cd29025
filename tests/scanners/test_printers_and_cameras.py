"""Printers and cameras: IPP of CUPS, p910nd and GStreamer's RTSP server from Debian; ONVIF and the pages are simulated."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.protocols import ipp, onvif, rtsp, ws_discovery
from scanners.protocols.http.client import Answer
from scanners.protocols.http.devices import KINDS, SIGNATURES, recognised_device
from scanners.protocols.http.page import Page, read_page
from scanners.service_facts import ServiceFacts
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.city.print_servers import cupsd, p910nd
from tests.processes import running
from tests.scanners import small_servers as servers
from tests.scanners.looks import facts_of, loopback_zone, service_at
from tests.scanners.relays import relay


async def test_cups_that_answers_everybody(tmp_path: Path) -> None:
    address = servers.own_address()
    with running(cupsd(tmp_path, address, allow=True)[0], listens=(address, 631), log=tmp_path / "log"):
        facts = await facts_of(ipp.SCANNER, (address, 631))
    assert isinstance(facts, ipp.IppFacts)
    assert (facts.answers, facts.product) == (True, "Local Raw Printer")
    assert facts.authentication is not None
    assert set(facts.authentication) <= {"none", "requesting-user-name"}


async def test_cups_that_wants_a_password(tmp_path: Path) -> None:
    address = servers.own_address()
    with running(cupsd(tmp_path, address, allow=False)[0], listens=(address, 631), log=tmp_path / "log"):
        facts = await facts_of(ipp.SCANNER, (address, 631))
    assert facts == ipp.IppFacts(answers=False, status=401)


async def test_nothing_is_printed(tmp_path: Path) -> None:
    """p910nd prints whatever it gets: after a look as deep as any it has got nothing."""
    front, behind = servers.own_address(), servers.own_address()
    with running(p910nd(tmp_path, behind)[0], listens=(behind, 9100), log=tmp_path / "log"):
        async with relay((front, 9100), (behind, 9100)) as heard:
            facts = await service_at((front, 9100), zone=loopback_zone(intrusiveness=Intrusiveness.DEEP))
    assert (facts.name, facts.presumed) == (None, "jetdirect")
    assert heard.said == []
    assert (tmp_path / "paper").read_bytes() == b""


@contextmanager
def gstreamer(folder: Path, *login: str) -> Iterator[servers.Place]:
    address = servers.own_address()
    program = str(Path(__file__).parents[1] / "city/rtsp_server.py")
    argv = ["/usr/bin/python3", program, address, "8554", *login]
    with running(argv, listens=(address, 8554), log=folder / "log", environment={"PYTHONPATH": ""}):
        yield address, 8554


async def test_a_stream_that_everybody_sees(tmp_path: Path) -> None:
    with gstreamer(tmp_path) as place:
        facts = await facts_of(rtsp.SCANNER, place)
    assert isinstance(facts, rtsp.RtspFacts)
    assert (facts.stream_open, facts.path, facts.media) == (True, "/stream1", ("video RAW",))
    assert "DESCRIBE" in (facts.methods or ())


async def test_a_stream_behind_a_password(tmp_path: Path) -> None:
    front = servers.own_address()
    with gstreamer(tmp_path, "camera:not-in-any-word-list") as place:
        async with relay((front, 8554), place) as heard:
            facts = await facts_of(rtsp.SCANNER, (front, 8554))
    assert isinstance(facts, rtsp.RtspFacts)
    assert (facts.stream_open, facts.authentication) == (False, "basic")
    said = b"".join(heard.said)
    assert b"Authorization" not in said
    assert not any(word in said for word in (b"SETUP", b"PLAY"))


@pytest.mark.parametrize(("how", "product"), [("open", "PC-200"), ("closed", None)])
async def test_onvif(how: str, product: str | None, tmp_path: Path) -> None:
    address = servers.own_address()
    argv = [sys.executable, "-m", "tests.city.camera", address, "80", how]
    with running(argv, listens=(address, 80), log=tmp_path / "log"):
        over_http = await facts_of(onvif.SCANNER, (address, 80))
        found = await facts_of(onvif.SCANNER, (address, 3702), Transport.UDP)
    assert found == over_http
    assert isinstance(found, onvif.OnvifFacts)
    assert (found.identified, found.information_open, found.product) == (True, how == "open", product)


def test_only_the_address_that_answered_is_asked() -> None:
    answer = (
        b"<d:XAddrs>http://192.0.2.9/onvif http://192.0.2.1:8000/onvif/device_service https://192.0.2.1/x http://[::1</d:XAddrs>"
    )
    assert onvif.read_services(answer, Target(address="192.0.2.1", port=3702)) == [(8000, "/onvif/device_service")]


PAGES = [
    ("camera", "Hikvision camera", "", "<script>window.location.href='/doc/page/login.asp?_'+Date.now()</script>"),
    ("camera", "Axis camera", "", "<title>AXIS P1448-LE Network Camera</title>"),
    ("recorder", "Hikvision recorder", "DNVRS-Webs", "<title>login</title>"),
    ("printer", "HP printer", "", "<title>HP LaserJet MFP M428fdw</title>"),
    ("printer", "Kyocera printer", "KM-MFP-http/V0.0.1", "<title></title>"),
    ("printer", "Ricoh printer", "", "<title>Web Image Monitor</title>"),
    ("printer", "Brother printer", "", "<title>Brother HL-L2350DW series</title><a href='/general/status.html'>"),
    ("building", "Niagara building controller", "Niagara Web Server/3.8.401", "<title>Login</title>"),
    ("building", "Siemens Desigo", "", "<title>Desigo CC</title>"),
    ("parking", "SKIDATA parking", "", "<title>SKIDATA sweb</title>"),
    ("signage", "Samsung MagicINFO", "", "<title>MagicINFO Premium</title>"),
    ("kiosk", "Qmatic", "", "<title>Qmatic Orchestra</title>"),
    ("", "", "nginx", "<title>Ajuntament de Vilamar</title><p>Axis d'actuació, càmeres, impressores i aparcament</p>"),
    ("", "", "Apache", "<title>CUPS</title>"),
]


@pytest.mark.parametrize(("kind", "name", "server", "body"), PAGES)
def test_things_are_known_by_their_pages(kind: str, name: str, server: str, body: str) -> None:
    headers = (("content-type", "text/html"), ("server", server))
    answer = Answer(path="/", status=200, headers=headers, raw=body.encode(), body=body.encode(), whole=True)
    assert recognised_device(answer, read_page(answer.text)) == (kind, name)


def test_every_kind_has_its_pages_and_no_signature_is_empty() -> None:
    assert set(SIGNATURES) == set(KINDS)
    bare = Answer(path="/", status=200, headers=(("content-type", "text/html"),), raw=b"", body=b"<p>", whole=True)
    assert recognised_device(bare, Page()) == ("", "")
    assert all(item.body or item.title or item.header[1] for group in SIGNATURES.values() for item in group)


def test_a_scanner_does_not_ask_strangers() -> None:
    for scanner in (ipp.SCANNER, onvif.SCANNER, rtsp.SCANNER):
        assert not scanner.applies(ServiceFacts())
        assert not scanner.applies(ServiceFacts(name="http", banner="nginx"))
        assert not scanner.applies(ServiceFacts(name="ws-discovery", extra="printer"))


ANSWER = (
    b"\x01\x01\0\0\0\0\0\1\x01\x47\0\x12attributes-charset\0\x05utf-8\x04"
    b"\x41\0\x16printer-make-and-model\0\x05Prova\x44\0\x1curi-authentication-supported\0\x04none\x44\0\0\0\x05basic\x03"
)
SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 0\r\n"
RTSP = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %d\r\n\r\n" % len(SDP) + SDP
MATCH = b"<Envelope><ProbeMatches><XAddrs>http://192.0.2.1/onvif/device_service</XAddrs></ProbeMatches></Envelope>"


def test_the_seeds_are_read() -> None:
    status, attributes = ipp.read_attributes(ANSWER)
    assert status == 0
    assert ipp.facts_of(attributes).authentication == ("none", "basic")
    assert rtsp.read_media(SDP) == ("video H264", "audio")
    assert ws_discovery.is_answer(MATCH)


@given(noise=st.binary(max_size=400), cut=st.integers(0, 200), at=st.integers(0, 199), byte=st.integers(0, 255))
def test_no_answer_breaks_a_reader(noise: bytes, cut: int, at: int, byte: int) -> None:
    for seed in (ANSWER, SDP, MATCH):
        changed = bytearray(seed)
        changed[at % len(changed)] = byte
        for data in (noise, seed[:cut], bytes(changed), bytes(changed[:cut]) + noise):
            with suppress(ProtocolError):
                ipp.facts_of(ipp.read_attributes(data)[1])
            rtsp.read_media(data)
            onvif.read_services(data, Target(address="192.0.2.1", port=3702))
            onvif.text_in(data, "Model")
            ws_discovery.of_what(data)
