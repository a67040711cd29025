"""A TLS server as old as the payment gateways that cities still find (tlslite-ng): ``python -m talaia.demo.oldtls SERVERS.json``.

This machine's OpenSSL can speak neither SSLv3 nor RC4; tlslite-ng can.
"""

import json
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

ANSWER = b"HTTP/1.0 302 Found\r\nLocation: /pagament\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def settings() -> Any:
    """SSLv3 to TLS 1.2 with RC4, 3DES and RSA key exchange."""
    made = HandshakeSettings()
    made.minVersion, made.maxVersion = (3, 0), (3, 3)
    made.cipherNames = ["aes128", "aes256", "3des", "rc4"]
    made.macNames = ["sha", "sha256", "md5", "aead"]
    made.keyExchangeNames = ["rsa"]
    return made


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, server: dict[str, Any]) -> None:
        self.chain = X509CertChain()
        pem = Path(server["pem"]).read_text()
        self.chain.parsePemList(pem)
        self.key = parsePEMKey(pem, private=True)
        super().__init__((server["address"], server["port"]), _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.request.settimeout(10)
        connection = TLSConnection(self.request)
        try:
            connection.handshakeServer(certChain=self.server.chain, privateKey=self.server.key, settings=settings())
            connection.recv(4096)
            connection.sendall(ANSWER)
            connection.close()
        except Exception:  # noqa: BLE001 - a scanner's broken hellos are this server's daily bread
            self.request.close()


if __name__ == "__main__":
    threads = [threading.Thread(target=_Server(server).serve_forever) for server in json.loads(Path(sys.argv[1]).read_text())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
