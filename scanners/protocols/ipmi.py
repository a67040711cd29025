"""IPMI over LAN: what a management controller lets in before anybody has said who he is.

No session begins and no password is sent: RMCP+ sessions are only proposed. The answer that would carry a password's hash is
looked at for its length and forgotten: it is neither fact nor evidence.
"""

from typing import ClassVar

from scanners.observation import Facts
from scanners.protocols import ipmi_messages as messages
from scanners.protocols.ipmi_messages import SUITE_0, SUITE_3, SUITE_17, Capabilities, Suite
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

_SECONDS = 1.5
_TRIES = 2


class IpmiFacts(Facts, frozen=True, kw_only=True):
    """``version_2``: it speaks RMCP+ (IPMI 2.0). ``methods`` are those of version 1.5: none, md2, md5, password, oem.

    ``anonymous``: a nameless user without a password, or the method "none", is enabled. ``null_user``: a nameless user with a
    password is. ``cipher_zero``: a session without authentication is granted, so that any password passes. ``hash_disclosed``:
    it handed a code made with the nameless user's password to a stranger (RAKP message 2); None where the zone allows gentle
    looks only. ``per_message_authentication``: packets of a version 1.5 session are authenticated each.
    """

    kind: ClassVar[str] = "ipmi"

    version_2: bool | None = None
    methods: tuple[str, ...] | None = None
    anonymous: bool | None = None
    null_user: bool | None = None
    per_message_authentication: bool | None = None
    cipher_zero: bool | None = None
    hash_disclosed: bool | None = None


class IpmiScanner:
    """One question for its capabilities, one proposal of cipher suite 0, and in zones that are more than gentle the first step
    of a session for a user without a name."""

    name = "ipmi"
    version = "1"
    facts_type = IpmiFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 25.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ipmi"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        asking = _Asking(target, occasion)
        capabilities = await asking.capabilities()
        zero: bool | None = False
        told: bool | None = False
        if capabilities.version_2:
            zero = (await asking.opened(SUITE_0))[0]
            normal = occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL)
            told = await asking.hash_told() if normal else None
        facts = IpmiFacts(
            version_2=capabilities.version_2,
            methods=capabilities.methods,
            anonymous=capabilities.anonymous or "none" in capabilities.methods,
            null_user=capabilities.null_user,
            per_message_authentication=capabilities.per_message,
            cipher_zero=zero,
            hash_disclosed=told,
        )
        return Look(facts, asking.evidence)


class _Asking:
    def __init__(self, target: Target, occasion: Occasion) -> None:
        self.target, self.occasion, self.evidence = target, occasion, b""

    async def ask(self, payload: bytes) -> bytes:
        """The first answer to one datagram, sent once more when nothing comes; empty when nothing came at all."""
        for _ in range(_TRIES):
            zone_id = self.occasion.zone.id
            answers = await self.occasion.door.datagram(self.target, payload, zone_id=zone_id, timeout_seconds=_SECONDS)
            if answers:
                return answers[0]
        return b""

    async def capabilities(self) -> Capabilities:
        """Raises ``TimeoutError`` and :class:`~scanners.wire.ProtocolError`."""
        heard = b""
        for payload in (messages.CAPABILITIES, messages.CAPABILITIES_15):  # old controllers refuse the flag of version 2.0
            answer = await self.ask(payload)
            heard = heard or answer
            if (found := messages.read_capabilities(answer)) is not None:
                self.evidence += answer
                return found
        if not heard:
            raise TimeoutError
        raise ProtocolError("it answers, but not with IPMI capabilities")

    async def opened(self, suite: Suite) -> tuple[bool | None, bytes]:
        """Whether a session with that suite is granted, and the controller's id of it."""
        answer = await self.ask(messages.open_session(suite))
        found = messages.read_opened(answer, suite)
        self.evidence += answer
        return (None, b"") if found is None else (found.status == 0, found.session)

    async def hash_told(self) -> bool | None:
        for suite in (SUITE_3, SUITE_17):
            granted, session = await self.opened(suite)
            if granted:
                return messages.tells_hash(await self.ask(messages.rakp_1(session)), suite)
        return None


SCANNER = IpmiScanner()
