"""Nobody's login over SMB 1 (MS-CIFS), for servers that speak nothing newer: who they are, and the list of shares (MS-RAP)."""

import struct
from dataclasses import dataclass

from scanners.clean_text import clean_bytes, clean_text
from scanners.protocols.smb.framing import receive, send
from scanners.protocols.smb.messages import REFUSALS, SUCCESS
from scanners.protocols.smb.shares import MOST_SHARES, Share
from scanners.protocols.smb.smb1 import OFFER, read_negotiate
from scanners.wire import ProtocolError, Wire

_NEGOTIATE, _SESSION_SETUP, _TREE_CONNECT, _TRANSACTION = 0x72, 0x73, 0x75, 0x25
_FLAGS2 = 0xC001  # unicode, NT status, long names; no extended security: nobody needs none
_HEADER = 32
_NO_ANDX = b"\xff\0\0\0"
_CAPABILITIES = 0x54  # unicode, NT SMBs, NT status
# NetShareEnum, level 1, in at most 16 KiB (MS-RAP 2.5.6.1.1)
_SHARE_ENUM = b"\0\0WrLeh\0B13BWz\0\1\0" + struct.pack("<H", 16384)


@dataclass(frozen=True)
class Answer1:
    """One SMB 1 message: its parameter words and data bytes. ``message`` is the whole, which offsets count in."""

    status: int
    tree_id: int
    user_id: int
    words: bytes
    data: bytes
    message: bytes

    def word(self, number: int) -> int:
        """One parameter word. Raises :class:`~scanners.wire.ProtocolError` when there are fewer."""
        if len(self.words) < 2 * number + 2:
            raise ProtocolError("an SMB 1 answer has too few words")
        return int.from_bytes(self.words[2 * number : 2 * number + 2], "little")


def read_answer1(message: bytes, command: int) -> Answer1:
    """Raises :class:`~scanners.wire.ProtocolError` when it is no answer to ``command``."""
    if len(message) < _HEADER + 3 or message[:4] != b"\xffSMB" or message[4] != command or not message[9] & 0x80:
        raise ProtocolError("the answer is none to an SMB 1 request")
    end = _HEADER + 1 + 2 * message[_HEADER]
    count = int.from_bytes(message[end : end + 2], "little")
    status = int.from_bytes(message[5:9], "little")
    tree_id, _, user_id = struct.unpack_from("<HHH", message, 24)
    return Answer1(status, tree_id, user_id, message[_HEADER + 1 : end], message[end + 2 : end + 2 + count], message)


@dataclass
class Session1:
    """Numbers of one connection; ``host`` is the name in its paths."""

    wire: Wire
    host: str
    user_id: int = 0
    tree_id: int = 0
    native_os: str | None = None
    native_manager: str | None = None

    async def _ask(self, command: int, words: bytes, data: bytes) -> Answer1:
        head = b"\xffSMB" + bytes((command,)) + bytes(4) + b"\x18" + struct.pack("<H", _FLAGS2) + bytes(12)
        head += struct.pack("<HHHH", self.tree_id, 0x5441, self.user_id, 1)
        await send(self.wire, head + bytes((len(words) // 2,)) + words + struct.pack("<H", len(data)) + data)
        return read_answer1(await receive(self.wire), command)

    async def log_in(self) -> bool:
        """As nobody. Raises :class:`~scanners.wire.ProtocolError` for anything but yes and no."""
        said = await self._ask(_NEGOTIATE, b"", OFFER)
        if not read_negotiate(said.message).accepted:
            raise ProtocolError("the server took SMB 1 back")
        words = _NO_ANDX + struct.pack("<HHHIHHII", 16644, 1, 1, 0, 0, 0, 0, _CAPABILITIES)
        answer = await self._ask(_SESSION_SETUP, words, bytes(1) + bytes(4) + "Talaia\0".encode("utf-16-le") * 2)
        if not _granted(answer):
            return False
        self.user_id = answer.user_id
        texts = _texts(answer)
        self.native_os, self.native_manager = texts[0], texts[1]
        return True

    async def connect(self, share: str) -> bool:
        path = f"\\\\{self.host}\\{share}\0".encode("utf-16-le", "surrogatepass")
        answer = await self._ask(_TREE_CONNECT, _NO_ANDX + struct.pack("<HH", 0, 1), b"\0" + path + b"?????\0")
        self.tree_id = answer.tree_id if _granted(answer) else 0
        return _granted(answer)

    async def list_shares(self) -> tuple[Share, ...] | None:
        """None where nobody may know them."""
        if not await self.connect("IPC$"):
            return None
        name = b"\0" + "\\PIPE\\LANMAN\0".encode("utf-16-le")
        at = _HEADER + 1 + 28 + 2 + len(name)
        words = struct.pack("<HHHHBBHIH", len(_SHARE_ENUM), 0, 8, 16384, 0, 0, 0, 0, 0)
        words += struct.pack("<HHHHBB", len(_SHARE_ENUM), at, 0, at + len(_SHARE_ENUM), 0, 0)
        answer = await self._ask(_TRANSACTION, words, name + _SHARE_ENUM)
        return read_rap_shares(answer) if _granted(answer) else None


def _granted(answer: Answer1) -> bool:
    if answer.status == SUCCESS:
        return True
    if answer.status in REFUSALS:
        return False
    raise ProtocolError(f"the server answered with status {answer.status:#010x}")


def _texts(answer: Answer1) -> tuple[str | None, str | None]:
    """The native system and LAN manager of a session setup (MS-CIFS 2.2.4.53.2), padded to an even place."""
    start = (_HEADER + 1 + len(answer.words) + 2) % 2
    parts = answer.data[start : start + 1024].decode("utf-16-le", "replace").split("\0")
    found = [clean_text(part, 100) or None for part in parts[:2]]
    return found[0], found[1] if len(found) > 1 else None


def read_rap_shares(answer: Answer1) -> tuple[Share, ...] | None:
    """The shares of an answer to NetShareEnum; None when access is denied. Raises :class:`~scanners.wire.ProtocolError`."""
    parameters, data = answer.word(4), answer.word(7)
    if len(answer.message) < parameters + 8:
        raise ProtocolError("the list of shares has no head")
    status, _, count = struct.unpack_from("<HHH", answer.message, parameters)
    if status not in (0, 234):  # 234: there is more
        return None
    found = []
    for number in range(min(count, MOST_SHARES)):
        entry = answer.message[data + 20 * number : data + 20 * number + 20]
        if len(entry) < 20:
            raise ProtocolError("the list of shares is shorter than it says")
        found.append(Share(clean_bytes(entry[:13].partition(b"\0")[0], 40), int.from_bytes(entry[14:16], "little") == 0))
    return tuple(found)
