"""SMB 2 and 3 messages (MS-SMB2). Requests are smbprotocol's structures; answers come from strangers and are read here, by
fixed offsets and within the message."""

import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from smbprotocol.connection import (
    Capabilities,
    Ciphers,
    HashAlgorithms,
    NegotiateContextType,
    SecurityMode,
    SMB2EncryptionCapabilities,
    SMB2NegotiateContextRequest,
    SMB2NegotiateRequest,
    SMB2PreauthIntegrityCapabilities,
    SMB3NegotiateRequest,
)
from smbprotocol.header import Smb2Flags, SMB2HeaderRequest
from smbprotocol.ioctl import CtlCode, IOCTLFlags, SMB2IOCTLRequest
from smbprotocol.open import (
    CreateDisposition,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    ShareAccess,
    SMB2CreateRequest,
    SMB2ReadRequest,
)
from smbprotocol.session import SMB2SessionSetupRequest
from smbprotocol.tree import SMB2TreeConnectRequest

from scanners.wire import ProtocolError

SMB2_DIALECTS = {"2.0.2": 0x0202, "2.1": 0x0210, "3.0": 0x0300, "3.0.2": 0x0302, "3.1.1": 0x0311}
CIPHERS = {1: "AES-128-CCM", 2: "AES-128-GCM", 3: "AES-256-CCM", 4: "AES-256-GCM"}
HEADER = 64
LONGEST_PIPE_ANSWER = 65_000  # within one credit (MS-SMB2 3.1.5.2)

SUCCESS, PENDING, BUFFER_OVERFLOW, MORE_PROCESSING = 0x00000000, 0x00000103, 0x80000005, 0xC0000016
# What says no to this client, as told from what says that something else is wrong (MS-ERREF 2.3.1)
REFUSALS = frozenset(
    {
        0xC0000022,  # access denied
        0xC0000034,  # object name not found
        0xC0000064,  # no such user
        0xC000006A,  # wrong password
        0xC000006D,  # logon failure
        0xC000006E,  # account restriction
        0xC000006F,  # invalid logon hours
        0xC0000070,  # invalid workstation
        0xC0000071,  # password expired
        0xC0000072,  # account disabled
        0xC00000CC,  # bad network name
        0xC000015B,  # logon type not granted
        0xC0000224,  # password must change
        0xC0000234,  # account locked out
        0xC0000418,  # NTLM blocked
    }
)
_ENCRYPTION = Capabilities.SMB2_GLOBAL_CAP_ENCRYPTION
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """One message of the server. ``body`` is what follows the header; offsets in it count from the header."""

    command: int
    status: int
    message_id: int
    tree_id: int
    session_id: int
    body: bytes

    def part(self, offset: int, length: int) -> bytes:
        """``length`` bytes at ``offset`` of the message. Raises :class:`~scanners.wire.ProtocolError` when they are not there."""
        start = offset - HEADER
        if start < 0 or start + length > len(self.body):
            raise ProtocolError("an SMB answer points outside itself")
        return self.body[start : start + length]

    def number(self, at: int, size: int) -> int:
        """An unsigned number in the body, little endian."""
        if at + size > len(self.body):
            raise ProtocolError("an SMB answer is too short")
        return int.from_bytes(self.body[at : at + size], "little")


@dataclass(frozen=True)
class Negotiated:
    """The answer to a NEGOTIATE that accepted a dialect (MS-SMB2 2.2.4)."""

    dialect: int
    security_mode: int
    capabilities: int
    guid: str
    time: datetime | None
    cipher: str | None

    @property
    def encrypts(self) -> bool:
        return bool(self.capabilities & _ENCRYPTION) or self.cipher is not None


def granted(answer: Answer) -> bool:
    """Whether the server did what was asked. Raises :class:`~scanners.wire.ProtocolError` when it failed for another reason."""
    if answer.status in (SUCCESS, BUFFER_OVERFLOW):
        return True
    if answer.status in REFUSALS:
        return False
    raise ProtocolError(f"the server answered with status {answer.status:#010x}")


def read_answer(message: bytes) -> Answer:
    """The header of an SMB 2 answer. Raises :class:`~scanners.wire.ProtocolError` when it is none."""
    if len(message) < HEADER or message[:4] != b"\xfeSMB" or message[4:6] != b"\x40\0":
        raise ProtocolError("the answer is no SMB 2 message")
    status, command = struct.unpack_from("<IH", message, 8)
    flags = int.from_bytes(message[16:20], "little")
    if not flags & Smb2Flags.SMB2_FLAGS_SERVER_TO_REDIR:
        raise ProtocolError("an SMB 2 request came back instead of an answer")
    message_id, _, tree_id, session_id = struct.unpack_from("<QIIQ", message, 24)
    return Answer(command, status, message_id, tree_id, session_id, message[HEADER:])


def request(body: Any, *, message_id: int, session_id: int = 0, tree_id: int = 0) -> bytes:
    """``body`` (a structure of smbprotocol) under the header of an unsigned request."""
    header = SMB2HeaderRequest()
    header["command"] = body.COMMAND
    header["credit_request"] = 8
    header["message_id"] = message_id
    header["session_id"] = session_id
    header["tree_id"] = tree_id
    header["data"] = body.pack()
    packed: bytes = header.pack()
    return packed


def negotiate(dialect: str) -> Any:
    """A NEGOTIATE that offers ``dialect`` alone, able to sign and to encrypt."""
    wanted = SMB3NegotiateRequest() if dialect == "3.1.1" else SMB2NegotiateRequest()
    wanted["dialects"] = [SMB2_DIALECTS[dialect]]
    wanted["security_mode"] = SecurityMode.SMB2_NEGOTIATE_SIGNING_ENABLED
    wanted["client_guid"] = uuid.uuid4()
    if dialect.startswith("3"):
        wanted["capabilities"] = _ENCRYPTION
    if dialect == "3.1.1":
        wanted["negotiate_context_list"] = [_preauth(), _encryption()]
    return wanted


def _preauth() -> Any:
    inside = SMB2PreauthIntegrityCapabilities()
    inside["hash_algorithms"] = [HashAlgorithms.SHA_512]
    inside["salt"] = uuid.uuid4().bytes * 2
    return _context(NegotiateContextType.SMB2_PREAUTH_INTEGRITY_CAPABILITIES, inside)


def _encryption() -> Any:
    inside = SMB2EncryptionCapabilities()
    inside["ciphers"] = [Ciphers.AES_256_GCM, Ciphers.AES_128_GCM, Ciphers.AES_256_CCM, Ciphers.AES_128_CCM]
    return _context(NegotiateContextType.SMB2_ENCRYPTION_CAPABILITIES, inside)


def _context(kind: int, inside: Any) -> Any:
    context = SMB2NegotiateContextRequest()
    context["context_type"] = kind
    context["data"] = inside
    return context


def read_negotiated(answer: Answer) -> Negotiated:
    """What a successful answer to NEGOTIATE says. Raises :class:`~scanners.wire.ProtocolError`."""
    dialect = answer.number(4, 2)
    if dialect not in SMB2_DIALECTS.values():
        raise ProtocolError("the server chose a dialect that does not exist")
    return Negotiated(
        dialect=dialect,
        security_mode=answer.number(2, 2),
        capabilities=answer.number(24, 4),
        guid=str(uuid.UUID(bytes_le=answer.part(HEADER + 8, 16))),
        time=filetime(answer.number(40, 8)),
        cipher=_cipher(answer) if dialect == SMB2_DIALECTS["3.1.1"] else None,
    )


def _cipher(answer: Answer) -> str | None:
    """The cipher of the encryption context, where there is one (MS-SMB2 2.2.4.1.2)."""
    count, at = answer.number(6, 2), answer.number(60, 4)
    for _ in range(min(count, 16)):
        kind, length = struct.unpack("<HH", answer.part(at, 4))
        if kind == NegotiateContextType.SMB2_ENCRYPTION_CAPABILITIES and length >= 4:
            return CIPHERS.get(int.from_bytes(answer.part(at + 10, 2), "little"))
        at += 8 + length + (-length % 8)
    return None


def filetime(ticks: int) -> datetime | None:
    """100 ns since 1601 (MS-DTYP 2.3.3); None for zero and for what no calendar holds."""
    try:
        return _EPOCH + timedelta(microseconds=ticks // 10) if ticks else None
    except OverflowError:
        return None


def session_setup(token: bytes) -> Any:
    wanted = SMB2SessionSetupRequest()
    wanted["security_mode"] = SecurityMode.SMB2_NEGOTIATE_SIGNING_ENABLED
    wanted["buffer"] = token
    return wanted


def read_session_setup(answer: Answer) -> tuple[int, bytes]:
    """The session's flags (1 guest, 2 anonymous, 4 encrypted) and the server's token (MS-SMB2 2.2.6)."""
    offset, length = answer.number(4, 2), answer.number(6, 2)
    return answer.number(2, 2), answer.part(offset, length) if length else b""


def tree_connect(host: str, share: str) -> Any:
    wanted = SMB2TreeConnectRequest()
    wanted["buffer"] = f"\\\\{host}\\{share}".encode("utf-16-le", "surrogatepass")
    return wanted


def open_pipe(name: str) -> Any:
    """CREATE of a named pipe of IPC$ for reading and writing (MS-SMB2 2.2.13)."""
    wanted = SMB2CreateRequest()
    wanted["impersonation_level"] = ImpersonationLevel.Identification
    wanted["desired_access"] = (
        FilePipePrinterAccessMask.FILE_READ_DATA
        | FilePipePrinterAccessMask.FILE_WRITE_DATA
        | FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES
    )
    wanted["share_access"] = ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_WRITE
    wanted["create_disposition"] = CreateDisposition.FILE_OPEN
    wanted["buffer_path"] = name.encode("utf-16-le")
    return wanted


def pipe_transceive(file_id: bytes, data: bytes) -> Any:
    wanted = SMB2IOCTLRequest()
    wanted["ctl_code"] = CtlCode.FSCTL_PIPE_TRANSCEIVE
    wanted["file_id"] = file_id
    wanted["max_output_response"] = LONGEST_PIPE_ANSWER
    wanted["flags"] = IOCTLFlags.SMB2_0_IOCTL_IS_FSCTL
    wanted["buffer"] = data
    return wanted


def read_more(file_id: bytes) -> Any:
    """READ of what is left in a pipe."""
    wanted = SMB2ReadRequest()
    wanted["padding"] = b"\x50"
    wanted["length"] = LONGEST_PIPE_ANSWER
    wanted["file_id"] = file_id
    wanted["buffer"] = b"\0"
    return wanted


def output_of_ioctl(answer: Answer) -> bytes:
    return answer.part(answer.number(32, 4), answer.number(36, 4))


def output_of_read(answer: Answer) -> bytes:
    return answer.part(answer.number(2, 1), answer.number(4, 4))
