"""The demo city's FTP servers (pyftpdlib): ``python -m talaia.demo.ftp SERVERS.json``."""

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer


def listen(server: dict[str, Any], folder: str, loop: IOLoop) -> FTPServer:
    """One server: with ``anonymous`` read access, with ``tls`` required before login, or with neither."""
    options = server["options"]
    authorizer = DummyAuthorizer()
    if options.get("anonymous"):
        authorizer.add_anonymous(folder, perm="elr")
    settings: dict[str, Any] = {"authorizer": authorizer, "banner": "Ajuntament de Vilamar"}
    kind = FTPHandler
    if options.get("tls"):
        kind = TLS_FTPHandler
        settings |= {"certfile": server["pem"], "tls_control_required": True, "tls_data_required": True}
    return FTPServer((server["address"], server["port"]), type("Handler", (kind,), settings), ioloop=loop)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    loop = IOLoop()
    with tempfile.TemporaryDirectory() as folder:
        servers = [listen(server, folder, loop) for server in json.loads(Path(sys.argv[1]).read_text())]
        loop.loop(timeout=None, blocking=True)
