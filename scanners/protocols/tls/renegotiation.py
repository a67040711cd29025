"""Whether a server lets its client renegotiate: asked inside a real session, because only there is it answered."""

from scanners.door import RefusedByScope
from scanners.protocols.tls import hello as tls
from scanners.protocols.tls.attempt import Attempts
from scanners.protocols.tls.enumeration import Accepted
from scanners.protocols.tls.flight import Refused
from scanners.protocols.tls.handshake12 import SPOKEN_SUITES, Session, handshake, session_hello
from scanners.protocols.tls.octets import vector
from scanners.wire import ProtocolError

RECORDS_LIMIT = 16


async def client_renegotiation(attempts: Attempts, name: str | None, older: Accepted) -> bool | None:
    """True when a second hello inside the session is answered by a server hello, False when by a refusal or by nothing.

    None when no session could be made: SSLv3, a suite or a curve that the small client does not speak, or a client
    certificate that the server insists on. Raises :class:`~scanners.protocols.tls.attempt.GivenUp`.
    """
    suites = tuple(code for code in SPOKEN_SUITES if code in older.suites)
    if not suites or older.version < tls.TLS10:
        return None
    hello = session_hello(older.version, name, suites)
    asked = False
    try:
        async with attempts.wire() as wire:
            session = await handshake(wire, hello)
            if session is None:
                return None
            again = session_hello(older.version, name, suites)
            proof = vector(1, session.client_verify) if session.secure_renegotiation else None
            again = tls.Hello(
                version=again.version,
                suites=suites,
                server_name=name,
                groups=again.groups,
                renegotiation=False,
                extensions=((tls.RENEGOTIATION_INFO, proof),) if proof else (),
            )
            asked = True
            await session.send(tls.HANDSHAKE, again.message())
            return await _answer(session)
    except RefusedByScope:
        raise
    except (OSError, ProtocolError, Refused):
        return False if asked else None


async def _answer(session: Session) -> bool | None:
    for _ in range(RECORDS_LIMIT):
        kind, payload = await session.record()
        if kind == tls.HANDSHAKE and payload[:1] == b"\x02":
            return True
        if kind == tls.ALERT:
            return False
    return None
