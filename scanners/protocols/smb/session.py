"""A conversation in SMB 2 over a wire of the door: login of nobody, tree of IPC$, list of shares."""

from dataclasses import dataclass
from typing import Any

from scanners.protocols.smb import messages, ntlm, shares
from scanners.protocols.smb.framing import receive, send
from scanners.wire import ProtocolError, Wire

WRITES = 0x00000002 | 0x00000004  # FILE_WRITE_DATA, FILE_APPEND_DATA (MS-SMB2 2.2.13.1.1)
MOST_FRAGMENTS = 16


@dataclass
class Session:
    """Numbers of one connection; ``host`` is the name in its paths."""

    wire: Wire
    host: str
    session_id: int = 0
    message_id: int = 0

    async def ask(self, body: Any, tree_id: int = 0) -> messages.Answer:
        """One request and its answer; answers that say *wait* are passed over."""
        packet = messages.request(body, message_id=self.message_id, session_id=self.session_id, tree_id=tree_id)
        await send(self.wire, packet)
        for _ in range(4):
            answer = messages.read_answer(await receive(self.wire))
            if answer.message_id == self.message_id and answer.status != messages.PENDING:
                self.message_id += 1
                return answer
        raise ProtocolError("the server answers something else than what was asked")

    async def negotiate(self, dialect: str) -> messages.Negotiated | None:
        """None where the server refuses ``dialect`` in so many words."""
        answer = await self.ask(messages.negotiate(dialect))
        if answer.status != messages.SUCCESS:
            return None
        said = messages.read_negotiated(answer)
        return said if said.dialect == messages.SMB2_DIALECTS[dialect] else None

    async def challenge(self) -> ntlm.Challenge:
        """The first half of a login. Raises :class:`~scanners.wire.ProtocolError` when NTLM is not offered."""
        answer = await self.ask(messages.session_setup(ntlm.first_token()))
        if answer.status != messages.MORE_PROCESSING:
            raise ProtocolError("the server does not begin an NTLM login")
        self.session_id = answer.session_id
        return ntlm.read_challenge(messages.read_session_setup(answer)[1])

    async def log_in(self, token: bytes) -> int | None:
        """The flags of the session, None when the login is refused."""
        answer = await self.ask(messages.session_setup(token))
        return messages.read_session_setup(answer)[0] if messages.granted(answer) else None

    async def connect(self, share: str) -> tuple[int, int] | None:
        """Tree number and maximal access (MS-SMB2 2.2.10), None when refused."""
        answer = await self.ask(messages.tree_connect(self.host, share))
        return (answer.tree_id, answer.number(12, 4)) if messages.granted(answer) else None

    async def list_shares(self) -> tuple[shares.Share, ...] | None:
        """The shares by srvsvc over IPC$, None where this session may not know them."""
        tree = await self.connect("IPC$")
        if tree is None:
            return None
        opened = await self.ask(messages.open_pipe(shares.PIPE), tree[0])
        if not messages.granted(opened):
            return None
        file_id = opened.part(messages.HEADER + 64, 16)
        bound = await self.ask(messages.pipe_transceive(file_id, shares.bind()), tree[0])
        if not messages.granted(bound) or not shares.read_bind(messages.output_of_ioctl(bound)):
            return None
        answer = await self.ask(messages.pipe_transceive(file_id, shares.enumerate_shares(self.host)), tree[0])
        if not messages.granted(answer) or shares.is_fault(messages.output_of_ioctl(answer)):
            return None
        stub, last = shares.fragment(messages.output_of_ioctl(answer))
        for _ in range(MOST_FRAGMENTS):
            if last:
                return shares.read_shares(stub)
            more = await self.ask(messages.read_more(file_id), tree[0])
            if not messages.granted(more):
                return None
            part, last = shares.fragment(messages.output_of_read(more))
            stub += part
        raise ProtocolError("the list of shares does not end")
