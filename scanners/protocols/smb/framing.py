"""SMB messages on a connection: the NetBIOS session service (RFC 1002, 4.3) and direct hosting over TCP (MS-SMB2 2.1)."""

from scanners.services.smb import SESSION_REQUEST
from scanners.wire import ProtocolError, Wire

LONGEST = 128 * 1024  # of one message: more than any answer to what we ask
_MESSAGE, _POSITIVE, _KEEP_ALIVE = 0x00, 0x82, 0x85


async def begin_session(wire: Wire) -> None:
    """Ask the NetBIOS session service for its server. Raises :class:`~scanners.wire.ProtocolError` when it says no."""
    await wire.write(SESSION_REQUEST)
    head = await wire.read_exactly(4)
    if head[0] != _POSITIVE:
        raise ProtocolError("the NetBIOS session service did not accept the session")


async def send(wire: Wire, message: bytes) -> None:
    await wire.write(len(message).to_bytes(4, "big") + message)


async def receive(wire: Wire) -> bytes:
    """The next message, keep-alives passed over. Raises :class:`~scanners.wire.ProtocolError`."""
    for _ in range(8):
        head = await wire.read_exactly(4)
        length = int.from_bytes(head[1:], "big")
        if head[0] == _KEEP_ALIVE and length == 0:
            continue
        if head[0] != _MESSAGE or not 32 <= length <= LONGEST:
            break
        return await wire.read_exactly(length)
    raise ProtocolError("what came is no SMB message")
