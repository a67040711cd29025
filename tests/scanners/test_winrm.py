"""WinRM by answers in the form of MS-WSMV and DSP0226: no real server of it can be had here, all is simulated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import winrm
from scanners.service_facts import ServiceFacts
from tests.scanners.looking import Handler, serving
from tests.scanners.looks import look

IDENTIFIED = (
    b"HTTP/1.1 200 \r\nContent-Type: application/soap+xml;charset=UTF-8\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n"
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
    b'<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    b"<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
    b"<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
    b"<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>"
)
REFUSED = (
    b"HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Kerberos\r\n"
    b'WWW-Authenticate: Basic realm="WSMAN"\r\nContent-Length: 0\r\n\r\n'
)
WINDOWS = ServiceFacts(name="http", tls=False, banner="Microsoft-HTTPAPI/2.0")


def windows(identified: bytes, refused: bytes) -> Handler:
    async def handler(reader: object, writer: object) -> None:
        asked = await reader.readuntil(b"</s:Envelope>")  # type: ignore[attr-defined]
        assert b"Authorization" not in asked
        writer.write(identified if b"WSMANIDENTIFY" in asked else refused)  # type: ignore[attr-defined]

    return handler


async def test_windows_that_offers_basic_in_clear() -> None:
    assert winrm.SCANNER.applies(WINDOWS)
    async with serving(windows(IDENTIFIED, REFUSED)) as port:
        observation = await look(("127.0.0.1", port), winrm.SCANNER, service=WINDOWS)
    assert observation.facts == winrm.WinrmFacts(
        in_tls=False,
        authentication=("Basic", "Kerberos", "Negotiate"),
        basic_in_clear=True,
        vendor="Microsoft Corporation",
        product_version="OS: 0.0.0 SP: 0.0 Stack: 3.0",
    )


@pytest.mark.parametrize(
    "page", [b"HTTP/1.1 404 Not Found\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nhello"]
)
async def test_another_site_of_the_same_service_is_none(page: bytes) -> None:
    async with serving(windows(page, page)) as port:
        observation = await look(("127.0.0.1", port), winrm.SCANNER, service=WINDOWS)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


def test_in_tls_basic_is_not_in_clear() -> None:
    facts = winrm.read_answers(IDENTIFIED, REFUSED, in_tls=True)
    assert facts is not None
    assert facts.basic_in_clear is False


def test_it_asks_only_who_may_be_one() -> None:
    assert not winrm.SCANNER.applies(ServiceFacts(name="http", banner="nginx"))
    assert not winrm.SCANNER.applies(ServiceFacts(name="unknown", banner="Microsoft-HTTPAPI/2.0"))
    assert not winrm.SCANNER.applies(ServiceFacts())


@given(st.sampled_from((IDENTIFIED, REFUSED)), st.integers(0, 400), st.binary(max_size=60))
def test_no_bytes_hurt(real: bytes, at: int, data: bytes) -> None:
    for hostile in (data, real[:at] + data, real[:at] + data + real[at + len(data) :]):
        winrm.read_answers(hostile, data, in_tls=False)
