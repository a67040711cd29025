"""NEGOTIATE of SMB 1 (MS-CIFS 2.2.4.52, MS-SMB 2.2.4.5.2): whether the dialect NT LM 0.12 is accepted."""

from dataclasses import dataclass
from datetime import datetime

from scanners.protocols.smb.messages import filetime
from scanners.wire import ProtocolError

DIALECT = "NT LM 0.12"
OFFER = b"\x02" + DIALECT.encode() + b"\0"
# command 0x72; flags: caseless, canonical paths; flags2: unicode, NT status, extended security, long names
NEGOTIATE = (
    b"\xffSMB\x72" + bytes(4) + b"\x18\x53\xc8" + bytes(12) + b"\xff\xff\xff\xfe" + bytes(4) + b"\0"
    + len(OFFER).to_bytes(2, "little") + OFFER
)  # fmt: skip
_NONE_CHOSEN = 0xFFFF


@dataclass(frozen=True)
class Negotiated1:
    """``accepted`` is False where the server knows SMB 1 and refuses this dialect of it."""

    accepted: bool
    security_mode: int = 0
    time: datetime | None = None

    @property
    def signing_enabled(self) -> bool:
        return bool(self.security_mode & 0x0C)

    @property
    def signing_required(self) -> bool:
        return bool(self.security_mode & 0x08)


def read_negotiate(message: bytes) -> Negotiated1:
    """The answer to :data:`NEGOTIATE`. Raises :class:`~scanners.wire.ProtocolError` when it is none.

    An answer in SMB 2 is a refusal too: the server knows better than to go on with SMB 1.
    """
    if message[:4] == b"\xfeSMB":
        return Negotiated1(False)
    if len(message) < 35 or message[:5] != b"\xffSMB\x72":
        raise ProtocolError("the answer is no SMB 1 negotiation")
    words, status = message[32], int.from_bytes(message[5:9], "little")
    chosen = int.from_bytes(message[33:35], "little")
    if status or words < 1 or chosen == _NONE_CHOSEN:
        return Negotiated1(False)
    if words < 17 or len(message) < 33 + 34:
        raise ProtocolError("the answer to an SMB 1 negotiation is too short")
    return Negotiated1(True, message[35], filetime(int.from_bytes(message[56:64], "little")))
