"""One look at an SMB server: a connection for each dialect, then one for nobody's login and one for a guest's."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from scanners.door import RefusedByScope
from scanners.protocols.smb import ntlm, smb1
from scanners.protocols.smb.facts import SmbFacts
from scanners.protocols.smb.framing import begin_session, receive, send
from scanners.protocols.smb.messages import SMB2_DIALECTS, Negotiated
from scanners.protocols.smb.session import WRITES, Session
from scanners.protocols.smb.shares import Share
from scanners.protocols.smb.smb1_session import Session1
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.smb import NETBIOS_SESSION
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

LIMITS = WireLimits(deadline_seconds=5.0, read_bytes=512 * 1024)
MOST_OPEN_SHARES = 16
_SIGNING_ENABLED, _SIGNING_REQUIRED = 1, 2


class SmbScanner:
    """Dialects, signing and encryption by NEGOTIATE alone; where the zone allows a normal look the shares that an anonymous
    login is told of, and where it allows a deep one the login of a user that nobody has. No share is read.
    """

    name = "smb"
    version = "1"
    facts_type = SmbFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 40.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("smb", "netbios-ssn", "microsoft-ds") and service.tls is not True

    async def look(self, target: Target, occasion: Occasion) -> Look:
        place = _Place(target, occasion)
        first = await place.negotiate1()
        dialects = {dialect: await place.negotiate2(dialect) for dialect in SMB2_DIALECTS}
        if not place.answered:
            raise place.trouble or ProtocolError("it speaks no SMB")
        said = {dialect: item for dialect, item in dialects.items() if item is not None}
        facts = _negotiated(first, said)
        if occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL):
            facts |= await place.as_nobody1() if first is not None and first.accepted else {}
            facts |= await place.as_nobody(next(iter(said)), facts) if said else {}
        return Look(SmbFacts(**facts), place.evidence)


def _negotiated(first: smb1.Negotiated1 | None, said: dict[str, Negotiated]) -> dict[str, Any]:
    newest = list(said.values())[-1] if said else None
    old = first if first is not None and first.accepted else None
    enabled = [bool(item.security_mode & (_SIGNING_ENABLED | _SIGNING_REQUIRED)) for item in said.values()]
    required = [bool(item.security_mode & _SIGNING_REQUIRED) for item in said.values()]
    if old is not None:
        enabled.append(old.signing_enabled)
        required.append(old.signing_required)
    return {
        "smb1": first.accepted if first is not None else None,
        "dialects": (*([smb1.DIALECT] if old else []), *said),
        "signing_enabled": any(enabled) if enabled else None,
        "signing_required": all(required) if required else None,
        "encryption": any(item.encrypts for item in said.values()),
        "cipher": newest.cipher if newest else None,
        "server_guid": newest.guid if newest else None,
        "server_time": newest.time if newest else old.time if old else None,
    }


@dataclass
class _Place:
    """The server asked. ``trouble`` is what kept it from answering at first; ``answered`` whether it ever spoke SMB."""

    target: Target
    occasion: Occasion
    answered: bool = False
    trouble: Exception | None = None
    evidence: bytes = b""
    _silences: int = field(default=0)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Wire]:
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, limits=LIMITS) as wire:
            try:
                service = self.occasion.service
                if service.extra == NETBIOS_SESSION if service else self.target.port == 139:
                    await begin_session(wire)
                yield wire
            finally:
                self.evidence = self.evidence or wire.evidence

    async def negotiate1(self) -> smb1.Negotiated1 | None:
        """None when it cannot be told; a connection that is closed instead of an answer is a refusal (Windows does that)."""
        try:
            async with self._open() as wire:
                await send(wire, smb1.NEGOTIATE)
                said = smb1.read_negotiate(await receive(wire))
                self.answered = True
                return said
        except (RefusedByScope, ConnectionRefusedError):
            raise
        except TimeoutError as error:
            self._silences += 1
            self.trouble = error
            return None
        except (OSError, ProtocolError) as error:
            self.trouble = error
            return smb1.Negotiated1(False)

    async def negotiate2(self, dialect: str) -> Negotiated | None:
        """None when ``dialect`` is refused, or nothing is said at all."""
        if self._silences >= 2:
            return None
        try:
            async with self._open() as wire:
                said = await Session(wire, self.target.address).negotiate(dialect)
                self.answered = True
                return said
        except (RefusedByScope, ConnectionRefusedError):
            raise
        except TimeoutError as error:
            self._silences += 1
            self.trouble = self.trouble or error
        except (OSError, ProtocolError) as error:
            self.trouble = self.trouble or error
        return None

    async def as_nobody(self, dialect: str, before: dict[str, Any]) -> dict[str, Any]:
        """The facts of an anonymous session and, in a zone of deep looks, of a guest's, added to those from ``before``."""
        facts = dict(before)
        await self._visit(dialect, facts, guest=False)
        if self.occasion.zone.intrusiveness.allows(Intrusiveness.DEEP):
            await self._visit(dialect, facts, guest=True)
        return facts

    async def as_nobody1(self) -> dict[str, Any]:
        """The facts of an anonymous session over SMB 1: the server names its software there, as nowhere else."""
        facts: dict[str, Any] = {}
        try:
            async with self._open() as wire:
                session = Session1(wire, self.target.address)
                facts["null_session"] = await session.log_in()
                facts |= {"native_os": session.native_os, "native_lan_manager": session.native_manager}
                found = await session.list_shares() if facts["null_session"] else None
                facts["shares_listed"] = found is not None
                if found is not None:
                    facts["shares"] = tuple(share.name for share in found)
                    disks = [share.name for share in found if share.disk][:MOST_OPEN_SHARES]
                    facts["open_shares"] = tuple([name for name in disks if await session.connect(name)])
        except RefusedByScope:
            raise
        except (OSError, ProtocolError, TimeoutError):
            pass  # what was learnt until then stands
        return facts

    async def _visit(self, dialect: str, facts: dict[str, Any], *, guest: bool) -> None:
        try:
            async with self._open() as wire:
                session = Session(wire, self.target.address)
                if await session.negotiate(dialect) is None:
                    return
                challenge = await session.challenge()
                facts |= {**challenge.names, "os_build": challenge.os_build}
                token = ntlm.guest_token(challenge, f"t{uuid.uuid4().hex[:12]}") if guest else ntlm.anonymous_token()
                flags = await session.log_in(token)
                # a user that nobody has was let in without a password: whatever the server calls it, it is a guest
                kind = "guest_session" if guest else "null_session"
                facts[kind] = bool(facts.get(kind)) or flags is not None
                if flags is not None:
                    await _shares(session, facts)
                else:
                    facts.setdefault("shares_listed", False)
        except RefusedByScope:
            raise
        except (OSError, ProtocolError, TimeoutError):
            return  # what was learnt until then stands; the rest could not be determined


async def _shares(session: Session, facts: dict[str, Any]) -> None:
    found = await session.list_shares()
    facts["shares_listed"] = bool(facts.get("shares_listed")) or found is not None
    if found is None:
        return
    names = {share.name.upper() for share in found}
    facts["shares"] = tuple(dict.fromkeys((*facts.get("shares", ()), *(share.name for share in found))))
    facts["domain_controller"] = {"SYSVOL", "NETLOGON"} <= names
    await _open_shares(session, found, facts)


async def _open_shares(session: Session, found: tuple[Share, ...], facts: dict[str, Any]) -> None:
    """Connect to the disk shares, and to nothing in them."""
    opened, writable = list(facts.get("open_shares", ())), list(facts.get("writable_shares", ()))
    for share in [share for share in found if share.disk][:MOST_OPEN_SHARES]:
        tree = await session.connect(share.name)
        if tree is not None:
            opened.append(share.name)
            writable += [share.name] if tree[1] & WRITES else []
    facts["open_shares"] = tuple(dict.fromkeys(opened))
    facts["writable_shares"] = tuple(dict.fromkeys(writable))
