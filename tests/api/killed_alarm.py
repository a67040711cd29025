"""A process that mails what is exploited and kills itself at a point, as ``kill -9`` would (run by :mod:`tests.forking`)."""

import os
import signal

from collector.leases import drop_lease, holder_of
from collector.mailer import MailServer, Security
from collector.store import open_store
from tests.api.digesting import DESK, Post, at


def main(url: str, port: str, point: str) -> None:
    def passing(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    store, now = open_store(url), at("2026-11-23T09:31")
    with store.write() as connection:  # nobody waits here for the lease of the dead one to run out
        holder = holder_of(connection, "digests", at=now)
        if holder is not None:
            drop_lease(connection, "digests", holder)
    server = MailServer("127.0.0.1", int(port), Security.NONE)
    Post(store, [DESK], now, send=server.send, point=passing).round()
