"""Real TLS servers on loopback, each in its own process, ended by pid."""

import base64
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tlslite import mathtls

from scanners.protocols.tls.octets import vector
from tests.processes import free_port, running
from tests.scanners.tls.authority import Held

HERE = Path(__file__).parent
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@contextmanager
def openssl(folder: Path, held: Held, *options: str, chain: Sequence[Held] = ()) -> Iterator[int]:
    """``openssl s_server`` as a small web server; yields its port. It serves one connection at a time."""
    certificate, key = held.write(folder, "openssl")
    port = free_port()
    argv = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-cert", str(certificate), "-key", str(key), *options]
    if chain:
        above = folder / "above.pem"
        above.write_bytes(b"".join(one.write(folder, f"above{at}")[0].read_bytes() for at, one in enumerate(chain)))
        argv += ["-cert_chain", str(above)]
    with running(argv, listens=("127.0.0.1", port), log=folder / "openssl.log"):
        yield port


@contextmanager
def tlslite(folder: Path, held: Held, minimum: int = 0, maximum: int = 4) -> Iterator[int]:
    """tlslite-ng with everything it can speak between two minor versions (0 is SSLv3); yields its port."""
    certificate, key = held.write(folder, "tlslite")
    port = free_port()
    argv = [sys.executable, str(HERE / "tlslite_server.py"), str(port), str(certificate), str(key), str(minimum), str(maximum)]
    with running(argv, listens=("127.0.0.1", port), log=folder / "tlslite.log"):
        yield port


@contextmanager
def jsse(folder: Path, held: Held, protocols: str = "") -> Iterator[tuple[int, list[str]]]:
    """Java's TLS with everything allowed again; yields its port and the suites it says it has."""
    store = held.write_pkcs12(folder / "jsse.p12", "changeit")
    port, log = free_port(), folder / "jsse.log"
    argv = ["java", str(HERE / "JsseServer.java"), str(port), str(store), "changeit", *([protocols] if protocols else [])]
    with running(argv, listens=("127.0.0.1", port), log=log, timeout_seconds=240):
        yield port, _said(log)


def _said(log: Path) -> list[str]:
    deadline = time.monotonic() + 120
    while "protocols " not in (text := log.read_text()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the Java server did not say what it has:\n{text}")
        time.sleep(0.05)
    return [line.removeprefix("suite ") for line in text.splitlines() if line.startswith("suite ")]


@contextmanager
def nginx(folder: Path, held: Held, directives: str, chain: Sequence[Held] = (), more: str = "") -> Iterator[int]:
    """nginx with one TLS server block; ``more`` are further blocks in which PORT, CERTIFICATE and KEY are filled in."""
    certificate, key = held.write(folder, "nginx", chain)
    port = free_port()
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    block = f"server {{ listen 127.0.0.1:PORT ssl; ssl_certificate CERTIFICATE; ssl_certificate_key KEY; {directives} }}\n{more}"
    block = block.replace("PORT", str(port)).replace("CERTIFICATE", str(certificate)).replace("KEY", str(key))
    text = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;\nevents {{}}\n"
    text += f"http {{ access_log off;\n{temporary}{block}}}\n"
    path = folder / "nginx.conf"
    path.write_text(text)
    folder.chmod(0o755)
    argv = ["nginx", "-c", str(path), "-e", str(folder / "nginx.error")]
    with running(argv, listens=("127.0.0.1", port), log=folder / "nginx.log"):
        yield port


def dh_parameters(folder: Path, bits: int) -> Path:
    """Finite-field parameters that are no group of RFC 7919: Oakley's (RFC 2409, RFC 3526) of 1024 or 3072 bits."""
    generator, prime = {1024: mathtls.RFC2409_GROUP2, 3072: mathtls.RFC3526_GROUP15}[bits]
    path = folder / f"dh{bits}.pem"
    numbers = der_integer(prime) + der_integer(generator)
    text = base64.encodebytes(b"\x30\x82" + vector(2, numbers)).decode("ascii")
    path.write_text(f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n")
    return path


def der_integer(number: int) -> bytes:
    data = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + (vector(1, data) if len(data) < 128 else b"\x82" + vector(2, data))
