"""Real web servers for tests: nginx and Apache with the site and settings that a test wants."""

import asyncio
import datetime
import ipaddress
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.processes import free_port, running
from tests.scanners.looking import serving


def write_site(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Put ``files`` (path to content) under ``folder``, readable for everybody, and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a certificate for ``name`` and 127.0.0.1."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tls.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder / "tls.key", folder / "tls.crt"


@contextmanager
def nginx(folder: Path, server: str, *, tls: str = "", before: str = "") -> Iterator[int]:
    """Debian's nginx with one server block; ``tls`` is the name on its certificate, empty for plain HTTP. Yields the port.

    ``{port}`` in ``server`` and ``before`` is the port; ``before`` stands in the http block, before the server.
    """
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    secure = ""
    if tls:
        key, certificate = self_signed(folder / "keys", tls)
        secure = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
    config = folder / "nginx.conf"
    config.write_text(
        f"""daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  include /etc/nginx/mime.types; access_log {folder}/access.log; default_type application/octet-stream;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {before.replace("{port}", str(port))}
  server {{ listen 127.0.0.1:{port} {"ssl" if tls else ""}; {secure} {server.replace("{port}", str(port))} }}
}}
"""
    )
    with running(["/usr/sbin/nginx", "-c", str(config), "-p", str(folder)], listens=("127.0.0.1", port), log=folder / "log"):
        yield port


_MODULES = "mpm_event authz_core authz_host dir mime autoindex alias status info headers"


def open_to_everybody(folder: Path) -> None:
    """Let the user that a server runs as walk down to ``folder``, which pytest made for root alone."""
    for directory in (folder, *folder.parents):
        if directory.is_relative_to(tempfile.gettempdir()) and not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o011)


@contextmanager
def apache(folder: Path, site: Path, settings: str = "") -> Iterator[int]:
    """Debian's Apache that serves ``site``; yields the port."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _MODULES.split())
    open_to_everybody(site)
    config = folder / "apache.conf"
    config.write_text(
        f"""ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
ServerName 127.0.0.1
{modules}
User www-data
Group www-data
TypesConfig /etc/mime.types
DocumentRoot {site}
DirectoryIndex index.html
<Directory {site}>
  Require all granted
</Directory>
{settings}
"""
    )
    argv = ["/usr/sbin/apache2", "-X", "-f", str(config)]
    with running(argv, listens=("127.0.0.1", port), log=folder / "log"):
        yield port


def answer(
    body: bytes | str = b"", *, status: str = "200 OK", headers: Mapping[str, str] | None = None, kind: str = "text/html"
) -> bytes:
    """One HTTP answer with its length."""
    data = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{key}: {value}" for key, value in fields.items()), "", ""]).encode() + data


@asynccontextmanager
async def site(respond: Callable[[str, str, dict[str, str]], bytes]) -> AsyncIterator[int]:
    """An HTTP server that gives ``respond(method, path, headers)`` back as it is, over kept connections. Yields the port."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := (await reader.readline()).decode("latin-1").split():
            headers = {}
            while line := (await reader.readline()).decode("latin-1").strip():
                key, _, value = line.partition(":")
                headers[key.lower()] = value.strip()
            writer.write(respond(request[0], request[1], headers))
            await writer.drain()

    async with serving(handler) as port:
        yield port
