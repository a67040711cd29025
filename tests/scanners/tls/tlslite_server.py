"""A TLS server by tlslite-ng with SSLv3, RC4, 3DES, NULL and anonymous suites: PORT CERTIFICATE KEY [MINIMUM MAXIMUM].

Versions are minor numbers: 0 is SSLv3, 4 TLS 1.3.
"""

import socket
import sys
import threading
from pathlib import Path

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

CIPHERS = ["chacha20-poly1305", "aes256gcm", "aes128gcm", "aes256ccm", "aes128ccm", "aes256", "aes128", "3des", "rc4", "null"]


def settings(minimum: int, maximum: int) -> HandshakeSettings:
    found = HandshakeSettings()
    found.minVersion, found.maxVersion = (3, minimum), (3, maximum)
    found.cipherNames = CIPHERS
    found.macNames = ["sha", "sha256", "sha384", "aead", "md5"]
    found.minKeySize = 512
    return found


def serve(client: socket.socket, chain: X509CertChain, key: object, wanted: HandshakeSettings) -> None:
    connection = TLSConnection(client)
    client.settimeout(10)
    try:
        connection.handshakeServer(certChain=chain, privateKey=key, settings=wanted, anon=True)
        connection.read(1, 1)
    except Exception:  # noqa: BLE001 - a scanner breaks every handshake off
        return
    finally:
        client.close()


def main() -> None:
    port, certificate, key_file = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    wanted = settings(*(int(text) for text in (sys.argv[4:6] or ("0", "4"))))
    chain = X509CertChain()
    chain.parsePemList(certificate.read_text())
    key = parsePEMKey(key_file.read_text(), private=True)
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, chain, key, wanted), daemon=True).start()


if __name__ == "__main__":
    main()
