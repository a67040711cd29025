"""The readers of the HTTP scanner: pages, headers, cookies, policies, security.txt, metadata; examples and any bytes at all."""

import io
import struct
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.protocols.http import CookieFacts, exposures, headers, left_behind, libraries, metadata, security_txt, signatures
from scanners.protocols.http.client import Answer, as_target
from scanners.protocols.http.documents import read_metadata
from scanners.protocols.http.inflate import inflate
from scanners.protocols.http.page import read_page, tags
from tests.scanners.looking import NOW


def answered(body: bytes | str = b"", *pairs: tuple[str, str], status: int = 200) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return Answer("/", status, pairs, data, data, True)


MARKUP = st.text(alphabet=st.sampled_from(list("<>/='\"!- \n\x00&#;abcinputscriptlexmetapwod")), max_size=400)


@settings(deadline=None)
@given(MARKUP)
def test_any_page_is_read(text: str) -> None:
    page = read_page(text)
    assert len(page.title) <= 4000


@pytest.mark.parametrize(
    "part", ["<!--", "<a ", "<a x=", "<a x='", "</", "<a/ ", "<script>", "<title>", "&#9", "<a b=c ", "<", "<a" + " " * 50]
)
def test_every_character_is_read_once(part: str) -> None:
    """Time is not asserted; a reader that went back over such pages would need minutes for this one."""
    list(tags(part * (1024 * 1024 // len(part))))


def test_a_page() -> None:
    page = read_page(
        """<!-- <input type=password> --><SCRIPT SRC=/a.js></SCRIPT><script>if (a<b) "<input type='password'>"</script>
        <title>A &lt;B&gt;
        C</title><meta name=Generator content="X &amp; Y"><a href='/x?a=1&amp;b=2'>x</a>
        <input name=p type = "PassWord" ><textarea><input type=hidden></textarea><a href="unfinished"""
    )
    assert page.title == "A <B> C"
    assert page.scripts == ["/a.js"]
    assert page.meta("generator") == "X & Y"
    assert page.links[0] == "/x?a=1&b=2"
    assert page.password_field is True
    assert read_page("<!-- <input type=password> --><input type=text>").password_field is False
    assert read_page(f"<title>&#{'9' * 9000};</title>").title


@pytest.mark.parametrize(
    ("header", "age"),
    [
        ("max-age=31536000", 31536000),
        ('Max-Age="300" ; includeSubDomains', 300),
        ("includeSubDomains", 0),
        ("max-age=1; max-age=2", 0),
        ("max-age=-1", 0),
        ("max-age=" + "9" * 5000, 0),
        ("", 0),
    ],
)
def test_hsts(header: str, age: int) -> None:
    assert headers.hsts_max_age(answered(b"", ("strict-transport-security", header))) == age


@pytest.mark.parametrize(
    ("policies", "unsafe"),
    [
        ([], ()),
        (["default-src 'self'"], ()),
        (["default-src *; script-src 'self'"], ()),
        (["script-src 'self' 'unsafe-inline'"], ("unsafe-inline",)),
        (["script-src 'nonce-abc' 'unsafe-inline'"], ()),
        (["script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' * http:"], ()),
        (["default-src * data: http: 'unsafe-eval'"], ("unsafe-eval", "*", "http:", "data:")),
        (["script-src *", "script-src 'self'"], ()),
        (["script-src *", "frame-ancestors 'none'"], ("*",)),
        (["frame-ancestors 'none'"], (headers.NO_SCRIPT_SOURCES,)),
        (["SCRIPT-SRC 'UNSAFE-INLINE'; script-src 'self'"], ("unsafe-inline",)),
    ],
)
def test_what_makes_a_policy_weak(policies: list[str], unsafe: tuple[str, ...]) -> None:
    assert headers.csp_unsafe(policies) == unsafe


@pytest.mark.parametrize(
    ("pairs", "protected"),
    [
        ([("x-frame-options", "DENY")], True),
        ([("x-frame-options", "SAMEORIGIN, SAMEORIGIN")], True),
        ([("x-frame-options", "DENY, SAMEORIGIN")], False),
        ([("x-frame-options", "ALLOW-FROM https://a.example")], False),
        ([("content-security-policy", "frame-ancestors 'self'")], True),
        ([("content-security-policy", "frame-ancestors *"), ("x-frame-options", "DENY")], False),
        ([("content-security-policy", "default-src 'self'")], False),
        ([], False),
    ],
)
def test_framing(pairs: list[tuple[str, str]], protected: bool) -> None:
    assert headers.frame_protected(answered(b"", *pairs)) is protected


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        ("JSESSIONID=1; Path=/; secure; HTTPONLY; samesite=LAX", ("JSESSIONID", True, True, "lax", True)),
        ("lang=ca", ("lang", False, False, "", False)),
        ("csrftoken=x; SameSite=weird", ("csrftoken", False, False, "", False)),
        ("connect.sid=s%3A", ("connect.sid", False, False, "", True)),
        ("wordpress_logged_in_5f4d=a%7C1; HttpOnly", ("wordpress_logged_in_5f4d", False, True, "", True)),
        (".AspNetCore.Cookies=x", (".AspNetCore.Cookies", False, False, "", True)),
        ("fe_typo_user=x", ("fe_typo_user", False, False, "", True)),
        ("ASP.NET_SessionId=x; SameSite = None ; Secure", ("ASP.NET_SessionId", True, False, "none", True)),
    ],
)
def test_cookies(header: str, cookie: tuple[str, bool, bool, str, bool]) -> None:
    name, secure, http_only, same_site, session = cookie
    expected = CookieFacts(name=name, secure=secure, http_only=http_only, same_site=same_site, session=session)
    assert headers.cookies([answered(b"", ("set-cookie", header))]) == (expected,)


def test_a_cookie_that_is_taken_away_is_none() -> None:
    for gone in ("sid=; Max-Age=0", "sid=; expires=Thu, 01 Jan 1970 00:00:00 GMT", "=x", ""):
        assert headers.cookies([answered(b"", ("set-cookie", gone))]) == ()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_header_is_read(text: str) -> None:
    every = ("set-cookie", "strict-transport-security", "content-security-policy", "x-frame-options", "server", "content-type")
    answer = answered(text, *((name, text) for name in every))
    assert headers.hsts_max_age(answer) >= 0
    headers.cookies([answer])
    headers.csp_unsafe(headers.policies(answer, text))
    headers.frame_protected(answer)
    assert len(headers.version_disclosed(answer)) <= 300
    assert isinstance(answer.html, bool)
    assert isinstance(answer.text, str)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_reference_becomes_a_request_target(text: str) -> None:
    target = as_target("/" + text)
    assert target.isascii()
    assert not set(target) & set(" \t\r\n\x00#")


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: ("Contact: " + text + "\nExpires: " + text).encode()))
def test_any_security_txt_is_judged(body: bytes) -> None:
    found = security_txt.judge(answered(body, ("content-type", "text/plain")), NOW)
    assert found.state in ("valid", "expired", "invalid", "missing")
    assert found.expires is None or found.expires.tzinfo is UTC


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01t01:00:00.123+01:00", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("2027-13-01T00:00:00Z", None),
        ("2027-01-01", None),
        ("Thu, 31 Dec 2027 18:37:07 -0800", None),
    ],
)
def test_dates_of_security_txt(date: str, read: datetime | None) -> None:
    answer = answered(f"Contact: tel:+34\nExpires: {date}\n", ("content-type", "text/plain"))
    found = security_txt.judge(answer, NOW)
    assert found.expires == read
    assert found.state == ("valid" if read else "invalid")


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "gzip, br", "x-gzip", "", "identity", "zstd"]))
def test_any_bytes_are_inflated_within_the_limit(data: bytes, coding: str) -> None:
    assert len(inflate(data, coding, 100)) <= 100


ALL_EXPOSURES = (
    *(*exposures.VCS, *exposures.backups("a.example"), *exposures.DEBUG, exposures.HEAPDUMP),
    *(*left_behind.SECRETS, *left_behind.copies("a.example"), *left_behind.DIAGNOSTICS, *left_behind.DESCRIPTIONS),
)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"{" * 1000, b"\x1f\x8b\x08" + bytes(50)]))
def test_any_content_is_weighed(data: bytes) -> None:
    answer = answered(data)
    for exposure in ALL_EXPOSURES:
        assert isinstance(bool(exposure.proves(answer)), bool)
    exposures.is_debug_page(answer)
    signatures.is_listing(answer)
    signatures.recognised(signatures.PANELS, answer)


@pytest.mark.parametrize("exposure", ALL_EXPOSURES, ids=lambda exposure: exposure.path)
@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<!doctype html><html><title>Home</title><body>DB_PASSWORD=x\nPK ref: refs/heads/main CREATE TABLE</body></html>",
        b"Not found\n",
        b'{"error": "not found"}',
        b"\xef\xbb\xbf<html>hello</html>",
        b"OK",
    ],
)
def test_a_page_proves_no_exposure(exposure: exposures.Exposure, page: bytes) -> None:
    assert not exposure.proves(answered(page, ("content-type", "text/html")))


@pytest.mark.parametrize("path", ["/.env", "/.git/HEAD", "/backup.tar.gz", "/actuator", "/debug/pprof/", "/wp-config.php~"])
def test_a_neighbour_differs_in_its_first_part_only(path: str) -> None:
    other = exposures.neighbour(path)
    assert other != path
    assert other.count("/") == path.count("/")
    assert other.startswith("/.") == path.startswith("/.")
    assert other.partition(".")[2].partition("/")[2] == path.partition(".")[2].partition("/")[2]


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ('<script src="/js/jquery-3.4.1.min.js"></script>', {("jquery", "3.4.1")}),
        ('<script src="https://cdn.example/npm/vue@2.6.11/dist/vue.js"></script>', {("vue", "2.6.11")}),
        ('<script src="/ajax/libs/lodash.js/4.17.10/lodash.js"></script>', {("lodash", "4.17.10")}),
        ('<script src="https://cdn.example/pdfjs-dist@2.0.943/build/pdf.min.js"></script>', {("pdfjs", "2.0.943")}),
        ('<script src="/angular.js/1.5.8/angular.min.js"></script>', {("angularjs", "1.5.8")}),
        ('<script src="/ajax/libs/moment/2.19.3/moment.min.js"></script>', {("moment", "2.19.3")}),
        ('<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.6.0"></script>', {("jquery", "3.6.0")}),
        ('<script src="/jquery-ui-1.12.1/jquery-ui.js"></script>', {("jquery-ui", "1.12.1")}),
        ("<script>/*! jQuery v1.8.3 jquery.com | jquery.org/license */</script>", {("jquery", "1.8.3")}),
        ("<script>/**\n * @license AngularJS v1.5.8\n */</script>", {("angularjs", "1.5.8")}),
        ('<meta name="generator" content="Drupal 7 (http://drupal.org)">', {("drupal", "7")}),
        ('<meta name="generator" content="WordPress 6.4.2">', {("wordpress", "6.4.2")}),
        ('<meta name="generator" content="Joomla! - Open Source Content Management">', set()),
        ('<script src="/app-3.4.1.js"></script><script src="/jquery.js"></script>', set()),
    ],
)
def test_libraries(markup: str, found: set[tuple[str, str]]) -> None:
    said = libraries.libraries(read_page(markup), answered())
    assert {(library.name, library.version) for library in said} == found


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_script_is_read_for_its_name(text: str) -> None:
    page = read_page("")
    page.scripts, page.inline, page.metas = [text, "/jquery-" + text], ["/*! jQuery " + text], [("generator", text)]
    libraries.libraries(page, answered(b"", ("x-powered-by", text)))
    libraries.unversioned(page)


def pdf_of(author: str, title: str = "") -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    writer.add_metadata({"/Author": author, "/Title": title})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def office_of(part: str, xml: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, xml)
    return out.getvalue()


def jpeg_of(order: str, entries: list[tuple[int, int, int, bytes]], gps: bool) -> bytes:
    """A JPEG that is nothing but its Exif: ``entries`` are tag, type, count, value; ``gps`` adds a position."""
    entries = [*entries, (0x8825, 4, 1, struct.pack(order + "I", 200))] if gps else entries
    tiff = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        tiff += struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\x00")
    tiff = tiff.ljust(200, b"\x00") + struct.pack(order + "HHHI", 1, 2, 5, 3) + bytes(24)
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xd8\xff\xe0\x00\x04ab\xff\xe1" + struct.pack(">H", len(body) + 2) + body + b"\xff\xd9"


CORE = (
    '<p xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cp="x">'
    "<dc:creator>{0}</dc:creator><cp:lastModifiedBy>{0}</cp:lastModifiedBy></p>"
)
BOMB = '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><p>&b;</p>'


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("pdf", pdf_of("Marta Vidal"), ["author Marta Vidal"]),
        ("pdf", pdf_of("", "/home/mvidal/acta.odt"), ["path /home/mvidal"]),
        ("pdf", pdf_of("Administrador", "Acta del ple"), []),
        ("pdf", b"%PDF-1.4 nothing", []),
        ("office", office_of("docProps/core.xml", CORE.format("Pau Roca")), ["author Pau Roca", "last saved by Pau Roca"]),
        (
            "office",
            office_of("docProps/app.xml", r"<p><T>\\fitxers\urbanisme\plans</T></p>"),
            [r"path \\fitxers\urbanisme\plans"],
        ),
        ("office", office_of("docProps/core.xml", CORE.format("Usuario de Windows")), []),
        ("office", office_of("docProps/core.xml", BOMB), []),
        ("office", office_of("docProps/core.xml", "<p>" + "a" * 50_000_000 + "</p>"), []),
        ("jpeg", jpeg_of("<", [], gps=True), ["GPS position"]),
        ("jpeg", jpeg_of(">", [], gps=True), ["GPS position"]),
        ("jpeg", jpeg_of("<", [(0x013B, 2, 4, b"Ona\x00")], gps=False), ["artist Ona"]),
        ("jpeg", jpeg_of("<", [], gps=False), []),
        ("jpeg", b"\xff\xd8\xff\xe1\xff\xffExif\x00\x00II", []),
    ],
)
async def test_metadata(kind: str, data: bytes, told: list[str]) -> None:
    assert await read_metadata(kind, data) == told


async def test_a_document_that_takes_too_long_is_given_up() -> None:
    assert await read_metadata("pdf", pdf_of("Marta Vidal"), seconds=0.001) == []


EXIF = b"\xff\xd8\xff\xe1\x01\x00Exif\x00\x00II*\x00\x08\x00\x00\x00"


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", EXIF]))
def test_any_bytes_are_a_picture_or_none(data: bytes, head: bytes) -> None:
    try:
        metadata.jpeg(head + data)
    except (struct.error, ValueError):
        return


def test_the_metadata_program_says_nothing_of_what_it_cannot_read() -> None:
    argv = [sys.executable, metadata.__file__, "office"]
    done = subprocess.run(argv, input=b"PK\x03\x04nonsense", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
