"""Products and versions as servers name themselves. A version is what the server *says*; it may be patched or untrue.

Every expression is linear: no repeated group, and classes that exclude what follows.
"""

import re
from dataclasses import dataclass

from scanners.clean_text import clean_text


@dataclass(frozen=True)
class Product:
    """``cpe`` is a CPE 2.3 formatted string bound to the version when there is one (NISTIR 7695)."""

    product: str | None = None
    version: str | None = None
    extra: str | None = None
    cpe: str | None = None


_VERSION = r"(?P<version>[0-9][0-9A-Za-z.]{0,30}(?:[-_+~][0-9A-Za-z.]{1,20})?)"

# service, expression, product, CPE vendor:product
_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("ssh", rf"^SSH-[0-9.]+-OpenSSH_(?:for_Windows_)?{_VERSION}", "OpenSSH", "openbsd:openssh"),
    ("ssh", rf"^SSH-[0-9.]+-dropbear_?{_VERSION}?", "Dropbear SSH", "dropbear_ssh_project:dropbear_ssh"),
    ("ssh", rf"^SSH-[0-9.]+-libssh[-_]{_VERSION}", "libssh", "libssh:libssh"),
    ("ssh", rf"^SSH-[0-9.]+-Cisco-{_VERSION}", "Cisco SSH", "cisco:ssh"),
    ("ssh", r"^SSH-[0-9.]+-ROSSSH", "MikroTik RouterOS SSH", "mikrotik:routeros"),
    ("ftp", rf"\(vsFTPd {_VERSION}\)", "vsftpd", "vsftpd_project:vsftpd"),
    ("ftp", rf"ProFTPD (?:{_VERSION} )?", "ProFTPD", "proftpd:proftpd"),
    ("ftp", r"Pure-FTPd", "Pure-FTPd", "pureftpd:pure-ftpd"),
    ("ftp", rf"FileZilla Server (?:version )?{_VERSION}?", "FileZilla Server", "filezilla-project:filezilla_server"),
    ("ftp", rf"pyftpdlib (?:based ftpd|{_VERSION})", "pyftpdlib", "pyftpdlib_project:pyftpdlib"),
    ("ftp", r"Microsoft FTP Service", "Microsoft IIS FTP", "microsoft:internet_information_services"),
    ("smtp", r"ESMTP Postfix", "Postfix", "postfix:postfix"),
    ("smtp", rf"ESMTP Exim {_VERSION}", "Exim", "exim:exim"),
    ("smtp", rf"ESMTP Sendmail {_VERSION}", "Sendmail", "sendmail:sendmail"),
    ("smtp", r"OpenSMTPD", "OpenSMTPD", "openbsd:opensmtpd"),
    ("smtp", r"Microsoft ESMTP MAIL Service", "Microsoft Exchange", "microsoft:exchange_server"),
    ("imap", r"Dovecot", "Dovecot", "dovecot:dovecot"),
    ("imap", rf"Cyrus IMAP {_VERSION}?", "Cyrus IMAP", "cyrusimap:cyrus_imap"),
    ("imap", r"Courier-IMAP", "Courier IMAP", "courier-mta:courier-imap"),
    ("pop3", r"Dovecot", "Dovecot", "dovecot:dovecot"),
    ("nntp", rf"INN {_VERSION}", "InterNetNews", "isc:inn"),
    ("nntp", rf"[Ll]eafnode.{{0,20}}version {_VERSION}", "Leafnode", "leafnode:leafnode"),
    ("http", rf"^nginx(?:/{_VERSION})?", "nginx", "f5:nginx"),
    ("http", rf"^Apache-Coyote(?:/{_VERSION})?", "Apache Tomcat", "apache:tomcat"),
    ("http", rf"^Apache(?:/{_VERSION})?", "Apache httpd", "apache:http_server"),
    ("http", rf"^Microsoft-IIS/{_VERSION}", "Microsoft IIS", "microsoft:internet_information_services"),
    ("http", rf"^lighttpd(?:/{_VERSION})?", "lighttpd", "lighttpd:lighttpd"),
    ("http", rf"^Caddy(?:/{_VERSION})?", "Caddy", "caddyserver:caddy"),
    ("http", rf"^Jetty\({_VERSION}", "Jetty", "eclipse:jetty"),
    ("http", rf"^Docker/{_VERSION}", "Docker", "docker:docker"),
    ("http", rf"^CouchDB/{_VERSION}", "CouchDB", "apache:couchdb"),
    ("http", rf"^gunicorn(?:/{_VERSION})?", "Gunicorn", "gunicorn:gunicorn"),
    ("http", r"^uvicorn", "Uvicorn", "encode:uvicorn"),
    ("http", rf"^SimpleHTTP/[0-9.]+ Python/{_VERSION}", "Python http.server", "python:python"),
    ("http", rf"^Werkzeug/{_VERSION}", "Werkzeug", "palletsprojects:werkzeug"),
    ("http", rf"^CUPS/{_VERSION}", "CUPS", "openprinting:cups"),
    ("http", rf"^GoAhead-Webs(?:/{_VERSION})?", "GoAhead", "embedthis:goahead"),
    ("http", rf"^Boa/{_VERSION}", "Boa", "boa:boa"),
    ("http", rf"^mini_httpd/{_VERSION}", "mini_httpd", "acme:mini-httpd"),
    ("http", rf"^Hikvision-Webs|^App-webs/|^DNVRS-Webs{_VERSION}?", "Hikvision web server", "hikvision:web_server"),
)
_COMPILED = tuple((service, re.compile(pattern), product, cpe) for service, pattern, product, cpe in _TABLE)


def identify(service: str, banner: str) -> Product:
    """What ``banner`` (text of a server; for http its Server header) says of its product. Empty when nothing is known."""
    text = banner[:1024]
    for name, pattern, product, cpe in _COMPILED:
        if name == service and (found := pattern.search(text)):
            version = found.groupdict().get("version")
            return Product(product=product, version=version, extra=_rest(text, found.end()), cpe=cpe_of(cpe, version))
    return Product()


def cpe_of(vendor_and_product: str, version: str | None) -> str:
    """``cpe:2.3:a:…`` for an application; the version escaped as NISTIR 7695 section 6.2 asks, ``*`` when unknown."""
    bound = re.sub(r"([^0-9A-Za-z._-])", r"\\\1", version) if version else "*"
    return f"cpe:2.3:a:{vendor_and_product}:{bound}:*:*:*:*:*:*:*"


def _rest(text: str, end: int) -> str | None:
    """What an SSH or HTTP banner adds about its packager (``Debian-2+deb12u3``, ``(Debian)``)."""
    rest = clean_text(text[end:].split("\n", 1)[0].strip(" ()-_\r"), 100)
    return rest or None
