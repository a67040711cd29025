"""What an SSH server would accept as authentication (RFC 4252 §5.2), asked with asyncssh over a connection of the door's."""

import asyncio
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from cryptography.utils import CryptographyDeprecationWarning

from scanners.ssh_library import asyncssh
from scanners.wire import ProtocolError, Wire

# Old servers too: what is asked for is only the list of methods, and no secret is ever sent.
_KEX = "+diffie-hellman-*,ecdh-sha2-*"
_HOST_KEYS = "+ssh-rsa,ssh-dss"
_ANY = "*"


class _Transport(asyncio.Transport):
    """asyncssh's end of a wire: what it writes is queued and sent through the door, in order."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire
        self._closing = False
        self.outgoing: asyncio.Queue[bytes] = asyncio.Queue()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self.outgoing.put_nowait(bytes(data))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        self._closing = True
        self._wire.abort()


class DoorTunnel:
    """Stands where asyncssh expects something to tunnel its connection through, and uses an open wire for it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tasks: list[asyncio.Task[None]] = []

    async def create_connection(self, session_factory: Callable[[], Any], host: str, port: int) -> tuple[Any, Any]:
        session = session_factory()
        transport = _Transport(self._wire)
        session.connection_made(transport)
        self._tasks = [
            asyncio.create_task(self._receive(session)),
            asyncio.create_task(self._send(transport, session)),
        ]
        return transport, session

    async def _receive(self, session: Any) -> None:
        try:
            while data := await self._wire.read_some():
                session.data_received(data)
            session.eof_received()
        except Exception as error:  # noqa: BLE001 - whatever ends the reading ends the session, which tells its caller
            session.connection_lost(error)

    async def _send(self, transport: _Transport, session: Any) -> None:
        try:
            while True:
                await self._wire.write(await transport.outgoing.get())
        except Exception as error:  # noqa: BLE001 - a shut door or a broken connection ends the session, which tells its caller
            session.connection_lost(error)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task


async def methods_for(wire: Wire, user: str, host_key_algorithms: Sequence[str] = ()) -> tuple[str, ...]:
    """Ask on a fresh connection, accepting ``host_key_algorithms`` (asyncssh's own choice when empty).

    Returns the methods with which ``user`` may go on after a ``none`` request; ``("none",)`` when that request was accepted.

    Raises :class:`~scanners.wire.ProtocolError` when no key exchange or no answer came about, and what the wire raises.
    """
    # Old servers offer nothing newer than what the library warns of; whoever reads the facts is told by the rules.
    warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning, module=r"asyncssh\.")
    tunnel = DoorTunnel(wire)
    try:
        options = asyncssh.SSHClientConnectionOptions(
            config=None,
            client_keys=None,
            agent_path=None,
            gss_auth=False,
            gss_kex=False,
            encryption_algs=_ANY,
            mac_algs=_ANY,
            client_version="Talaia_0.1",
        )
        return tuple(
            await asyncssh.get_server_auth_methods(
                "server",  # never resolved: the wire is already connected
                username=user,
                tunnel=tunnel,  # type: ignore[arg-type]
                config=None,
                kex_algs=_KEX,
                server_host_key_algs=list(host_key_algorithms) or _HOST_KEYS,
                options=options,
            )
        )
    except (asyncssh.Error, ValueError, AssertionError) as error:
        raise ProtocolError(f"no authentication could be asked for: {error}") from error
    finally:
        await tunnel.close()
