"""rsync's daemon (rsyncd: ``@RSYNCD:`` of clientserver.c; the protocol has no other description)."""

import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

_HELLO = b"@RSYNCD: 31.0 md5\n"
_GREETING = re.compile(rb"@RSYNCD: ([0-9]{1,3}(?:\.[0-9]{1,3})?)(?: ([a-z0-9 ]{1,100}))?[\r\n]*$")
_LINES, _MODULES, _ASKED = 200, 64, 16
_LIMITS = WireLimits(deadline_seconds=10.0, read_bytes=64 * 1024)


class RsyncFacts(Facts, frozen=True, kw_only=True):
    """``protocol`` as greeted. ``modules`` are those that it lists (a hidden one, ``list = no``, is not among them).

    Of the first sixteen, ``open_modules`` let us in without a password, ``protected_modules`` ask for one; those that refuse us
    (hosts allow) are in neither. None where it could not be asked. The connection ends where the names of files would begin.
    """

    kind: ClassVar[str] = "rsync"

    protocol: str | None = None
    modules: tuple[str, ...] | None = None
    open_modules: tuple[str, ...] | None = None
    protected_modules: tuple[str, ...] | None = None


class RsyncScanner:
    """The list of modules, then each on a connection of its own: named, and left at OK, AUTHREQD or an error."""

    name = "rsync"
    version = "1"
    facts_type = RsyncFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 40.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "rsync"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            protocol = await greet(wire)
            await wire.write(b"#list\n")
            modules = await listed(wire)
            evidence = wire.evidence
        answers: dict[str, bool | None] = {}
        if occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL):
            for name in modules[:_ASKED]:
                try:
                    answers[name] = await self._asks_nothing(target, occasion, name)
                except (ProtocolError, TimeoutError, OSError):
                    continue
        asked = bool(answers) or not modules
        return Look(
            RsyncFacts(
                protocol=protocol,
                modules=modules,
                open_modules=tuple(name for name, found in answers.items() if found) if asked else None,
                protected_modules=tuple(name for name, found in answers.items() if found is False) if asked else None,
            ),
            evidence,
        )

    async def _asks_nothing(self, target: Target, occasion: Occasion, name: str) -> bool | None:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            await greet(wire)
            await wire.write(name.encode("utf-8") + b"\n")
            return await entered(wire)


async def greet(wire: Wire) -> str:
    """Exchange greetings: the protocol that the daemon speaks. Raises :class:`~scanners.wire.ProtocolError`."""
    found = _GREETING.match(await wire.read_line(300))
    if found is None:
        raise ProtocolError("its greeting is none of rsync's")
    await wire.write(_HELLO)
    return found[1].decode("ascii")


async def listed(wire: Wire) -> tuple[str, ...]:
    """The modules before ``@RSYNCD: EXIT``; what is no plain name is left out. Raises :class:`~scanners.wire.ProtocolError`."""
    found: list[str] = []
    for _ in range(_LINES):
        line = await wire.read_line()
        if line.startswith(b"@RSYNCD: EXIT") or not line:
            return tuple(found[:_MODULES])
        if line.startswith(b"@ERROR"):
            raise ProtocolError(f"lists nothing: {clean_bytes(line.strip(), 100)}")
        name, tab, _ = line.rstrip(b"\r\n").partition(b"\t")
        plain = name.rstrip(b" ")
        if tab and plain and clean_bytes(plain, 100) == plain.decode("utf-8", "replace"):
            found.append(clean_bytes(plain, 100))
    raise ProtocolError("its list of modules does not end")


async def entered(wire: Wire) -> bool | None:
    """True: OK without a password; False: it asks for one; None: it refuses us altogether."""
    for _ in range(_LINES):
        line = await wire.read_line()
        if line.startswith(b"@RSYNCD: OK"):
            return True
        if line.startswith(b"@RSYNCD: AUTHREQD"):
            return False
        if line.startswith(b"@ERROR") or not line:
            return None
    raise ProtocolError("its answer to a module's name does not end")


SCANNER = RsyncScanner()
