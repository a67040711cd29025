"""PostgreSQL (frontend/backend protocol 3.0, PostgreSQL documentation chapter "Frontend/Backend Protocol")."""

from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
_PARAMETERS = b"user\0postgres\0database\0postgres\0application_name\0talaia\0\0"
STARTUP = (8 + len(_PARAMETERS)).to_bytes(4, "big") + b"\0\x03\0\0" + _PARAMETERS
_TERMINATE = b"X\0\0\0\x04"
_LONGEST_MESSAGE = 16 * 1024
_METHODS = {0: "trust", 3: "password", 5: "md5", 7: "gss", 9: "sspi", 10: "scram-sha-256"}
_REFUSED = ("28000", "28P01")  # invalid_authorization_specification: no pg_hba.conf entry, or reject


class PostgresqlFacts(Facts, frozen=True, kw_only=True):
    """``auth`` is what the server asks of user ``postgres``: trust, password, md5, scram-sha-256, gss, sspi, refused, other.
    ``tls_offered``: SSLRequest was answered S."""

    kind: ClassVar[str] = "postgresql"

    auth: str | None = None
    tls_offered: bool | None = None
    without_password: bool | None = None


class PostgresqlScanner:
    """Asks for TLS, then begins a session as ``postgres`` and sees what is asked of it. No password is sent, no query made.

    A server that refuses plain sessions is asked once more inside TLS, where it may want something else.
    """

    name = "postgresql"
    version = "1"
    facts_type = PostgresqlFacts
    intrusiveness = Intrusiveness.NORMAL
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "postgresql"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            offered = await _offers_tls(wire)
        auth, evidence = await self._begin(target, occasion, in_tls=False)
        if auth in ("refused", None) and offered:
            inside, more = await self._begin(target, occasion, in_tls=True)
            auth, evidence = inside or auth, evidence + more
        without = None if auth is None else auth == "trust"
        return Look(PostgresqlFacts(auth=auth, tls_offered=offered, without_password=without), evidence)

    async def _begin(self, target: Target, occasion: Occasion, *, in_tls: bool) -> tuple[str | None, bytes]:
        async with occasion.door.open(target, zone_id=occasion.zone.id) as wire:
            if in_tls:
                if not await _offers_tls(wire):
                    return None, wire.evidence
                await wire.start_tls(lenient_context(), None)
            await wire.write(STARTUP)
            kind = await wire.read_exactly(1)
            length = int.from_bytes(await wire.read_exactly(4), "big")
            if not 4 <= length <= _LONGEST_MESSAGE:
                raise ProtocolError(f"sent a message of {length} bytes")
            auth = read_answer(kind, await wire.read_exactly(length - 4))
            if auth == "trust":
                await wire.write(_TERMINATE)
            return auth, wire.evidence


async def _offers_tls(wire: Wire) -> bool:
    await wire.write(SSL_REQUEST)
    answer = await wire.read_exactly(1)
    if answer not in (b"S", b"N"):
        raise ProtocolError("it does not answer an SSLRequest as PostgreSQL does")
    return answer == b"S"


def read_answer(kind: bytes, payload: bytes) -> str | None:
    """The word for what a server answers to a startup message; None for an error that says nothing of access.

    Raises :class:`~scanners.wire.ProtocolError` for any other message.
    """
    if kind == b"R" and len(payload) >= 4:
        return _METHODS.get(int.from_bytes(payload[:4], "big"), "other")
    if kind == b"E":
        fields = {field[:1]: clean_bytes(field[1:], 200) for field in payload.split(b"\0") if field}
        return "refused" if fields.get(b"C") in _REFUSED else None
    raise ProtocolError("it does not answer a startup message as PostgreSQL does")


SCANNER = PostgresqlScanner()
